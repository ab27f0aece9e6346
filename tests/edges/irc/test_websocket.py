"""IRC in the messages of WebSocket: the same session, one message of IRC in each, and nothing that is no UTF-8."""

from __future__ import annotations

from base64 import b64encode

import pytest
from websockets.frames import Opcode

from chatd.chat.limits import Limits
from chatd.edges.irc.message import MAX_LINE_BYTES
from chatd.edges.web.frames import BINARY, TEXT, LineFrames
from chatd.edges.web.websocket import CLOSE_CODES, MAX_MESSAGE_BYTES
from chatd.protocol.errors import DisconnectReason
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.irc import Told, commands, read
from tests.support.web import ELSEWHERE, HERE, Web, WebSocketClient

TEXT_NAME, BINARY_NAME = "text.ircv3.net", "binary.ircv3.net"
NAMES = (TEXT_NAME, BINARY_NAME)


class IrcSocket(WebSocketClient):
    """An IRC client over WebSocket, which sends one message of IRC in each of its messages."""

    def __init__(
        self,
        web: Web,
        subprotocol: str = TEXT_NAME,
        *,
        address: str = HERE,
        origin: str | None = "http://127.0.0.1",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(web, address=address, origin=origin, subprotocols=(subprotocol,), headers=headers)
        self.opcode = Opcode.TEXT if subprotocol == TEXT_NAME else Opcode.BINARY

    def send(self, *messages: bytes) -> None:
        for message in messages:
            (self.protocol.send_text if self.opcode is Opcode.TEXT else self.protocol.send_binary)(message)
            self.flush()

    def tells(self, *messages: str) -> list[Told]:
        """Send messages; return what came back, and what came before."""
        self.send(*(message.encode() for message in messages))
        return self.told()

    def told(self) -> list[Told]:
        """Return the messages of IRC that came since the last time."""
        self.take()
        messages = [bytes(frame.data) for frame in self.frames if frame.opcode is self.opcode]
        assert all(frame.opcode is not Opcode.TEXT for frame in self.frames if frame.opcode is not self.opcode)
        self.frames = []
        assert not any(b"\n" in message or b"\r" in message for message in messages)
        return [read(message.decode()) for message in messages]


def registered(web: Web, nick: str, subprotocol: str = TEXT_NAME, *, address: str = HERE) -> IrcSocket:
    client = IrcSocket(web, subprotocol, address=address)
    assert "001" in commands(client.tells(f"NICK {nick}", f"USER {nick} 0 * :{nick}"))
    return client


@pytest.mark.parametrize("subprotocol", NAMES)
def test_it_is_the_session_of_any_irc_client(subprotocol: str) -> None:
    web = Web(irc=True)
    ann = registered(web, "ann", subprotocol)
    assert commands(ann.tells("JOIN #tea"))[0] == "JOIN"
    _, bob = web.line_client("JOIN bob #tea")
    assert commands(ann.told()) == ["JOIN"]
    ann.tells("PRIVMSG #tea :hello from here ☕")
    assert "MSG ann #tea hello from here ☕\r\n".encode() in bob.value()
    assert ann.tells("PING on-e")[0].params == ["irc.example.org", "on-e"]


def test_what_is_passed_on_to_one_alone_is_a_message_of_its_own() -> None:
    web = Web(irc=True)
    ann, bob = registered(web, "ann"), registered(web, "bob")
    ann.told()
    bob.tells("PRIVMSG ann :\x01VERSION\x01")
    assert [(each.command, each.params) for each in ann.told()] == [("PRIVMSG", ["ann", "\x01VERSION\x01"])]


def test_without_irc_it_is_not_offered() -> None:
    for name in NAMES:
        handshake = IrcSocket(Web(), name).handshake
        assert handshake is not None
        assert handshake.status_code == 400
        assert b"ircv3" not in (handshake.body or b"")


@pytest.mark.parametrize("offered", [("chatd.v1", *NAMES), (*NAMES, "chatd.v1"), ("mqtt", BINARY_NAME, TEXT_NAME)])
def test_what_a_client_likes_best_is_chosen(offered: tuple[str, ...]) -> None:
    handshake = WebSocketClient(Web(irc=True), subprotocols=offered).handshake
    assert handshake is not None
    assert handshake.headers["Sec-WebSocket-Protocol"] == next(name for name in offered if name != "mqtt")


def test_a_client_without_one_is_refused() -> None:
    for subprotocols in ((), ("irc",)):
        handshake = WebSocketClient(Web(irc=True), subprotocols=subprotocols).handshake
        assert handshake is not None
        assert handshake.status_code == 400
        assert b"chatd.v1 or text.ircv3.net or binary.ircv3.net" in (handshake.body or b"")


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_page_of_another_site_may_not_open_one(origin: str) -> None:
    handshake = IrcSocket(Web(irc=True), origin=origin).handshake
    assert handshake is not None
    assert handshake.status_code == 403


@pytest.mark.parametrize("subprotocol", NAMES)
def test_an_end_of_line_in_a_message_is_none_of_it(subprotocol: str) -> None:
    client = registered(Web(irc=True), "ann", subprotocol)
    assert [each.text for each in client.tells("PING a\r\n", "PING b\n", "PING c")] == ["a", "b", "c"]


@pytest.mark.parametrize("subprotocol", NAMES)
def test_a_message_that_is_too_long_is_a_417(subprotocol: str) -> None:
    client = registered(Web(irc=True), "ann", subprotocol)
    assert commands(client.tells(f"PING :{'x' * 504}")) == ["PONG"]
    for size in (505, MAX_LINE_BYTES, MAX_MESSAGE_BYTES - 6):
        assert commands(client.tells(f"PING :{'x' * size}")) == ["417"]
    assert commands(client.tells("PING after")) == ["PONG"]
    client.send(b"x" * (MAX_MESSAGE_BYTES + 1))
    assert client.closed_with is not None
    assert client.closed_with[0] == 1009


@pytest.mark.parametrize("subprotocol", NAMES)
def test_who_reads_text_is_never_sent_what_is_not_utf8(subprotocol: str) -> None:
    web = Web(irc=True)
    reader, sender = registered(web, "ann", subprotocol), registered(web, "bob", BINARY_NAME)
    for client in (reader, sender):
        client.tells("JOIN #tea")
    for line in (
        b"PRIVMSG #tea :caf\xe9",
        b"NICK b\xf6b",
        b"TOPIC #tea :\xff\xff",
        b"PART #tea :\xe2\x82",
        b"\xff\xfe",
    ):
        sender.send(line)
    sender.send("PRIVMSG #tea :half of it \ud83d here".encode(errors="surrogatepass"))
    assert {(each.command, each.params[1]) for each in sender.told() if each.command == "FAIL"} == {
        ("FAIL", "INVALID_UTF8")
    }
    assert set(commands(reader.told())) <= {"JOIN"}


def test_text_that_is_not_utf8_ends_it() -> None:
    client = registered(Web(irc=True), "ann")
    client.send(b"PRIVMSG #tea :caf\xe9")
    assert client.closed_with == (1007, "the data is not UTF-8")


@pytest.mark.parametrize("subprotocol", NAMES)
def test_messages_of_the_other_kind_end_it(subprotocol: str) -> None:
    client = registered(Web(irc=True), "ann", subprotocol)
    client.opcode = Opcode.BINARY if subprotocol == TEXT_NAME else Opcode.TEXT
    client.send(b"PING x")
    assert client.closed_with == (1003, f"only {'text' if subprotocol == TEXT_NAME else 'binary'} frames are accepted")


def test_a_message_may_come_in_parts() -> None:
    client = registered(Web(irc=True), "ann", BINARY_NAME)
    client.protocol.send_binary(b"PING on", fin=False)
    client.protocol.send_continuation(b"e-two", fin=True)
    client.flush()
    assert client.told()[0].text == "one-two"


@pytest.mark.parametrize("subprotocol", NAMES)
def test_the_last_message_and_the_close_frame_say_why(subprotocol: str) -> None:
    client = registered(Web(irc=True), "ann", subprotocol)
    (told,) = client.tells("QUIT :bye")
    assert (told.command, told.text) == ("ERROR", "Closing link: goodbye")
    assert client.closed_with == (1000, "ERROR :Closing link: goodbye")


def test_one_who_closes_has_left_the_room() -> None:
    web = Web(irc=True)
    ann = registered(web, "ann")
    ann.tells("JOIN #tea")
    _, bob = web.line_client("JOIN bob #tea")
    ann.protocol.send_close(1001)
    ann.flush()
    assert b"PART ann #tea" in bob.value()
    assert ann.closed_with is not None
    assert ann.closed_with[0] == 1000


def test_who_answers_its_pings_stays_and_who_does_not_is_given_up() -> None:
    web = Web(Limits(ping_seconds=10), irc=True)
    client = registered(web, "ann")
    client.tells("JOIN #tea")
    for _ in range(60):
        web.chat.clock.advance(1)
        client.tells(*(f"PONG {each.text}" for each in client.told() if each.command == "PING"))
    assert client.closed_with is None
    for _ in range(60):
        web.chat.clock.advance(1)
    client.take()
    assert any(frame.opcode is Opcode.PING for frame in client.frames)
    assert client.closed_with is not None
    assert client.closed_with[0] in (1008, CLOSE_CODES[DisconnectReason.IDLE])


def test_lines_wait_for_the_rate() -> None:
    web = Web(Limits(lines_per_second=1, line_burst=5), irc=True)
    client = registered(web, "ann")
    client.send(*(b"PING %d" % number for number in range(20)))
    assert 0 < len(client.told()) < 10
    for _ in range(300):
        web.chat.clock.advance(0.1)
    assert client.told()[-1].text == "19"


# Accounts.


def plain_login(client: IrcSocket) -> list[Told]:
    secret = b64encode(f"\0ann\0{PASSWORD}".encode()).decode()
    return client.tells("CAP LS 302", "CAP REQ :sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {secret}")


@pytest.mark.parametrize(
    ("address", "headers", "taken"),
    [
        (HERE, {}, True),
        (ELSEWHERE, {}, False),
        (HERE, {"X-Forwarded-For": "192.0.2.9"}, False),
        (HERE, {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https"}, True),
    ],
)
def test_passwords_are_taken_where_the_page_takes_them(address: str, headers: dict[str, str], *, taken: bool) -> None:
    chat = ChatWithAccounts("ann")
    web = Web(chat=chat, irc=True)
    told = plain_login(IrcSocket(web, address=address, headers=headers))
    assert ("903" in commands(told)) is taken
    assert bool(chat.hasher.verified) is taken
    client = IrcSocket(web, address=address, headers=headers)
    told = client.tells(f"PASS ann:{PASSWORD}", "NICK ann", "USER ann 0 * :Ann")
    assert ("001" in commands(told)) is taken
    chat.close()


def test_who_is_logged_in_on_the_page_has_their_own_name() -> None:
    chat = ChatWithAccounts("ann")
    web = Web(chat=chat, irc=True)
    login = web.request("POST", "/-/login", f"nick=ann&password={PASSWORD}", _FORM)
    cookie = login.headers["set-cookie"].partition(";")[0]
    client = IrcSocket(web, headers={"Cookie": cookie})
    assert "001" in commands(client.tells("NICK ann", "USER ann 0 * :Ann"))
    assert "433" in commands(IrcSocket(web).tells("NICK ann", "USER ann 0 * :Ann"))
    assert web.request("POST", "/-/logout", headers={"Cookie": cookie}).status == 200
    chat.wait(chat.hub.limits.ping_seconds * 2)
    client.take()
    assert client.closed_with == (4004, "the login has expired; log in again")
    chat.close()


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


# Frames.


def test_the_frames_of_a_batch_are_made_once() -> None:
    data = b"PING a\r\n:ann PRIVMSG #tea :two\r\n"
    for first in (TEXT, BINARY):
        frames = LineFrames(first)
        assert frames.of(data) is frames.of(data)
        assert frames.of(data) == bytes((first, 6)) + b"PING a" + bytes((first, 22)) + b":ann PRIVMSG #tea :two"
        assert frames.of(b"") == b""
