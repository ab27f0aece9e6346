#!/usr/bin/env bash
# Guess: with PRAGMA secure_delete=ON a deleted row's text is overwritten with zeros, and after VACUUM nothing of it can be in the file.
# Instead: the words of a row deleted from an FTS5 table stay in the file as plain text. FTS5 only writes down that the row is gone;
#     the segment with its words is an ordinary row of a shadow table, which neither the pragma nor VACUUM takes for deleted. Each
#     FTS5 table has an option of its own, 'secure-delete', that does what one hoped for.
# Why it matters: a chat that searches its history with FTS5 and deletes what a moderator or a retention time removes still has a
#     removed password, name or address in the file and in its backups.
# Source: SQLite 3.54.1, observed; ext/fts5/fts5_index.c is where to look. The option came with SQLite 3.42.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" -q install apsw==3.54.1.0 2>/dev/null
cat >"$tmp/show.py" <<'PY'
import os
import sys

import apsw

os.chdir(sys.argv[1])


def kept(name, option):
    db = apsw.Connection(name)
    db.execute("PRAGMA secure_delete=ON")
    db.execute("CREATE VIRTUAL TABLE said USING fts5(text)")
    if option:
        db.execute("INSERT INTO said(said, rank) VALUES ('secure-delete', 1)")
    for i in range(200):
        db.execute("INSERT INTO said(rowid, text) VALUES (?, ?)", (i, "zanzibar" if i == 100 else f"hello number{i}"))
    db.execute("DELETE FROM said WHERE rowid = 100")
    found = db.execute("SELECT count(*) FROM said WHERE said MATCH 'zanzibar'").get
    db.execute("VACUUM")
    db.close()
    with open(name, "rb") as file:
        # Words that begin alike share their beginning in the index, so look for the end of this one.
        return found, b"anzibar" in file.read()


print("SQLite", apsw.sqlite_lib_version())
plain, own = kept("plain.db", False), kept("own.db", True)
print("PRAGMA secure_delete and VACUUM: found by search, still in the file:", plain)
print("with the option of FTS5 as well:", own)
sys.exit(plain != (0, True) or own != (0, False))
PY
"$tmp/venv/bin/python" "$tmp/show.py" "$tmp"
echo "as described: the deleted word is in the file unless FTS5's own option is set"
