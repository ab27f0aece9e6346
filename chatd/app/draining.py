"""How a drain starts: by a signal or by ``chatd drain``, once or again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IListeningPort, IReactorCore, IReactorTime

from chatd.app.drain import Drain
from chatd.app.places_file import NoPlaces
from chatd.app.systemd import NoNotifier
from chatd.edges.gateway import Gateway


class Draining:
    """The drain of one daemon. ``ports`` returns where it listens; ``kept_places`` is where it leaves who is where."""

    def __init__(
        self,
        clock: IReactorTime,
        gateway: Gateway,
        ports: Callable[[], Sequence[IListeningPort]],
        kept_places: NoPlaces,
        notifier: NoNotifier,
    ) -> None:
        self.stopping = False
        """Whether the process is about to end without it."""
        self._clock = clock
        self._gateway = gateway
        self._ports = ports
        self._kept_places = kept_places
        self._notifier = notifier
        self._drain: Drain | None = None

    @property
    def has_begun(self) -> bool:
        """Whether everybody is being sent away."""
        return self._drain is not None

    def drain(self, tell: Callable[[str], None] = lambda _sentence: None) -> Deferred[None]:
        """Send everybody away for a daemon that follows, then end the process; see `chatd.app.drain`.

        ``tell`` is told in sentences how far that is, and so is the log. The Deferred fires before the process ends. A
        second drain ends with the first.
        """
        if self._drain is not None:
            tell("the server is draining already")
        elif self.stopping:
            tell("the server is stopping already")
            return succeed(None)
        else:
            self._notifier.stopping()
            self._drain = Drain(self._clock, self._gateway, self._ports(), self._kept_places, tell)
            self._drain.start(self._end)
        return self._drain.finished()

    async def as_asked(self, say: Callable[[str], None]) -> int:
        """Drain for a command that asks: what ends its connection, and answers it, is the end of the process."""
        await self.drain(say)
        await Deferred()
        return 0

    async def hurry(self) -> None:
        """Note that the process stops; return when a drain that has begun is over, which waits for nobody any more."""
        self.stopping = True
        if self._drain is not None:
            self._drain.hurry()
            await self._drain.finished()

    def _end(self) -> None:
        if IReactorCore.providedBy(self._clock):
            with suppress(ReactorNotRunning):  # it may be stopping
                self._clock.stop()
