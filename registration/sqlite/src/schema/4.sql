-- Schema 4: of one kind of audit record only so many are kept; wrong passwords are counted by way;
-- IDs that differ in case or blanks alone are one name.

-- How many records of each kind are kept, so that an append counts none of them.
CREATE TABLE audit_kinds (
    event TEXT PRIMARY KEY,
    kept  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO audit_kinds (event, kept) SELECT event, count(*) FROM audit GROUP BY event;
CREATE INDEX audit_event ON audit (event);
CREATE TRIGGER audit_kept AFTER INSERT ON audit BEGIN
    INSERT INTO audit_kinds (event, kept) VALUES (NEW.event, 1)
        ON CONFLICT (event) DO UPDATE SET kept = kept + 1;
END;
CREATE TRIGGER audit_gone AFTER DELETE ON audit BEGIN
    UPDATE audit_kinds SET kept = kept - 1 WHERE event = OLD.event;
END;

-- Records in a row that gave way to others of their kind: the link of the last of them, from which
-- the chain goes on, and a seal (HMAC-SHA-256) by which nobody else can remove a record.
CREATE TABLE audit_gaps (
    first INTEGER PRIMARY KEY,
    last  INTEGER NOT NULL UNIQUE,
    link  BLOB NOT NULL,
    seal  BLOB NOT NULL
) STRICT;

-- The same seal of what stands before the first record; NULL where nothing was trimmed since.
ALTER TABLE audit_chain ADD COLUMN seal BLOB;

-- Wrong passwords are counted by way: in front of the device and from the
-- network each by itself. What was counted before counts on both ways: nobody gets new attempts.
CREATE TABLE lockouts_by_way (
    -- NULL: of user IDs that nobody has, whichever they were.
    user      INTEGER UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    at_device INTEGER NOT NULL CHECK (at_device BETWEEN 0 AND 255),
    network   INTEGER NOT NULL CHECK (network BETWEEN 0 AND 255),
    CHECK (at_device > 0 OR network > 0)
) STRICT;
INSERT INTO lockouts_by_way (user, at_device, network)
    SELECT user, failures, failures FROM lockouts;
DROP TABLE lockouts;
ALTER TABLE lockouts_by_way RENAME TO lockouts;

-- Finds the few IDs that may be the same name as another; user IDs are ASCII.
CREATE INDEX user_names ON users (replace(lower(user_id), ' ', '')) WHERE kind = 'registered';
