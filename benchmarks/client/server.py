"""A server with a room of thousands, in one process: what it says is written down before, so that it costs little.

A daemon would have to tell each of the 2,000 members what each of them says, 400,000 lines a second, on the machine
where the client is measured. ``python -m benchmarks.client.server`` prints its port, and obeys what it reads.
"""

from __future__ import annotations

import asyncio
import sys
from time import time

from chatd.protocol import wire

ROOM = "#benchmark"
MEMBERS = 2000
WHO_IN_A_LINE = 100
SENTENCE = "the quick brown fox jumps over a lazy dog :smile: 👍 see https://example.org/page or ask `make`"
HELLO = "OK HELLO protocol=1 server=chatd/benchmark epoch=b.1 max-line=8192 ping=45"


class Room:
    """The room as one client sees it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._last = 0
        self._gone = 0
        self.rate = 0
        """How many messages are said in it each second."""
        self.comings = 0
        """How many join or leave each second."""

    def answer(self, line: str) -> None:
        """Answer a line of the client."""
        tags, _, rest = line.rpartition("@")[2].partition(" ") if line.startswith("@") else ("", "", line)
        label = tags.partition("label=")[2].partition(";")[0]
        at = f"@label={label} " if label else ""
        match rest.split(" ", 2):
            case ["HELLO", *_]:
                self.write(HELLO)
            case ["JOIN", *_]:
                self.write(f"{at}OK JOIN {ROOM} {MEMBERS + 1} last={self._last} resume=secret recovered=no")
            case ["WHO", *_]:
                for first in range(0, MEMBERS, WHO_IN_A_LINE):
                    names = " ".join(nick(number) for number in range(first, first + WHO_IN_A_LINE))
                    self.write(f"WHO {ROOM} {names}")
                self.write(f"WHO {ROOM} reader")
                self.write(f"{at}OK WHO {ROOM} {MEMBERS + 1}")
            case ["TELL", to, text]:
                self._last += 1
                self.write(f"@id={self._last};time={now()};label={label} MSG reader {to} {text}")
            case ["PING", *token]:
                self.write(" ".join(["PONG", *token]))
            case ["QUIT", *_]:
                self._writer.close()
            case [verb, *_]:
                self.write(f"{at}OK {verb} {ROOM} 0")

    def say(self, count: int) -> None:
        """Let the next members say something."""
        moment, words, lines = now(), SENTENCE.split(), []
        for _ in range(count):
            self._last += 1
            first = self._last * 7 % len(words)
            text = " ".join([*words[first:], *words[:first]][: 4 + self._last % 14])
            lines.append(f"@id={self._last};time={moment} MSG {nick(self._last * 31 % MEMBERS)} {ROOM} {text}\r\n")
        self._writer.write("".join(lines).encode())

    def come_and_go(self, count: int) -> None:
        """Let members leave and come back in turn."""
        for _ in range(count):
            who = nick(self._gone // 2 * 17 % MEMBERS)
            self.write(f"@time={now()} {'JOIN' if self._gone % 2 else 'PART'} {who} {ROOM}")
            self._gone += 1

    def write(self, line: str) -> None:
        """Send a line."""
        self._writer.write(f"{line}\r\n".encode())


def nick(number: int) -> str:
    """Return the name of a member."""
    return f"{'abcdefghijklmnopqrstuvwxyz'[number % 26]}member{number}"


def now() -> str:
    """Return the time as lines have it."""
    return wire.timestamp(round(time() * 1000))


class Server:
    """Serves one client at a time, and is told what to do on its standard input."""

    def __init__(self) -> None:
        self._room: Room | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client until it leaves; tell when it has come in, and when it has taken what there was."""
        room = self._room = Room(writer)
        try:
            while line := (await reader.readline()).decode().rstrip("\r\n"):
                room.answer(line)
                if " JOIN " in f" {line}" and "nick" not in line:
                    print("joined", flush=True)
                elif line.endswith("PING alive"):  # which is how the client answers a PING
                    print("taken", flush=True)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def obey(self) -> None:
        """Carry out what is read, until there is no more of it."""
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := (await reader.readline()).decode().split():
            room = self._room
            match line:
                case ["say", count] if room is not None:
                    room.say(int(count))
                    room.write("PING taken")
                case ["rate", rate, comings] if room is not None:
                    room.rate, room.comings = int(rate), int(comings)

    async def talk(self) -> None:
        """Let be said what is to be said in each second, in steps of a fiftieth."""
        step, owed, coming = 0.02, 0.0, 0.0
        clock = asyncio.get_running_loop()
        due = clock.time()
        while True:
            due += step
            await asyncio.sleep(due - clock.time())
            if (room := self._room) is not None and (room.rate or room.comings):
                owed, coming = owed + room.rate * step, coming + room.comings * step
                room.say(int(owed))
                room.come_and_go(int(coming))
                owed, coming = owed % 1, coming % 1


async def main() -> None:
    """Serve until the input ends."""
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    print(listening.sockets[0].getsockname()[1], flush=True)
    talking = asyncio.ensure_future(server.talk())
    await server.obey()
    talking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
