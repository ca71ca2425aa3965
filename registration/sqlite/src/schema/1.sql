-- Schema 1; never changed again, since databases of it exist. Times are milliseconds since 1970 UTC.

CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    -- A person's user ID, or the card number of a provisional user.
    user_id       TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('registered', 'provisional')),
    name          TEXT NOT NULL,
    mail          TEXT,
    -- PHC string; NULL for a user without a password.
    verifier      TEXT,
    may_copy      INTEGER NOT NULL CHECK (may_copy IN (0, 1)),
    may_fax       INTEGER NOT NULL CHECK (may_fax IN (0, 1)),
    may_scan      INTEGER NOT NULL CHECK (may_scan IN (0, 1)),
    may_print     INTEGER NOT NULL CHECK (may_print IN (0, 1)),
    role          TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    -- A personnel number may look like a card number; the two never mix.
    UNIQUE (user_id, kind)
) STRICT;

-- A card stays the same row when its provisional user becomes a person, and numbers are never
-- used again: the audit log refers to cards by them.
CREATE TABLE cards (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user       INTEGER NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    technology TEXT NOT NULL,
    identifier BLOB NOT NULL,
    stability  TEXT NOT NULL,
    -- FeliCa system code; NULL for other technologies.
    system     INTEGER,
    -- Derived from the rest: the card ID string.
    number     TEXT NOT NULL UNIQUE
) STRICT;

-- NULLs would count as different.
CREATE UNIQUE INDEX card_identity ON cards (technology, identifier, ifnull(system, -1));

CREATE TABLE audit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms    INTEGER NOT NULL,
    station  TEXT,
    event    TEXT NOT NULL,
    user_id  TEXT,
    -- Rows of `cards`, which may be gone by now: no card number stays in the log.
    card     INTEGER,
    replaced INTEGER,
    code     TEXT
) STRICT;
