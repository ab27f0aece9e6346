-- The tables of chatd's accounts. Each version is applied, in order, to a file that does not have it yet.
-- version 1
PRAGMA application_id = 1667785059; -- "chac", see chatd/accounts/store.py

CREATE TABLE account (
    key      TEXT PRIMARY KEY,                  -- the nick, folded: see chatd/names.py
    name     TEXT NOT NULL,                     -- as its owner writes it
    hash     TEXT,                              -- Argon2's encoding; null where an --auth method knows the password
    operator INTEGER NOT NULL,                  -- whether it looks after the server
    created  INTEGER NOT NULL                   -- seconds since 1970
) STRICT, WITHOUT ROWID;

-- What an account's nick looks like; two that look alike can only both come from an --auth method.
CREATE TABLE look (
    look TEXT NOT NULL,
    key  TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    PRIMARY KEY (look, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX look_by_key ON look (key);

-- Invitations that nobody has used.
CREATE TABLE code (
    digest  BLOB PRIMARY KEY,                   -- SHA-256
    expires INTEGER                             -- seconds since 1970; null if never
) STRICT, WITHOUT ROWID;

-- version 2

-- The networks from which the owners have logged in: there, nobody else's guesses keep them out.
CREATE TABLE login (
    key     TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    network TEXT NOT NULL,                      -- an IPv4 address, the /64 of an IPv6 one, or "this machine"
    time    INTEGER NOT NULL,                   -- of the last one, in seconds since 1970, to a day
    PRIMARY KEY (key, network)
) STRICT, WITHOUT ROWID;

-- One row: the version of Unicode by which the looks were computed, empty if that is not known.
CREATE TABLE names (
    unicode TEXT NOT NULL
) STRICT;
INSERT INTO names (unicode) VALUES ('');

-- version 3

-- What no other account of the same name has, before or after it: at random where the password is kept here. Where an
-- --auth method knows it, whom the name is of is that method's to say, and all nodes are to come to the same by
-- themselves: it counts how often an account of that name was removed.
ALTER TABLE account ADD COLUMN mark TEXT NOT NULL DEFAULT '';
UPDATE account SET mark = iif(hash IS NULL, 'd0', printf('%x', created));
CREATE TABLE removed (
    key   TEXT PRIMARY KEY,
    times INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- version 4

-- Bearer tokens. One is good for the account with this key and this mark, and for no later one of the same name.
CREATE TABLE token (
    id        TEXT PRIMARY KEY,                 -- what it is called by, a part of it
    digest    BLOB NOT NULL,                    -- SHA-256 of the whole
    key       TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    mark      TEXT NOT NULL,
    rooms     TEXT,                             -- names with a space between; null if any room
    post_only INTEGER NOT NULL,                 -- whether it says things and does nothing else
    made      INTEGER NOT NULL,                 -- seconds since 1970, as the others
    expires   INTEGER,                          -- null if never
    used      INTEGER                           -- last, to a day; null if never
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_key ON token (key);

-- Logins of the page, each of which a browser has in a cookie.
CREATE TABLE page_login (
    digest  BLOB PRIMARY KEY,                   -- SHA-256 of what is in the cookie
    key     TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    mark    TEXT NOT NULL,
    expires INTEGER NOT NULL                    -- seconds since 1970; later with each day on which it is used
) STRICT, WITHOUT ROWID;
CREATE INDEX page_login_by_key ON page_login (key);

-- version 5

-- How many accounts may still be made by an invitation.
ALTER TABLE code ADD COLUMN uses INTEGER NOT NULL DEFAULT 1;

-- Links that log in to an account once. One is good for the account with this key and this mark.
CREATE TABLE login_link (
    digest  BLOB PRIMARY KEY,                   -- SHA-256 of what is in the link
    key     TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    mark    TEXT NOT NULL,
    expires INTEGER NOT NULL                    -- seconds since 1970
) STRICT, WITHOUT ROWID;
CREATE INDEX login_link_by_key ON login_link (key);

-- version 6

-- What SCRAM-SHA-256 needs of a password (RFC 5802, section 3), where it is kept at all. It goes when the password does.
CREATE TABLE scram (
    key        TEXT PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    salt       BLOB NOT NULL,
    stored_key BLOB NOT NULL,
    server_key BLOB NOT NULL,
    iterations INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- No row where such keys are not kept. Else one: what the salts are made of that are told for accounts without keys.
CREATE TABLE scram_secret (
    secret BLOB NOT NULL
) STRICT;

-- version 7

-- Whom an OpenID provider knows by this subject: the account is theirs, whatever they are called there later.
CREATE TABLE provided (
    key     TEXT PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    issuer  TEXT NOT NULL,
    subject TEXT NOT NULL,
    UNIQUE (issuer, subject)
) STRICT, WITHOUT ROWID;

-- The groups that an account was in at its last login, of those that the server had a use for.
CREATE TABLE account_group (
    key  TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (key, name)
) STRICT, WITHOUT ROWID;
