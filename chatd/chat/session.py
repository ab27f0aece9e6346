"""The queue of one connection's commands: their order, their way through the journal, and the end of it all."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from typing_extensions import override

from chatd import __version__
from chatd.chat import (
    auditing,
    barred,
    full_rooms,
    guidance,
    handlers,
    outcomes,
    permissions,
    quotas,
    replay,
    speaking,
)
from chatd.chat.command_rows import Task, Work
from chatd.chat.hub import Hub
from chatd.chat.keepalive import Heard, Keepalive
from chatd.chat.participant import Participant
from chatd.chat.peer import Peer
from chatd.chat.private_lines import PrivateLine, PrivateLines
from chatd.journal import JournalError
from chatd.model.authorship import account_key
from chatd.model.entry import INTERNAL, Entry, Member, Place, RoomEvent
from chatd.model.room_policy import Identity
from chatd.protocol import commands, events, plain, wire
from chatd.protocol.errors import ChatError, DisconnectReason
from chatd.protocol.events import Said
from chatd.protocol.references import REFERRING
from chatd.protocol.wire import Request
from chatd.runtime.sockets import origin

MAX_IN_FLIGHT = 256
"""How many things said by one session may be on their way before it is not read from."""
MAX_CHARACTERS_IN_FLIGHT = 64 * 1024
"""How much text; what others say waits behind it to be stored."""
SHARE_IN_FLIGHT = 4
SHARE_OF_CHARACTERS = 2048
"""How much of that one may have on its way while the journal is over its soft limit, so that who says little does not
wait long."""
GREETING = f"This is chatd {__version__}. JOIN <your name> to come in, MSG <text> to speak, HELP for more."
_GREETING_LINE = wire.encode(plain.render(events.Note(GREETING)))


class Phase(Enum):
    """What a session does with the next request."""

    OPEN = "it is carried out"
    HELD = "it waits until less is on its way to the journal"
    BUSY = "it waits until the one before it is done"
    ENDED = "there is none"


NEXT = {
    Phase.OPEN: {Phase.HELD, Phase.BUSY, Phase.ENDED},
    Phase.HELD: {Phase.OPEN, Phase.BUSY, Phase.ENDED},
    Phase.BUSY: {Phase.OPEN, Phase.ENDED},
    Phase.ENDED: set[Phase](),
}
"""The phases that may follow one."""
# Python 3.11 takes 70 ns to look up a member of an enum, and these are asked for at every line.
_OPEN, _HELD, _BUSY = Phase.OPEN, Phase.HELD, Phase.BUSY


class Session(Participant, Heard):
    """What one connection has asked for, and what its next line would do.

    A command that has a reply waits until all that the session did before has come back from the journal, so that the
    reply stands after it; things said follow one another without waiting. `handlers` says what each command does.
    """

    __slots__ = (
        "_characters_in_flight", "_in_flight", "_keepalive", "_phase", "_private", "_saying", "_waiting",
    )  # fmt: skip

    def __init__(self, hub: Hub, peer: Peer) -> None:
        self._phase = Phase.OPEN
        super().__init__(hub, peer)
        self._private: PrivateLines | None = None  # made at the first: an empty deque is 624 bytes
        self._in_flight = 0
        self._characters_in_flight = 0
        self._saying = False
        self._waiting: Request | ChatError | Task | None = None
        self._keepalive: Keepalive | None = Keepalive(self, hub.timers, hub.limits)
        if (ban := permissions.server_ban(self)) is not None:
            barred.bar(self, ban)
        else:
            self.send(_GREETING_LINE)

    @property
    @override
    def ended(self) -> bool:
        return self._phase is Phase.ENDED

    def _change_phase(self, phase: Phase) -> None:
        assert phase in NEXT[self._phase], f"{phase} after {self._phase}"
        self._phase = phase

    # What the edge calls.

    @property
    def ready(self) -> bool:
        """Whether `receive` and `finish` may be called; `Peer.resume_input` says when they may again."""
        if self.hub.journal.over_hard_limit:
            self.hub.stalled[self] = None
            return False
        phase = self._phase
        if phase is _OPEN and not self._in_flight:  # as at nearly every segment
            return self._waiting is None
        if phase is _OPEN or phase is _HELD:
            self._phase = phase = _HELD if self._is_ahead() else _OPEN
        return phase is _OPEN and self._waiting is None

    @property
    def waits(self) -> bool:
        """Whether a request waits for its turn, so that what follows must be left as it arrived."""
        return self._waiting is not None

    @property
    def idle(self) -> bool:
        """Whether nothing that it asked for is still to be done."""
        return self._phase is not _BUSY and self._waiting is None and not self._in_flight

    def receive(self, request: Request | ChatError | Task) -> None:
        """Carry out what the next line asks for, or answer that it could not be read.

        What must come after something that is still on its way is kept, and carried out in its turn.
        """
        # Nearly every line there is: all that follows would ask again what this asks once.
        if type(request) is Request and (self._saying or not self._in_flight) and speaking.say_at_once(self, *request):
            return
        if self.peer.unreachable and handlers.is_question(request):
            return
        if self._in_flight and not (self._saying and handlers.only_says(self, request)):
            self._waiting = request
        else:
            self._carry_out(request)

    def finish(self) -> None:
        """Answer the end of the input, once everything that came before it has been done."""
        self.receive(Request(commands.Quit()))

    @override
    def resume_commands(self) -> None:
        if not self.peer.blocked:
            self._go_on_sending()
        if self._phase is not _BUSY and not self._in_flight and self._waiting is not None:
            request, self._waiting = self._waiting, None
            self._carry_out(request)
        if self.ready:
            self.peer.resume_input()

    @override
    def disconnect(
        self,
        reason: DisconnectReason,
        text: str,
        *,
        parting: bool = True,
        parting_text: str | None = None,
        retry: float | None = None,
    ) -> None:
        if not self.ended:
            last = self.line(events.Ended(reason, text, retry))
            self.peer.close(reason, last if self.stamp is None else self.stamp(last))
            self.connection_lost(parting=parting, parting_text=parting_text)

    def connection_lost(self, *, parting: bool = True, parting_text: str | None = None) -> None:
        """Note that nothing more comes from the peer and nothing reaches it.

        Without ``parting`` the rooms are told nothing: they end too, or somebody else takes the place.
        """
        if self.ended:
            return
        self._change_phase(Phase.ENDED)
        self._waiting = None
        if self.replay is not None:
            self.replay.close()
        self._watch_no_longer()
        self.hub.dismiss(self)
        if parting:
            self.takeover.release_stale()
            quotas.note_departure(self, len(self.rooms) + (self.joining is not None))
            self.hub.nodes.leave(self, parting_text)
        self._go_on_sending()

    # What the commands call.

    @override
    def submit(
        self, room: str, event: RoomEvent, label: str | None = None, verb: str = "MSG", *, seen: bool = False
    ) -> None:
        self._in_flight += 1
        entry = Entry(room, event, self, label if self.tagged else None, verb)
        entry.source = self.hub.nodes.source(self, event)
        if type(event) is Said:
            # What is said to a person has an answer, which comes before what is done next.
            self._saying = room[0] != "="
            self._characters_in_flight += len(event.text)
            entry.by = (self._voice or self.voice) if self.account is None else account_key(self.account)
            entry.seen = seen
        else:
            self._saying = False
            if type(event) is events.Joined:
                self.joining = (room, event.room)
            elif type(event) in REFERRING:
                entry.by, entry.seen = self.keys, seen
        self.hub.journal.append(entry)

    @override
    def issue_resume_token(self) -> None:
        super().issue_resume_token()
        if self._keepalive is None:
            self._keepalive = Keepalive(self, self.hub.timers, self.hub.limits)
        self._keepalive.expect_life(self.hub.limits)

    @override
    def tell(self, line: PrivateLine, account: str | None = None, *, again: bool = False) -> None:
        super().tell(line, account, again=again)
        if self._private is None:
            self._private = PrivateLines()
        self._private.add(line, self.hub.timers.now, self.heard)

    @override
    def take_untold(self) -> Sequence[PrivateLine]:
        untold, self.takeover.untold = self.takeover.untold, ()
        return [*untold, *(() if self._private is None else self._private.take(self.heard))]

    # What the rooms call.

    @property
    @override
    def judged_as(self) -> tuple[Identity, bool]:
        if self.info is None:
            return self.identity, self.is_operator
        return permissions.judged_as(self.hub, self.info)

    @override
    def takes_over(self, room: Place) -> Member | None:
        return self.hub.nodes.place_for(self, room)

    @override
    def refusal(self, room: Place, entry: Entry) -> ChatError | None:
        return permissions.refusal_at(self, room.key, entry) or full_rooms.refusal(self.hub, room, self, entry)

    @override
    def removed_from(self, room: Place) -> None:
        self.leave(room)

    @override
    def disconnect_on_fault(self) -> None:
        self.disconnect(DisconnectReason.INTERNAL, "internal error; the server's log has the details")

    @override
    def took_effect(self, entry: Entry, room: Place | None) -> bytes:
        if entry.verb == INTERNAL:
            return outcomes.internal(self, entry, room)
        self._in_flight -= 1
        event = entry.event
        if type(event) is Said:
            self._characters_in_flight -= len(event.text)
        if self._phase is _HELD and not self._is_ahead():
            self._phase = _OPEN
            self.hub.unblocked.append(self)
        elif self._waiting is not None and not self._in_flight:
            self.hub.unblocked.append(self)
        if type(event) is Said and room in self.rooms and entry.stored and entry.refused is None:
            return b""  # the one who is there sees it as all others do
        return outcomes.outcome(self, entry, room)

    @override
    def enter(self, room: Place) -> None:
        super().enter(room)
        if not self.tagged:  # a person may be silent, and need not be watched: that is 210 bytes
            self._watch_no_longer()

    def _watch_no_longer(self) -> None:
        if self._keepalive is not None:
            self._keepalive.stop()
            self._keepalive = None

    def _is_ahead(self) -> bool:
        """Return whether so much is on its way to the journal that no more should be said."""
        entries, characters = self._in_flight, self._characters_in_flight
        if entries < SHARE_IN_FLIGHT and characters < SHARE_OF_CHARACTERS:
            return False
        if entries >= MAX_IN_FLIGHT or characters >= MAX_CHARACTERS_IN_FLIGHT:
            return True
        return self.hub.journal.over_soft_limit

    def _carry_out(self, request: Request | ChatError | Task) -> None:
        if self.barred and not barred.hears(self, request):
            return
        if isinstance(request, ChatError):
            request = guidance.meant(self, request)
        if isinstance(request, ChatError):
            self._refuse(request, request.label)
            return
        self.unknown_lines = 0
        try:
            work = request.run() if isinstance(request, Task) else handlers.carry_out(self, request)
        except ChatError as error:
            self._refuse(error, _label(request))
            return
        except JournalError:  # which was logged
            self._refuse(replay.unreadable(), _label(request))
            return
        if work is not None:
            self._change_phase(Phase.BUSY)
            done = Deferred.fromCoroutine(self._finish(work, request))
            if not done.called:
                done.addCallback(lambda _: self.resume_commands())
                done.addErrback(lambda failure: self._log_fault("the next command failed", failure))

    async def _finish(self, work: Work, request: Request | Task) -> None:
        """Carry out what takes time; until it is done no other command is."""
        try:
            await work
        except ChatError as error:
            if isinstance(request, Request):
                error.verb = handlers.verb_of(request.command)
            self._refuse(error, _label(request))
        except JournalError:  # which was logged
            self._refuse(replay.unreadable(), _label(request))
        except Exception:
            self._log_fault("a command failed")
            self.disconnect_on_fault()
        finally:
            if self.barred and not self.ended and isinstance(request, Request):
                barred.send_away(self)  # unless that was a LOGIN which lets it in
            if self._phase is Phase.BUSY:
                self._change_phase(Phase.OPEN)

    def _log_fault(self, what: str, failure: Failure | None = None) -> None:
        self.hub.log_limiter.failure(what, origin(self.address), failure)

    def _refuse(self, error: ChatError, label: str | None) -> None:
        self.untaken = self.untaken or error.verb in outcomes.SAYING
        self.hub.tallies.refusals[error.code] += 1
        auditing.note_refusal(self, error, error.verb, self.nick)
        text = error.text if self.tagged else guidance.explain(self, error)
        self.send_event(events.Refused(error.code, error.verb, text), label, error.tags)
        if not self.tagged:
            guidance.follow_up(self, error)
        if error.fatal:
            self.disconnect(DisconnectReason.REFUSED, "the rest of the input was meant as messages, so it is not read")


def _label(request: Request | Task) -> str | None:
    return request.label if isinstance(request, Request) else None
