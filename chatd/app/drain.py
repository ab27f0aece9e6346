"""Draining: the daemon answers what it has read and tells everybody when to come back; then another takes over."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall, IListeningPort, IReactorTime
from twisted.logger import Logger

from chatd.app.places_file import NoPlaces
from chatd.chat.client import Client
from chatd.chat.kept_places import may_come_back
from chatd.chat.takeover import RESUME_SECONDS
from chatd.edges.connections import Connection
from chatd.edges.gateway import Gateway
from chatd.edges.peer_connection import PeerConnection
from chatd.model.health import Health
from chatd.protocol.errors import ChatError, Code, DisconnectReason

FIRST_SECONDS = 0.5
"""How soon the first are to come back to a server that starts again: about what it takes to start."""
SPREAD_SECONDS = 2.0
"""Over how long all others are spread after those, or over how long a node sends its people to the other nodes."""
RETURNS_PER_SECOND = 1000
"""How many are to come back in a second, at most: of more, all are spread over a longer time."""
ANSWER_SECONDS = 2
"""How long it may take to answer what was read."""
CLOSE_SECONDS = 3
"""How long all connections together may take to end; see `chatd.edges.peer_connection.RESTART_SECONDS` for each."""
FLUSH_SECONDS = 5
"""How long it may take to store what was said, where that is done elsewhere."""
POLL_SECONDS = 0.01
TURN_SECONDS = 0.05
"""How long after some the next are sent to the other nodes."""

_log = Logger()
DRAINED = "drained: all connections have ended"
TEXT = "the server is restarting; connect again in a few seconds"


class Drain:
    """One drain. ``tell`` is told in sentences how far it is, ``chance`` spreads those who are to come back."""

    def __init__(
        self,
        clock: IReactorTime,
        gateway: Gateway,
        ports: Sequence[IListeningPort],
        places: NoPlaces,
        tell: Callable[[str], None],
        chance: random.Random | None = None,
    ) -> None:
        self._clock = clock
        self._gateway = gateway
        self._hub = gateway.hub
        self._connections = gateway.connections
        self._ports = ports
        self._places = places
        self._listener = tell
        self._chance = chance or random.Random()
        self._hurried = False
        self._done = False
        self._waiting: list[Deferred[None]] = []
        self._pausing: tuple[Deferred[None], IDelayedCall] | None = None

    def start(self, end: Callable[[], None]) -> None:
        """Begin, and ``end`` the process when nobody is left, or a fault of ours leaves no other way."""
        running = Deferred.fromCoroutine(self._run())
        running.addErrback(lambda failure: _log.failure("the drain failed", failure))
        running.addCallback(lambda _: self._finish(end))

    def finished(self) -> Deferred[None]:
        """Return a Deferred that fires when it is done."""
        if self._done:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def hurry(self) -> None:
        """Wait for nothing more that takes its time."""
        self._hurried = True
        if self._pausing is not None and self._pausing[1].active():
            waiting, call = self._pausing
            call.cancel()
            waiting.callback(None)

    def _tell(self, sentence: str) -> None:
        _log.info("{what}", what=sentence)
        self._listener(sentence)

    def _finish(self, end: Callable[[], None]) -> None:
        self._done = True
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)
        self._clock.callLater(0, end)

    async def _run(self) -> None:
        for port in self._ports:
            await maybeDeferred(port.stopListening)
        self._tell(f"draining: no new connections; connections to end: {len(self._connections)}")
        if self._hub.nodes.shared:
            await self._send_to_others()
        else:
            await self._send_all_away()
        await self._until(lambda: not len(self._connections), CLOSE_SECONDS, skip=False)
        self._connections.abort_all()
        if self._hub.nodes.shared:
            await self._see_them_back()
        self._tell(DRAINED)

    async def _send_all_away(self) -> None:
        """End all connections at once, so that the next daemon can start."""
        gateway, hub = self._gateway, self._hub
        gateway.restarting = True
        spread = self._spread()
        gateway.rate_limiter.lift()
        await self._serve(list(self._connections))
        hub.followers.end_all(ChatError(Code.UNAVAILABLE, TEXT))
        await self._flush()
        for client in list(hub.clients):
            if not (self._places.kept and may_come_back(client)):
                self._send_away(client, parting=self._places.kept, retry=self._draw(spread))
        await self._flush()
        if self._places.kept:
            self._keep_places()
        for client in list(hub.clients):
            self._send_away(client, parting=False, retry=self._draw(spread))

    def _keep_places(self) -> None:
        try:
            count = self._places.write(self._hub)
        except OSError as error:
            self._tell(f"cannot keep the places of members, who will be shown as leaving: {error.strerror or error}")
        else:
            self._tell(f"places kept for {RESUME_SECONDS} seconds: {count}")

    async def _send_to_others(self) -> None:
        """End the connections a few at a time: each comes back at once, to another node."""
        spread = self._spread()
        size = max(1, math.ceil(len(self._connections) * TURN_SECONDS / spread))
        late = self._clock.seconds() + 2 * spread
        self._hub.followers.end_all(ChatError(Code.UNAVAILABLE, TEXT))
        for other in [each for each in self._connections if not isinstance(each, PeerConnection)]:
            other.wind_down()
        while there := [each for each in self._connections if isinstance(each, PeerConnection) and not each.ended]:
            group = there if self._hurried or self._clock.seconds() > late else there[:size]
            await self._serve(group)
            for connection in group:
                client = connection.session
                self._send_away(client, parting=not may_come_back(client), retry=0.0)
            await self._pause(0 if self._hurried else TURN_SECONDS)
        await self._flush()

    async def _see_them_back(self) -> None:
        """Stay until those who are to come back are at another node: before that they would be told to have left."""
        nodes, journal = self._hub.nodes, self._hub.journal
        if nodes.awaited:
            self._tell(f"waiting for all members to reach another node, {RESUME_SECONDS} seconds at most")
        # A node that is cut off is told of nobody.
        await self._until(lambda: not nodes.awaited or journal.health is not Health.WORKING, RESUME_SECONDS)
        if nodes.awaited:
            self._tell(f"members who did not come back: {nodes.awaited}")

    def _send_away(self, client: Client, *, parting: bool, retry: float) -> None:
        client.disconnect(DisconnectReason.RESTART, TEXT, parting=parting, retry=retry)

    async def _serve(self, connections: Sequence[Connection]) -> None:
        """Read nothing more from some, and answer what was read."""
        for connection in connections:
            connection.wind_down()
        await self._until(lambda: all(connection.served for connection in connections), ANSWER_SECONDS)

    async def _flush(self) -> None:
        flushed = self._hub.journal.flush()
        await self._until(lambda: bool(flushed.called), FLUSH_SECONDS, skip=False)

    def _spread(self) -> float:
        return max(SPREAD_SECONDS, len(self._connections) / RETURNS_PER_SECOND)

    def _draw(self, spread: float) -> float:
        return FIRST_SECONDS + self._chance.uniform(0, spread)

    async def _until(self, condition: Callable[[], bool], seconds: float, *, skip: bool = True) -> None:
        """Return when a condition holds, or after so long; at once, unless ``skip`` is False, when it has to hurry."""
        end = self._clock.seconds() + seconds
        while not condition() and not (skip and self._hurried) and self._clock.seconds() < end:
            await self._pause(POLL_SECONDS)

    def _pause(self, seconds: float) -> Deferred[None]:
        waiting: Deferred[None] = Deferred()
        self._pausing = waiting, self._clock.callLater(seconds, waiting.callback, None)
        return waiting
