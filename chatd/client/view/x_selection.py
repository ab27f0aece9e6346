"""Asking for what another program has copied, without waiting for it: a client of X's own, for as long as it takes.

Tk asks, too, but does nothing else until it has the answer, or for five seconds; and it takes no more than 400,000
bytes of one property. Source: "Inter-Client Communication Conventions Manual", section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import connectProtocol
from twisted.internet.error import ConnectError
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from chatd.client.view import x_wire
from chatd.client.view.x_display import find_cookie, find_display

SILENCE = 5.0
"""Seconds without a sign of the other program, after which one gives up."""
MAX_BYTES = 8 * 1024 * 1024
"""How much is taken at most."""
EMPTY = "There is nothing to paste"
NO_TEXT = "The clipboard holds no text, so there is nothing to paste"
GONE = "The program you copied from has ended, and the copied text is gone"
SILENT = "The program you copied from does not answer; copy the text again"
_UTF8 = "UTF8_STRING", "text/plain;charset=utf-8"
_NAMES = "CLIPBOARD", "CHATD_PASTED", "INCR", "TEXT", "COMPOUND_TEXT", *_UTF8


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied; ``whole`` is whether that is all of it."""

    text: str
    whole: bool = True


class ClipboardError(Exception):
    """Nothing can be pasted; the argument is a sentence that says why."""


class NoDisplayError(Exception):
    """The display cannot be asked in this way."""


Read = Callable[[str], Deferred[Copied]]
"""Asks for ``CLIPBOARD`` or ``PRIMARY``; the Deferred fails with the two errors above, and can be cancelled."""


def x_reader(reactor: Any, environment: Mapping[str, str]) -> Read | None:
    """Return what asks the display of this environment; None if there is none."""
    display = find_display(environment.get("DISPLAY", ""))
    if display is None:
        return None

    async def read(selection: str) -> Copied:
        connection = Connection(reactor, find_cookie(display, environment))
        try:
            await connectProtocol(display.endpoint(reactor), connection)
            await connection.let_in
            return await _Asking(connection, selection).ask()
        except ConnectError as error:
            raise NoDisplayError(str(error)) from error
        finally:
            await connection.close()

    return lambda selection: Deferred.fromCoroutine(read(selection))


class Connection(Protocol):
    """A connection to an X server that hands on what it is told, and gives up when it is told nothing for long."""

    def __init__(self, reactor: Any, cookie: bytes) -> None:
        self.let_in: Deferred[None] = Deferred()
        self._closed: Deferred[None] = Deferred()
        self.server = x_wire.Server(0, 0)
        self._reactor = reactor
        self._cookie = cookie
        self._greeting: bytearray | None = bytearray()
        self._reader = x_wire.Reader()
        self._sent = 0
        self._replies: dict[int, Deferred[bytes]] = {}
        self._events: list[x_wire.Message] = []
        self._waiting: Deferred[None] | None = None
        self._timer: Any = None
        self._end: Exception | None = None

    def connectionMade(self) -> None:  # Twisted's
        """Greet."""
        self._timer = self._reactor.callLater(SILENCE, self._fail, ClipboardError(SILENT))
        self._write(x_wire.greet(self._cookie))

    def dataReceived(self, data: bytes) -> None:  # Twisted's
        """Hand on what it holds."""
        if self._greeting is not None:
            self._greeting += data
            try:
                read = x_wire.read_greeting(bytes(self._greeting))
            except x_wire.XError as error:
                self._fail(NoDisplayError(str(error)))
                return
            if read is None:
                return
            self.server, length = read
            data, self._greeting = bytes(self._greeting[length:]), None
            self.let_in.callback(None)
        for message in self._reader.read(data):
            self._hand_on(message)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002  # Twisted's
        """Tell whoever waits."""
        self._fail(NoDisplayError("the display is gone"))
        self._closed.callback(None)

    async def close(self) -> None:
        """Let go of the display."""
        self._let_go()
        if self.transport is not None:
            await self._closed

    def send(self, request: bytes) -> int:
        """Send a request that has no answer; return its number."""
        self._write(request)
        self._sent += 1
        return self._sent & 0xFFFF

    def ask(self, request: bytes) -> Deferred[bytes]:
        """Send a request; the Deferred has its answer."""
        answer: Deferred[bytes] = Deferred()
        if self._end is not None:
            answer.errback(self._end)
            return answer
        self._replies[self.send(request)] = answer
        return answer

    async def event(self) -> x_wire.Message:
        """Return the next thing that happened. Raise `ClipboardError` if nothing does."""
        while not self._events:
            if self._end is not None:
                raise self._end
            self._waiting = Deferred()
            await self._waiting
        return self._events.pop(0)

    def progress(self) -> None:
        """Wait anew, since there was a sign of the other program."""
        if self._timer is not None and self._timer.active():
            self._timer.reset(SILENCE)

    def _let_go(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]  # of ITransport

    def _write(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    def _hand_on(self, message: x_wire.Message) -> None:
        match message:
            case x_wire.Reply(sequence, data):
                if (answer := self._replies.pop(sequence, None)) is not None:
                    answer.callback(data)
            case x_wire.Refused(sequence):
                if (answer := self._replies.pop(sequence, None)) is not None:
                    answer.errback(ClipboardError(GONE))
            case _:
                self._events.append(message)
                self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.called:
            waiting.callback(None)

    def _fail(self, why: Exception) -> None:
        if self._end is not None:
            return
        self._end = why
        if not self.let_in.called:
            self.let_in.errback(why)
        replies, self._replies = self._replies, {}
        for answer in replies.values():
            if not answer.called:
                answer.errback(why)
        self._wake()
        self._let_go()


class _Asking:
    """One question about one selection."""

    def __init__(self, connection: Connection, selection: str) -> None:
        self._connection = connection
        self._selection = selection
        self._window = connection.server.first_id
        self._owner = 0
        self._atoms: dict[str, int] = {"PRIMARY": x_wire.PRIMARY, "STRING": x_wire.STRING}

    async def ask(self) -> Copied:
        connection = self._connection
        connection.send(x_wire.create_window(self._window, connection.server.root))
        numbers = await gatherResults([connection.ask(x_wire.intern_atom(name)) for name in _NAMES], consumeErrors=True)
        self._atoms |= dict(zip(_NAMES, map(x_wire.read_number, numbers), strict=True))
        self._owner = await self._find_owner()
        while self._owner:
            connection.send(x_wire.watch_window(self._owner))
            try:
                return await self._ask_owner()
            except ClipboardError:
                before, self._owner = self._owner, await self._find_owner()
                if self._owner in (0, before):  # and nothing else has been copied meanwhile
                    raise
        raise ClipboardError(EMPTY)

    async def _find_owner(self) -> int:
        return x_wire.read_number(await self._connection.ask(x_wire.get_selection_owner(self._atoms[self._selection])))

    async def _ask_owner(self) -> Copied:
        for target in (*_UTF8, "STRING", "TEXT"):
            if await self._convert(self._atoms[target]):
                return await self._take()
        raise ClipboardError(NO_TEXT)

    async def _convert(self, target: int) -> bool:
        """Ask for it as text of one kind; return whether there is any."""
        name = self._atoms["CHATD_PASTED"]
        self._connection.send(x_wire.convert_selection(self._window, self._atoms[self._selection], target, name))
        while True:
            match await self._connection.event():
                case x_wire.SelectionAnswered(answered, found) if answered == target:
                    self._connection.progress()
                    return bool(found)
                case x_wire.Destroyed(window) if window == self._owner:
                    raise ClipboardError(GONE)

    async def _take(self) -> Copied:
        kind, data, whole = await self._property(MAX_BYTES)
        if kind == self._atoms["INCR"]:
            kind, data, whole = await self._pieces()
        return Copied(self._decoded(kind, data), whole)

    async def _property(self, most: int) -> tuple[int, bytes, bool]:
        """Return the type of what has been put into the property, and at most so many bytes of it; it is deleted."""
        data = bytearray()
        while True:
            answer = await self._connection.ask(
                x_wire.get_property(self._window, self._atoms["CHATD_PASTED"], len(data))
            )
            self._connection.progress()
            part = x_wire.read_property(answer)
            data += part.value
            if not part.left or len(data) >= most:
                return part.type, bytes(data), not part.left

    async def _pieces(self) -> tuple[int, bytes, bool]:
        """Take what comes piece by piece: an empty one is the last."""
        data = bytearray()
        kind = 0
        while True:
            match await self._connection.event():
                case x_wire.PropertyChanged(self._window, _, deleted=False):
                    kind, piece, whole = await self._property(MAX_BYTES)
                    if not kind:  # the property is gone again
                        continue
                    if not piece:
                        return kind, bytes(data), True
                    data += piece
                    if not whole or len(data) >= MAX_BYTES:
                        return kind, bytes(data), False
                case x_wire.Destroyed(window) if window == self._owner:
                    raise ClipboardError(GONE)

    def _decoded(self, kind: int, data: bytes) -> str:
        if kind in (self._atoms[name] for name in _UTF8):
            return data.decode(errors="replace").rstrip("\0")
        if kind == self._atoms["COMPOUND_TEXT"] and b"\x1b" in data:
            # What is in no old character set is in UTF-8 between these two; the rest of them nobody sends any more.
            return data.replace(b"\x1b%G", b"").replace(b"\x1b%@", b"").decode(errors="replace").rstrip("\0")
        return data.decode("latin-1").rstrip("\0")
