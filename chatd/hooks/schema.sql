-- The tables of chatd's hooks. Each version is applied, in order, to a file that does not have it yet.
-- version 1
PRAGMA application_id = 1667785064; -- "chah", see chatd/hooks/store.py

CREATE TABLE hook (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    room     TEXT NOT NULL,                     -- as somebody wrote it
    url      TEXT NOT NULL,
    secret   BLOB NOT NULL,                     -- the key that requests are signed with
    private  INTEGER NOT NULL,                  -- whether it may send to addresses that are not public
    made     INTEGER NOT NULL,                  -- milliseconds since 1970: it begins with what is said from then on
    series   TEXT NOT NULL,                     -- what the ids that receivers are told begin with
    epoch    TEXT,                              -- under which the position holds; null until the daemon knows
    position INTEGER,                           -- the id up to which all was sent; null if it begins at "made"
    behind   INTEGER NOT NULL DEFAULT 0,        -- how many messages waited when somebody last looked
    missed   INTEGER NOT NULL DEFAULT 0,        -- the highest id up to which some were deleted before they were sent
    failures INTEGER NOT NULL DEFAULT 0,        -- how many requests in a row have failed
    status   INTEGER,                           -- of the last answer, if there was one
    why      TEXT NOT NULL DEFAULT '',          -- what went wrong with the last request; empty if nothing did
    next     INTEGER NOT NULL DEFAULT 0,        -- seconds since 1970: not before that is it tried again
    disabled INTEGER NOT NULL DEFAULT 0         -- whether nothing is sent any more
) STRICT;
