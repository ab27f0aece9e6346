#!/usr/bin/env bash
# Guess: the special command 'merge' with a negative number, which merges a full-text index of FTS5 into one piece, can be given as often as one likes:
#     the index is the better for it, and small again each time.
# Instead: with SQLite before 3.41 each of them that finds something to do adds two levels to the record of the index's structure, empty ones, and none is ever
#     taken away. After about a thousand there are more than 2000, which the same SQLite takes for damage: from then on every search and every
#     write raises "database disk image is malformed". Later ones stop at 64 levels.
# Why it matters: a chat that deletes what is too old merges its index so that the deleted words leave the file. Debian 12 has SQLite 3.40.1: a server that does so once
#     an hour cannot write any more after six weeks. No statement of FTS5 takes the empty levels away, but the record is a row of an ordinary table, said_data: leave
#     them out there, over another connection, since FTS5 reads its record again only if others have written. That repairs an index that is unreadable, too.
# Source: SQLite 3.40.1 and 3.46.0, observed; 3.41.2 to 3.44.0 do as the latter; fts5IndexOptimizeStruct and fts5StructureDecode in ext/fts5/fts5_index.c.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for version in 3.40.1.0 3.46.0.0; do
    python3 -m venv "$tmp/$version"
    "$tmp/$version/bin/pip" -q install "apsw==$version" 2>/dev/null
done
cat >"$tmp/show.py" <<'PY'
import sys

import apsw

MERGES = 1200
db = apsw.Connection(sys.argv[1])
db.execute("CREATE VIRTUAL TABLE said USING fts5(text)")


def merge_all():
    db.execute("INSERT INTO said (said, rank) VALUES ('merge', -1000)")
    before = -2
    while db.totalchanges() - before >= 2:
        before = db.totalchanges()
        db.execute("INSERT INTO said (said, rank) VALUES ('merge', 1000)")


done = 0
try:
    for done in range(MERGES):
        with db:
            db.executemany("INSERT INTO said VALUES (?)", ((f"message {done} {number} {number * done}",) for number in range(60)))
        with db:
            db.execute("DELETE FROM said WHERE rowid IN (SELECT rowid FROM said ORDER BY rowid DESC LIMIT 50)")
        merge_all()
    became = "merged as often as that"
except apsw.CorruptError as error:
    became = str(error)
print(f"SQLite {apsw.sqlitelibversion()}: after {done} merges: {became}")
sys.exit(("malformed" in became) != (apsw.SQLITE_VERSION_NUMBER < 3041000))
PY
for version in 3.40.1.0 3.46.0.0; do
    timeout 300 "$tmp/$version/bin/python" "$tmp/show.py" "$tmp/$version.db"
done
echo "as described: merges use up the levels of an index, before SQLite 3.41"
