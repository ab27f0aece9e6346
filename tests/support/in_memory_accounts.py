"""Accounts without threads and at a price that tests can pay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock

from chatd.accounts.passwords import Hasher
from chatd.accounts.scram_store import ScramStore
from chatd.accounts.service import AccountService, Registration
from chatd.accounts.store import Account, AccountStore
from chatd.journal import Journal
from chatd.protocol import names
from chatd.runtime.thread_pool import ThreadPool
from chatd.runtime.threads import Worker
from tests.support.in_memory_chat import ChatClient, ImmediateWorker, InMemoryChat

PASSWORD = "correct-horse"
SCRAM_ITERATIONS = 4096
"""The fewest that scramp takes."""


class CountingHasher(Hasher):
    """Remembers which hashes it compared, and how many it made."""

    def __init__(self, rounds: int = 1) -> None:
        super().__init__(rounds=rounds, memory_kib=8, lanes=1)
        self.verified: list[str] = []
        self.hashed = 0

    def verify(self, hash_: str, password: str) -> bool:
        self.verified.append(hash_)
        return super().verify(hash_, password)

    def hash(self, password: str) -> str:
        self.hashed += 1
        return super().hash(password)


class ChatWithAccounts(InMemoryChat):
    """A chat with accounts: ``names`` have some, all with `PASSWORD`; the first looks after the server."""

    def __init__(
        self,
        *owners: str,
        path: Path | None = None,
        checkers: Sequence[ICredentialsChecker] = (),
        registration: str = "off",
        workers: Sequence[Worker] = (),
        most: int = 64,
        hasher: Hasher | None = None,
        journal: Callable[[Clock], Journal] | None = None,
        scram: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(journal=journal)
        self.store = AccountStore(path)
        self.scram = ScramStore(self.store, SCRAM_ITERATIONS)
        self.hasher = CountingHasher()
        self.members = AccountService(
            self.store,
            IReactorTime(self.clock),
            ThreadPool(workers or [ImmediateWorker()], most),
            hasher or self.hasher,
            checkers,
            registration=Registration(registration),
            scram=self.scram if scram else None,
            **options,
        )
        self.members.start()
        self.hub.accounts = self.members
        kept = CountingHasher().hash(PASSWORD) if owners else ""
        for number, owner in enumerate(owners):
            self.store.add(Account(names.key(owner), owner, kept, number == 0, 0))

    def visitor(self, *lines: str, address: str | None = None) -> ChatClient:
        """Return somebody from an address who has sent ``lines``; the answers are not read yet."""
        person = ChatClient(self.hub, address)
        self.send(person, *lines)
        return person

    def send(self, person: ChatClient, *lines: str) -> list[str]:
        """Let somebody send lines, and return all that is answered; it stays to be taken."""
        person.says(*lines)
        self.turn()
        return person.sent

    def answer(self, *lines: str, address: str | None = None) -> str:
        """Return the last answer to what somebody new says."""
        return self.visitor(*lines, address=address).sent[-1]

    def close(self) -> None:
        self.members.stop()
