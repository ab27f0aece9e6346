"""Prints the messages of a room, each once, over restarts of the server.

    python examples/follow.py [HOST [PORT [ROOM]]]

It shows `chatd.protocol` under asyncio, without Twisted. After a lost connection, it asks for what it has missed.
"""

import asyncio
import sys
from contextlib import closing

from chatd.protocol import commands, events, wire
from chatd.protocol.errors import ChatError


class Follower:
    """Follows one room. ``since`` is the last message that was printed, ``epoch`` the one under which it was heard."""

    since: int | None = None
    epoch: str | None = None

    async def follow(self, host: str, port: int, room: str) -> None:
        """Print what comes over one connection, until that ends."""
        reader, writer = await asyncio.open_connection(host, port, limit=wire.MAX_SERVER_LINE_BYTES)
        with closing(writer):
            writer.write(wire.encode(wire.render(commands.Hello(wire.PROTOCOL_VERSION))))
            while line := await asyncio.wait_for(reader.readline(), 120):  # the server asks every 45 s
                try:
                    tags, event = wire.parse_event(line.removesuffix(b"\r\n"))
                except ChatError:  # a line of a later version
                    continue
                match event:
                    case events.Done("HELLO", _, values):
                        current = values["epoch"]
                        join = commands.Join("follow", room, self.since, self.epoch, any_nick=True)
                        writer.write(wire.encode(wire.render(join)))
                    case events.Done("JOIN", _, values) if self.since is None:
                        self.since, self.epoch = int(values["last"]), current
                    case events.Said(nick, _, text):
                        print(f"{tags['time']} {nick}: {text}", flush=True)
                        self.since, self.epoch = int(tags["id"]), current
                    case events.Refused(_, _, text) | events.Ended(_, text):
                        print(text, file=sys.stderr)
                    case commands.Ping():
                        writer.write(wire.encode(wire.render(commands.Ping())))


async def main(host: str = "127.0.0.1", port: str = "10319", room: str = "#builds") -> None:
    """Connect again whenever the connection ends."""
    follower = Follower()
    while True:
        try:
            await follower.follow(host, int(port), room)
        except OSError as error:
            print(f"disconnected: {str(error) or 'the server has not answered'}", file=sys.stderr)
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
