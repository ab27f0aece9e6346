"""The load: one loop with all members of all rooms, which does as little for a byte as it can."""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Iterable
from time import perf_counter
from types import TracebackType
from typing import Self

from benchmarks.fanout.members import Arrivals, Entrance, Member, Room
from benchmarks.fanout.process import ServerError
from benchmarks.fanout.servers import Server
from benchmarks.fanout.streams import ReadStream, Stream, WrongError, check_count, check_order
from benchmarks.fanout.works import Work

STALL_SECONDS = 20.0
"""Without a byte from the server, after which what is waited for will not come any more."""
QUIET_SECONDS = 0.05
"""Without a byte from the server, after which what came too much has come."""
PER_ADDRESS = 20_000
"""How many connections come from one address of this machine: it has fewer than 30,000 ports for them."""
MARK = b"=" * 48
"""A text that ends what members are told before the first message, of comings for instance."""
_BUFFER_BYTES = 1 << 18


class Load:
    """All members of a work, on one server.

    All methods raise `ServerError` if the server closes a connection or stands still, and `WrongError` if it delivers
    what it should not.
    """

    def __init__(self, server: Server, work: Work, port: int) -> None:
        self._dialect = server.dialect
        self._max_rush = server.max_rush
        self._work = work
        self._port = port
        self._epoll = select.epoll()
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._rooms = [Room(server.dialect, work, number) for number in range(work.rooms)]
        self._members: dict[int, Member] = {}
        self._heard = perf_counter()
        self._window = 0
        self._began = 0.0
        self._scheduled = 0
        self.latencies: list[float] | None = None
        """Milliseconds at the probes; they are measured while this is a list."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self._members.values():
            member.socket.close()
        self._epoll.close()

    def enter(self) -> None:
        """Connect everybody, and wait until all are in their rooms: the references at last."""
        self._enter(member for room in self._rooms for member in room.members if member is not room.reference)
        self._enter(room.reference for room in self._rooms)

    def begin(self) -> None:
        """Wait until all that was said about comings is read, and begin to talk."""
        arrivals = Arrivals()
        for room in self._rooms:
            saying = self._dialect.saying(room.name, MARK)
            for member in room.members:
                if member is not room.reference:
                    member.listen(Entrance(arrivals, member, [(b"", MARK)]))
            if self._dialect.echoes:
                room.reference.listen(Entrance(arrivals, room.reference, [(saying, MARK)]))
            else:
                room.reference.send(saying)
        self._wait_for(arrivals)
        self.until(perf_counter() + QUIET_SECONDS)
        for room in self._rooms:
            self._listen(room)
        self._window = self._work.window
        self._began = perf_counter()
        for room in self._rooms if self._window else ():
            for member in room.senders.values():
                self._say(member, self._window, self._began)

    def until(self, end: float) -> None:
        """Go on until that time."""
        while (now := perf_counter()) < end:
            wait = min(self._say_due(now), end - now)
            # The system waits for whole milliseconds: the last is spent awake, so that nothing is said late.
            self._go_on(int(wait * 1000) / 1000)

    def finish(self) -> None:
        """Say no more, wait until everything has arrived, and check it."""
        self._window = self._scheduled = 0
        self._began = float("inf")
        expected = sum(self._expected(member) for room in self._rooms for member in room.members)
        while self._turn(QUIET_SECONDS) or self.delivered() < expected:
            if perf_counter() - self._heard > STALL_SECONDS:
                break
        for room in self._rooms:
            self._check(room)

    def delivered(self) -> float:
        """Return how many messages have arrived, counting each at each member."""
        streams = (member.incoming for room in self._rooms for member in room.members)
        return sum(stream.messages for stream in streams if isinstance(stream, Stream))

    def _enter(self, members: Iterable[Member]) -> None:
        arrivals, waiting = Arrivals(), deque(members)
        while waiting:
            while waiting and arrivals.unheard < self._max_rush:
                member = waiting.popleft()
                number = len(self._members) // PER_ADDRESS + 1
                member.connect(self._port, self._epoll, f"127.0.0.{number}")
                self._members[member.socket.fileno()] = member
                steps = self._dialect.entrance(member.nick, member.room.name)
                member.listen(Entrance(arrivals, member, steps))
            self._go_on(1)
        self._wait_for(arrivals)

    def _wait_for(self, arrivals: Arrivals) -> None:
        while arrivals.absent:
            self._go_on(1)

    def _listen(self, room: Room) -> None:
        """From here on, count and check what its members are told."""
        text = b"?" * self._work.text_bytes
        delivery = self._dialect.delivery(room.reference.nick, room.name, text)
        noise = self._dialect.noise(len(room.members))
        senders = [member.sender for member in room.senders.values() if member.sender is not None]
        for member in room.members:
            if member.sender is not None or member.is_probe or not self._dialect.in_one_order:
                member.listen(ReadStream(senders, len(delivery), delivery.index(text), noise))
            else:
                member.listen(Stream(len(delivery)))

    def _say(self, member: Member, count: int, time: float) -> None:
        assert member.sender is not None
        member.send(member.sender.say(count, time))

    def _say_due(self, now: float) -> float:
        """Say all that is due by now, if there is a schedule; return the seconds until there is more."""
        if not (self._work.rate and self._began):
            return 1
        while (due := self._began + self._scheduled / self._work.rate) <= now:
            turn, number = divmod(self._scheduled, len(self._rooms))
            senders = list(self._rooms[number].senders.values())
            self._say(senders[turn % len(senders)], 1, due)
            self._scheduled += 1
        return due - now

    def _go_on(self, seconds: float) -> None:
        """Take in what is there; raise `ServerError` if nothing has come for too long."""
        if not self._turn(seconds) and perf_counter() - self._heard > STALL_SECONDS:
            raise ServerError(f"stood still for {STALL_SECONDS:g} seconds{self._why()}")

    def _turn(self, seconds: float) -> bool:
        """Take in what is there, or wait so long for something; return whether there was anything."""
        events = self._epoll.poll(seconds, max(len(self._members), 1))
        if events:
            self._heard = perf_counter()
        members, buffer, view = self._members, self._buffer, self._view
        for descriptor, event in events:
            member = members[descriptor]
            if event & select.EPOLLOUT:
                member.flush()
                continue
            try:
                size = member.receive_into(buffer)
            except OSError as error:
                raise ServerError(f"cut off {member.nick.decode()}: {error.strerror}") from None
            if not size:
                raise ServerError(f"closed the connection of {member.nick.decode()}{self._why()}")
            letters = member.take(view[:size])
            if letters:
                self._take_in(member, letters)
        return bool(events)

    def _take_in(self, member: Member, letters: bytes) -> None:
        """Measure, and say something new, now that a probe has these senders' messages."""
        now = perf_counter()
        if member.is_probe:
            assert isinstance(member.incoming, ReadStream)
            latencies = member.incoming.latencies(letters, now)
            if self.latencies is not None:
                self.latencies += latencies
        if self._window and member is member.room.reference:
            for letter in set(letters):
                self._say(member.room.senders[letter], letters.count(letter), now)

    def _expected(self, member: Member) -> int:
        own = 0 if self._dialect.echoes or member.sender is None else len(member.sender.delivered)
        return member.room.said - own

    def _check(self, room: Room) -> None:
        reference = room.reference.incoming
        assert isinstance(reference, ReadStream)
        for member in room.members:
            stream = member.incoming
            assert isinstance(stream, Stream)
            try:
                check_count(stream, self._expected(member))
                if self._dialect.in_one_order:
                    own = None if self._dialect.echoes or member.sender is None else member.sender.letter
                    check_order(stream, reference, own)
            except WrongError as error:
                raise WrongError(f"{member.nick.decode()} in {room.name.decode()}: {error}") from None

    def _why(self) -> str:
        """Return what somebody waits for who is still coming in."""
        for member in self._members.values():
            if isinstance(member.incoming, Entrance) and (why := member.incoming.waiting):
                return f": {why}"
        return ""
