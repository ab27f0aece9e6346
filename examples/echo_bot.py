"""A bot that answers each ``!echo`` in #builds once, whatever breaks meanwhile.

``python examples/echo_bot.py [ENDPOINT]`` runs it; without an endpoint it is ``tcp:127.0.0.1:10319``.
"""

from __future__ import annotations

import sys

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.interfaces import IReactorTime, ITransport
from twisted.internet.protocol import Factory
from twisted.internet.task import react
from twisted.protocols.basic import LineOnlyReceiver

from chatd.protocol import commands, events, wire
from chatd.protocol.errors import ChatError

_BACKOFF = backoffPolicy()


class EchoBot(LineOnlyReceiver):
    """One connection. What has to outlive it is the factory's."""

    delimiter, MAX_LENGTH = wire.EOL.encode(), wire.MAX_SERVER_LINE_BYTES
    factory: EchoFactory
    transport: ITransport
    epoch = ""

    def say(self, command: commands.Command, **tags: str) -> None:
        """Send a command."""
        self.transport.write(wire.encode(wire.render(command), tags))

    def note_done(self, id_: str) -> None:
        """Note up to where nothing is left to do, and under which epoch the server told of that."""
        self.factory.done, self.factory.epoch = int(id_), self.epoch

    def connectionMade(self) -> None:
        """Ask for tags."""
        self.say(commands.Hello(wire.PROTOCOL_VERSION))

    def lineReceived(self, line: bytes) -> None:
        """Answer a line of the server."""
        memory = self.factory
        try:
            tags, event = wire.parse_event(line)
        except ChatError:  # from a newer server, and not for us
            return
        match event:
            case events.Done("HELLO", _, values):
                self.say(commands.Join("echo", "#builds", memory.done, memory.epoch, memory.secret))
                self.epoch = values["epoch"]
            case events.Done("JOIN", _, values):
                memory.secret = values["resume"]
                if values.get("recovered") != "yes":  # the first time, or too much was missed
                    self.note_done(values["last"])
            case events.Said("echo") if "label" in tags:  # an answer is stored, so its question is done
                self.note_done(tags["label"])
            case events.Said(nick, room, text, notice=False) if nick != "echo" and text.startswith("!echo "):
                self.say(commands.Tell(room, f"{nick}: {text.removeprefix('!echo ')}"), label=tags["id"])
            case commands.Ping():
                self.say(commands.Ping())
            case events.Ended(retry=float(seconds)):
                memory.retry = seconds
            case events.Refused(_, "JOIN"):
                self.transport.loseConnection()  # ClientService tries again in a moment


class EchoFactory(Factory[EchoBot]):
    """Makes a bot for each connection, and remembers how far the last one came."""

    protocol = EchoBot
    done: int | None = None
    epoch: str | None = None
    secret: str | None = None
    retry: float | None = None

    def wait(self, failures: int) -> float:
        """Return in how many seconds to connect again: as a server that restarts has said, or ever later."""
        retry, self.retry = self.retry, None
        return _BACKOFF(failures) if retry is None else retry


def main(reactor: IReactorTime, server: str = "tcp:127.0.0.1:10319") -> Deferred[None]:
    """Run until the process is told to stop."""
    factory = EchoFactory()
    ClientService(clientFromString(reactor, server), factory, retryPolicy=factory.wait, clock=reactor).startService()
    return Deferred()


if __name__ == "__main__":
    react(main, sys.argv[1:])
