"""From which networks the owners of accounts have logged in, remembered across restarts."""

from __future__ import annotations

from functools import partial

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chatd.accounts import AccountsError
from chatd.accounts.store import NETWORK_SECONDS, AccountStore
from chatd.accounts.throttle import Throttle, network_of
from chatd.protocol.errors import ChatError
from chatd.runtime.clocks import WallClock
from chatd.runtime.thread_pool import ThreadPool

FRESH_SECONDS = 24 * 60 * 60
"""How old what is stored may be before a login is stored anew: one write a day for each account and network."""

_log = Logger()


class KnownNetworks:
    """Tells a throttle what the store remembers. What cannot be read or written is as if it were not there."""

    def __init__(self, store: AccountStore, wall: WallClock, workers: ThreadPool, guesses: Throttle) -> None:
        self._store = store
        self._wall = wall
        self._workers = workers
        self._guesses = guesses
        self._unwritten: dict[tuple[str, str], int] = {}

    def recall(self, key: str, address: str | None) -> None:
        """Let the throttle know the network of an address, if the account was logged in to from there."""
        network = network_of(address)
        if self._age(key, network) < NETWORK_SECONDS:
            self._guesses.remember((key, network))

    def note(self, key: str, address: str | None) -> None:
        """Remember that an account was logged in to from an address; nobody waits until it is written."""
        network = network_of(address)
        if not 0 <= self._age(key, network) < FRESH_SECONDS:
            time = self._unwritten[key, network] = int(self._wall())
            writing = Deferred.fromCoroutine(self._write(key, network, time))
            writing.addErrback(lambda failure: _log.failure("a login could not be recorded", failure))

    def flush(self) -> None:
        """Write what still waits, once the workers have stopped: an owner must be known after a restart."""
        try:
            for (key, network), time in self._unwritten.items():
                self._store.note_login(key, network, time)
        except AccountsError as error:
            _log.error("a login could not be recorded: {why}", why=str(error))
        self._unwritten.clear()

    async def _write(self, key: str, network: str, time: int) -> None:
        try:
            await self._workers.do(partial(self._store.note_login, key, network, time))
        except ChatError:  # many come in at once: the next login is noted
            pass
        except AccountsError as error:
            _log.error("a login could not be recorded: {why}", why=str(error))
        self._unwritten.pop((key, network), None)

    def _age(self, key: str, network: str) -> float:
        """Return how many seconds ago a login was noted, infinitely many if none was."""
        try:
            time = self._store.last_login(key, network)
        except AccountsError as error:
            _log.error("accounts: {why}", why=str(error))
            return float("inf")
        return float("inf") if time is None else self._wall() - time
