"""What the client makes of what room operators and server operators do, and how it asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred, fail, succeed

from chatd.accounts import NoAccounts
from chatd.client.model.changes import LinesChanged, MembersChanged, Notice, RoomsChanged, RulesChanged, UnreadChanged
from chatd.client.model.completion import Completer
from chatd.client.model.input_history import InputHistory
from chatd.client.model.lines import Delivery, Kind, describe
from chatd.client.model.room import Room
from chatd.client.model.rows import LineRow, rows
from chatd.client.model.slash import holds_secret, read
from chatd.client.net.status import LinkState
from chatd.protocol import commands, wire
from chatd.protocol import moderation_commands as orders
from chatd.protocol.commands import Command
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.wire import timestamp
from tests.client.test_link import HELLO, NOTE, Rig, label, labels
from tests.client.test_transcript import IN, Client, old, said
from tests.support.linked_users import Stage, port_of, until

HERE = (IN, "WHO #r me bob mallory", "OK WHO #r 3")


def ruled(id_: int, line: str, *, old: bool = False) -> str:
    return f"@id={id_};time={timestamp(id_ * 1000)}{';old' if old else ''} {line}"


def sentences(client: Client, name: str = "#r") -> list[str]:
    return [describe(line) for line in client.room(name).lines]


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig("#a", "#b")
    yield rig
    rig.link.stop()
    if rig.wire is not None and not rig.wire.lost:
        rig.wire.drop()
    assert [call for call in rig.clock.getDelayedCalls() if call.active()] == []


# What is shown.


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("KICK bob #r mallory spam  again", "bob kicked mallory: spam  again"),
        ("KICK bob #r mallory", "bob kicked mallory"),
        ("MUTE bob #r mallory for=30m too loud", "bob muted mallory for 30m: too loud"),
        ("MUTE bob #r 10.0.0.0/8", "bob muted 10.0.0.0/8"),
        ("UNMUTE bob #r mallory", "bob unmuted mallory"),
        ("BAN bob #r 2001:db8::/32 for=1d", "bob banned 2001:db8::/32 for 1d"),
        ("UNBAN bob #r mallory", "bob unbanned mallory"),
        ("OP bob #r ann", "bob made ann a room operator"),
        ("OP bob #r Bob", "bob is now a room operator"),
        ("DEOP bob #r ann", "bob removed ann as a room operator"),
        ("DEOP bob #r bob", "bob is no longer a room operator"),
        ("INVITE bob #r ann", "bob invited ann to #r"),
        ("SET bob #r registered=yes", "bob registered #r"),
        ("SET bob #r private=yes", "bob made #r private"),
        ("SET bob #r private=no", "bob opened #r to everybody"),
        ("SET bob #r topic=members", "bob let everybody set the topic"),
        ("SET bob #r listed=no", "bob removed #r from the list of rooms"),
        ("SET bob #r listed=yes", "bob added #r to the list of rooms"),
        ("SET bob #r topic=operators", "bob let only operators set the topic"),
        ("SET bob #r colour=red", "bob set colour=red in #r"),
    ],
)
def test_every_act_is_a_sentence_in_its_room(line: str, sentence: str) -> None:
    client = Client(*HERE)
    changes = client.hears(ruled(11, line))
    assert sentences(client) == [sentence]
    (shown,) = client.room().lines
    assert (shown.kind, shown.id, shown.time, shown.nick, shown.mention) == (Kind.MODERATED, 11, 11000, "bob", False)
    assert changes[0] == LinesChanged("#r", 0)
    assert (client.room().unread, client.room().resume_id) == (0, 11)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("KICK root #* mallory spam", "root kicked mallory from the server: spam"),
        ("MUTE root #* mallory for=2h", "root muted mallory everywhere for 2h"),
        ("UNMUTE root #* mallory", "root unmuted mallory everywhere"),
        ("BAN root #* 10.0.0.1 spam", "root banned 10.0.0.1 from the server: spam"),
        ("UNBAN root #* 10.0.0.1", "root unbanned 10.0.0.1 from the server"),
        ("OP root #* bob", "root made bob a server operator"),
    ],
)
def test_what_holds_everywhere_is_a_notice_in_the_room_in_front(line: str, sentence: str) -> None:
    client = Client(*HERE, "OK JOIN #s 1 last=0 resume=s")
    client.transcript.set_front("#s")
    client.hears(ruled(3, line))
    assert sentences(client, "#s") == [sentence]
    assert [line.kind for line in client.room("#s").lines] == [Kind.NOTE]
    assert client.room().lines == []
    assert "mallory" in client.room().members


def test_who_is_kicked_is_no_longer_a_member() -> None:
    client = Client(*HERE)
    room = client.room()
    assert client.hears(ruled(11, "KICK bob #r Mallory spam")) == [
        LinesChanged("#r", 0),
        RulesChanged("#r"),
        MembersChanged("#r"),
    ]
    assert (list(room.members), room.count, room.joined) == (["bob", "me"], 2, True)
    client.hears(ruled(12, "BAN bob #r 10.0.0.1 spam"), "@time=1970-01-01T00:00:12.000Z KICK bob #r ann spam")
    assert sentences(client)[1:] == ["bob banned 10.0.0.1: spam", "bob kicked ann: spam"]
    assert (room.count, client.ids()) == (2, [11, 12])


def test_what_is_replayed_is_shown_as_old_and_changes_no_membership() -> None:
    client = Client(*HERE, said(11))
    room = client.room()
    changes = client.hears(
        *(ruled(12, "KICK bob #r mallory", old=True), ruled(13, "KICK bob #r me", old=True), old(14), said(15)),
        *(ruled(12, "KICK bob #r mallory", old=True), ruled(5, "BAN bob #r x", old=True)),
    )
    assert sentences(client) == ["bob banned x", "m11", "bob kicked mallory", "bob kicked me", "m14", "m15"]
    assert client.ids() == [5, 11, 12, 13, 14, 15]
    assert (list(room.members), room.joined, room.wanted, room.closed) == (["bob", "mallory", "me"], True, True, "")
    assert not any(isinstance(change, MembersChanged | Notice) for change in changes)


def test_a_ruling_about_oneself_is_a_mention() -> None:
    client = Client(*HERE)
    changes = client.hears(ruled(11, "MUTE bob #r Me for=30m loud"))
    assert changes[1:] == [UnreadChanged("#r"), Notice("#r", "bob", "muted Me for 30m: loud"), RulesChanged("#r")]
    room = client.room()
    assert (room.unread, room.mentions, room.speakers) == (1, 1, [])
    client.hears(ruled(12, "OP me #r ME"), ruled(13, "MUTE bob #r ann"))
    assert [line.mention for line in room.lines] == [True, False, False]
    assert (room.unread, room.mentions) == (1, 1)
    client.room().mark_seen(10)
    assert (room.unread, room.mentions) == (1, 1)
    client.transcript.set_front("#r")
    assert (room.unread, room.mentions) == (0, 0)
    assert not any(isinstance(change, Notice) for change in client.hears(ruled(14, "UNMUTE bob #r me")))
    assert room.unread == 0


def test_moderation_is_not_folded_with_joins_and_departures() -> None:
    client = Client(*HERE, "JOIN a #r", "JOIN b #r", ruled(11, "KICK bob #r a"), "JOIN c #r", "PART b #r")
    assert [type(row) for row in rows(client.room(), 0, UTC)[1][1:]] == [LineRow] * 5


def test_a_ruling_in_a_room_that_is_not_open_opens_none() -> None:
    client = Client(*HERE)
    client.hears(ruled(3, "INVITE ann #den me"), ruled(4, "KICK ann #den me", old=True), "KICK x nobody me")
    assert sentences(client) == ["In #den, ann invited me to #den"]
    assert list(client.transcript.rooms) == ["#r"]


# Being kicked.


def test_who_is_kicked_keeps_the_lines_and_is_told_why() -> None:
    client = Client(*HERE, said(11))
    room = client.room()
    changes = client.hears(ruled(12, "KICK bob #r me spam"))
    assert {RoomsChanged(), MembersChanged("#r"), Notice("#r", "bob", "kicked me: spam")} <= set(changes)
    assert sentences(client) == ["m11", "bob kicked me: spam"]
    assert (room.joined, room.wanted, room.count, list(room.members)) == (False, False, 0, [])
    assert room.closed == "You are not in #r: bob kicked you: spam; type /join #r to rejoin"
    client.transcript.disconnected()
    assert client.transcript.rejoin() == []
    client.hears("OK JOIN #r 2 last=12 resume=s recovered=yes")
    assert (room.closed, room.joined) == ("", True)
    client.hears("OK PART #r")
    assert room.closed == ""  # that was one's own doing


def test_a_ban_kicks_with_a_line_that_has_no_id() -> None:
    client = Client(*HERE)
    client.hears(ruled(11, "BAN bob #r me for=1h spam"), "KICK bob #r me spam")
    room = client.room()
    assert sentences(client) == ["bob banned me for 1h: spam", "bob kicked me: spam"]
    assert (room.joined, room.unread, room.mentions, room.resume_id) == (False, 2, 2, 11)
    assert room.closed


def test_one_rejoins_when_one_wants_to_and_not_by_itself(rig: Rig) -> None:
    (join,) = labels(rig.join(), "JOIN")
    rig.hears(f"@label={join} OK JOIN #b 2 last=0 resume=s2", "@id=4 KICK bob #a me spam")
    rig.drop()
    rig.wait_for_retry()
    rig.connect()
    (again,) = rig.hears(NOTE, HELLO)
    assert again.split()[1:4] == ["JOIN", "me", "#b"]
    rig.hears(f"@label={label(again)} OK JOIN #b 2 last=0 resume=s3 recovered=yes")
    rig.link.join_room("#a")
    assert rig.transcript.rooms["#a"].closed == ""  # one is on the way
    (back,) = labels(rig.said(), "JOIN")
    rig.hears(f"@label={back} ERR banned JOIN you are banned: spam")
    assert rig.transcript.rooms["#a"].closed == "You are not in #a: you are banned: spam; type /join #a to rejoin"
    assert rig.lines("#a", Kind.ERROR)[-1][0] == "you are banned: spam"


def test_what_one_may_not_say_has_failed_and_says_why(rig: Rig) -> None:
    rig.join()
    rig.link.send_message("#a", "hi")
    (tell,) = labels(rig.said(), "TELL")
    rig.hears(f"@label={tell} ERR muted TELL you may read and not speak, for 30m in all: loud")
    room = rig.transcript.rooms["#a"]
    assert rig.lines("#a") == [("hi", Delivery.FAILED)]
    assert room.lines[-1].reason == "you may read and not speak, for 30m in all: loud"


@pytest.mark.parametrize("bye", ["kicked", "banned", "replaced"])
def test_who_is_kicked_from_the_server_does_not_come_back_by_itself(rig: Rig, bye: str) -> None:
    rig.join()
    rig.hears(f"BYE {bye} root kicked you from the server: spam")
    rig.drop()
    assert rig.now == (LinkState.STOPPED, "the server closed the connection: root kicked you from the server: spam")
    assert rig.told[-1].retry_at is None
    assert (
        rig.lines("#a", Kind.NOTE)[-1][0] == "The server closed the connection: root kicked you from the server: spam"
    )
    rig.clock.advance(1000)
    assert rig.tries() == 1
    rig.link.reconnect()
    rig.clock.advance(0)
    assert rig.tries() == 1
    rig.enter()
    assert rig.now[0] is LinkState.CONNECTED


# What is typed.


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/kick bob", orders.Kick("bob", "#r")),
        ("/kick bob go  away", orders.Kick("bob", "#r", "go  away")),
        ("/kick bob #x", orders.Kick("bob", "#x")),
        ("/kick bob #* out", orders.Kick("bob", "#*", "out")),
        ("/mute bob for=30m too loud", orders.Mute("bob", "#r", 1800, "too loud")),
        ("/mute 10.0.0.1 #x", orders.Mute("10.0.0.1", "#x")),
        ("/unmute bob", orders.Unmute("bob", "#r")),
        ("/ban 10.0.0.0/8 for=1d", orders.Ban("10.0.0.0/8", "#r", 86400)),
        ("/unban bob #*", orders.Unban("bob", "#*")),
        ("/op bob", orders.Op("bob", "#r")),
        ("/deop bob", orders.Deop("bob", "#r")),
        ("/invite bob", orders.Invite("bob", "#r")),
        ("/set private=yes", orders.Set("private", "yes", "#r")),
        ("/set #x topic=operators", orders.Set("topic", "operators", "#x")),
        ("/login bob s3cret", orders.Login("bob", "s3cret")),
        ("/REGISTER s3cret code", orders.Register("s3cret", "code")),
    ],
)
def test_what_is_typed_names_the_room_in_front(text: str, command: Command) -> None:
    typed = read(text, "#r")
    assert (typed.complaint, typed.commands) == ("", (command,))
    assert wire.parse_command(wire.encode(wire.render(command)).removesuffix(b"\r\n")).command == command


@pytest.mark.parametrize("text", ["/kick bob", "/ban bob", "/set private=yes", "/invite bob"])
def test_in_a_private_conversation_the_room_is_to_be_named(text: str) -> None:
    assert "<#room>" in read(text, "bob").complaint
    assert read(f"{text.split()[0]} x" if "set" in text else text, None).commands == ()


@pytest.mark.parametrize(
    "text",
    [
        *("/login s3cret", "/login a b s3cret", "/login !s3cret x", "/register", "/register a b s3cret"),
        *(" /login bob s3cret", "hello\n/register s3cret", "/login bob s3cret\nhello", "\t/LOGIN bob s3cret"),
        "/login bob " + "s3cret" * 51,
    ],
)
def test_a_password_is_neither_said_nor_shown_when_it_was_typed_wrongly(text: str) -> None:
    typed = read(text, "#r")
    assert typed.commands == ()
    assert typed.complaint
    assert "s3cret" not in typed.complaint


def test_a_password_is_not_brought_back_by_the_up_key() -> None:
    recall = InputHistory()
    for text in ("one", "/login bob s3cret", "/Register s3cret", " /login bob s3cret", "x\n/login bob s3cret"):
        recall.add_input(text)
    assert recall.up("") == "one"
    assert recall.up("one") == "one"
    assert not holds_secret("login bob x")
    assert not holds_secret("//login bob x")


def tab(text: str, room: Room | None, times: int = 1) -> str:
    completer, at = Completer(), len(text)
    for _ in range(times):
        text, at = completer.complete(text, at, room, ["#r"], "me")
    return text


def test_tab_completes_whom_a_ruling_is_about() -> None:
    room = Room("#r")
    for nick in ("alice", "me"):
        room.members.add(nick)
    room.spoke("alf", 1)  # who has left since
    assert tab("/kic", None) == "/kick "
    assert tab("/kick al", room) == "/kick alice "
    assert [tab("/ban al", room, times) for times in (1, 2)] == ["/ban alf ", "/ban alice "]
    assert tab("/kick alf", room) == "/kick alf"
    assert tab("/set pr", room, 2) == "/set private=yes "
    assert tab("/set private=yes wh", room) == "/set private=yes who=keep "
    assert tab("/login bob al", room) == "/login bob al"  # that is a password


def test_a_ruling_is_sent_for_the_room_and_its_refusal_shown_there(rig: Rig) -> None:
    rig.join()
    rig.link.send_command(orders.Kick("bob", "#a", "spam"), "#a")
    (line,) = rig.said()
    assert line.endswith("KICK bob #a spam")
    rig.hears(f"@label={label(line)} ERR not-allowed KICK only room operators may do that")
    assert rig.lines("#a", Kind.ERROR)[-1][0] == "only room operators may do that"
    rig.link.send_command(orders.Mute("bob", "#a", 60), "#a")
    (line,) = rig.said()
    assert line.endswith("MUTE bob #a for=1m")
    rig.hears("@id=5 MUTE me #a bob for=1m", f"@label={label(line)} OK MUTE #a bob")
    room = rig.transcript.rooms["#a"]
    assert describe(room.lines[-1]) == "me muted bob for 1m"
    assert (room.unread, rig.transcript.asked.keys() & {label(line)}) == (0, set())


def test_without_a_connection_nobody_is_ruled_over(rig: Rig) -> None:
    rig.link.send_command(orders.Kick("bob", "#a"), "#a")
    rig.link.send_command(commands.Who("#a"), "#a")
    first, second = rig.lines("#a", Kind.ERROR)
    assert first == second


# With a real server.


class Names(NoAccounts):
    """Accounts of two people with one password."""

    def is_registered(self, key: str) -> bool:
        return key in ("ann", "root")

    def is_operator(self, key: str) -> bool:
        return key == "root"

    def log_in(self, nick: str, password: str, address: str | None) -> Deferred[str]:
        assert address == "127.0.0.1"
        if not self.is_registered(nick) or password != "s3cret":
            return fail(ChatError(Code.BAD_PASSWORD, "that is not the password"))
        return succeed(nick)


@ensureDeferred
async def test_a_real_server_is_understood(stage: Stage) -> None:
    service = stage.serve()
    service._hub.accounts.stop()
    service._hub.accounts = Names()
    mallory, ann = stage.user("mallory", port_of(service), "#den"), stage.user("ann", port_of(service), "#den")
    await until(lambda: ann.state is LinkState.LOCKED)
    assert (
        ann.told[-1].detail
        == "nick ann belongs to a registered user; LOGIN ann <password> first or choose another nick"
    )
    ann.link.send_command(orders.Login("ann", "wrong"))
    await until(lambda: ann.told[-1].detail == "that is not the password")
    ann.link.send_command(orders.Login("ann", "s3cret"))
    await ann.connected()
    await mallory.connected()
    ann.link.send_command(orders.Set("registered", "yes", "#den"), "#den")
    ann.link.send_command(orders.Mute("mallory", "#den", 60, "loud"), "#den")
    den = mallory.transcript.rooms["#den"]
    await until(lambda: [line for line in den.lines if line.mention])
    mallory.link.send_message("#den", "what?")
    await until(lambda: [line for line in den.lines if line.state is Delivery.FAILED])
    ann.link.send_command(orders.Ban("mallory", "#den", 3600, "spam"), "#den")
    await until(lambda: den.closed)
    assert [describe(line) for line in den.lines if line.kind is Kind.MODERATED] == [
        *("ann registered #den", "ann muted mallory for 1m: loud"),
        *("ann banned mallory for 1h: spam", "ann kicked mallory: spam"),
    ]
    mallory.link.join_room("#den")
    await until(lambda: "you are banned" in den.closed)
    mallory.link.join_room("#other")
    await until(lambda: mallory.transcript.rooms["#other"].joined)
    before = len(ann.told)
    ann.link.reconnect()
    await until(lambda: LinkState.CONNECTING in {status.state for status in ann.told[before:]})
    await ann.connected()
    ours = ann.transcript.rooms["#den"]
    await until(lambda: ours.members.complete)
    assert list(ours.members) == ["ann"]
    root = stage.user("root", port_of(service), "#other")
    root.link.send_command(orders.Login("root", "s3cret"))
    await root.connected()
    root.link.send_command(orders.Kick("mallory", "#*", "spam"), "#other")
    await until(lambda: mallory.state is LinkState.STOPPED)
    assert "spam" in mallory.told[-1].detail
