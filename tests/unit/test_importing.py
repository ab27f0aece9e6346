"""What is read of logs and exports of other chat programs."""

from __future__ import annotations

import gzip
import json
import zipfile
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.importing.formats import FORMATS
from chatd.importing.line_logs import Settings
from chatd.importing.record import Bad, Found, LeftOut, Record
from chatd.importing.sources import SourceError, Sources
from chatd.importing.spool import MAX_TEXT_BYTES, Said, Spool, messages
from chatd.protocol import names
from tools.make_chat_logs import MAKERS

WEECHAT = """\
2026-11-28 19:04:20\t-->\tbob (~bob@host.example) has joined #den
2026-11-28 19:04:21\t@ann\thello there
2026-11-28 19:04:22\t *\tbob waves
2026-11-28 19:04:23\t--\tann has changed topic for #den from "old" to "new "quoted" one"
2026-11-28 19:04:24\t--\tNotice(ci): build 7 passed
2026-11-28T19:04:25.123456Z\t+bob\tby WeeChat 4.8
2026-11-28 19:04:26\t<--\tbob (~bob@host.example) has quit (bye)
"""
IRSSI = """\
--- Log opened Sat Nov 28 23:58:00 2026
23:58 <@ann> hello there
23:58 < bob> hi
23:59  * bob waves
--- Day changed Sun Nov 29 2026
00:01 -!- cem [~cem@host.example] has joined #den
00:01 -!- ann changed the topic of #den to: new one
00:02 -ci:#den- build 7 passed
00:03:07 <cem> with seconds
--- Log closed Sun Nov 29 00:05:00 2026
"""
ZNC = """\
[19:04:20] *** Joins: bob (~bob@host.example)
[19:04:21] <ann> \x02bold\x02 and \x0304,01red\x03
[19:04:22] * bob waves
[19:04:23] *** ann changes topic to 'it's new'
[19:04:24] -ci- build 7 passed
[19:04:25] Disconnected from IRC (irc.example 6697)
"""
II = """\
1795892660 -!- bob(~bob@host.example) has joined #den
1795892661 <ann> hello there
1795892662 <bob> \x01ACTION waves\x01
1795892663 -!- ann changed topic to "new one"
1795892664 <cem> \x01VERSION\x01
"""
JOURNAL: list[dict[str, object]] = [
    {"__REALTIME_TIMESTAMP": "1795892661000123", "_HOSTNAME": "web1", "SYSLOG_IDENTIFIER": "sshd", "MESSAGE": "hello"},
    {
        "__REALTIME_TIMESTAMP": "1795892662000000",
        "_HOSTNAME": "web1",
        "_COMM": "make",
        "MESSAGE": list(b"\x1b[31mFAIL\x1b[0m"),
    },
    {"__REALTIME_TIMESTAMP": "1795892663000000", "_HOSTNAME": "web1", "MESSAGE": None},
    {"__REALTIME_TIMESTAMP": "1795892664000000", "_HOSTNAME": "web1", "_COMM": "x", "MESSAGE": ["one", "two"]},
]
SLACK_USERS = [
    {"id": "U1", "name": "ann.lee", "profile": {"display_name": "ann"}},
    {"id": "U2", "name": "bob", "profile": {"display_name": ""}},
]
_SAID: dict[str, object] = {"type": "message"}
SLACK_DAY: list[dict[str, object]] = [
    _SAID
    | {"user": "U1", "ts": "1795892661.000100"}
    | {"text": "hi <@U2>, see <https://x.example|the page> &amp; <#C1|den>"},
    _SAID | {"subtype": "me_message", "user": "U2", "text": "waves", "ts": "1795892662.000200"},
    _SAID | {"subtype": "channel_join", "user": "U2", "text": "joined", "ts": "1795892663.000000"},
    _SAID | {"subtype": "channel_topic", "user": "U1", "topic": "new one", "text": "set", "ts": "1795892664.0"},
    _SAID | {"subtype": "bot_message", "bot_id": "B1", "username": "ci", "text": "a\nb", "ts": "1795892665.0"},
    _SAID
    | {"user": "U3", "user_profile": {"name": "eve"}, "text": "", "files": [{"name": "f.txt"}], "ts": "1795892666.9"},
]
_DEN: dict[str, object] = {"team": "t", "channel": "den"}
_HELLO = _DEN | {
    "user": "ann",
    "message": "hello",
    "create_at": 1795892661123,
    "replies": [{"user": "bob", "message": "hi", "create_at": 1795892662000}],
}
MATTERMOST: list[dict[str, object]] = [
    {"type": "version", "version": 1},
    {"type": "channel", "channel": {"team": "t", "name": "den", "type": "O"}},
    {"type": "channel", "channel": {"team": "t", "name": "secret", "type": "P"}},
    {"type": "post", "post": _HELLO},
    {"type": "post", "post": _DEN | {"channel": "secret", "user": "ann", "message": "no", "create_at": 1}},
    {"type": "direct_post", "direct_post": {"channel_members": ["a"], "user": "a", "message": "no", "create_at": 1}},
    {"type": "post", "post": _DEN | {"user": "bob", "type": "me", "message": "*waves*", "create_at": 1795892663000}},
    {"type": "post", "post": _DEN | {"user": "x", "type": "system_join_channel", "message": "x", "create_at": 2}},
]


def author(number: int, name: str, nickname: str) -> dict[str, object]:
    return {"id": str(number), "name": name, "discriminator": "0000", "nickname": nickname, "isBot": False}


JOINED = {"id": "4", "type": "GuildMemberJoin", "timestamp": "2026-11-28T19:04:22+00:00", "content": ""}
DISCORD_MESSAGES: list[dict[str, object]] = [
    {
        "id": "3",
        "type": "Default",
        "timestamp": "2026-11-28T20:04:21.5+01:00",
        "content": "hello",
        "author": author(1, "ann", "Ann Lee"),
    },
    JOINED | {"author": author(2, "bob", "bob")},
    {
        "id": "5",
        "type": "Reply",
        "timestamp": "2026-11-28T19:04:23+00:00",
        "content": "",
        "author": author(2, "bob", "bob"),
        "attachments": [{"fileName": "f.png", "url": "https://x.example/f.png"}],
    },
]
DISCORD = {
    "guild": {"id": "1", "name": "Guild"},
    "channel": {"id": "2", "type": "GuildTextChat", "category": "Text", "name": "den", "topic": None},
    "messages": DISCORD_MESSAGES,
    "messageCount": 3,
}


def read(
    kind: str, *paths: Path, room: str | None = None, zone: str = "UTC", charset: str | None = None
) -> list[Found]:
    return list(FORMATS[kind](Sources(paths, charset), Settings(ZoneInfo(zone), room)))


def brief(found: list[Found]) -> list[tuple[str, str, str, str]]:
    """Return the clock, name, text and whether it is a topic, of all records."""
    return [
        (f"{datetime.fromtimestamp(each.time / 1000, UTC):%d %H:%M:%S}", each.name, each.text, "T" * each.is_topic)
        for each in found
        if isinstance(each, Record)
    ]


def left_out(found: list[Found]) -> int:
    return sum(isinstance(each, LeftOut) for each in found)


def bad(found: list[Found]) -> list[Bad]:
    return [each for each in found if isinstance(each, Bad)]


def put(path: Path, content: object) -> Path:
    """Write a text, an object, or a list as lines of JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content)
    elif isinstance(content, list) and path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(each) + "\n" for each in content))
    else:
        path.write_text(json.dumps(content, indent=1))
    return path


def slack_folder(folder: Path) -> Path:
    put(folder / "users.json", SLACK_USERS)
    put(folder / "channels.json", [{"id": "C1", "name": "den"}])
    put(folder / "groups.json", [{"id": "G1", "name": "secret"}])
    put(folder / "den" / "2026-11-28.json", SLACK_DAY)
    put(folder / "secret" / "2026-11-28.json", SLACK_DAY)
    put(folder / "D1" / "2026-11-28.json", SLACK_DAY)
    return folder


def test_weechat(tmp_path: Path) -> None:
    found = read("weechat", put(tmp_path / "irc.libera.#den.weechatlog", WEECHAT))
    assert brief(found) == [
        ("28 19:04:21", "ann", "hello there", ""),
        ("28 19:04:22", "bob", "/me waves", ""),
        ("28 19:04:23", "ann", 'new "quoted" one', "T"),
        ("28 19:04:24", "ci", "build 7 passed", ""),
        ("28 19:04:25", "bob", "by WeeChat 4.8", ""),
    ]
    assert (left_out(found), bad(found)) == (2, [])
    assert {each.room for each in found if isinstance(each, Record)} == {"#den"}


def test_irssi(tmp_path: Path) -> None:
    found = read("irssi", put(tmp_path / "#den.log", IRSSI))
    assert brief(found) == [
        ("28 23:58:00", "ann", "hello there", ""),
        ("28 23:58:00", "bob", "hi", ""),
        ("28 23:59:00", "bob", "/me waves", ""),
        ("29 00:01:00", "ann", "new one", "T"),
        ("29 00:02:00", "ci", "build 7 passed", ""),
        ("29 00:03:07", "cem", "with seconds", ""),
    ]
    assert (left_out(found), bad(found)) == (1, [])


def test_irssi_without_a_day_is_bad(tmp_path: Path) -> None:
    log = put(tmp_path / "#den.log", "19:04 <ann> when?\n--- Day changed So Dez 06 2026\n19:05 <ann> when?\n")
    assert [each.where.rpartition(":")[2] for each in bad(read("irssi", log))] == ["1", "2", "3"]


def test_znc(tmp_path: Path) -> None:
    put(tmp_path / "net" / "#den" / "2026-11-28.log", ZNC)
    put(tmp_path / "net" / "bob" / "2026-11-28.log", ZNC)
    found = read("znc", tmp_path)
    assert brief(found) == [
        ("28 19:04:21", "ann", "\x02bold\x02 and \x0304,01red\x03", ""),
        ("28 19:04:22", "bob", "/me waves", ""),
        ("28 19:04:23", "ann", "it's new", "T"),
        ("28 19:04:24", "ci", "build 7 passed", ""),
    ]
    assert messages("\x02bold\x02 and \x0304,01red\x03") == ["bold and red"]
    assert (left_out(found), bad(found)) == (3, [])


def test_ii(tmp_path: Path) -> None:
    found = read("ii", put(tmp_path / "#den" / "out", II))
    assert brief(found) == [
        ("28 19:04:21", "ann", "hello there", ""),
        ("28 19:04:22", "bob", "/me waves", ""),
        ("28 19:04:23", "ann", "new one", "T"),
    ]
    assert (left_out(found), bad(found)) == (2, [])


def test_the_journal_of_systemd(tmp_path: Path) -> None:
    found = read("journal", put(tmp_path / "j.jsonl", JOURNAL))
    assert brief(found) == [
        ("28 19:04:21", "sshd", "hello", ""),
        ("28 19:04:22", "make", "\x1b[31mFAIL\x1b[0m", ""),
        ("28 19:04:24", "x", "one\ntwo", ""),
    ]
    assert messages("\x1b[31mFAIL\x1b[0m") == ["FAIL"]
    assert (left_out(found), bad(found)) == (1, [])


@pytest.mark.parametrize("packed", ["no", "as it comes", "again"])
def test_slack(tmp_path: Path, packed: str) -> None:
    path = slack_folder(tmp_path / "export")
    if packed != "no":
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in (tmp_path / "export").rglob("*.json"):
                archive.write(file, file.relative_to(tmp_path / ("export" if packed == "as it comes" else "")))
    found = read("slack", path)
    assert brief(found) == [
        ("28 19:04:21", "ann", "hi @bob, see the page https://x.example & #den", ""),
        ("28 19:04:22", "bob", "/me waves", ""),
        ("28 19:04:24", "ann", "new one", "T"),
        ("28 19:04:25", "ci", "a\nb", ""),
        ("28 19:04:26", "eve", "[file: f.txt]", ""),
    ]
    assert (left_out(found), bad(found)) == (3, [])  # one who came, and two conversations that are private


@pytest.mark.parametrize("packed", [False, True])
def test_mattermost(tmp_path: Path, packed: bool) -> None:
    path = put(tmp_path / "import.jsonl", MATTERMOST)
    if packed:
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            archive.write(path, "import.jsonl")
        path = tmp_path / "export.zip"
    found = read("mattermost", path)
    assert brief(found) == [
        ("28 19:04:21", "ann", "hello", ""),
        ("28 19:04:22", "bob", "hi", ""),
        ("28 19:04:23", "bob", "/me waves", ""),
    ]
    assert (left_out(found), bad(found)) == (3, [])


def test_a_post_of_a_channel_that_nothing_is_known_of_is_bad(tmp_path: Path) -> None:
    found = read("mattermost", put(tmp_path / "x.jsonl", [MATTERMOST[3]]))
    assert "no line before it describes the channel den" in bad(found)[0].why


def test_discord(tmp_path: Path) -> None:
    found = read("discord", put(tmp_path / "den.json", DISCORD))
    assert brief(found) == [
        ("28 19:04:21", "Ann Lee", "hello", ""),
        ("28 19:04:23", "bob", "[file: f.png] https://x.example/f.png", ""),
    ]
    assert (left_out(found), bad(found)) == (1, [])


@pytest.mark.parametrize("kind", ["DirectTextChat", "DirectGroupTextChat", "GuildPrivateThread"])
def test_a_private_conversation_of_discord_goes_into_no_room(tmp_path: Path, kind: str) -> None:
    channel = {"id": "2", "type": kind, "name": "bob"}
    found = read("discord", put(tmp_path / "x.json", DISCORD | {"channel": channel}), room="#den")
    assert (brief(found), left_out(found)) == ([], 1)


def test_an_hour_that_there_is_twice_goes_on(tmp_path: Path) -> None:
    log = "--- Log opened Sun Oct 25 02:30:00 2026\n02:30 <a> 1\n02:59 <a> 2\n02:10 <a> 3\n03:01 <a> 4\n"
    found = read("irssi", put(tmp_path / "#den.log", log), zone="Europe/Berlin")
    assert [clock for clock, *_ in brief(found)] == ["25 00:30:00", "25 00:59:00", "25 01:10:00", "25 02:01:00"]


def test_what_windows_and_gzip_do_to_a_file_is_taken(tmp_path: Path) -> None:
    log = tmp_path / "#den.log.gz"
    log.write_bytes(gzip.compress(b"\xef\xbb\xbf" + IRSSI.replace("\n", "\r\n").encode()))
    found = read("irssi", log)
    assert (len(brief(found)), bad(found)) == (6, [])


def test_lines_that_are_not_utf_8_are_bad_or_in_a_charset(tmp_path: Path) -> None:
    log = tmp_path / "#den.log"
    log.write_bytes(IRSSI.encode() + b"00:09 <ann> caf\xe9\n")
    assert "--charset cp1252" in bad(read("irssi", log))[0].why
    assert brief(read("irssi", log, charset="cp1252"))[-1][2] == "café"


def test_a_log_whose_channel_is_not_known_needs_a_room(tmp_path: Path) -> None:
    log = put(tmp_path / "log.txt", IRSSI)
    with pytest.raises(SourceError, match="add --room"):
        read("irssi", log)
    assert len(brief(read("irssi", log, room="#x"))) == 6


@pytest.mark.parametrize("kind", ["discord", "slack", "mattermost", "znc"])
def test_what_is_no_export_is_refused_or_bad(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path / "#x.log", "hello\n")
    try:
        assert bad(read(kind, path))
    except SourceError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize("kind", ["slack", "mattermost"])
@pytest.mark.parametrize("place", [60, 200, -300])
def test_a_broken_archive_is_refused_or_bad(tmp_path: Path, kind: str, place: int) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.json", json.dumps(SLACK_USERS * 50))
        archive.writestr("channels.json", json.dumps([{"id": "C1", "name": "den"}]))
        archive.writestr("import.jsonl", "".join(json.dumps(each) + "\n" for each in MATTERMOST * 50))
    data = bytearray(path.read_bytes())
    data[place : place + 20] = bytes(20)
    path.write_bytes(data)
    with suppress(SourceError):
        read(kind, path)


def test_a_broken_gzip_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "#den.log.gz"
    packed = bytearray(gzip.compress(IRSSI.encode() * 100))
    packed[40:50] = bytes(10)
    log.write_bytes(packed)
    with pytest.raises(SourceError, match="is damaged"):
        read("irssi", log)
    log.write_bytes(gzip.compress(IRSSI.encode())[:-20])
    with pytest.raises(SourceError, match="is damaged"):
        read("irssi", log)


def spooled(found: list[Found]) -> tuple[list[Said], Spool]:
    with closing(Spool(Path(":memory:"))) as spool:
        list(spool.take(found, lambda _: None))
        return list(spool.said()), spool


def test_all_is_in_the_order_of_its_time() -> None:
    found = [Record(time, "#a", "bob", text) for time, text in ((3, "c"), (1, "a"), (3, "d\ne"), (2, "b"))]
    said, _ = spooled(list(found))
    assert [each.text for each in said] == ["a", "b", "c", "d", "e"]


def test_names_become_names() -> None:
    people = [
        ("1", "Ann Lee"), ("2", "Ann_Lee"), ("3", "Ann/Lee"), ("", "bob|away"), ("", "[x]"), ("", "~~~"), ("", "[y]!z"),
        ("", "山田 太郎"),
        ("", "Bob"), ("", "bob"), ("", "x" * 40), ("4", "Bob"), ("5", "😀"), ("1", "Ann again"),
    ]  # fmt: skip
    found: list[Found] = [Record(0, "den & co", name, "hi", who=who) for who, name in people]
    said, spool = spooled(found)
    assert [each.nick for each in said] == [
        "Ann_Lee-2", "Ann_Lee", "Ann_Lee-3", "bob|away", "[x]", "someone", "[y]_z", "山田_太郎",
        "Bob", "Bob", "x" * 32, "Bob-2", "someone-2", "Ann_Lee-2",
    ]  # fmt: skip
    assert {each.room for each in said} == {"#den_co"}
    assert ("Ann Lee", "Ann_Lee-2") in spool.nicks.changed
    assert spool.rooms.changed == [("den & co", "#den_co")]
    said, spool = spooled([Record(0, room, "ann", "hi") for room in ("##c++", "c++ & more", "a\\b")])
    assert {each.room for each in said} == {"##c++", "#c++_more", "#a_b"}


def test_a_long_text_becomes_parts_of_whole_characters() -> None:
    parts = messages("é" * MAX_TEXT_BYTES)
    assert [len(part.encode()) for part in parts] == [MAX_TEXT_BYTES] * 2
    assert messages("a\r\n\n \nb\x1b]0;t\x07c\x9b") == ["a", "bc\ufffd"]


GOOD_LINES = [line for log in (WEECHAT, IRSSI, ZNC, II) for line in log.encode().splitlines()]
HOSTILE = st.one_of(
    st.binary(max_size=200),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=100).map(str.encode),
    st.tuples(st.sampled_from(GOOD_LINES), st.integers(0, 60), st.binary(max_size=4)).map(
        lambda each: each[0][: each[1]] + each[2] + each[0][each[1] :]
    ),
)
TEXTS = st.text(max_size=20) | st.sampled_from(["1795892661.0", "message", "O", "post", "Default"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def mutated(good: list[dict[str, object]]) -> st.SearchStrategy[list[object]]:
    """Return good things of which some fields are something else."""

    def change(base: dict[str, object]) -> st.SearchStrategy[object]:
        return st.dictionaries(st.sampled_from(sorted(base)), VALUES, max_size=3).map(lambda other: base | other)

    return st.lists(st.sampled_from(good).flatmap(change) | VALUES, max_size=6)


def check(kind: str, path: Path) -> None:
    """Read a file, and see that what is found can be imported."""
    try:
        found = read(kind, path, room="#x")
    except SourceError:
        return
    said, spool = spooled(found)
    assert spool.bad == len(bad(found))
    for each in said:
        names.nick(each.nick)
        assert each.text.strip()
        assert "\n" not in each.text
        assert len(each.text.encode()) <= MAX_TEXT_BYTES


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(HOSTILE, max_size=8))
def test_no_line_leads_to_more_than_a_bad_line(lines: list[bytes]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "2026-11-28.log"
        path.write_bytes(b"\n".join([b"--- Log opened Sat Nov 28 19:04:22 2026", *lines]))
        for kind in FORMATS:
            check(kind, path)


@settings(max_examples=100, deadline=None)
@given(entries=mutated(JOURNAL), posts=mutated(MATTERMOST), chats=mutated(DISCORD_MESSAGES), days=mutated(SLACK_DAY))
def test_no_value_leads_to_more_than_a_bad_one(
    entries: list[object], posts: list[object], chats: list[object], days: list[object]
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        check("journal", put(folder / "j.jsonl", entries))
        check("mattermost", put(folder / "m.jsonl", [*MATTERMOST[:3], *posts]))
        check("discord", put(folder / "d.json", DISCORD | {"messages": chats}))
        slack = slack_folder(folder / "slack")
        put(slack / "den" / "2026-11-28.json", days)
        check("slack", slack)


@settings(max_examples=100, deadline=None)
@given(cut=st.integers(0, 1500), junk=st.text(alphabet=st.characters(codec="utf-8"), max_size=5))
def test_an_export_of_discord_that_is_broken_off_is_read_up_to_there(cut: int, junk: str) -> None:
    with TemporaryDirectory() as name:
        check("discord", put(Path(name) / "d.json", json.dumps(DISCORD, indent=1)[:cut] + junk))


@pytest.mark.parametrize("kind", MAKERS)
def test_what_the_tool_makes_is_read_without_a_bad_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "#den" / ("out" if kind == "ii" else "made")
    path.parent.mkdir()
    MAKERS[kind](500, path)
    found = read(kind, path)
    assert (len([each for each in brief(found) if not each[3]]), bad(found)) == (500, [])
