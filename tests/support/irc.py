"""The IRC edge on a clock that stands still: clients over transports in memory, and people on lines beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransportWithDisconnection

from chatd.chat.limits import Limits
from chatd.edges.gateway import Gateway
from chatd.edges.irc.connection import IrcFactory, IrcProtocol
from chatd.edges.irc.message import unescaped
from chatd.journal import Journal
from chatd.protocol import names
from tests.support.in_memory_chat import ChatClient, InMemoryChat
from tests.support.in_memory_cluster import InMemoryCluster, Log, Node, SharedAccounts

HERE = "127.0.0.1"
ELSEWHERE = "192.0.2.7"
"""An address of documentation (RFC 5737)."""


class Told(NamedTuple):
    """One message that a client was sent."""

    command: str
    params: list[str]
    nick: str
    """Before the ``!`` of the source, or the whole source."""
    tags: dict[str, str]
    line: str

    @property
    def text(self) -> str:
        """The last parameter."""
        return self.params[-1]


def read(line: str) -> Told:
    """Return what a line says."""
    whole, tags = line, {}
    if line.startswith("@"):
        head, _, line = line[1:].partition(" ")
        tags = {key: unescaped(value) for key, _, value in (tag.partition("=") for tag in head.split(";"))}
    source = ""
    if line.startswith(":"):
        source, _, line = line[1:].partition(" ")
    middle, colon, trailing = line.partition(" :")
    command, *params = middle.split(" ")
    return Told(command, [*params, trailing] if colon else params, source.partition("!")[0], tags, whole)


class IrcClient:
    """A client; what it sends is carried out before ``says`` returns."""

    def __init__(self, chat: WithIrc, address: str) -> None:
        self._chat = chat
        protocol = chat.factory.buildProtocol(IPv4Address("TCP", address, 1))
        assert isinstance(protocol, IrcProtocol)
        self.protocol = protocol
        self.transport = StringTransportWithDisconnection(peerAddress=IPv4Address("TCP", address, 1))
        self.transport.protocol = protocol
        protocol.makeConnection(self.transport)

    @property
    def ended(self) -> bool:
        return self.transport.disconnecting or not self.transport.connected

    def says(self, *lines: str) -> list[Told]:
        """Send lines; return what came back, and what came before."""
        self.send(*(line.encode() for line in lines))
        return self.take()

    def send(self, *lines: bytes) -> None:
        """Send lines as bytes, one at a time."""
        for line in lines:
            self.protocol.dataReceived(line + b"\r\n")
            self._chat.turn()

    def take(self) -> list[Told]:
        """Return the messages that were sent since the last time."""
        data = self.transport.value()
        self.transport.clear()
        assert data == b"" or data.endswith(b"\r\n"), data
        return [read(line) for line in data.decode().split("\r\n")[:-1]]

    def lose(self) -> None:
        """Break the connection."""
        self.transport.loseConnection()
        self._chat.turn()


class WithIrc(InMemoryChat):
    """What a chat with an IRC edge can do."""

    gateway: Gateway
    factory: IrcFactory

    def open_irc(self, name: str = "irc.example.org") -> None:
        """Begin to take IRC clients in."""
        self.gateway = Gateway(self.hub, self.clock)
        self.factory = IrcFactory(self.gateway, name)

    def connect(self, address: str = HERE) -> IrcClient:
        """Return a client that has said nothing yet."""
        return IrcClient(self, address)

    def irc(self, nick: str, *capabilities: str, rooms: str = "", address: str = HERE) -> IrcClient:
        """Return a client that is registered, and has entered rooms, and read all that came."""
        client = self.connect(address)
        if capabilities:
            asked = client.says("CAP LS 302", f"CAP REQ :{' '.join(capabilities)}")
            assert asked[-1].params[1] == "ACK", asked[-1].line
        welcome = client.says(f"NICK {nick}", f"USER {nick} 0 * :{nick.title()} Example", "CAP END")
        assert "001" in commands(welcome), welcome
        if rooms:
            client.says(f"JOIN {rooms}")
        return client

    def owner(self, account: str, *capabilities: str, rooms: str = "", nick: str = "") -> IrcClient:
        """Return the client of an account's owner, who may go by another nick, as `irc` does anybody's."""
        client = self.connect(HERE)
        client.protocol.peer.session.become_owner(names.key(account))
        if capabilities:
            client.says("CAP LS 302", f"CAP REQ :{' '.join(capabilities)}")
        welcome = client.says(f"NICK {nick or account}", f"USER {account} 0 * :{account} Example", "CAP END")
        assert "001" in commands(welcome), welcome
        if rooms:
            client.says(f"JOIN {rooms}")
        return client

    def lines(self, nick: str, room: str = "#den") -> ChatClient:
        """Return a person on the line protocol in a room."""
        return self.person(f"JOIN {nick} {room}")


class IrcChat(WithIrc):
    """A chat with an IRC edge."""

    def __init__(
        self,
        limits: Limits | None = None,
        name: str = "irc.example.org",
        journal: Callable[[Clock], Journal] | None = None,
    ) -> None:
        super().__init__(limits, journal)
        self.open_irc(name)


class IrcNode(WithIrc, Node):
    """One node of a cluster, with an IRC edge."""

    def __init__(self, log: Log, limits: Limits | None = None, accounts: SharedAccounts | None = None) -> None:
        Node.__init__(self, log, limits, accounts)
        self.open_irc()


def irc_nodes(count: int = 2) -> list[IrcNode]:
    """Return nodes of one cluster that IRC clients can connect to."""
    cluster = InMemoryCluster(0)
    return [IrcNode(cluster.log, None, cluster.accounts) for _ in range(count)]


def commands(told: list[Told]) -> list[str]:
    """Return the commands of messages."""
    return [each.command for each in told]
