"""The life of a bot: it stays connected, handles one message after the other, and keeps how far it is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from inspect import iscoroutine
from typing import Any

from twisted.application.internet import backoffPolicy
from twisted.internet.defer import Deferred, DeferredList, DeferredQueue, succeed
from twisted.internet.endpoints import connectProtocol
from twisted.internet.interfaces import IDelayedCall, IStreamClientEndpoint
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.bot.connection import MAX_WAITING, Connection, Identity, Owner
from chatd.bot.message import Message
from chatd.bot.outbox import Outbox
from chatd.bot.places import BotError, Place, Places
from chatd.protocol import commands, events, names
from chatd.runtime.connection_failures import why_not

SAVE_SECONDS = 1.0
"""How long after a message is done that is written to the state file, at most."""
MAX_PAUSE_SECONDS = 60.0
"""How long to wait between two attempts to connect, at most."""

HOLD_SECONDS = 0.05
"""After how long the connection gets a turn between two messages: PING is answered then, and the state is written."""

_WORKING_FOR: ContextVar[object] = ContextVar("the life of the bot whose handler runs", default=None)
Work = Callable[[], Coroutine[Any, Any, None]]
_log = Logger("chatd.bot")


@dataclass(slots=True)
class Handlers:
    """What is called with what others do."""

    message: list[Callable[..., object]] = field(default_factory=list)
    join: list[Callable[..., object]] = field(default_factory=list)


class Life(Owner):
    """One life, from `start` to `end`."""

    def __init__(self, identity: Identity, places: Places, outbox: Outbox, handlers: Handlers, reactor: Any) -> None:
        self._identity, self._places, self._outbox, self._handlers = identity, places, outbox, handlers
        self._reactor = reactor
        self._inbox: DeferredQueue[Work] = DeferredQueue()
        self._connection: Connection | None = None
        self._resume: str | None = None
        self._failures = 0
        self._backoff = backoffPolicy(1.0, MAX_PAUSE_SECONDS)
        self._saving: IDelayedCall | None = None
        self._is_over = False
        self._error: Failure | None = None
        self._finished: Deferred[None] = Deferred()
        self._ending: list[Deferred[None]] = []

    def start(self, endpoint: IStreamClientEndpoint) -> Deferred[None]:
        """Begin; return what fires at the end, see `chatd.bot.Bot.start`."""
        try:
            self._places.load()
        except BotError:
            self._is_over = True
            self._finish_with(Failure())
            return self._finished
        self._staying = Deferred.fromCoroutine(self._stay_connected(endpoint))
        self._working = Deferred.fromCoroutine(self._work())
        both = DeferredList([each.addErrback(self._stop_for) for each in (self._staying, self._working)])
        both.addCallback(self._finish)
        return self._finished

    def end(self) -> Deferred[None]:
        """End; return what fires when that is done, and never fails: how it ended is for who started it.

        For a handler, which is a part of what is to end, it fires when the bot has disconnected.
        """
        if not self._is_over:
            self._is_over = True
            self._working.cancel()
            if self._connection is None:
                self._staying.cancel()
            else:
                self._connection.leave()
        if self._finished.called:
            return succeed(None)
        ended: Deferred[None] = Deferred()
        if _WORKING_FOR.get() is self:
            self._staying.addBoth(lambda _: ended.callback(None))
        else:
            self._ending.append(ended)
        return ended

    def _stop_for(self, failure: Failure) -> None:
        if not self._is_over:
            self._error = failure
            self.end()

    def _finish(self, _: object) -> None:
        if self._saving is not None and self._saving.active():
            self._saving.cancel()
            self._save()
        self._finish_with(self._error)

    def _finish_with(self, error: Failure | None) -> None:
        self._places.release()
        if error is None:
            self._finished.callback(None)
        else:
            self._finished.errback(error)
        for each in self._ending:
            each.callback(None)

    # The connection.

    async def _stay_connected(self, endpoint: IStreamClientEndpoint) -> None:
        while not self._is_over:
            connection = Connection(self, self._identity, self._places, self._outbox, self._reactor, self._resume)
            try:
                await connectProtocol(endpoint, connection)
            except Exception:
                why, pause = f"cannot reach the server: {why_not(Failure())}", None
            else:
                self._connection = connection
                try:
                    why, pause = await connection.ended
                finally:
                    self._connection = None
            if not self._is_over:
                pause = self._backoff(self._failures) if pause is None else pause
                self._failures += 1
                _log.warn("{why}; connecting again in {pause:.0f} s", why=why, pause=pause)
                await deferLater(self._reactor, pause)

    @override
    def entered(self, resume: str) -> None:
        self._resume, self._failures = resume, 0
        _log.info("in {rooms} as {nick}", rooms=" ".join(self._identity.rooms), nick=self._identity.nick)

    # What is heard.

    @property
    @override
    def waiting(self) -> int:
        return len(self._inbox.pending)

    @override
    def said(self, event: events.Said, place: Place, time: str, *, old: bool) -> None:
        if event.notice or names.key(event.nick) == names.key(self._identity.nick):
            self.begun(event.room, place)
            return
        say = partial(self._say, f"{place.journal}.{place.id}", event.room)
        message = Message(event.room, event.nick, event.text, place.id, datetime.fromisoformat(time), old, say)
        self._inbox.put(partial(self._handle, message, place))

    @override
    def begun(self, room: str, place: Place) -> None:
        self._inbox.put(partial(self._note_done, room, place))

    @override
    def joined(self, nick: str, room: str) -> None:
        if self._handlers.join and self.waiting < MAX_WAITING:
            self._inbox.put(partial(self._call, self._handlers.join, nick, room))

    def _say(self, label: str, room: str, number: int, text: str) -> Deferred[None]:
        return self._outbox.add(f"{label}.{number}", commands.Tell(room, text))

    async def _work(self) -> None:
        _WORKING_FOR.set(self)
        turn = self._reactor.seconds()
        while not self._is_over:
            work = await self._inbox.get()
            await work()
            if self._connection is not None:
                self._connection.catch_up()
            if self._reactor.seconds() - turn > HOLD_SECONDS:
                await deferLater(self._reactor, 0)
                turn = self._reactor.seconds()

    async def _handle(self, message: Message, place: Place) -> None:
        await self._call(self._handlers.message, message)
        answers = DeferredList(message.answers, consumeErrors=True)
        # Once a handler has stopped the bot, nobody hears any more that an answer is stored.
        stopped = self._is_over
        if answers.called or not stopped:
            await answers
            if stopped or not self._is_over:
                await self._note_done(message.room, place)

    async def _call(self, handlers: list[Callable[..., object]], *arguments: object) -> None:
        for handler in handlers:
            try:
                result = handler(*arguments)
                if iscoroutine(result) or isinstance(result, Deferred):
                    await Deferred.fromCoroutine(_outcome(result))
            except Exception:
                if self._is_over:
                    raise
                _log.failure("a handler has failed")
            if self._is_over:
                return

    async def _note_done(self, room: str, place: Place) -> None:
        is_first = self._places.finish(room, place)
        if self._saving is None or not self._saving.active():
            self._saving = self._reactor.callLater(0.0 if is_first else SAVE_SECONDS, self._save)

    def _save(self) -> None:
        try:
            self._places.save()
        except OSError:
            _log.failure("the state could not be written; retrying after the next message")


async def _outcome(result: Coroutine[Any, Any, object] | Deferred[object]) -> object:
    """Return what a handler's result comes to.

    A Deferred of somebody's may fail with what is no exception: that cannot be raised in a coroutine and ends the
    outermost one, wherever the Deferred is awaited. Run this as a Deferred of its own, and it is only this that ends.
    """
    return await result
