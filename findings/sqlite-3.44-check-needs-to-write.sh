#!/usr/bin/env bash
# Guess: PRAGMA quick_check only reads: on a connection that is read-only it says "ok" of a sound file, in every version of SQLite.
# Instead: from SQLite 3.44 on the check looks into full-text indexes too, and in 3.44 FTS5 does that by a statement that counts as writing. A
#     read-only connection reports "unable to validate the inverted index ... attempt to write a readonly database" for a file that is sound. 3.43 does not
#     look, and from 3.45 on it says "ok".
# Why it matters: a server that checks its file when it starts, and opens it read-only for that so as to change nothing of a damaged one, takes its own
#     journal for damaged: it starts once, makes the file, and never again. Such a line is no damage; the check is done over a connection that may write.
# Source: SQLite 3.44.2, ext/fts5/fts5_main.c: fts5IntegrityMethod runs an INSERT of the command 'integrity-check'; its release notes tell of the new
#     method xIntegrity.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/show.py" <<'PY'
import sys

import apsw

path = sys.argv[1]
db = apsw.Connection(path)
db.execute("CREATE VIRTUAL TABLE said USING fts5(text); INSERT INTO said VALUES ('hello')")
db.close()
told = []
for name, flags in (("may write", apsw.SQLITE_OPEN_READWRITE), ("read-only", apsw.SQLITE_OPEN_READONLY)):
    ((answer,),) = apsw.Connection(path, flags=flags).execute("PRAGMA quick_check").fetchall()
    told.append(answer == "ok")
    print(f"SQLite {apsw.sqlite_lib_version()}, {name}: {answer}")
expected = [True, apsw.sqlite_lib_version() != "3.44.2"]
assert told == expected, told
PY
for version in 3.43.2.0 3.44.2.0 3.45.1.0; do
    python3 -m venv "$tmp/venv-$version"
    "$tmp/venv-$version/bin/pip" -q install "apsw==$version" 2>/dev/null
    "$tmp/venv-$version/bin/python" "$tmp/show.py" "$tmp/$version.sqlite"
done
echo "as described: the check of 3.44 needs to write"
