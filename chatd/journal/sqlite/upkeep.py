"""Does in the background what is still to be done in the index of a journal's file, between what others write."""

from __future__ import annotations

from functools import partial

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.journal.sqlite.merging import IndexUpkeep, Step
from chatd.runtime.states import Outage
from chatd.runtime.threads import Worker

LOOK_SECONDS = 10
"""How often is looked whether there is anything to do."""
PAUSES_PER_STEP = 4
"""How much longer than a step the pause after it is, so that four fifths of the thread are for others."""
LEAST_PAUSE_SECONDS = 0.02
WAIT_SECONDS = 1
"""After how long a log that somebody reads is tried again."""
RESTS_PER_MERGE = 100
"""How much longer than a merge the time after it is in which none begins."""
MAX_REST_SECONDS = 60 * 60

_log = Logger()


class Upkeep:
    """Takes the steps of an `IndexUpkeep` in the thread that writes.

    A merge goes through all of the index. So that it is not forever about that, where little is deleted all the time,
    it rests after each, but for at most an hour: so long, and as long as a merge takes, what was deleted can stay.
    """

    def __init__(self, clock: IReactorTime, worker: Worker, index: IndexUpkeep) -> None:
        self._clock = clock
        self._worker = worker
        self._index = index
        self._call: IDelayedCall | None = None
        self._stopped = False
        self._feeds = False
        self._merging_since: float | None = None
        self._rest_until = clock.seconds()
        self._outage = Outage(_log, "cannot maintain the search index", "the search index can be maintained again")

    def start(self) -> None:
        """Begin to look."""
        if self._index.repaired:
            _log.info("repaired the index of {name}; SEARCH finds everything again", name=self._index.path)
        self._call = self._clock.callLater(0, self._look)

    def stop(self) -> None:
        """Take no more steps."""
        self._stopped = True
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _look(self) -> None:
        self._call = None
        began = self._clock.seconds()
        may_merge = began >= self._rest_until
        step = self._worker.do(partial(self._index.step, may_merge=may_merge))
        step.addCallbacks(self._done, self._failed, callbackArgs=(began,))
        step.addErrback(lambda failure: _log.failure("could not maintain the search index", failure))

    def _done(self, step: Step, began: float) -> None:
        if self._stopped:
            return
        self._outage.ended()
        self._tell(step)
        now = self._clock.seconds()
        pause: float = LOOK_SECONDS
        match step:
            case Step.FED | Step.MERGED:
                pause = max(LEAST_PAUSE_SECONDS, PAUSES_PER_STEP * (now - began))
            case Step.WAITED:
                pause = WAIT_SECONDS
            case Step.DONE | Step.NOTHING:
                pass
        if step is Step.MERGED and self._merging_since is None:
            self._merging_since = began
        if step is Step.DONE and self._merging_since is not None:
            self._rest_until = now + min(MAX_REST_SECONDS, RESTS_PER_MERGE * (now - self._merging_since))
            self._merging_since = None
        self._call = self._clock.callLater(pause, self._look)

    def _tell(self, step: Step) -> None:
        """Say that an old file is fed anew, and when it is done."""
        if step is Step.FED and not self._feeds:
            _log.info(
                "{name} is from an older chatd; SEARCH finds less until its index is rebuilt", name=self._index.path
            )
        if step is not Step.FED and self._feeds:
            _log.info("rebuilt the index of {name}; SEARCH finds everything", name=self._index.path)
        self._feeds = step is Step.FED

    def _failed(self, failure: Failure) -> None:
        if self._stopped:
            return
        self._outage.began(failure.getErrorMessage())
        self._call = self._clock.callLater(LOOK_SECONDS, self._look)
