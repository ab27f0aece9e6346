"""Reading rooms over HTTP: nothing missing, nothing twice, nothing that may not be read, and never in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from twisted.internet.defer import Deferred

from chatd.chat.limits import Limits
from chatd.journal import Retention
from chatd.journal.factory import from_string
from chatd.journal.memory import MemoryJournal
from chatd.model.entry import Entry
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Moderated, Said
from chatd.protocol.names import RoomName
from tests.support.in_memory_chat import ChatClient, InMemoryChat, SlowJournalChat, journal_environment
from tests.support.in_memory_cluster import InMemoryCluster
from tests.support.web_readers import WebEdge, WebReader


@pytest.fixture(params=["memory", "sqlite"])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InMemoryChat]:
    where = "memory:" if request.param == "memory" else f"sqlite:{tmp_path}/journal"
    chat = InMemoryChat(journal=lambda clock: from_string(where, journal_environment(clock)))
    yield chat
    chat.journal.stop()


@pytest.fixture
def web(chat: InMemoryChat) -> WebEdge:
    return WebEdge(chat)


@pytest.fixture
def ann(chat: InMemoryChat) -> ChatClient:
    return chat.program("JOIN ann #Den")


def say(chat: InMemoryChat, who: ChatClient, *texts: str) -> None:
    who.says(*(f"MSG {text}" for text in texts))
    chat.turn()


def do(chat: InMemoryChat, who: ChatClient, *lines: str) -> list[str]:
    who.take()
    who.says(*lines)
    chat.turn()
    return who.take()


def own(chat: InMemoryChat, who: ChatClient, account: str = "ann") -> None:
    """Let somebody have the room that it is in."""
    who.session.account = account
    do(chat, who, "SET registered=yes")


# What is told, and in which form.


def test_the_event_stream_on_the_page_has_those_events_and_fields(
    chat: InMemoryChat, web: WebEdge, ann: ChatClient
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "http-reading.rst").read_text()
    script = page.partition("code-block:: javascript\n")[2].partition("\n\nWho")[0]
    address, count = re.findall(r'EventSource\("/builds(/sse\?count=(\d+))"\)', script)[0]
    ((listened, field),) = re.findall(r'Listener\("(\w+)", event => forget\(JSON.parse\(event.data\).(\w+)\)\)', script)
    say(chat, ann, *["hello"] * (int(count) + 1))
    stream = web.ask(f"/den{address}")
    do(chat, ann, "RETRACT 3")
    events = [dict(line.split(": ", 1) for line in each.splitlines()) for each in stream.text.split("\n\n")[1:-1]]
    messages = [json.loads(each["data"])["text"] for each in events if "event" not in each]
    assert messages == ["hello"] * int(count)
    assert [json.loads(each["data"])[field] for each in events if each.get("event") == listened] == [3]


def test_it_is_live_from_now_on(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    say(chat, ann, "before")
    reader = web.ask("/den/json")
    assert reader.opened == {"event": "open", "epoch": "e1", "room": "#Den", "since": 1, "recovered": True}
    say(chat, ann, "now", "and now")
    assert reader.told == ["now", "and now"] and not reader.ended
    assert reader.headers["content-type"] == "application/x-ndjson; charset=utf-8"


@pytest.mark.parametrize("path", ["/%23c%2B%2B", "/%23C++"])
def test_a_room_of_irc_is_read_at_its_address(chat: InMemoryChat, web: WebEdge, path: str) -> None:
    bob = chat.program("JOIN [bob] ##c++")
    say(chat, bob, "before")
    readers = [web.ask(f"{path}/{form}?since=all") for form in ("json", "sse", "raw")]
    say(chat, bob, "now")
    assert readers[0].opened["room"] == "##c++"
    assert [(each["nick"], each["text"]) for each in readers[0].objects[1:]] == [("[bob]", "before"), ("[bob]", "now")]
    assert '"nick":"[bob]"' in readers[1].text
    assert readers[2].text.splitlines()[-1].endswith(" [bob]: now")


def test_history_then_live(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    say(chat, ann, "one", "two", "three")
    readers = [web.ask(f"/den/json?{query}") for query in ("since=1&epoch=e1", "since=all", "count=1", "since=latest")]
    say(chat, ann, "four")
    assert [each.told for each in readers] == [
        ["two", "three", "four"],
        ["one", "two", "three", "four"],
        ["three", "four"],
        ["four"],
    ]
    assert [each.opened["since"] for each in readers] == [1, 0, 2, 3]


def test_each_thing_has_its_object(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    own(chat, ann)
    reader = web.ask("/den/json")
    do(chat, ann, "MSG helo", "@label=r;reply=2 MSG yes", "EDIT 2 hello", "REACT 2 👍", "UNREACT 2 👍")
    do(chat, ann, "RETRACT 3", "TOPIC the news", "MUTE eve for=1h loud")
    objects = reader.objects[1:]
    for each in objects:
        assert (each.pop("epoch"), each.pop("room"), each.pop("nick")) == ("e1", "#Den", "ann")
        assert each.pop("time") == "1970-01-12T13:46:40.000Z"
    assert objects == [
        {"id": 2, "event": "message", "text": "helo"},
        {"id": 3, "event": "message", "text": "yes", "reply": 2},
        {"id": 4, "event": "edit", "message": 2, "text": "hello"},
        {"id": 5, "event": "react", "message": 2, "emoji": "👍"},
        {"id": 6, "event": "unreact", "message": 2, "emoji": "👍"},
        {"id": 7, "event": "retract", "message": 3},
        {"id": 8, "event": "topic", "text": "the news"},
        {"id": 9, "event": "mute", "subject": "eve", "seconds": 3600, "text": "loud"},
    ]
    do(chat, ann, "REACT 2 🎉")
    (message,) = web.ask("/den/json?poll=yes&count=9").objects[1:]
    assert (message["text"], message["edited"], message["reactions"]) == ("hello", True, {"🎉": 1})


def test_a_notice_says_that_it_is_one(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    reader = web.ask("/den/json")
    do(chat, ann, "@notice MSG done", "MSG hi")
    assert [(each["text"], each.get("notice")) for each in reader.objects[1:]] == [("done", True), ("hi", None)]


def test_the_forms_that_people_and_browsers_read(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    say(chat, ann, "so\x1b[31mred", "/me waves")
    raw = web.ask("/den/raw?count=2")
    do(chat, ann, "TOPIC the news", "RETRACT 2")
    lines = [line.split(" ", 2)[2] for line in raw.text.splitlines()]
    assert lines == [
        "ann: sored",
        "* ann waves",
        "* ann set the topic: the news",
        "* ann deleted a message in #Den",
    ]
    events = web.ask("/den/sse?since=1&epoch=e1").text.split("\n\n")
    assert events[0].startswith("retry: 2000\nid: e1:1\nevent: open\ndata: {")
    assert events[1].startswith("id: e1:3\nevent: topic\ndata: {")
    say(chat, ann, "three")
    event = web.ask("/den/sse?since=4&epoch=e1").text.split("\n\n")[1]
    assert event.startswith("id: e1:5\ndata: {") and json.loads(event.partition("data: ")[2])["text"] == "three"


def test_nothing_commands_a_terminal_whatever_a_journal_holds(
    chat: InMemoryChat, web: WebEdge, ann: ChatClient
) -> None:
    say(chat, ann, "hello")
    readers = [web.ask(f"/den/{form}") for form in ("json", "sse", "raw")]
    chat.journal.append(Entry("#den", Said("ann", RoomName("#Den"), "a\x9b31m\u202eb\nid: 7")))
    chat.turn()
    for reader in readers:
        assert "a\ufffd31m\ufffdb" in reader.text and "\nid: 7" not in reader.text


def test_what_is_asked_for(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    say(chat, ann, *(f"build {number} passed" for number in range(1, 61)))
    told = lambda query: [int(text.split()[1]) for text in web.ask(f"/den/json?{query}").told]  # noqa: E731
    assert told("poll=yes") == [*range(11, 61)]
    assert told("poll=yes&since=58") == [59, 60]
    assert told("poll=1&since=3&count=2") == [4, 5]
    assert told("before=4") == [1, 2, 3] and told("before=9&count=2") == [7, 8]
    assert told("since=2&before=6") == [3, 4, 5]
    assert told("poll=yes&since=1h") == [*range(1, 61)] and told("poll=yes&since=2026-11-01") == []
    assert told("search=build+60") == [60] and told("search=passed&count=2&before=30") == [28, 29]
    assert told("search=from:ann+since=57") == [58, 59, 60]
    assert all(web.ask(f"/den/json?{query}").ended for query in ("poll=yes", "before=4", "search=build"))


@pytest.mark.parametrize(
    "query", ["since=x", "since=-1", "count=0", "count=1001", "poll=maybe", "since=1&count=2", "before=now", "search="]
)
def test_what_makes_no_sense(web: WebEdge, query: str) -> None:
    reader = web.ask(f"/den/json?{query}")
    assert (reader.status, json.loads(reader.text)["error"]) == (400, "bad-syntax")
    assert not web.chat.hub.followers.by_room


# Nothing missing, nothing twice.


def test_who_comes_again_misses_nothing(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    reader = web.ask("/den/json")
    say(chat, ann, "one", "two")
    last = reader.objects[-1]
    reader.lose()
    say(chat, ann, "three")
    again = web.ask(f"/den/json?since={last['id']}&epoch={last['epoch']}")
    say(chat, ann, "four")
    assert again.opened["recovered"] and again.told == ["three", "four"]


@pytest.mark.parametrize(
    ("headers", "told", "recovered"),
    [
        ({"Last-Event-ID": "e1:1"}, [2], True),
        ({"Last-Event-ID": "other:1"}, [], False),
        ({"Last-Event-ID": "e1:99"}, [], False),
        ({"Last-Event-ID": "1"}, [], False),
        ({"Last-Event-ID": "é"}, [], False),
    ],
)
def test_a_browser_goes_on(
    chat: InMemoryChat, web: WebEdge, ann: ChatClient, headers: dict[str, str], told: list[int], *, recovered: bool
) -> None:
    say(chat, ann, "one", "two")
    events = web.ask("/den/sse?since=all", headers).text.split("\n\n")[:-1]
    objects = [json.loads(event.partition("data: ")[2]) for event in events]
    assert objects[0]["recovered"] is recovered and [each["id"] for each in objects[1:]] == told


def test_an_id_without_its_epoch_is_not_known_to_be_good(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    say(chat, ann, "one", "two")
    reader = web.ask("/den/json?since=1")
    assert reader.told == ["two"] and reader.opened["recovered"] is False
    for query in ("since=1&epoch=other", "since=5&epoch=e1"):
        reader = web.ask(f"/den/json?{query}")
        assert reader.told == [] and (reader.opened["recovered"], reader.opened["since"]) == (False, 2)


def test_what_was_deleted_is_missed() -> None:
    retention = Retention(messages=2)
    chat = InMemoryChat(journal=lambda clock: MemoryJournal(journal_environment(clock, retention)))
    web, ann = WebEdge(chat), chat.program("JOIN ann #den")
    say(chat, ann, "one", "two", "three", "four")
    assert [web.ask(f"/den/json?since={since}&epoch=e1").opened["recovered"] for since in (0, 1, 2, 3)] == [
        False,
        False,
        True,
        True,
    ]


def test_what_is_deleted_before_a_slow_reader_comes_to_it_ends_the_answer() -> None:
    retention = Retention(messages=2)
    chat = InMemoryChat(journal=lambda clock: MemoryJournal(journal_environment(clock, retention)))
    web, ann = WebEdge(chat), chat.program("JOIN ann #den")
    reader = web.ask("/den/json")
    reader.take_nothing()
    for number in range(5):
        say(chat, ann, f"{number}")
    reader.take_all()
    chat.turn()
    assert reader.told == [] and reader.ended and reader.objects[-1]["event"] == "end"
    assert "reconnect" in reader.objects[-1]["text"]


def test_whatever_comes_between(tmp_path: Path) -> None:
    """Reads begin, go on, stand still and end at random, while messages are stored and read whenever that happens."""
    random = Random(7)
    chat = SlowJournalChat(tmp_path / "journal")
    web, ann = WebEdge(chat), chat.program("JOIN ann #den")
    chat.slow = True
    readers: list[tuple[int, WebReader]] = []
    number = 0
    for _ in range(600):
        match random.randrange(7):
            case 0 | 1:
                number += 1
                ann.says(f"MSG {number} {'x' * random.choice([1, 4000])}")
            case 2 if len(readers) < 40:
                since = random.randint(0, chat.hub.last_id)
                readers.append((since, web.ask(f"/den/json?since={since}&epoch=e1")))
            case 3 if readers:
                random.choice(readers)[1].take_nothing()
            case 4 if readers:
                random.choice(readers)[1].take_all()
            case _:
                worker = random.choice([*chat.workers.values()])
                if worker.jobs:
                    worker.work()
        chat.turn()
    chat.slow = False
    for _, reader in readers:
        reader.take_all()
    chat.turn()
    assert number > 100 and len(readers) == 40
    for since, reader in readers:
        assert reader.opened["recovered"] and reader.ids == [*range(since + 1, number + 1)]
    chat.journal.stop()


def test_who_goes_on_at_another_node_misses_nothing() -> None:
    cluster = InMemoryCluster()
    first, second = cluster.node(), cluster.node()
    cluster.settle()
    ann = first.program("JOIN ann #den")
    cluster.settle()
    reader, beside = WebEdge(first).ask("/den/json"), WebEdge(second).ask("/den/json")
    ann.says("MSG one", "MSG two")
    cluster.settle()
    assert reader.told == beside.told == ["one", "two"]
    last = reader.objects[-1]
    ann.says("MSG three")
    first.turn()
    again = WebEdge(second).ask(f"/den/json?since={last['id']}&epoch={last['epoch']}")
    cluster.settle()
    assert again.opened["recovered"] and again.told == ["three"]


def test_who_is_ahead_of_another_node_is_told_nothing_twice_there() -> None:
    cluster = InMemoryCluster()
    first, second = cluster.node(), cluster.node()
    cluster.settle()
    ann = first.program("JOIN ann #den")
    cluster.settle()
    reader = WebEdge(first).ask("/den/json")
    ann.says("MSG one", "MSG two")
    first.turn()
    first.cluster.publish()
    first.cluster.read_on()
    first.turn()
    assert reader.told == ["one", "two"]
    last = reader.objects[-1]
    again = WebEdge(second).ask(f"/den/json?since={last['id']}&epoch={last['epoch']}")
    assert again.opened["recovered"] and again.told == []
    ann.says("MSG three")
    cluster.settle()
    assert again.told == ["three"]


# Who may read.


def test_a_reader_is_nobody_in_the_room(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    reader = web.ask("/den/json?since=all")
    assert do(chat, ann, "WHO", "ROOMS")[:1] == ["WHO #Den ann"]
    assert chat.hub.room("#den") is not None and chat.hub.room("#den").head_count == 1  # type: ignore[union-attr]
    reader.lose()
    web.ask("/elsewhere/json")
    assert do(chat, ann, "PING x") == ["PONG x"] and chat.hub.room("#elsewhere") is None
    assert chat.hub.room_count == 1


@pytest.mark.parametrize("ruling", ["BAN 10.6.6.6", "SET private=yes who=remove"])
def test_who_may_not_come_in_may_not_read(chat: InMemoryChat, web: WebEdge, ann: ChatClient, ruling: str) -> None:
    own(chat, ann)
    reader = web.ask("/den/json", address="10.6.6.6")
    blocked = web.ask("/den/json", address="10.6.6.6")
    blocked.take_nothing()
    member = web.ask("/den/json", account="ann")
    say(chat, ann, "open")
    do(chat, ann, ruling)
    say(chat, ann, "secret")
    error = "banned" if "BAN" in ruling else "not-allowed"
    assert reader.told == ["open"] and reader.objects[-1]["error"] == error and reader.ended
    blocked.take_all()
    chat.turn()
    assert blocked.told == [] and blocked.ended
    assert member.told == ["open", "secret"]
    for query in ("", "?poll=yes", "?search=open", "?since=all"):
        again = web.ask(f"/den/json{query}", address="10.6.6.6")
        assert (again.status, json.loads(again.text)["error"]) == (403, error)
        assert web.ask(f"/den/json{query}", address="10.6.6.6", method="HEAD").status == 403
    assert web.ask("/den/json?poll=yes", account="ann").told == ["open", "secret"]


def test_only_members_read_where_only_they_may_join(chat: InMemoryChat, web: WebEdge) -> None:
    chat.hub.accounts.members_only = True  # type: ignore[misc]
    assert json.loads(web.ask("/den/json").text)["error"] == "not-allowed"
    assert web.ask("/den/json", account="ann").opened


def test_who_is_logged_out_reads_no_more(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    holds = [True]

    def look_up() -> str:
        if not holds[0]:
            raise ChatError(Code.BAD_PASSWORD, "that is over")
        return "ann"

    reader = web.ask("/den/json", look_up=look_up)
    chat.wait(46)
    assert not reader.ended
    holds[0] = False
    chat.wait(45)
    assert reader.ended and reader.objects[-1]["error"] == "not-allowed"
    say(chat, ann, "secret")
    assert reader.told == []


def test_a_ban_from_the_server_ends_what_is_read(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    ann.session.account = "ann"
    chat.hub.is_operator = lambda account: account == "ann"  # type: ignore[method-assign]
    reader, other = web.ask("/den/json", address="10.6.6.6"), web.ask("/den/json")
    do(chat, ann, "BAN 10.6.6.6 #*")
    assert reader.ended and reader.objects[-1]["error"] == "banned" and not other.ended


def test_what_was_said_in_private_stays_so(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    own(chat, ann)
    say(chat, ann, "before")
    do(chat, ann, "SET private=yes")
    say(chat, ann, "secret")
    do(chat, ann, "SET private=no")
    say(chat, ann, "after")
    for query in ("since=all", "count=9", "since=1&epoch=e1", "poll=yes&since=all", "since=1h", "before=99"):
        reader = web.ask(f"/den/json?{query}")
        assert reader.told == ["after"], query
        assert "secret" not in reader.text
    assert web.ask("/den/json?poll=yes&since=0&count=1").told == ["after"]
    assert web.ask("/den/json?since=1&epoch=e1").opened["recovered"] is False
    assert web.ask("/den/json?search=secret").text == ""


def test_what_is_private_for_a_moment_is_not_told(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    own(chat, ann)
    reader, member = web.ask("/den/json"), web.ask("/den/json", account="ann")
    room = RoomName("#Den")
    events: tuple[Moderated | Said, ...] = (
        Moderated("SET", "ann", room, "private=yes"),
        Said("ann", room, "secret"),
        Moderated("SET", "ann", room, "private=no"),
        Said("ann", room, "after"),
    )
    # In one batch, after which all may read again.
    chat.hub.deliver([Entry("#den", event, id=id_) for id_, event in enumerate(events, 100)])
    assert reader.told == ["after"] and member.told == ["secret", "after"]


def test_a_reader_is_told_no_more_than_a_look_alike(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    own(chat, ann)
    assert web.ask("/d\u0435n/json".encode().decode("latin-1")).status in (400, 404)
    assert web.ask("/d%D0%B5n/json").status == 400


def test_what_is_taken_back_while_it_is_read(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    say(chat, ann, *(f"word{number}" for number in range(100)))
    reader = web.ask("/den/json?since=all", stop=True)
    chat.turn()
    assert len(reader.told) == 20
    do(chat, ann, "RETRACT 90", "EDIT 91 changed")
    reader.take_all()
    chat.turn()
    assert len(reader.told) == 99 and "word89" not in reader.told and "word90" not in reader.told
    assert reader.ids == [*range(1, 90), *range(91, 103)]


# What a reader costs.


def test_nothing_is_kept_for_a_slow_reader(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    reader = web.ask("/den/json")
    reader.take_nothing()
    sent = len(reader.transport.value())
    for number in range(50):
        say(chat, ann, f"{number} {'x' * 4000}")
    assert len(reader.transport.value()) == sent
    reader.take_all()
    chat.turn()
    assert [text.split()[0] for text in reader.told] == [str(number) for number in range(50)]
    say(chat, ann, "live")
    assert reader.told[-1] == "live"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_who_sends_no_more_is_told_all_of_what_ends(
    chat: InMemoryChat, web: WebEdge, ann: ChatClient, version: str
) -> None:
    for number in range(50):
        say(chat, ann, f"{number}")
    reader = web.ask("/den/json?poll=yes&since=all", version=version, stop=True)
    assert len(reader.told) < 50
    reader.protocol.readConnectionLost()
    reader.take_all()
    chat.turn()
    assert reader.told == [str(number) for number in range(50)]
    assert reader.transport.disconnecting


def test_who_sends_no_more_is_told_nothing_more_of_what_goes_on(web: WebEdge) -> None:
    reader = web.ask("/den/json")
    assert not reader.transport.disconnecting
    reader.protocol.readConnectionLost()
    assert reader.transport.disconnecting


def test_a_reader_that_takes_nothing_is_given_up(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    reader, other = web.ask("/den/json"), web.ask("/den/json")
    reader.take_nothing()
    say(chat, ann, "hello")
    chat.wait(100)
    assert not reader.transport.aborted
    chat.wait(40)
    assert reader.transport.aborted and not other.transport.aborted


def test_signs_of_life(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    json_, sse, raw = (web.ask(f"/den/{form}") for form in ("json", "sse", "raw"))
    chat.wait(44)
    assert len(json_.objects) == 1 and raw.text == ""
    chat.wait(2)
    assert json_.objects[1:] == [{"event": "keepalive"}] and sse.text.endswith("\n\n: keepalive\n\n")
    assert raw.text == "\n"
    say(chat, ann, "hello")
    chat.wait(45)
    assert [each["event"] for each in json_.objects] == ["open", "keepalive", "message", "keepalive"]


def test_readers_count_as_connections_that_need_not_join() -> None:
    chat = InMemoryChat(Limits(connections=6, waiting=2))
    web = WebEdge(chat)
    readers = [web.ask("/den/json") for _ in range(5)]
    assert web.gateway.admission.readers == 5 == web.gateway.admission.count
    assert web.gateway.admission.refusal(None) is None
    web.ask("/den/json")
    assert "the server is full" in (web.gateway.admission.refusal(None) or "")
    for reader in readers:
        reader.lose()
    assert web.gateway.admission.readers == 1 == web.gateway.admission.count


def test_one_that_is_lost_is_forgotten(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    for query in ("", "?since=all", "?poll=yes"):
        reader = web.ask(f"/den/json{query}")
        if query == "?since=all":
            reader.take_nothing()
            say(chat, ann, "hello")
        reader.lose()
    assert not chat.hub.followers.by_room and web.gateway.admission.readers == 0
    assert not chat.hub._tellers
    chat.wait(100)


def test_long_histories_count_as_lines(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    say(chat, ann, *("x" for _ in range(200)))
    reader = web.ask("/den/json?since=all")
    assert reader.protocol.full_at > web.ask("/den/json").protocol.full_at


def test_a_reader_that_fails_harms_nobody(
    chat: InMemoryChat, web: WebEdge, ann: ChatClient, nothing_left_behind: list[object]
) -> None:
    broken, other = web.ask("/den/json"), web.ask("/den/json")
    broken.protocol.requests[0].write = None
    say(chat, ann, "hello")
    assert other.told == ["hello"]
    assert len(nothing_left_behind) == 1 and len(chat.hub.followers) == 1 and broken.transport.aborted
    nothing_left_behind.clear()


# HTTP.


def test_an_answer_that_ends_is_compressed_for_who_takes_that(
    chat: InMemoryChat, web: WebEdge, ann: ChatClient
) -> None:
    say(chat, ann, *("the same words again" for _ in range(200)))
    plain = web.ask("/den/json?poll=yes&since=all")
    small = web.ask("/den/json?poll=yes&since=all", {"Accept-Encoding": "gzip"})
    assert small.headers["content-encoding"] == "gzip" and small.body == plain.body
    assert len(small.transport.value()) < len(plain.transport.value()) / 5
    assert "Accept-Encoding" in small.headers["vary"] and "Accept-Encoding" in plain.headers["vary"]
    assert "content-encoding" not in web.ask("/den/json", {"Accept-Encoding": "gzip"}).headers


def test_what_has_not_changed_is_not_sent_again(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    say(chat, ann, "one")
    path = "/den/json?poll=yes"
    tag = web.ask(path).headers["etag"]
    assert tag.startswith('W/"')
    for method in ("GET", "HEAD"):
        again = web.ask(path, {"If-None-Match": f'"x", {tag}'}, method=method)
        assert again.status == 304 and again.body == b""
    assert web.ask("/den/json?poll=yes&count=1", {"If-None-Match": tag}).status == 200
    do(chat, ann, "EDIT 1 changed")
    assert web.ask(path, {"If-None-Match": tag}).told == ["changed"]
    assert "etag" not in web.ask("/den/json?poll=yes&since=1h").headers


def test_head_has_the_head_alone(chat: InMemoryChat, web: WebEdge) -> None:
    for path in ("/den/json", "/den/sse", "/den/raw", "/den/json?poll=yes"):
        reader = web.ask(path, method="HEAD")
        assert reader.status == 200 and reader.transport.value().endswith(b"\r\n\r\n")
    assert not chat.hub.followers.by_room and web.gateway.admission.readers == 0


def test_who_speaks_the_old_http_is_told_by_the_end(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    say(chat, ann, "one")
    reader = web.ask("/den/json?poll=yes", version="1.0")
    assert reader.told == ["one"] and reader.transport.disconnecting
    assert "transfer-encoding" not in reader.headers


def test_answers_end_when_the_server_stops(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    reader, raw, slow = web.ask("/den/json"), web.ask("/den/raw"), web.ask("/den/sse")
    slow.take_nothing()
    ann.says("MSG last words")
    web.factory.stopFactory()
    Deferred.fromCoroutine(chat.hub.shut_down())
    chat.turn()
    assert reader.told == ["last words"] and reader.objects[-1]["event"] == "end" and reader.transport.disconnecting
    assert raw.text.endswith("* the server is stopping; reconnect in a moment\n")
    assert slow.ended


def test_a_place_without_a_room(web: WebEdge) -> None:
    assert web.ask("/no%20room/json").status == 404
    assert web.ask("/den/nothing").status == 404
    assert web.ask("/den/json", method="POST").status == 405


def test_a_rooms_own_address_shows_people_its_last_words(chat: InMemoryChat, web: WebEdge, ann: ChatClient) -> None:
    say(chat, ann, *(f"word{number}" for number in range(20)))
    reader = web.ask("/den", {"Accept": "*/*"})
    hint, *lines = reader.text.partition("\n\n")[::2]
    assert "/den/raw" in hint and reader.ended
    assert [line.split()[-1] for line in lines[0].splitlines()] == [f"word{number}" for number in range(10, 20)]
    assert web.ask("/den", {"Accept": "text/html"}).headers["content-type"].startswith("text/html")
    own(chat, ann)
    do(chat, ann, "BAN 10.6.6.6")
    assert web.ask("/den", address="10.6.6.6").status == 403
    closed = WebEdge(chat, guests=False)
    assert closed.ask("/den", address="10.6.6.7").status == closed.ask("/den/raw", address="10.6.6.7").status == 401
    assert closed.ask("/den", {"Accept": "text/html"}, address="10.6.6.7").status == 200


def test_what_was_private_stays_so_when_everybody_has_left(chat: InMemoryChat, web: WebEdge) -> None:
    chat.hub.limits = Limits(room_founders=True)
    gina = chat.person("JOIN gina #Den", "SET private=yes", "MSG secret")
    assert web.ask("/den/json?since=all").status == 403
    do(chat, gina, "PART")
    for _ in range(2):
        for query in ("since=all", "count=9", "since=1&epoch=e1", "poll=yes&since=all", "before=99"):
            assert "secret" not in web.ask(f"/den/json?{query}", account="ann").text
        ben = chat.person("JOIN ben #Den")
        say(chat, ben, "after")
        assert web.ask("/den/json?poll=yes&since=all").told[-1] == "after"
        ben.lose()
        chat.turn()
    assert web.ask("/den/json?poll=yes&since=all").told == ["after", "after"]
