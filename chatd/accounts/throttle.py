"""Bounds how often passwords and codes are guessed wrong, by address and by account."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import ip_address, ip_network
from math import ceil

from twisted.internet.interfaces import IReactorTime

from chatd.protocol.errors import ChatError, Code

FAILURES = 10
FROM_ONE_NETWORK = 3
"""How many failures from one network count against an account; more of them shut out that network alone."""
SECONDS = 10 * 60
MAX_KEPT = 30_000
"""Of how many addresses and accounts, together, the failures are remembered; beyond that the oldest are forgotten."""
HERE = "this machine"

Bucket = str | tuple[str, str]


class Attempt:
    """One attempt, which counts as a failure until `succeeded` or `void` is called."""

    __slots__ = ("_buckets", "_pair", "_throttle", "_time")

    def __init__(self, throttle: Throttle, buckets: list[Bucket], pair: tuple[str, str] | None, time: float) -> None:
        self._throttle = throttle
        self._buckets = buckets
        self._pair = pair
        self._time = time

    def succeeded(self) -> None:
        """Note that it was right: from that network the account stays reachable, whatever others do."""
        self.void()
        if self._pair is not None:
            self._throttle.remember(self._pair)

    def void(self) -> None:
        """Note that it was neither right nor wrong."""
        self._throttle.forget(self._buckets, self._time)


class Throttle:
    """At most ``failures`` in any ``seconds``, from one network and for one account, exist or not.

    A network is an IPv4 address or the /64 of an IPv6 one; this machine and its local sockets are bounded for each
    account alone. One network's failures shut it out, and not an account: for that it takes those of several. A network
    from which an account was reached before, as `remember` is told, is not shut out even by those. Nothing is ever
    reset by a success: whoever has an account could else guess on. Attempts count from their beginning, so that many at
    once get no further than one after the other.
    """

    def __init__(
        self,
        clock: IReactorTime,
        failures: int = FAILURES,
        seconds: int = SECONDS,
        why: str = "too many wrong guesses",
    ) -> None:
        self._clock = clock
        self._why = why
        self._failures = failures
        self._seconds = seconds
        self._times: OrderedDict[Bucket, list[float]] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def attempt(self, account: str | None, address: str | None) -> Attempt:
        """Begin one. Raise `ChatError` if there were too many.

        ``account`` is its key, None if the attempt is for none; ``address`` is None for a local socket.
        """
        network = network_of(address)
        pair = None if account is None else (account, network)
        now = self._clock.seconds()
        buckets: list[Bucket] = [] if network == HERE else [network]
        buckets += [] if pair is None else [pair]
        shared = [account] if account is not None and pair not in self._known else []
        until = max((self._shut_until(bucket, now) for bucket in (*buckets, *shared)), default=now)
        if until > now:
            minutes = ceil((until - now) / 60)
            raise ChatError(Code.SLOW_DOWN, f"{self._why}; try again in {minutes} min")
        if pair is not None and len(self._times.get(pair, ())) < FROM_ONE_NETWORK:
            buckets += shared
        for bucket in buckets:
            self._times.setdefault(bucket, []).append(now)
            self._times.move_to_end(bucket)
        while len(self._times) > MAX_KEPT:
            self._times.popitem(last=False)
        return Attempt(self, buckets, pair, now)

    def remember(self, pair: tuple[str, str]) -> None:
        """Note that an account was reached from a network."""
        self._known[pair] = None
        self._known.move_to_end(pair)
        while len(self._known) > MAX_KEPT:
            self._known.popitem(last=False)

    def forget(self, buckets: list[Bucket], time: float) -> None:
        """Take back what was noted of an attempt."""
        for bucket in buckets:
            times = self._times.get(bucket, [])
            if time in times:
                times.remove(time)
            if not times:
                self._times.pop(bucket, None)

    def _shut_until(self, bucket: Bucket, now: float) -> float:
        times = self._times.get(bucket, [])
        # A clock that was set back must not shut anybody out for longer.
        times[:] = [time for time in times if 0 <= now - time < self._seconds]
        return times[0] + self._seconds if len(times) >= self._failures else now


def network_of(address: str | None) -> str:
    """Return the network that an address counts as."""
    if address is None:
        return HERE
    ip = ip_address(address)
    return HERE if ip.is_loopback else str(ip_network((ip, 32 if ip.version == 4 else 64), strict=False))
