"""The passwords that the system's keyring keeps, each under the address of a server and a nick."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.client.net import keyring_child
from chatd.protocol import names
from chatd.protocol.text import clean
from chatd.runtime.extras import install_command
from chatd.runtime.server_address import Address

LOOK_SECONDS = 10.0
"""How long it may take to find out whether there is a keyring."""
ASK_SECONDS = 120.0
"""How long a question may take: somebody may have to unlock the keyring first."""
FINISH_SECONDS = 5.0
"""How long a window that closes waits at most until a password is stored or forgotten."""
MAX_ANSWER_BYTES = 64 * 1024
MAX_PROBLEM = 200
NO_ANSWER = "it does not answer"


class Keyring(Protocol):
    """Keeps passwords. None of its Deferreds fails, and none waits without end."""

    def look(self) -> Deferred[str]:
        """Return why it keeps none, in a sentence without its end; empty if it keeps them."""

    def get(self, server: Address, nick: str) -> Deferred[str]:
        """Return the password of a nick at a server; empty if it has none, or does not answer."""

    def put(self, server: Address, nick: str, password: str) -> Deferred[str]:
        """Keep a password, in the place of the one before; return why that could not be done, empty if it was."""

    def forget(self, server: Address, nick: str) -> Deferred[str]:
        """Keep the password of a nick no longer; return why that could not be done, empty if it was."""

    def finish(self) -> Deferred[None]:
        """Return a Deferred that fires when nothing is being kept or forgotten any more, or that takes too long."""
        return succeed(None)

    def stop(self) -> None:
        """Answer nobody any more."""


class NoKeyring(Keyring):
    """Keeps none; ``why`` says the reason."""

    def __init__(self, why: str = "there is none") -> None:
        self._why = why

    @override
    def look(self) -> Deferred[str]:
        return succeed(self._why)

    @override
    def get(self, server: Address, nick: str) -> Deferred[str]:
        return succeed("")

    @override
    def put(self, server: Address, nick: str, password: str) -> Deferred[str]:
        return succeed(self._why)

    @override
    def forget(self, server: Address, nick: str) -> Deferred[str]:
        return succeed("")

    @override
    def stop(self) -> None:
        pass


class _Question(ProcessProtocol):
    """One question to the keyring's process, which is killed after ``seconds``."""

    def __init__(
        self, clock: Any, asked: dict[str, str], seconds: float, told: Callable[[dict[str, Any]], None]
    ) -> None:
        self.changes = asked["do"] in ("put", "forget")
        """Whether something is to be another afterwards."""
        self._asked = json.dumps(asked).encode()
        self._answer = b""
        self._told = told
        self._limit = clock.callLater(seconds, self.kill)

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.write(self._asked)
        transport.closeStdin()

    def outReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's
        self._answer = (self._answer + data)[: MAX_ANSWER_BYTES + 1]

    def errReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's
        """Let nobody hear what libraries write there."""

    def processEnded(self, reason: Failure) -> None:  # noqa: ARG002, N802  # Twisted's
        if self._limit.active():
            self._limit.cancel()
        self._told(_read(self._answer))

    def kill(self) -> None:
        """End it, if it has not ended."""
        if self._limit.active():
            self._limit.cancel()
        transport: Any = self.transport
        with suppress(ProcessExitedAlready):
            transport.signalProcess("KILL")
        # What it has started may hold the pipes open.
        transport.loseConnection()


class SystemKeyring(Keyring):
    """Asks the system's keyring in a process of its own; ``command`` is what is run for each question."""

    def __init__(self, reactor: Any, command: Sequence[str] = ()) -> None:
        self._reactor = reactor
        # Without -P a file of that name beside it, or where the client was started, would be taken for the package.
        self._command = list(command) or [sys.executable, "-P", keyring_child.__file__]
        self._asked: set[_Question] = set()
        self._found: str | None = None
        self._finished: Deferred[None] | None = None
        self._stopped = False

    @override
    def look(self) -> Deferred[str]:
        if self._found is not None:
            return succeed(self._found)

        def found(answer: dict[str, Any]) -> str:
            self._found = _problem(answer)
            return self._found

        return self._ask({"do": "look"}, LOOK_SECONDS).addCallback(found)

    @override
    def get(self, server: Address, nick: str) -> Deferred[str]:
        asked = self._ask({"do": "get"} | _place(server, nick))
        return asked.addCallback(lambda answer: _text(answer.get("password")))

    @override
    def put(self, server: Address, nick: str, password: str) -> Deferred[str]:
        return self._ask({"do": "put", "password": password} | _place(server, nick)).addCallback(_problem)

    @override
    def forget(self, server: Address, nick: str) -> Deferred[str]:
        return self._ask({"do": "forget"} | _place(server, nick)).addCallback(_problem)

    @override
    def finish(self) -> Deferred[None]:
        if not self._changes():
            return succeed(None)
        finished = self._finished = Deferred()
        return finished.addTimeout(FINISH_SECONDS, self._reactor, lambda *_: None)

    @override
    def stop(self) -> None:
        self._stopped = True
        for each in list(self._asked):
            each.kill()

    def _ask(self, question: dict[str, str], seconds: float = ASK_SECONDS) -> Deferred[dict[str, Any]]:
        told: Deferred[dict[str, Any]] = Deferred()

        def answered(answer: dict[str, Any]) -> None:
            self._asked.discard(asked)
            if not self._stopped:
                told.callback(answer)
            if self._finished is not None and not self._finished.called and not self._changes():
                self._finished.callback(None)

        asked = _Question(self._reactor, question, seconds, answered)
        self._asked.add(asked)
        try:
            self._reactor.spawnProcess(asked, self._command[0], self._command, env=dict(os.environ))
        except OSError:
            asked.processEnded(Failure())
        return told

    def _changes(self) -> bool:
        return any(each.changes for each in self._asked)


def system_keyring(reactor: Any) -> Keyring:
    """Return the system's keyring, or why there is none."""
    if find_spec("keyring") is None:
        return NoKeyring(f"the package keyring is missing; install it: {install_command('keyring')}")
    return SystemKeyring(reactor)


def _place(server: Address, nick: str) -> dict[str, str]:
    return {"service": f"chatd {Address(server.host.lower(), server.port)}", "name": names.key(nick)}


def _read(said: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(said)
    except ValueError:
        return {"problem": NO_ANSWER}
    return answer if isinstance(answer, dict) else {"problem": NO_ANSWER}


def _problem(answer: dict[str, Any]) -> str:
    return clean(_text(answer.get("problem")))[:MAX_PROBLEM]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
