"""What is taken back is in no way out: whatever was said, changed and taken back in whatever order."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

import chatd
from chatd.journal import Query
from chatd.journal.factory import from_string
from chatd.journal.memory import MemoryJournal
from chatd.journal.sqlite.archive import export_lines
from chatd.journal.sqlite.backup import back_up
from chatd.journal.sqlite.store import Store
from tests.support.in_memory_chat import ChatClient, InMemoryChat, journal_environment
from tests.support.web_readers import WebEdge

ROOT = Path(chatd.__file__).parent
READS = re.compile(
    r"journal\.(?:read|search)\(|\.(?:reader|searcher)\.(?:read|search)\b|FROM (?:entry|said)\b|ENTRY_COLUMNS"
    r"|await (?:replay\.|reading\.)?(?:read|find)\(|\bkept\.extend\(|\bbatch\.kept\b"
    r"|(?<!sources)\.passed\b|_rings\b|_oldest\b|\.newest_entries\b"
)
"""How the text of something that was said before is come by."""

READ_PATHS = {
    # What is told to people and programs; `ways_out` asks each of these.
    "chat/replay.py": "HISTORY, SEARCH and since=",
    "chat/recent.py": "JOIN last=, see `Replay.rest`",
    "chat/excerpts.py": "CHATHISTORY, and the last lines on JOIN over IRC",
    "chat/mailbox.py": "private lines, which nothing can refer to",
    "chat/missed_lines.py": "the same, of those that were missed",
    "chat/referring.py": "the message that is referred to, of which nothing is told",
    "chat/reading.py": "GET /room/json, sse and raw",
    "chat/followers.py": "what passes while somebody reads so",
    "edges/web/read.py": "GET /room/json?search=",
    "hooks/delivery.py": "chatd hook, one message when it is to be sent",
    "chat/hub.py": "what passes while somebody comes in, see `Replay.rest`",
    "journal/memory.py": "memory:",
    "journal/memory_index.py": "the words of memory:",
    "journal/sqlite/reader.py": "pages and searches of a file",
    "journal/sqlite/finding.py": "the rows that a search finds",
    "journal/sqlite/stored.py": "the way to that",
    # What goes out of the process.
    "app/checks/clock.py": "chatd check: when the newest was said",
    "app/checks/journal.py": "chatd check counts",
    "importing/spool.py": "what is about to be imported",
    "journal/sqlite/archive.py": "chatd export; chatd erase deletes what it reads",
    "journal/sqlite/backup.py": "chatd backup counts, and copies the file",
    # What reads in order to delete, to change or to compare.
    "journal/sqlite/references.py": "RETRACT and the others themselves",
    "journal/sqlite/retention.py": "what is too old",
    "journal/sqlite/rows.py": "the columns",
    "journal/sqlite/word_index.py": "messages of older files, to feed them to the index anew",
    "journal/sqlite/standings.py": "the newest ids of rooms",
    "journal/sqlite/store.py": "when the newest was stored",
    "journal/jetstream/forgetting.py": "what did not count",
    "journal/jetstream/local_index.py": "the newest entries that are as the stream has them",
    "journal/jetstream/journal.py": "the same, to compare them with the stream; the way to the index",
}
"""Every module that comes by the text of something that was said before, and what for."""


def test_the_list_of_read_paths_is_complete() -> None:
    found = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if READS.search(path.read_text())}
    assert found - {"journal/__init__.py"} == READ_PATHS.keys()


@pytest.fixture(params=["memory", "sqlite"])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InMemoryChat]:
    where = "memory:" if request.param == "memory" else f"sqlite:{tmp_path}/journal"
    chat = InMemoryChat(journal=lambda clock: from_string(where, journal_environment(clock)))
    yield chat
    chat.journal.stop()


def ways_out(chat: InMemoryChat, words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield all that can be learned of what was said before, each with the way there."""
    numbers = iter(range(1000))
    for hello in (["HELLO 1"], []):
        asker = ChatClient(chat.hub)
        asker.says(*hello, f"JOIN asker{next(numbers)} #den since=0 epoch=e1")
        chat.turn()
        yield "since=", "\n".join(asker.take())
        newcomer = ChatClient(chat.hub)
        newcomer.says(*hello, f"JOIN asker{next(numbers)} #den last=1000")
        chat.turn()
        yield "last=", "\n".join(newcomer.take())
        newcomer.lose()
        for line in ("HISTORY 1000", "HISTORY 1000 since=0", "HISTORY 1000 ids=yes"):
            asker.says(line)
            chat.turn()
            yield line, "\n".join(asker.take())
        for word in words:
            asker.says(f"SEARCH {word}")
            chat.turn()
            yield "SEARCH", "\n".join(line for line in asker.take() if " SEARCH " not in line)
        asker.lose()
        chat.turn()
    web = WebEdge(chat)
    for form in ("json", "sse", "raw"):
        for query in ("since=all", "count=1000", "poll=yes&since=all", "before=9999999&count=1000"):
            reader = web.ask(f"/den/{form}?{query}")
            yield f"GET {form}?{query}", reader.text
            reader.lose()
        for word in words:
            yield "SEARCH", web.ask(f"/den/{form}?search={word}").text
    pages: list[str] = []
    for said_only in (True, False):
        chat.journal.read(Query("#den", said_only=said_only)).addCallback(lambda page: pages.append(repr(page)))
    for word in words:
        chat.journal.search("#den", [word], 2**62, 50).addCallback(lambda found: pages.append(repr(found)))
    yield "the journal", "\n".join(pages)


class Speaker:
    """Says, changes and takes back at random, and knows which words are there and which are gone."""

    def __init__(self, chat: InMemoryChat, seed: int) -> None:
        self.chat, self.random = chat, Random(seed)
        self.client = chat.program("JOIN ann #den")
        self.there: dict[int, list[str]] = {}
        self.gone: list[str] = []
        self.said: list[str] = []

    def word(self) -> str:
        return "".join(self.random.choice("bcdfghjklmnpqrstvwz") for _ in range(12))

    def step(self) -> None:
        choice = self.random.random()
        if choice < 0.5 or not self.there:
            self.say()
            return
        id_ = self.random.choice([*self.there])
        if choice < 0.7:
            word = self.word()
            self.do(f"EDIT {id_} the {word} now")
            self.gone += self.there[id_]
            self.there[id_] = [word]
        elif choice < 0.85:
            self.do(f"RETRACT {id_}")
            self.gone += self.there.pop(id_)
        elif choice < 0.95:
            self.do(f"REACT {id_} {self.random.choice(['👍', '+1', '🎉'])}")
        else:
            self.do(f"UNREACT {id_} +1")

    def say(self) -> None:
        word, label = self.word(), self.word()
        reply = f";reply={self.random.choice([*self.there])}" if self.there and self.random.random() < 0.3 else ""
        line = next(each for each in self.do(f"@label={label}{reply} MSG a {word} said") if word in each)
        self.there[int(line[1:].partition(";")[0].removeprefix("id="))] = [word]
        self.said.append(f"@label={label}{reply} MSG a {word} said")

    def do(self, line: str) -> list[str]:
        self.client.take()
        self.client.says(line)
        if self.random.random() < 0.7 or not line.startswith("REACT"):
            self.chat.turn()
        return self.client.take()


@pytest.mark.parametrize("seed", range(6))
def test_what_is_taken_back_is_in_no_way_out(chat: InMemoryChat, seed: int) -> None:
    speaker = Speaker(chat, seed)
    for _ in range(60):
        speaker.step()
        if speaker.random.random() < 0.1:  # the index is brought up to date in the middle
            chat.journal.search("#den", ["said"], 2**62, 5)
    chat.turn()
    there = [word for words in speaker.there.values() for word in words]
    assert len(speaker.gone) > 5 and len(there) > 5
    for way, told in ways_out(chat, [*speaker.gone, *there]):
        assert not [word for word in speaker.gone if word in told], way
        if way != "SEARCH":
            assert not [word for word in there if word not in told], way
    for line in speaker.said:  # said again under its label, it is not said again
        speaker.do(line)
    for way, told in ways_out(chat, speaker.gone):
        assert not [word for word in speaker.gone if word in told], way


@pytest.mark.parametrize("seed", range(3))
def test_nothing_of_it_stays_in_the_file(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "journal"
    chat = InMemoryChat(journal=lambda clock: from_string(f"sqlite:{path}", journal_environment(clock)))
    speaker = Speaker(chat, seed)
    for _ in range(150):
        speaker.step()
    chat.turn()
    chat.journal.stop()
    with closing(Store(path)) as store:
        store.compact()
    copy = tmp_path / "copy"
    back_up(path, copy, lambda _done, _pages: None)
    exported = "\n".join(export_lines(path)).encode()
    contents = [file.read_bytes() for file in tmp_path.iterdir()]
    for word in speaker.gone:
        tail = word[4:].encode()  # terms that begin alike are kept without their beginnings
        assert not [1 for content in (exported, *contents) if tail in content]
    for words in speaker.there.values():
        assert all(word.encode() in exported for word in words)


def test_nothing_of_it_stays_in_memory() -> None:
    chat = InMemoryChat()
    assert isinstance(chat.journal, MemoryJournal)
    speaker = Speaker(chat, 1)
    for _ in range(100):
        speaker.step()
    chat.turn()
    chat.journal.search("#den", ["said"], 2**62, 5)
    journal = vars(chat.journal)
    kept = repr([journal[name] for name in ("_rings", "_oldest", "_labels", "_changed", "_new", "_room_states")])
    assert not [word for word in speaker.gone if word in kept]
    chat.journal.stop()
    gc.collect()
