"""A bot in twenty lines: it welcomes whoever joins #lobby. ``python examples/greeter.py`` runs it."""

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString, connectProtocol
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import react
from twisted.protocols.basic import LineOnlyReceiver

from chatd.protocol import commands, events, wire
from chatd.protocol.errors import ChatError


class Greeter(LineOnlyReceiver):
    """One connection of the bot."""

    MAX_LENGTH = wire.MAX_SERVER_LINE_BYTES  # Twisted's own is half of that, and a longer line ends the connection

    def connectionMade(self) -> None:
        """Join, as a program that reads tags."""
        self.sendLine(wire.render(commands.Hello(wire.PROTOCOL_VERSION)).encode())
        self.sendLine(wire.render(commands.Join("greeter", "#lobby")).encode())

    def lineReceived(self, line: bytes) -> None:
        """Welcome whoever joins, and answer that the bot is alive."""
        try:
            _, event = wire.parse_event(line)
        except ChatError:  # from a newer server, and not for us
            return
        match event:
            case events.Joined(nick, room):
                self.sendLine(wire.render(commands.Tell(room, f"welcome, {nick}")).encode())
            case commands.Ping(token):
                self.sendLine(wire.render(commands.Ping(token)).encode())


async def main(reactor: IReactorTime) -> None:
    """Run until the process is told to stop; fail if there is no server."""
    await connectProtocol(clientFromString(reactor, "tcp:127.0.0.1:10319"), Greeter())
    await Deferred()


if __name__ == "__main__":
    react(main)
