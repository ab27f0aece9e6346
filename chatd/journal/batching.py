"""How soon one batch follows another."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

BUSY_SECONDS = 0.001
"""A delivery that takes longer is worth gathering for."""
SOON_SECONDS = 0.002
"""What is appended later than this after a delivery does not wait."""
GATHER_SECONDS = 0.001


class Batcher:
    """Says how long to gather before the next batch, by what the last one cost; enter it for each delivery.

    In a big room a delivery costs one send for each member, however many messages are in it, so while such deliveries
    follow one another the next waits for more to join it. Nobody waits where a delivery is cheap or the last is over.

    ``busy_seconds`` is what a delivery has to take for that; 0 where what goes before it is worth it in any case.
    """

    def __init__(self, clock: IReactorTime, busy_seconds: float = BUSY_SECONDS) -> None:
        self._clock = clock
        self._busy_seconds = busy_seconds
        self._began = 0.0
        self._ended = 0.0

    def __enter__(self) -> None:
        self._began = self._clock.seconds()

    def __exit__(self, *_: object) -> None:
        self._ended = self._clock.seconds()

    def delay(self) -> float:
        """Return how many seconds to gather before the next delivery."""
        busy = self._ended - self._began > self._busy_seconds
        return GATHER_SECONDS if busy and 0 <= self._clock.seconds() - self._ended < SOON_SECONDS else 0
