-- Schema 3: wrong passwords in a row; the audit log is a chain.

-- Wrong passwords in a row, so that a restart unlocks nobody.
CREATE TABLE lockouts (
    -- NULL: of user IDs that nobody has, whichever they were.
    user     INTEGER UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    failures INTEGER NOT NULL CHECK (failures BETWEEN 1 AND 255)
) STRICT;

-- What ties each record to all before it (HMAC-SHA-256); the store fills it in for older records.
ALTER TABLE audit ADD COLUMN link BLOB;

-- What stands before the first record that is kept, and which key the chain is made with.
CREATE TABLE audit_chain (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    head      INTEGER NOT NULL,
    link      BLOB NOT NULL,
    key_check BLOB NOT NULL
) STRICT;
