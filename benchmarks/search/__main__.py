"""What the search index costs and finds: ``python -m benchmarks.search [--quick] [--directory DIR]``.

Two files with the same messages, one as chatd made it before version 6 of the file (the text as it is, and the number
of the room) and one as it makes it now (pairs of characters, marks as letters, the author beside the room), are
written in turns, a batch each. Of the messages half are ASCII, a quarter is Japanese or Chinese, and the rest are
German, Korean and Thai, of words that are frequent and words that are rare, by 200 authors in 10 rooms.

A message's cost is processor time of the thread that writes, with the commit. A search is made as the daemon makes it,
by one connection that reads; each is repeated, both files in turns, and the median is shown. What is found is judged by
the table of `benchmarks.search.judged`.
"""

from __future__ import annotations

import platform
import random
import sqlite3
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.report import show_progress, table
from benchmarks.search.judged import MESSAGES, QUERIES
from chatd.journal.search import TOKENIZE, match, match_before
from chatd.journal.sqlite import merging, word_index
from chatd.journal.sqlite.database import schema
from chatd.journal.sqlite.finding import FIRST_AT, FOUND
from chatd.journal.sqlite.insertion import insert
from chatd.journal.sqlite.merging import IndexUpkeep, Step
from chatd.journal.sqlite.word_index import IndexedMessage
from chatd.runtime.schema import upgrade

MESSAGE_COUNT = 500_000
QUICK_COUNT = 50_000
BATCH = 50
"""How many messages a transaction has."""
ROOMS = 10
ROOM = 3
"""The one that is searched."""
AUTHORS = 200
REPETITIONS = 15
_SCRIPTS: Sequence[tuple[str, str, int, int]] = (
    ("abcdefghijklmnopqrstuvwxyz", " ", 2, 9),
    ("abcdefghijklmnopqrstuvwxyz", " ", 2, 9),
    ("abcdefghijklmnopqrstuvwxyzäöüß", " ", 2, 12),
    ("".join(map(chr, range(0x3042, 0x3094))) + "".join(map(chr, range(0x4E00, 0x5200))), "", 1, 4),
    ("".join(map(chr, range(0xAC00, 0xB000))), " ", 2, 4),
    ("".join(map(chr, (*range(0xE01, 0xE2F), *range(0xE30, 0xE3A), 0xE48, 0xE49))), "", 2, 6),
)
"""The letters of a script, what stands between words, and how long words are."""
_MIXED = (3.0, 2.0, 1.5, 2.5, 0.5, 0.5)
_ASCII = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class Side(NamedTuple):
    """One of the two files, by what the index is fed."""

    name: str
    path: Path
    db: sqlite3.Connection
    feed: Callable[[sqlite3.Connection, Sequence[IndexedMessage]], None]
    match: Callable[[int, Sequence[str]], str | None]


def feed_before(db: sqlite3.Connection, messages: Sequence[IndexedMessage]) -> None:
    """Put messages into an index as chatd did before."""
    insert(db, "said", ("rowid", "room", "text"), [(each.id, each.room, each.text) for each in messages])


def made_up(count: int, shares: Sequence[float] = _MIXED) -> Iterator[IndexedMessage]:
    """Yield messages, so much of them in each script."""
    chance = random.Random(1)
    vocabularies = []
    for letters, space, least, most in _SCRIPTS:
        words = ["".join(chance.choices(letters, k=chance.randint(least, most))) for _ in range(20_000)]
        total, weights = 0.0, []
        for rank in range(1, len(words) + 1):
            total += 1 / rank
            weights.append(total)
        vocabularies.append((words, weights, space))
    for id_ in range(1, count + 1):
        words, weights, space = chance.choices(vocabularies, shares)[0]
        text = space.join(chance.choices(words, cum_weights=weights, k=chance.randint(3, 14)))
        yield IndexedMessage(id_, chance.randrange(ROOMS) + 1, f"author{chance.randrange(AUTHORS)}", text)


def open_side(name: str, path: Path) -> Side:
    """Make an empty file."""
    db = sqlite3.connect(path, isolation_level=None)
    upgrade(db, schema())
    db.execute("PRAGMA journal_mode = WAL").fetchall()
    db.execute("PRAGMA synchronous = NORMAL")
    if name == "before":
        return Side(name, path, db, feed_before, match_before)
    return Side(name, path, db, word_index.add, match)


def fill(sides: Sequence[Side], count: int, shares: Sequence[float]) -> dict[str, float]:
    """Write the messages to all files, in turns; return how much processor time a message took, in microseconds."""
    spent = dict.fromkeys([side.name for side in sides], 0.0)
    batch: list[IndexedMessage] = []
    for message in made_up(count, shares):
        batch.append(message)
        if len(batch) < BATCH and message.id < count:
            continue
        show_progress(message.id, count, "messages")
        for side in sides if message.id // BATCH % 2 else reversed(sides):
            began = time.thread_time()
            side.db.execute("BEGIN")
            rows = [(each.id, each.room, each.id, "MSG", each.nick, each.text) for each in batch]
            insert(side.db, "entry", ("id", "room", "time", "kind", "nick", "text"), rows)
            side.feed(side.db, batch)
            side.db.execute("COMMIT")
            spent[side.name] += time.thread_time() - began
        batch.clear()
    return {name: seconds / count * 1e6 for name, seconds in spent.items()}


def sizes(side: Side) -> tuple[float, float]:
    """Return the size of the file and of the index in it, in megabytes, all merged."""
    side.db.execute("INSERT INTO said (said) VALUES ('optimize')")
    side.db.execute("VACUUM")
    side.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    (index,) = side.db.execute("SELECT sum(length(block)) FROM said_data").fetchone()
    return side.path.stat().st_size / 1e6, index / 1e6


def searches(count: int) -> dict[str, tuple[list[str], str | None]]:
    """Return what is looked for, by what it is an example of: words and an author."""
    frequent: dict[str, int] = {}
    for message in made_up(min(count, 20_000)):
        for word in message.text.split():
            if word.isascii():
                frequent[word] = frequent.get(word, 0) + 1
    words = sorted(frequent, key=frequent.__getitem__, reverse=True)
    japanese = next(m.text for m in made_up(count) if m.room == ROOM and "\u3042" <= m.text[0] <= "\u9fff")
    return {
        "the most frequent word": ([words[0]], None),
        "a rare word": ([words[-1]], None),
        "two frequent words": (words[:2], None),
        "a frequent word by one": ([words[0]], "author7"),
        "all by one": ([], "author7"),
        "three letters and *": ([f"{next(w for w in words if len(w) > 5)[:3]}*"], None),
        "two characters of Japanese": ([japanese[:2]], None),
        "six characters of Japanese": ([japanese[:6]], None),
        "one character of Japanese": (["あ"], None),
    }


def measure(sides: Sequence[Side], count: int) -> Iterator[Sequence[str]]:
    """Make the lines of the table of searches: how long they take, in milliseconds, and how many they find."""
    yield ["search", *(cell for side in sides for cell in (f"{side.name}, ms", "found"))]
    for name, (words, author) in searches(count).items():
        took: dict[str, list[float]] = {side.name: [] for side in sides}
        found: dict[str, str] = {}
        for number in range(REPETITIONS):
            for side in sides if number % 2 else reversed(sides):
                wanted = side.match(ROOM, words) if author is None else match(ROOM, words, author)
                if author is not None and side.name == "before":
                    continue
                began = time.perf_counter()
                rows = side.db.execute(f"{FOUND} LIMIT 50", (wanted, 0, count + 1)).fetchall()
                took[side.name].append((time.perf_counter() - began) * 1000)
                found[side.name] = str(len(rows))
        cells = [(f"{median(took[s.name]):.2f}", found[s.name]) if took[s.name] else ("-", "-") for s in sides]
        yield [name, *(cell for pair in cells for cell in pair)]
    times = []
    for number in range(REPETITIONS):
        began = time.perf_counter()
        sides[-1].db.execute(FIRST_AT, (count * number // REPETITIONS,)).fetchall()
        times.append((time.perf_counter() - began) * 1000)
    yield ["the id of a time", "-", "-", f"{median(times):.3f}", "1"]


def upkeep(sides: Sequence[Side], count: int) -> Iterator[Sequence[str]]:
    """Make the lines of the table of what is done in the background: steps, and how long each held the writer."""
    before, now = sides
    for side in sides:
        side.db.execute("PRAGMA synchronous = FULL")  # as the daemon has it
    yield ["steps of", "number", "median, ms", "p99, ms", "longest, ms", "CPU, s"]
    before.db.execute("UPDATE upkeep SET fed_before = ?", (min(count, 50_000),))
    yield _steps("feeding 50,000 messages anew", before, Step.FED)
    now.db.execute("BEGIN")
    gone = [IndexedMessage(*row) for row in now.db.execute("SELECT id, room, nick, text FROM entry WHERE id <= 5000")]
    word_index.remove(now.db, gone)
    now.db.execute("COMMIT")
    yield _steps(f"merging the index, {merging.PAGES} pages each", now, Step.MERGED)


def _steps(name: str, side: Side, kind: Step) -> Sequence[str]:
    took = []
    began = time.thread_time()
    with closing(sqlite3.connect(side.path, isolation_level=None)) as second:
        index = IndexUpkeep(side.path, side.db, second)
        while True:
            start = time.perf_counter()
            if index.step() is not kind:
                break
            took.append((time.perf_counter() - start) * 1000)
    took.sort()
    figures = (median(took), took[len(took) * 99 // 100], took[-1])
    return [name, f"{len(took):,}", *(f"{each:.1f}" for each in figures), f"{time.thread_time() - began:.1f}"]


def judge() -> Iterator[Sequence[str]]:
    """Make the lines of the table of what is found, by language."""
    yield ["language", "queries", "before", "trigrams", "now"]
    right = {each: {query.language: 0 for query in QUERIES} for each in ("before", "trigram", "now")}
    for side, found in (("before", _found(TOKENIZE)), ("trigram", _found("trigram")), ("now", _found(None))):
        for query, numbers in zip(QUERIES, found, strict=True):
            right[side][query.language] += numbers == query.expected
    for language in right["now"]:
        asked = sum(query.language == language for query in QUERIES)
        yield [language, str(asked), *(str(right[side][language]) for side in right)]
    yield ["all", str(len(QUERIES)), *(str(sum(by_language.values())) for by_language in right.values())]


def _found(tokenize: str | None) -> Iterator[tuple[int, ...]]:
    """Yield what each query finds with the text as it is under a tokenizer, or, with None, as chatd feeds it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        upgrade(db, schema())
        if tokenize is not None:
            db.execute("DROP TABLE said")
            db.execute(f"CREATE VIRTUAL TABLE said USING fts5 (room, text, columnsize = 0, tokenize = '{tokenize}')")
        messages = [IndexedMessage(number + 1, 1, "ann", text) for number, text in enumerate(MESSAGES)]
        (word_index.add if tokenize is None else feed_before)(db, messages)
        for query in QUERIES:
            words = query.words.split()
            bare = [word.rstrip("*") if tokenize == "trigram" else word for word in words]
            quoted = " ".join('"' + word.replace('"', '""') + '"' for word in bare)
            wanted = match(1, words) if tokenize is None else quoted
            rows = db.execute("SELECT rowid FROM said WHERE said MATCH ? ORDER BY rowid", (wanted,))
            yield tuple(id_ - 1 for (id_,) in rows)


def arguments() -> Namespace:
    """Return what the command line asks for."""
    parser = ArgumentParser(prog="python -m benchmarks.search", description="Measure the search index.")
    parser.add_argument("--quick", action="store_true", help="with a tenth of the messages")
    parser.add_argument("--directory", default=".", type=Path, help="where the files are made; here if nothing is said")
    return parser.parse_args()


def main() -> None:
    """Measure, and print what was measured."""
    options = arguments()
    count = QUICK_COUNT if options.quick else MESSAGE_COUNT
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; {count:,} messages\n")
    print(table(list(judge())), end="\n\n")
    with TemporaryDirectory(prefix="benchmark-", dir=options.directory) as folder:
        lines = [["file", "CPU a message, us", "file, MB", "index, MB"]]
        for kind, shares in (("ASCII alone", _ASCII), ("mixed", _MIXED)):
            sides = [open_side(name, Path(folder) / f"{name}-{kind}") for name in ("before", "now")]
            spent = fill(sides, count, shares)
            for side in sides:
                figures = [f"{figure:.1f}" for figure in (spent[side.name], *sizes(side))]
                lines.append([f"{kind}, {side.name}", *figures])
        print(table(lines), end="\n\n")
        print(table(list(measure(sides, count))), end="\n\n")
        print(table(list(upkeep(sides, count))))


if __name__ == "__main__":
    main()
