"""Programs that come back as docs/protocol.rst has it, and know what they were told and when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

ROOM = "#drain"
WINDOW = 64
"""How many things are said ahead of their acknowledgement at most."""
PAUSE_SECONDS = 0.2
"""How long to wait before the next try where nobody has said how long."""


class WrongError(Exception):
    """A server did what it must not do."""


class Program:
    """One nick over as many connections as it takes; ``rate`` is how many things it says in a second.

    ``ports`` are those of the nodes: it goes on to the next one when its own is not there.
    """

    def __init__(self, nick: str, ports: Sequence[int], rate: float = 0.0) -> None:
        self.nick = nick
        self.said: list[str] = []
        self.acknowledged: dict[str, int] = {}
        """The ids of what was said, by text."""
        self.heard: dict[int, str] = {}
        self.doubled: list[int] = []
        self.seen: list[str] = []
        """The JOIN and PART lines about others."""
        self.refused = 0
        """How many connections were refused."""
        self.ended: list[str] = []
        """The last line of each connection."""
        self.recovered: list[str] = []
        self.longest = 0.0
        """The longest time without anything told in the room, in seconds."""
        self.present = asyncio.Event()
        self._ports = list(ports)
        self._rate = rate
        self._waiting: dict[str, str] = {}
        self._since: tuple[int, str] | None = None
        self._epoch = self._resume = ""
        self._last: float | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._done = False

    @property
    def unanswered(self) -> int:
        """How many things are said and not acknowledged."""
        return len(self._waiting)

    async def run(self) -> None:
        """Stay there until `leave`, however often the connection ends."""
        while not self._done:
            wait = PAUSE_SECONDS
            try:
                reader, self._writer = await asyncio.open_connection("127.0.0.1", self._ports[0])
            except ConnectionRefusedError:
                self.refused += 1
                self._ports.append(self._ports.pop(0))
                wait = PAUSE_SECONDS if len(self._ports) == 1 else 0.005
            else:
                wait = await self._stay(reader, self._writer)
            self.present.clear()
            if not self._done:
                await asyncio.sleep(wait)

    def say(self, text: str) -> None:
        """Say one thing, now or when it can be said."""
        self.said.append(text)
        self._waiting[text] = text
        if self.present.is_set():
            self._send(f"@label={text} MSG {text}")

    async def speak(self, until: asyncio.Event) -> None:
        """Say things at the rate until that is enough; what cannot be sent yet is sent later."""
        number = 0
        while not until.is_set():
            if len(self._waiting) < WINDOW:
                number += 1
                self.say(f"{self.nick}-{number}")
            await asyncio.sleep(1 / self._rate)

    def leave(self) -> None:
        """End, for good."""
        self._done = True
        self._send("QUIT")

    async def _stay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
        """Stay for one connection; return after how long to make the next."""
        wait, last = PAUSE_SECONDS, ""
        self._send("HELLO 1")
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := (await reader.readline()).decode().rstrip("\r\n"):
                last = line
                self._take(line)
        if last.startswith("BYE restart retry="):
            wait = float(last.split()[2].removeprefix("retry="))
        self.ended.append(last)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        return wait

    def _take(self, line: str) -> None:
        head, _, body = line.partition(" ") if line.startswith("@") else ("", "", line)
        tags = dict(tag.partition("=")[::2] for tag in head[1:].split(";")) if head else {}
        verb, *words = body.split(" ")
        match verb:
            case "MSG":
                self._told(tags, words[2])
            case "JOIN" | "PART" if words[0] != self.nick:
                self.seen.append(body)
            case "PING":
                self._send("PONG " + words[0])
            case "OK" if words[0] in ("HELLO", "JOIN"):
                self._answered(words[0], dict(word.partition("=")[::2] for word in words if "=" in word))
            case "ERR":
                raise WrongError(f"{self.nick} was answered {body}")

    def _told(self, tags: dict[str, str], text: str) -> None:
        id_, label, now = int(tags["id"]), tags.get("label"), time.monotonic()
        if self._last is not None:
            self.longest = max(self.longest, now - self._last)
        self._last = now
        if label is not None:
            self._waiting.pop(label, None)
            self.acknowledged[text] = id_
            if "old" in tags and id_ in self.heard:
                return  # said again, and stored once
        if id_ in self.heard:
            self.doubled.append(id_)
        self.heard[id_] = text
        self._since = max(id_, self._since[0] if self._since else 0), self._epoch

    def _answered(self, verb: str, values: dict[str, str]) -> None:
        if verb == "HELLO":
            since = f" since={self._since[0]} epoch={self._since[1]}" if self._since else ""
            resume = f" resume={self._resume}" if self._resume else ""
            self._epoch = values["epoch"]
            self._send(f"JOIN {self.nick} {ROOM}{since}{resume}")
            return
        self._resume = values["resume"]
        if self._since is None:
            self._since = int(values["last"]), self._epoch
        elif "recovered" in values:
            self.recovered.append(values["recovered"])
        self.present.set()
        for label, text in self._waiting.items():
            self._send(f"@label={label} MSG {text}")

    def _send(self, line: str) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(f"{line}\n".encode())


def check(programs: Sequence[Program], *, unseen: bool = True) -> tuple[int, int]:
    """Return how many things were lost and how many doubled; raise `WrongError` for what is wrong besides."""
    acknowledged = {text: id_ for each in programs for text, id_ in each.acknowledged.items()}
    said = [text for each in programs for text in each.said]
    lost = len(set(said) - acknowledged.keys())
    doubled = len(acknowledged) - len(set(acknowledged.values()))
    for each in programs:
        heard = list(each.heard.values())
        first = min(each.heard, default=0)
        lost += len([text for text, id_ in acknowledged.items() if id_ >= first and each.heard.get(id_) != text])
        doubled += len(each.doubled) + len(heard) - len(set(heard))
        if unseen and each.seen:
            raise WrongError(f"{each.nick} saw {each.seen[:3]}")
        if set(each.recovered) - {"yes"}:
            raise WrongError(f"{each.nick} was told recovered={each.recovered}")
    return lost, doubled
