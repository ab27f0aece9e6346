"""Reloads: one after the other, as they are asked for, each to its end and with an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from chatd.app.checks import checks_for_reload
from chatd.app.checks.result import Result, State
from chatd.app.reloading.applying import Applying
from chatd.app.reloading.comparison import changed, needs_restart, now_holds
from chatd.app.wanted import Wanted
from chatd.protocol.text import clean

UNCHANGED = "nothing was changed"
FAILED = 1
REFUSING = frozenset({"configuration", "installed", "pam"})
"""The subjects of which nothing may be wrong in what is taken up.

Of the others the doors and the certificates show by themselves whether they are right, and what is wrong with the
machine or with files that are open already is told: a reload may be what puts it right.
"""

Say = Callable[[str], None]
_log = Logger()


class Reloader:
    """Reloads the options that the daemon was started with.

    ``obstacle`` returns what keeps it from that now, in a sentence, empty if nothing does. ``began`` and ``ended`` are
    told of every reload, whatever becomes of it.
    """

    def __init__(
        self,
        reactor: Any,
        options: Wanted,
        applying: Applying,
        obstacle: Callable[[], str],
        began: Callable[[], None] = lambda: None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._reactor = reactor
        self._started = self._current = options
        self._applying = applying
        self._obstacle = obstacle
        self._began = began
        self._ended = ended
        self._turn = DeferredLock()
        self._change = DeferredLock()

    async def reload(self, say: Say) -> int:
        """Reload, when those before are done; ``say`` is told what became of it, and so is the log.

        Return the exit status for whoever asked: 0 if the options hold now, as far as they can without a restart.
        """
        await self._turn.acquire()
        try:
            self._began()
            return await self._reload(lambda sentence: _tell(say, sentence))
        finally:
            self._ended()
            self._turn.release()

    def on_signal(self) -> None:
        """Reload, and tell the log alone."""
        done: Deferred[int] = Deferred.fromCoroutine(self.reload(lambda _sentence: None))
        done.addErrback(lambda failure: _log.failure("the reload failed", failure))

    async def settled(self) -> None:
        """Return when nothing is being changed."""
        await self._change.acquire()
        self._change.release()

    async def _reload(self, say: Say) -> int:
        if why := self._obstacle():
            return _refuse(say, why)
        threads = self._reactor.getThreadPool()
        try:
            wanted, wrong = await deferToThreadPool(self._reactor, threads, _read, self._current)
        except ValueError as error:
            return _refuse(say, str(error))
        await self._change.acquire()
        try:
            if why := self._obstacle():
                return _refuse(say, why)
            told = await self._applying.apply(self._current, wanted)
        except ValueError as error:
            return _refuse(say, str(error))
        finally:
            self._change.release()
        before, self._current = self._current, wanted
        self._say_what_became(say, before, told)
        for each in wrong:
            say(f"chatd check: {_told(each)}")
        return 0

    def _say_what_became(self, say: Say, before: Wanted, told: Sequence[str]) -> None:
        after = self._current
        taken = [now_holds(after, name) for name in changed(before, after, live=True)]
        left = [needs_restart(self._started, after, name) for name in changed(self._started, after, live=False)]
        if after["config"] is None:
            say("there is no --config, so options are unchanged; files that they name were read again")
        for sentence in [*(taken + list(told) or [UNCHANGED]), *left]:
            say(sentence)


def _read(current: Wanted) -> tuple[Wanted, Sequence[Result]]:
    """Return what the options are to be, and what is wrong beside them; in a thread, for it takes its time.

    Raise `ValueError`, with a sentence, if something is wrong with the options.
    """
    try:
        wanted = current.read_again()
    except SystemExit as stop:
        raise ValueError(str(stop).removeprefix("chatd: ")) from None
    wrong = [each for each in checks_for_reload(wanted) if each.state is State.WRONG]
    for each in wrong:
        if each.subject in REFUSING:
            raise ValueError(_told(each))
    return wanted, wrong


def _told(result: Result) -> str:
    return f"{result.what}; {result.do}" if result.do else result.what


def _refuse(say: Say, why: str) -> int:
    say(f"{UNCHANGED}: {why}")
    return FAILED


def _tell(say: Say, sentence: str) -> None:
    sentence = clean(" ".join(sentence.split()))
    _log.info("reload: {what}", what=sentence)
    say(sentence)
