"""Accounts: who owns which nick, as the rest of the program sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred
from typing_extensions import override

from chatd.protocol.errors import ChatError, Code


class AccountsError(Exception):
    """Accounts cannot be opened, read or written. Its argument is a sentence that says why, for the server operator."""


class Grant(NamedTuple):
    """What a bearer token is good for."""

    account: str
    """The key of its account."""
    nick: str
    """The same as its owner writes it."""
    rooms: frozenset[str] | None
    """The keys of the only rooms that it is good for; None if any."""
    post_only: bool
    """Whether it says things and does nothing else."""
    token: str
    """What the token is called by, which anybody may know."""


class Vouched(NamedTuple):
    """Somebody whom an OpenID provider vouches for."""

    issuer: str
    subject: str
    """What the provider knows them by, now and forever."""
    name: str
    """What they are called there now."""
    groups: frozenset[str] = frozenset()


class LoggedIn(NamedTuple):
    """How a SASL exchange ends well."""

    account: str
    """The key of the account."""


class Exchange(Protocol):
    """One SASL exchange (RFC 4422), from the first message of the client on."""

    async def step(self, message: bytes) -> bytes | LoggedIn:
        """Return what the client is to be sent as the answer to a message, or that it is logged in.

        Raise `ChatError` if the exchange has failed, after which there is no other step.
        """


class Accounts(Protocol):
    """The owners of nicks. An account is named by the key of its nick, see `chatd.protocol.names.key`."""

    @property
    def members_only(self) -> bool:
        """Whether only those may connect who log in."""

    @property
    def takes_newcomers(self) -> bool:
        """Whether anybody, or whoever is invited, may make an account with REGISTER."""

    def start(self) -> None:
        """Open the account store. Raise `AccountsError` if that fails."""

    def stop(self) -> None:
        """Close it; logins that are under way fail with `ChatError`."""

    def is_registered(self, key: str) -> bool:
        """Return whether a nick has an owner. Raise `ChatError` if that cannot be found out now."""

    def looks_like(self, nick: str) -> str | None:
        """Return the nick of an owner that ``nick`` is not, but could be mistaken for.

        Raise `ChatError` if that cannot be found out now.
        """

    def name(self, key: str) -> str:
        """Return an account's nick as its owner writes it."""

    def party(self, key: str) -> str | None:
        """Return what an account is called that nobody's is called later, see `chatd.model.conversation`.

        It is None if there is no such account. Raise `ChatError` if that cannot be found out now.
        """

    def made(self, key: str) -> int:
        """Return when an account was made, in seconds since 1970; 0 if its password is not kept here.

        Raise `ChatError` if that cannot be found out now.
        """

    def is_operator(self, key: str) -> bool:
        """Return whether an account is a server operator's."""

    def log_in(self, nick: str, password: str, address: str | None) -> Deferred[str]:
        """Return the key of the account; it fails with `ChatError` if that is not the password or too many were tried.

        ``address`` is where the connection comes from, None if from a local socket.
        """

    def log_in_vouched(self, who: Vouched, address: str | None) -> Deferred[str]:
        """Return the key of the account of somebody whom a provider vouches for, which is made if there is none yet.

        It fails with `ChatError` if what they are called there is somebody else's name here, or can be nobody's.
        ``address`` is as for `log_in`.
        """

    def mechanisms(self) -> Sequence[str]:
        """Return the SASL mechanisms by which one may log in, the simplest first; none if nobody can.

        Raise `ChatError` if that cannot be found out now.
        """

    def exchange(self, mechanism: str, address: str | None) -> Exchange:
        """Return a new exchange. Raise `ChatError`, ``not-allowed``, if that is none of the `mechanisms`."""

    def register(self, nick: str, password: str, code: str | None, address: str | None) -> Deferred[str]:
        """Make an account and return its key; it fails with `ChatError` if that may not be."""

    def check_token(self, secret: str, address: str | None) -> Grant:
        """Return what a bearer token is good for.

        Raise `ChatError`: ``bad-password`` if it holds no more or never did, ``slow-down`` if too many from that
        address did not. ``address`` is None for a local socket.
        """

    def open_login(self, account: str) -> Deferred[str]:
        """Begin a login, and return the secret for its cookie; it fails with `ChatError` if that cannot be."""

    def check_login(self, secret: str) -> str:
        """Return the key of a login's account. Raise `ChatError`, ``bad-password`` if it is over."""

    def end_login(self, secret: str) -> Deferred[None]:
        """End a login, if it is not over; it fails with `ChatError` if that cannot be."""

    def use_link(self, secret: str, address: str | None) -> Deferred[str]:
        """Use up a link that logs in once, and return the key of its account.

        It fails with `ChatError`: ``bad-password`` if it holds no more or never did, ``slow-down`` if too many from
        that address did not. ``address`` is None for a local socket.
        """


class NoAccounts(Accounts):
    """A server without accounts."""

    members_only = False
    takes_newcomers = False

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
    def party(self, key: str) -> str | None:
        return None

    @override
    def made(self, key: str) -> int:
        return 0

    @override
    def is_operator(self, key: str) -> bool:
        return False

    @override
    def log_in(self, nick: str, password: str, address: str | None) -> Deferred[str]:
        raise _none()

    @override
    def log_in_vouched(self, who: Vouched, address: str | None) -> Deferred[str]:
        raise _none()

    @override
    def mechanisms(self) -> Sequence[str]:
        return ()

    @override
    def exchange(self, mechanism: str, address: str | None) -> Exchange:
        raise _none()

    @override
    def register(self, nick: str, password: str, code: str | None, address: str | None) -> Deferred[str]:
        raise _none()

    @override
    def check_token(self, secret: str, address: str | None) -> Grant:
        raise _none()

    @override
    def open_login(self, account: str) -> Deferred[str]:
        raise _none()

    @override
    def check_login(self, secret: str) -> str:
        raise _none()

    @override
    def end_login(self, secret: str) -> Deferred[None]:
        raise _none()

    @override
    def use_link(self, secret: str, address: str | None) -> Deferred[str]:
        raise _none()


def _none() -> ChatError:
    return ChatError(Code.NOT_ALLOWED, "this server has no accounts")
