"""Whose names are whose: what the rest of the program asks of accounts."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred
from typing_extensions import override

from chatd.protocol.errors import ChatError, Code


class AccountsError(Exception):
    """Accounts cannot be opened, read or written. Its argument is a sentence that says why, for the operator."""


class Accounts(Protocol):
    """The owners of nicks. An account is named by the key of its nick, see `chatd.protocol.names.key`."""

    @property
    def members_only(self) -> bool:
        """Whether nobody may come in who has not logged in."""

    def start(self) -> None:
        """Open what is kept. Raise `AccountsError` if that cannot be."""

    def stop(self) -> None:
        """Close it; whoever is about to log in is told that the server stops."""

    def is_registered(self, key: str) -> bool:
        """Return whether a nick has an owner. Raise `ChatError` if that cannot be found out now."""

    def looks_like(self, nick: str) -> str | None:
        """Return the nick of an owner that ``nick`` is not, but could be mistaken for.

        Raise `ChatError` if that cannot be found out now.
        """

    def name(self, key: str) -> str:
        """Return an account's nick as its owner writes it."""

    def is_operator(self, key: str) -> bool:
        """Return whether an account looks after the server."""

    def log_in(self, nick: str, password: str, address: str | None) -> Deferred[str]:
        """Return the key of the account; it fails with `ChatError` if that is not the password or too many were tried.

        ``address`` is where the connection comes from, None if from a local socket.
        """

    def register(self, nick: str, password: str, code: str | None, address: str | None) -> Deferred[str]:
        """Make an account and return its key; it fails with `ChatError` if that may not be."""


class NoAccounts(Accounts):
    """Nobody has a name of their own."""

    members_only = False

    @override
    def start(self) -> None:
        pass

    @override
    def stop(self) -> None:
        pass

    @override
    def is_registered(self, key: str) -> bool:
        return False

    @override
    def looks_like(self, nick: str) -> str | None:
        return None

    @override
    def name(self, key: str) -> str:
        return key

    @override
    def is_operator(self, key: str) -> bool:
        return False

    @override
    def log_in(self, nick: str, password: str, address: str | None) -> Deferred[str]:
        raise _none()

    @override
    def register(self, nick: str, password: str, code: str | None, address: str | None) -> Deferred[str]:
        raise _none()


def _none() -> ChatError:
    return ChatError(Code.NOT_ALLOWED, "this server knows no accounts")
