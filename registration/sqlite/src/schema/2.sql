-- Schema 2: who vouched for a user, settings, the device's own passwords, more in the audit log.

ALTER TABLE users ADD COLUMN source TEXT NOT NULL DEFAULT 'device'
    CHECK (source IN ('device', 'directory'));

-- The number's index becomes one that can be dropped, so that all numbers can change at once.
CREATE TABLE cards_2 (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user       INTEGER NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    technology TEXT NOT NULL,
    identifier BLOB NOT NULL,
    stability  TEXT NOT NULL,
    -- FeliCa system code; NULL for other technologies.
    system     INTEGER,
    -- Derived from the rest by the site's rule: the card ID string.
    number     TEXT NOT NULL
) STRICT;

INSERT INTO cards_2 (id, user, technology, identifier, stability, system, number)
    SELECT id, user, technology, identifier, stability, system, number FROM cards;
-- A card's row number is never used again, not even one of a card that is gone.
DELETE FROM sqlite_sequence WHERE name = 'cards_2';
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'cards_2', seq FROM sqlite_sequence WHERE name = 'cards';
DROP TABLE cards;
ALTER TABLE cards_2 RENAME TO cards;
CREATE UNIQUE INDEX card_identity ON cards (technology, identifier, ifnull(system, -1));
CREATE UNIQUE INDEX card_number ON cards (number);

-- Every version, the newest 50; the one with the highest number is in force.
CREATE TABLE settings (
    version INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    json    TEXT NOT NULL
) STRICT;

-- Passwords of the device that belong to no user.
CREATE TABLE secrets (
    which    TEXT PRIMARY KEY CHECK (which IN ('administrator', 'engineer', 'guest')),
    -- PHC string.
    verifier TEXT NOT NULL,
    at_ms    INTEGER NOT NULL
) STRICT;

-- What else there is to say of an event: which settings, which role.
ALTER TABLE audit ADD COLUMN detail TEXT;
