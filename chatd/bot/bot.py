"""A bot: functions that are called with the messages of others."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import react
from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
    textFileLogObserver,
)

from chatd.bot.connection import Identity
from chatd.bot.life import Handlers, Life
from chatd.bot.outbox import Outbox
from chatd.bot.places import BotError, Places
from chatd.protocol import commands, names, wire

Handler = TypeVar("Handler", bound=Callable[..., object])


class Bot:
    """A bot with one nick, in one or more rooms; without a room, in ``#lobby``.

    ``password`` logs in to the account of the nick; it is sent only over TLS, within this machine or over a local
    socket. ``state`` is a file in which the bot stores the last message it is done with; without one, each start
    begins with new messages. One bot at a time uses a state: it locks the file of that name with ``.lock`` after it.
    Raise `chatd.protocol.names.BadNameError`, a `ValueError`, for a nick or a room that cannot be one.
    """

    def __init__(self, nick: str, *rooms: str, password: str | None = None, state: Path | str | None = None) -> None:
        checked = tuple(names.room(room) for room in rooms or (commands.LOBBY,))
        self._identity = Identity(names.nick(nick), checked, password)
        self._places = Places(None if state is None else Path(state))
        self._outbox = Outbox()
        self._handlers = Handlers()
        self._life: Life | None = None

    def on_message(self, handler: Handler) -> Handler:
        """Call ``handler`` with each `Message` of others in the bot's rooms. A decorator: return ``handler``.

        It is called neither for messages of the bot itself nor for notices, which is what bots send.
        """
        self._handlers.message.append(handler)
        return handler

    def on_join(self, handler: Handler) -> Handler:
        """Call ``handler`` with the nick and the room of each person who joins. A decorator: return ``handler``.

        Joins are not stored: the bot misses those that happen while it is not connected.
        """
        self._handlers.join.append(handler)
        return handler

    def say(self, room: str, text: str, *, label: str | None = None) -> Deferred[None]:
        """Send ``text`` to one of the bot's rooms, as a notice, which other bots do not answer.

        The message waits while the bot is not connected. The Deferred fires when the server has stored it, and fails
        with `chatd.protocol.errors.ChatError` if the server refuses it for good. A message with a ``label`` (1 to 64 of
        ``A-Z a-z 0-9 . _ : + -``) is posted once in that room, even if the bot or the server restarts in between; the
        server remembers labels for 24 hours. Raise `ValueError` for an invalid label and for a ``room`` that is not the
        name of one: a bot sends no private messages.
        """
        names.room(room)
        if label is not None and not wire.is_label(label):
            raise ValueError(f"{label!r} cannot be a label; use 1 to 64 of A-Z a-z 0-9 . _ : + -")
        return self._outbox.add(label or secrets.token_hex(8), commands.Tell(room, text))

    def start(self, endpoint: IStreamClientEndpoint, reactor: Any) -> Deferred[None]:
        """Connect, and stay connected until `stop`. Call it once.

        Return a Deferred that fires after `stop`, and fails with `BotError` when the bot cannot continue: the server
        refuses its nick, a room or the password, another connection has replaced it, it was removed or banned, or its
        state file cannot be used, or is used by another bot.
        """
        self._life = Life(self._identity, self._places, self._outbox, self._handlers, reactor)
        return self._life.start(endpoint)

    def stop(self) -> Deferred[None]:
        """Disconnect, store the state, and return a Deferred that fires when that is done. A bot starts only once.

        A handler may wait for it: there, it fires when the bot has disconnected, and the bot ends with the handler.
        """
        assert self._life is not None, "start it first"
        return self._life.end()

    def run(self, server: str = "tcp:127.0.0.1:10319") -> None:
        """Run the bot until the process is told to stop, and exit with status 1 if the bot cannot continue.

        ``server`` is a Twisted client endpoint: ``tcp:HOST:PORT``, ``tls:HOST:PORT`` (needs the extra ``tls``) or
        ``unix:PATH``. The log goes to standard error.
        """
        quiet = LogLevelFilterPredicate(LogLevel.warn)
        quiet.setLogLevelForNamespace("chatd.bot", LogLevel.info)
        observer = FilteringLogObserver(textFileLogObserver(sys.stderr), [quiet])
        globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)

        async def live(reactor: Any) -> None:
            try:
                endpoint = clientFromString(reactor, server)
            except Exception as error:  # whatever the parser of a plugin raises
                raise SystemExit(
                    f"bad server {server}: {error}; use tcp:HOST:PORT, tls:HOST:PORT or unix:PATH"
                ) from None
            running = self.start(endpoint, reactor)
            reactor.addSystemEventTrigger("before", "shutdown", self.stop)
            try:
                await running
            except BotError as error:
                raise SystemExit(f"the bot ended: {error}") from None

        react(lambda reactor: Deferred.fromCoroutine(live(reactor)))
