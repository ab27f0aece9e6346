-- The tables of a chatd journal. Each version is applied, in order, to a file that does not have it yet.
-- version 1

-- One row.
CREATE TABLE journal (
    epoch TEXT NOT NULL
) STRICT;

CREATE TABLE room (
    id         INTEGER PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,            -- the name, folded: see chatd/names.py
    name       TEXT NOT NULL,                   -- as first written
    cut        INTEGER NOT NULL DEFAULT 0,      -- the highest id taken away by retention
    erased     INTEGER NOT NULL DEFAULT 0,      -- the highest id taken away by "chatd erase"
    topic_id   INTEGER,                         -- the topic is kept when its entry is not
    topic_time INTEGER,
    topic_nick TEXT,
    topic_text TEXT
) STRICT;

-- AUTOINCREMENT: an id is never used again, whatever is deleted.
CREATE TABLE entry (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    room INTEGER NOT NULL REFERENCES room,
    time INTEGER NOT NULL,                      -- milliseconds since 1970
    kind TEXT NOT NULL,                         -- MSG, TOPIC, or the verb of a ruling
    nick TEXT NOT NULL,                         -- as shown at the time
    text TEXT NOT NULL
) STRICT;
CREATE INDEX entry_by_room ON entry (room);
CREATE INDEX entry_by_time ON entry (time);

-- The entry that was sent first under a label; outlives the entry, and is deleted after a day.
CREATE TABLE label (
    entry  INTEGER PRIMARY KEY,                 -- the id of what was said
    room   INTEGER NOT NULL,
    author TEXT NOT NULL,                       -- the nick, folded
    label  TEXT NOT NULL,
    time   INTEGER NOT NULL,
    digest BLOB NOT NULL                        -- of its kind and text
) STRICT;
CREATE UNIQUE INDEX label_by_author ON label (room, author, label);

CREATE VIEW message AS SELECT id, room, text FROM entry WHERE kind = 'MSG';
-- The room is indexed as a word, so that a search in one room does not walk through the others. What columnsize is for,
-- the order of matches by rank, is not asked for. Since version 6 other words are in it than those of the view, see
-- chatd/protocol/search_words.py: FTS5's 'rebuild' would put back the words of the view.
CREATE VIRTUAL TABLE said USING fts5 (room, text, content = 'message', content_rowid = 'id', columnsize = 0,
    tokenize = 'unicode61 remove_diacritics 2');

-- version 2

-- What holds in a room, or on the server (the room #*): kept when its entry is not. See chatd/model/room_policy.py.
CREATE TABLE ruling (
    room    INTEGER NOT NULL REFERENCES room,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,                      -- a name, folded, an address, a network, or a setting
    entry   INTEGER NOT NULL,
    time    INTEGER NOT NULL,
    verb    TEXT NOT NULL,
    nick    TEXT NOT NULL,                      -- whose word it is
    text    TEXT NOT NULL,
    PRIMARY KEY (room, kind, subject)
) STRICT, WITHOUT ROWID;

-- version 3

-- Each start of a daemon on this file, in their order, and the least id that it may have given.
CREATE TABLE start (
    number   INTEGER PRIMARY KEY,
    mark     TEXT NOT NULL,                     -- what no other start has, in no copy of the file
    first_id INTEGER NOT NULL
) STRICT;
-- Whether a daemon writes to the file, as the file itself says, without the log beside it.
ALTER TABLE journal ADD COLUMN running INTEGER NOT NULL DEFAULT 0;

-- version 4

-- The account, address or connection that a MUTE or BAN of a nick holds for besides; no line says it.
ALTER TABLE ruling ADD COLUMN reach TEXT;
-- What a command asks of the daemon that uses the file: to take a ban back. See requests.py.
CREATE TABLE request (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    room    TEXT NOT NULL,
    subject TEXT NOT NULL
) STRICT;

-- version 5

-- One row: the version of Unicode by which the names are names, empty if that is not known.
CREATE TABLE names (
    unicode TEXT NOT NULL
) STRICT;
INSERT INTO names (unicode) VALUES ('');

-- version 6

-- One row: what is still to be done in the index `said`. See word_index.py and merging.py.
CREATE TABLE upkeep (
    fed_before INTEGER NOT NULL,                -- up to this id messages are in it as older versions have put them there
    removals   INTEGER NOT NULL,                -- how often something was taken out of it
    merged     INTEGER NOT NULL,                -- after how many of those nothing was left of what was taken out
    wanted     INTEGER NOT NULL                 -- how many of them are not to wait
) STRICT;
INSERT INTO upkeep SELECT coalesce(max(id), 0), count(*) > 0, 0, 0 FROM (SELECT id FROM entry ORDER BY id DESC LIMIT 1);

-- version 7

-- Up to where the owner of an account has read, see chatd/journal/read_markers.py.
CREATE TABLE seen (
    account TEXT NOT NULL,                      -- the nick, folded
    room    TEXT NOT NULL,                      -- the key of the room
    made    INTEGER NOT NULL,                   -- when the account was made, in seconds since 1970; 0 if not known
    id      INTEGER NOT NULL,
    PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID;

-- version 8

-- Whose it is: an account's key, or what no other session has; no line says it. See chatd/model/authorship.py.
ALTER TABLE entry ADD COLUMN author TEXT NOT NULL DEFAULT '';
-- The id of the message that it refers to: what a reply answers, what was taken back, changed or reacted to.
ALTER TABLE entry ADD COLUMN target INTEGER;
-- Of a message whose text was changed the id of the entry that did it, which has the same text.
ALTER TABLE entry ADD COLUMN edited INTEGER;
CREATE INDEX entry_by_target ON entry (target, kind) WHERE target IS NOT NULL;

-- version 9

-- 1 for a message that no program is to answer by itself.
ALTER TABLE entry ADD COLUMN notice INTEGER;

-- version 10

-- In which rooms something is ruled about somebody, or set, without a look at all rooms.
CREATE INDEX ruling_by_subject ON ruling (kind, subject);
CREATE INDEX ruling_by_reach ON ruling (kind, reach) WHERE reach IS NOT NULL;

-- version 11

-- Up to this id messages are in the index `said`; the few after it are put there together. See word_index.py.
ALTER TABLE upkeep ADD COLUMN fed_upto INTEGER NOT NULL DEFAULT 0;
UPDATE upkeep SET fed_upto = coalesce((SELECT max(id) FROM entry), 0);

-- version 12

-- Its pieces are merged a few pages at a time by whoever adds to them, see word_index.py; FTS5 would do so now and then,
-- a megabyte at once.
INSERT INTO said (said, rank) VALUES ('automerge', 0);
