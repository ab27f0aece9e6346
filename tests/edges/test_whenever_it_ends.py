"""A connection that ends at any moment of what was asked over it: nothing of it is left, and nothing goes on."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from websockets.client import ClientProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from chatd.accounts.token_store import TokenStore
from chatd.app.drain import POLL_SECONDS, Drain
from chatd.app.places_file import NoPlaces
from chatd.edges.gateway import Gateway
from chatd.edges.irc.connection import IrcFactory
from chatd.edges.line import LineFactory
from chatd.edges.web.site import WebFactory
from chatd.journal import Journal
from chatd.journal.factory import from_string
from chatd.protocol.errors import DisconnectReason
from chatd.testing.connection import SOCKET_BYTES, connect
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.in_memory_chat import ManualWorker, journal_environment
from tests.support.web import written

ADDRESSES = (IPv4Address("TCP", "127.0.0.1", 10319), IPv4Address("TCP", "127.0.0.1", 40000))
MOST_STEPS = 500
LINES = f"""
HELLO 1
LOGIN ann {PASSWORD}
JOIN ann #den since=1
@label=a MSG one
MSG two
@label=b;reply=1 MSG three
HISTORY #den 10
SEARCH #den three
EDIT 4 TWO
REACT 5 \N{THUMBS UP SIGN}
TELL bob hi
JOIN #new last=5
WHO #den
NICK anna
POST carl #den four
PART #den
JOIN #den
NICK guest
REGISTER {PASSWORD}
RETRACT 5
"""
GUEST = f"""
HELLO 1
JOIN guest #den last=3
MSG hi
REGISTER {PASSWORD}
TELL ann hi
SEEN 1 #den
"""
SASL = base64.b64encode(f"ann\0ann\0{PASSWORD}".encode()).decode()
IRC = f"""
CAP LS 302
CAP REQ :sasl batch labeled-response echo-message draft/chathistory draft/read-marker server-time message-tags
AUTHENTICATE PLAIN
AUTHENTICATE {SASL}
NICK ann
USER ann 0 * :Ann
CAP END
JOIN #den,#new
MONITOR + bob,carl
@label=x PRIVMSG #den :one
PRIVMSG bob :hi
CHATHISTORY LATEST #den * 10
MARKREAD #den timestamp=2026-01-01T00:00:00.000Z
MARKREAD #den
WHO #den
NAMES #den
WHOIS ann
PART #new
"""


class Client(Protocol):
    """Sends what it has to when it is connected, and reads."""

    def __init__(self, said: bytes) -> None:
        self.said = said
        self.heard = b""

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.write(self.said)

    def dataReceived(self, data: bytes) -> None:
        self.heard += data


def by_lines(lines: str) -> bytes:
    return lines.strip().replace("\n", "\r\n").encode() + b"\r\n"


def by_websocket(subprotocol: str, lines: str) -> bytes:
    protocol = ClientProtocol(parse_uri("ws://127.0.0.1/-/ws"), origin=None, subprotocols=[Subprotocol(subprotocol)])
    protocol.send_request(protocol.connect())
    data = b"".join(protocol.data_to_send())
    frames = ClientProtocol(parse_uri("ws://127.0.0.1/-/ws"))
    frames.state = type(frames.state).OPEN
    for line in lines.strip().splitlines():
        frames.send_text(line.encode())
        data += b"".join(frames.data_to_send())
    return data


def requests(token: str) -> bytes:
    mine = {"Authorization": f"Bearer {token}"}
    login = json.dumps({"nick": "ann", "password": PASSWORD})
    return b"".join(
        [
            written("POST", "/den?lines=yes", "one\ntwo\nthree", mine),
            written("POST", "/-/login", login, {"Content-Type": "application/json"}),
            written("GET", "/den/json?poll=yes&since=0", None, {**mine, "Accept-Encoding": "gzip"}),
            written("GET", "/den/json?search=three", None, mine),
            written("POST", "/den", "four", {**mine, "Idempotency-Key": "k"}),
            written("PATCH", "/den/1", "changed", mine),
            written("DELETE", "/den/1", None, mine),
            written("GET", "/-/me", None, mine),
            written("GET", "/den/sse?since=0", None, mine),
        ]
    )


class Rig:
    """A server whose threads do one job a step, and one connection to it in memory, as over TCP."""

    def __init__(self, path: Path, way: str) -> None:
        self.workers: list[ManualWorker] = []
        self.sockets = MemoryReactorClock()

        def journal_on(clock: Clock) -> Journal:
            around = replace(journal_environment(clock), make_worker=lambda _: self.worker())
            return from_string(f"sqlite:{path}", around)

        self.chat = ChatWithAccounts(
            "root", "ann", "bob", journal=journal_on, registration="open", workers=[self.worker()]
        )
        self.gateway = Gateway(self.chat.hub, self.chat.clock)
        irc = IrcFactory(self.gateway)
        self.web = WebFactory(self.gateway, irc=irc.speech)
        self.settle()
        poster = Client(b"POST eve #den before\r\nPOST eve #den again\r\n")
        self._connect(LineFactory(self.gateway), poster)
        self.settle()
        assert poster.heard.count(b"OK POST") == 2
        self.ends[1].cut()
        self.settle()
        self._usual = self._calls()
        token = TokenStore(self.chat.store).add("ann", 0, rooms=None, post_only=False, expires=None).secret
        factory, said = {
            "lines": (LineFactory(self.gateway), by_lines(LINES)),
            "guest": (LineFactory(self.gateway), by_lines(GUEST)),
            "irc": (irc, by_lines(IRC)),
            "http": (self.web, requests(token)),
            "websocket": (self.web, by_websocket("chatd.v1", LINES)),
            "irc websocket": (self.web, by_websocket("text.ircv3.net", IRC)),
        }[way]
        self.client = Client(said)
        self._connect(factory, self.client)

    def worker(self) -> ManualWorker:
        self.workers.append(ManualWorker())
        return self.workers[-1]

    def _connect(self, factory: Any, client: Protocol) -> None:
        server = factory.buildProtocol(ADDRESSES[1])
        self.ends = connect(server, client, self.sockets, ADDRESSES, SOCKET_BYTES)
        for end in self.ends:
            end.open()

    def step(self) -> bool:
        """Let everything that can happen do so once; return whether anything could."""
        clocks = (self.chat.clock, self.sockets)
        due = any(call.getTime() <= clock.seconds() for clock in clocks for call in clock.getDelayedCalls())
        for clock in clocks:
            clock.advance(0)
        moved = [end.turn() for end in self.ends] if hasattr(self, "ends") else []
        busy = [worker for worker in self.workers if worker.jobs]
        for worker in busy:
            worker.work()
        return due or any(moved) or bool(busy)

    def settle(self) -> int:
        """Take steps until nothing happens any more by itself; return how many that were."""
        for count in range(MOST_STEPS):
            if not self.step():
                return count
        raise AssertionError("there is no end to it")

    def end(self, how: str) -> None:
        """Let the connection end."""
        match how:
            case "lost":
                self.ends[0].cut()
            case "sent away":
                for client in list(self.chat.hub.clients):
                    client.disconnect(DisconnectReason.KICKED, "you were kicked")
                if not self.chat.hub.clients:  # it is not that far, or it is no session at all
                    self.ends[1].cut()
            case "stop":
                Deferred.fromCoroutine(self.chat.hub.shut_down())
                self.web.stopFactory()
            case "drain":
                ended: list[str] = []
                drain = Drain(self.chat.clock, self.gateway, [], NoPlaces(), lambda _: None)
                drain.start(lambda: ended.append("ended"))
                while not ended:
                    self.settle()
                    self.chat.clock.advance(POLL_SECONDS)

    def close(self) -> None:
        stopping = Deferred.fromCoroutine(self.chat.hub.shut_down())
        self.web.stopFactory()
        self.settle()
        assert stopping.called
        for end in self.ends:
            end.cut()
        self.settle()
        self.chat.hub.timers.stop()
        self.chat.journal.stop()
        self.settle()
        self.chat.close()

    def _calls(self) -> set[str]:
        """Return what is to be called later, on either clock, but for what the journal has to do."""
        calls: list[Any] = [call for clock in (self.chat.clock, self.sockets) for call in clock.getDelayedCalls()]
        return {str(call.func) for call in calls if "chatd.journal" not in str(call.func)}

    def left(self) -> dict[str, object]:
        """Return what the server still has of the connection."""
        hub: Any = self.chat.hub
        gateway: Any = self.gateway
        found = {
            "connections": list(gateway.connections),
            "addresses": gateway.admission._by_address,
            "counted": gateway.admission.count,
            "readers": gateway.admission.readers,
            "channels": self.web.channels,
            "waiting for the rate": gateway.rate_limiter._waiting,
            "waiting for a turn": [*gateway.turns._waiting, *gateway.turns._light],
            "clients": list(hub.clients),
            "persons": len(hub.persons),
            "nicks": hub.nick_count,
            "members": [room.everybody for room in hub.rooms() if room.everybody],
            "stalled": list(hub.stalled),
            "unblocked": hub.unblocked,
            "ignoring": hub.ignoring,
            "barred": hub.barred,
            "followers": hub.followers.by_room,
            "watches": hub._watches,
            "tellers": hub._tellers,
            "mailboxes": hub.conversations._mailboxes,
            "onlookers": hub.onlookers._onlookers,
            "watched": hub.onlookers._watched,
            "calls": self._calls() - self._usual,
        }
        return {name: what for name, what in found.items() if what}


LAST = {
    "lines": b"OK RETRACT",
    "guest": b"OK SEEN",
    "irc": b"PART #new",
    "http": b'"text":"four"}\n\n',
    "websocket": b"OK RETRACT",
    "irc websocket": b"PART #new",
}
"""What comes at the end of the answers to all that is asked over one connection, by the way of it."""


@pytest.mark.parametrize("how", ["lost", "sent away", "stop", "drain"])
@pytest.mark.parametrize("way", LAST)
def test_nothing_is_left_of_it(tmp_path: Path, way: str, how: str) -> None:
    rig = Rig(tmp_path / "whole", way)
    steps = rig.settle()
    assert LAST[way] in rig.client.heard
    rig.close()
    for count in range(steps + 1):
        rig = Rig(tmp_path / str(count), way)
        for _ in range(count):
            rig.step()
        rig.end(how)
        rig.settle()
        if how not in ("stop", "drain"):
            assert rig.left() == {}, count
        rig.close()
        assert rig.left().keys() <= {"members"}, count  # whose places are kept, for nobody is told that they left
        assert rig.chat.clock.getDelayedCalls() == []
