"""SASL (RFC 4422): logging in by messages that each protocol carries in its own way, in PLAIN and in SCRAM-SHA-256."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum

from typing_extensions import override

from chatd.accounts import AccountsError, Exchange, LoggedIn, scram
from chatd.accounts.known_networks import KnownNetworks
from chatd.accounts.scram_store import ScramStore
from chatd.accounts.throttle import Throttle
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code

PLAIN = "PLAIN"
MAX_MESSAGE_BYTES = 1024
"""How long a message of a client may be; a password has 300 bytes and a nick at most half as many."""
WRONG = "the nick or the password is wrong"
"""Whichever it is."""
WRONG_PROOF = f"{WRONG}, or this account has not logged in with PLAIN yet"
"""An account has no keys until then, and who is not its owner is not told whether it has."""

LogIn = Callable[[str, str, str | None], Awaitable[str]]
"""What checks a nick and a password from an address, see `Accounts.log_in`."""


class PlainExchange(Exchange):
    """A name and a password in one message (RFC 4616)."""

    def __init__(self, log_in: LogIn, address: str | None) -> None:
        self._log_in = log_in
        self._address = address

    @override
    async def step(self, message: bytes) -> bytes | LoggedIn:
        try:
            other, nick, password = _text(message).split("\0")
        except ValueError:
            raise _malformed(PLAIN) from None
        if other and names.folded(other) != names.folded(nick):
            raise ChatError(Code.NOT_ALLOWED, "you can log in for yourself only; leave the authorization name empty")
        return LoggedIn(await self._log_in(_nick(nick), password, self._address))


class ScramServer:
    """What SCRAM exchanges have in common: the keys, the guesses that are counted, and who came from where."""

    def __init__(
        self,
        store: ScramStore,
        guesses: Throttle,
        logins: KnownNetworks,
        unavailable: Callable[[AccountsError], ChatError],
    ) -> None:
        self.store = store
        self.guesses = guesses
        self.logins = logins
        self.unavailable = unavailable


class Sasl:
    """The mechanisms, and the exchanges by them. SCRAM is one if there is a ``server`` for it that keeps keys."""

    def __init__(self, log_in: LogIn, server: ScramServer | None) -> None:
        self._log_in = log_in
        self._server = server

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """Their names, the simplest first. Raise `AccountsError` if the store cannot be read."""
        return (PLAIN,) if self._server is None or not self._server.store.keeps else (PLAIN, scram.NAME)

    def exchange(self, mechanism: str, address: str | None) -> Exchange:
        """Return a new exchange, see `Accounts.exchange`."""
        if mechanism == PLAIN:
            return PlainExchange(self._log_in, address)
        if mechanism == scram.NAME and self._server is not None and scram.NAME in self.mechanisms:
            return ScramExchange(self._server, address)
        raise ChatError(Code.NOT_ALLOWED, f"this server supports {' or '.join(self.mechanisms)}")


class _Stage(Enum):
    FIRST = "the client sent no nick"
    PROOF = "the client sent no proof that it knows the password"
    PROVEN = "the client must accept the server's proof"
    OVER = "the exchange is complete"


class ScramExchange(Exchange):
    """Proof that each side knows the keys of a password which is not sent (RFC 5802, RFC 7677)."""

    def __init__(self, server: ScramServer, address: str | None) -> None:
        from scramp import ScramMechanism

        self._server = server
        self._address = address
        self._stage = _Stage.FIRST
        self._account = ""
        self._keys: scram.Keys | None = None
        self._scramp = ScramMechanism(scram.NAME).make_server(self._find_keys)

    @override
    async def step(self, message: bytes) -> bytes | LoggedIn:
        stage, self._stage = self._stage, _Stage.OVER  # unless all goes well
        try:
            if stage is _Stage.FIRST:
                return self._challenge(_text(message))
            if stage is _Stage.PROOF:
                return self._verify(_text(message))
        except AccountsError as error:
            raise self._server.unavailable(error) from None
        if stage is _Stage.OVER or message:
            raise _malformed(scram.NAME)
        return LoggedIn(self._account)

    def _challenge(self, message: str) -> bytes:
        from scramp import ScramException

        try:
            self._scramp.set_client_first(message)
            challenge: str = self._scramp.get_server_first()
        except ScramException as error:
            if isinstance(error.__cause__, (AccountsError, ChatError)):  # of `_find_keys`
                raise error.__cause__ from None
            raise _malformed(scram.NAME) from None
        self._stage = _Stage.PROOF
        return challenge.encode()

    def _verify(self, message: str) -> bytes:
        """Return the server's proof. Raise `ChatError` if that of the client is wrong, which is a guess as any."""
        from scramp import ScramException

        server, account = self._server, self._account
        server.logins.recall(account, self._address)
        attempt = server.guesses.attempt(account, self._address)
        try:
            self._scramp.set_client_final(message)
            proof: str = self._scramp.get_server_final()
        except ScramException:
            raise ChatError(Code.BAD_PASSWORD, WRONG_PROOF) from None
        if server.store.find(account) != self._keys:  # the password was changed, or there are none
            raise ChatError(Code.BAD_PASSWORD, WRONG_PROOF)
        attempt.succeeded()
        server.logins.note(account, self._address)
        self._stage = _Stage.PROVEN
        return proof.encode()

    def _find_keys(self, nick: str) -> tuple[bytes, bytes, bytes, int] | None:
        """Return what scramp asks for; None if keys are not kept any more."""
        self._account = names.key(_nick(nick))
        self._keys = self._server.store.find(self._account)
        return self._keys or self._server.store.nobodys(self._account)


def _nick(text: str) -> str:
    """Return what is to be the nick of an account. Raise `ChatError` if none can have that."""
    try:
        return names.nick(text)
    except names.BadNameError:
        raise ChatError(Code.BAD_PASSWORD, WRONG) from None


def _text(message: bytes) -> str:
    """Return a message as text. Raise `ChatError` if it is none, or too long."""
    if len(message) > MAX_MESSAGE_BYTES:
        raise ChatError(Code.TOO_LONG, f"the login message is too long; it can have at most {MAX_MESSAGE_BYTES} bytes")
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise ChatError(Code.NOT_UTF8, "the login message is not UTF-8") from None


def _malformed(mechanism: str) -> ChatError:
    return ChatError(Code.BAD_SYNTAX, f"that is not a {mechanism} message")
