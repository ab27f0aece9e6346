"""What one connection is told of its owner's conversations: what is new at once, what it missed when it comes.

A line that is stored is told again until it is known to have arrived: there is a marker for each account and
conversation, which moves when the connection has been heard well after the line was sent. So a line may come twice,
with the same id, and none is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from chatd.chat.client import Client
from chatd.chat.missed_lines import Missed, Span, beginning, next_lines
from chatd.chat.private_lines import PROOF_SECONDS
from chatd.journal import Journal, JournalError
from chatd.model.conversation import account_of, other_party
from chatd.model.entry import Reader, StoredEvent
from chatd.protocol.events import Note
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.sockets import origin
from chatd.runtime.timers import TimerWheel

MAX_TOLD = 200
"""How many lines one is told of what came while one was away: the newest. HISTORY has the rest."""
STILL_SECONDS = 180
"""A connection that still stands so long after a line was sent has got it: a dead one would have been noticed."""
RETRY_SECONDS = 1
"""How long to wait where a reader is too slow, or the journal cannot be read."""
NOTE_SECONDS = 10
"""How often it is noted what has arrived."""
MAX_NAMED = 20
"""How many conversations are named in which there is more."""


class Told(Protocol):
    """Up to which id the owners of accounts have been told of their conversations; kept across restarts."""

    def told(self, party: str, conversation: str) -> int:
        """Return up to which id a party is known to have been told, 0 if nothing."""

    def note_told(self, party: str, conversation: str, id_: int) -> None:
        """Note that it has been told up to there."""


class Office(NamedTuple):
    """What the mailboxes share."""

    journal: Journal
    clock: IReactorTime
    timers: TimerWheel
    told: Told
    name_of: Callable[[str], str]
    """Returns an account's name as its owner writes it, given the key."""
    log_limiter: LogLimiter


class Sent(NamedTuple):
    """What was sent to a connection in one second, and may still be on its way."""

    at: float
    """By the clock, in seconds."""
    upto: dict[str, int]
    """The ids of the last lines, by their conversations."""


class Mailbox:
    """One connection's. ``conversations`` are those of its party; it changes as there are more.

    It is behind where it may have missed something; then it reads what is stored. Once that comes to its end in one
    turn, what comes from there on is told as it is delivered.
    """

    __slots__ = (
        "_begun",
        "_behind",
        "_client",
        "_closed",
        "_office",
        "_own",
        "_party",
        "_sent",
        "_told",
        "_wanted",
    )

    def __init__(self, office: Office, client: Client, party: str, conversations: Mapping[str, None]) -> None:
        self._office = office
        self._client = client
        self._party = party
        self._wanted = conversations
        self._told: dict[str, int] = {}
        self._sent: deque[Sent] = deque()
        self._own = account_of(party)
        self._begun = False
        self._behind = True
        self._closed = False

    @property
    def is_behind(self) -> bool:
        """Whether the connection has not got all that there is."""
        return self._behind

    def open(self) -> None:
        """Begin to tell what was missed, when the batch that is being delivered is."""
        self._office.clock.callLater(0, self._go_on)

    def close(self) -> None:
        """Tell nothing more, and note what has arrived."""
        if not self._closed:
            self._note_arrived()
            self._closed = True

    def take(self, conversation: str, kept: StoredEvent) -> None:
        """Tell a line that was just stored, unless it is told in its turn."""
        if self._behind or kept.id <= self._told.get(conversation, 0):
            return
        if self._client.tell_kept(kept, again=False):
            self._note_sent(conversation, kept.id)
        else:
            self._fall_behind()

    def take_own(self, conversation: str, kept: StoredEvent, author: Reader | None) -> None:
        """Show a line of the owner's own, unless it was said over this connection; it needs not be told again."""
        if self._behind:
            return
        other = account_of(other_party(conversation, self._party))
        if author is not self._client and other and not self._client.tell_own(kept, self._office.name_of(other)):
            return  # the next line that is told notes this one too
        self._note_sent(conversation, kept.id)

    # What has arrived.

    def _note_sent(self, conversation: str, id_: int) -> None:
        now = self._office.timers.now
        self._told[conversation] = id_
        if not self._sent:
            self._office.timers.add(self._look, now + NOTE_SECONDS)
        if not self._sent or self._sent[-1].at != now:
            self._sent.append(Sent(now, {}))
        self._sent[-1].upto[conversation] = id_

    def _look(self, now: float) -> None:
        if not self._closed:
            self._note_arrived()
            if self._sent:
                self._office.timers.add(self._look, now + NOTE_SECONDS)

    def _note_arrived(self) -> None:
        heard, now = self._client.heard, self._office.timers.now
        arrived: dict[str, int] = {}
        while self._sent and (self._sent[0].at + PROOF_SECONDS < heard or self._sent[0].at + STILL_SECONDS < now):
            arrived |= self._sent.popleft().upto
        for conversation, id_ in arrived.items():
            self._office.told.note_told(self._party, conversation, id_)

    # What was missed.

    def _fall_behind(self) -> None:
        self._behind = True
        self._office.timers.add(self._go_on, self._office.timers.now + RETRY_SECONDS)

    def _go_on(self, _now: float = 0) -> None:
        def failed(failure: Failure) -> None:
            whose = origin(self._client.address)
            self._office.log_limiter.failure("private messages from before could not be delivered", whose, failure)
            self._client.disconnect_on_fault()

        Deferred.fromCoroutine(self._catch_up()).addErrback(failed)

    async def _catch_up(self) -> None:
        """Tell what is stored, until there is no more or the reader is too slow for now."""
        journal = self._office.journal
        try:
            if not self._begun:
                await self._leave_out_the_oldest()
            while not self._closed and (spans := self._spans()):
                if not self._send(await next_lines(journal, spans, self._own)):
                    self._fall_behind()
                    return
        except JournalError:  # which was logged
            self._fall_behind()
            return
        self._behind = self._closed

    def _spans(self) -> dict[str, Span]:
        """Return what there is to tell."""
        spans: dict[str, Span] = {}
        for conversation in self._wanted:
            room_state = self._office.journal.room_state(conversation)
            if room_state is None:
                continue
            told = self._told.get(conversation) or self._office.told.told(self._party, conversation)
            if told > room_state.last_id:  # the journal is another, or an older copy was put in its place
                told = 0
            if room_state.said_id > told:
                spans[conversation] = Span(told, room_state.said_id)
        return spans

    async def _leave_out_the_oldest(self) -> None:
        """Begin at the newest lines, and name the conversations in which there is more."""
        spans = self._spans()
        first, more = await beginning(self._office.journal, spans, MAX_TOLD, self._own)
        for conversation, (after, upto) in spans.items():
            self._told[conversation] = min(max(after, first - 1), upto)
        self._begun = True
        if more and not self._closed:
            others = [account_of(other_party(conversation, self._party)) for conversation in more[:MAX_NAMED]]
            asked = ", ".join(f"HISTORY {self._office.name_of(each)}" for each in others if each)
            asked = asked or "HISTORY and a nick"
            self._client.send_event(Note(f"You received more messages while you were away. To read them: {asked}"))

    def _send(self, lines: Iterable[Missed]) -> bool:
        """Tell lines; return whether the reader took them all."""
        for conversation, id_, kept in lines:
            if self._closed:
                return True
            if kept is not None and not self._client.tell_kept(kept, again=True):
                return False
            self._note_sent(conversation, id_)
        return True
