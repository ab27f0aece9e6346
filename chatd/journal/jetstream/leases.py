"""Leases: each node renews a key of its own in a bucket that forgets what was not renewed for a while."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from chatd.journal.jetstream.errors import Requester, api, check_stored
from chatd.journal.jetstream.streams import LEASE_SECONDS, bucket

RENEW_SECONDS = 3
LOOK_SECONDS = 1
"""How often the leases are looked at."""
FRESH_SECONDS = 8
"""How old a node's own last renewal may be for it to judge others.

With `RENEW_SECONDS` it is less than a lease: a node that can renew again after the servers were away was
not declared down meanwhile.
"""


class Leases:
    """Judges by what was seen of the bucket and when; times are in seconds, by one clock.

    A node that was cut off has not seen the others' renewals, and while the servers were away no node could renew: so
    only a node that has renewed its own without a break, for as long as a lease lasts, judges others.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._renewed = float("-inf")
        self._missed: dict[str, int] = {}

    def note_renewal(self, now: float) -> None:
        """Note that the node's own lease was renewed."""
        if self._since is None or now - self._renewed > FRESH_SECONDS:
            self._since = now
        self._renewed = now

    def renewal_due(self, now: float) -> bool:
        """Return whether the node's own lease is to be renewed."""
        return now - self._renewed >= RENEW_SECONDS

    def expired(self, now: float, holders: Collection[str], incarnations: Iterable[str]) -> list[str]:
        """Return which of ``incarnations`` have lost their lease, given the ``holders`` of one ``now``."""
        self._missed = {
            incarnation: self._missed.get(incarnation, 0) + 1
            for incarnation in incarnations
            if incarnation not in holders
        }
        fresh = now - self._renewed < FRESH_SECONDS
        if self._since is None or not fresh or now - self._since <= LEASE_SECONDS:
            return []
        return [incarnation for incarnation, times in self._missed.items() if times > 1]


async def renew(requester: Requester, stream: str, incarnation: str) -> None:
    """Renew the lease of an incarnation. Raise `NatsError` if that was not stored."""
    check_stored(await requester.request(f"$KV.{bucket(stream)}.{incarnation}", b""))


async def lease_holders(requester: Requester, stream: str) -> set[str]:
    """Return the incarnations that have a lease. Raise `NatsError`."""
    prefix = f"$KV.{bucket(stream)}."
    answer = await api(requester, f"STREAM.INFO.KV_{bucket(stream)}", {"subjects_filter": f"{prefix}>"})
    return {subject.removeprefix(prefix) for subject in answer["state"].get("subjects") or {}}
