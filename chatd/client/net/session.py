"""One stay with a server, from its OK HELLO on: coming in, what is sent in which order, and what is sent again."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from chatd.client.model.changes import Change, RoomsChanged
from chatd.client.model.membership import MembershipCue
from chatd.client.model.reducer import apply_event
from chatd.client.model.room import Room
from chatd.client.model.transcript import UNKNOWN_FATE, Transcript
from chatd.client.net.connection import Connection
from chatd.client.net.session_memory import SessionMemory
from chatd.protocol import names
from chatd.protocol.commands import LOBBY, Command, History, Join, Nick, Part, Tell, Who
from chatd.protocol.errors import Code
from chatd.protocol.events import Done, Event, Refused, Said
from chatd.protocol.moderation_commands import Login, Register
from chatd.protocol.wire import Tags

MAX_UNANSWERED = 64
"""How many lines are on their way before the next one waits for an answer."""
MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 1.0, 5.0
"""How long to wait before something is sent again that the server could not do."""
NOT_PRIVATE = "A password goes over TLS only, so it was not sent; connect with TLS"
PAGE = 100
"""How many messages are asked for in a room of which it is not known what was said last."""

_PERSONAL = frozenset({Code.BAD_NICK, Code.TLS_NEEDED, Code.ALREADY_IN, Code.NAME_NEEDED})
"""What is refused to the one who comes in, and not for the sake of the room."""


class _Message(NamedTuple):
    """Something said, in the order in which it was said."""

    label: str
    text: str


class _Question(NamedTuple):
    """Any other command, and the room it was asked in."""

    label: str
    command: Command
    room: str | None
    own: bool = False
    """Whether nobody but the link asked."""


class Session:
    """What is said to a server over one connection. ``chance`` is when to try again."""

    def __init__(
        self,
        transcript: Transcript,
        connection: Connection,
        make_label: Callable[[], str],
        chance: random.Random,
        memory: SessionMemory,
    ) -> None:
        self.present = False
        """Whether the server let one in; before that nothing is to be sent."""
        self._transcript = transcript
        self._connection = connection
        self._make_label = make_label
        self._chance = chance
        self._memory = memory
        self._sent: dict[str, _Message | _Question] = {}
        self._kept_from: list[Room] = []
        """The rooms that one was not let into, while it is not known whether that is for their sake."""
        self._urgent: deque[_Question] = deque()
        self._queue: deque[_Message | _Question] = deque()
        self._refused: list[_Message] = []
        """What the server could not take now. It goes before what is held back."""
        self._held: list[_Message] = []
        """What was said in a room that is still to be entered, or after something that was refused."""
        self._patient = False
        """Whether messages are held back because one was refused."""
        self._alone = False
        """Whether a NICK is on its way. What is said after it waits: labels hold for one name."""

    def enter(self) -> None:
        """Send the LOGIN, if there is one, and then the first JOIN; the rest follows when it is answered."""
        if (login := self._memory.login) is None:
            self._enter_first()
        elif self._connection.private:
            self._ask(_Question(self._make_label(), login, None, own=True))
        else:
            self._memory.login = None
            self._connection.close(NOT_PRIVATE, refused=True, final=True)

    def _logged_in(self, answer: Done | Refused) -> None:
        if isinstance(answer, Done):
            self._enter_first()
            return
        again_later = answer.code.temporary and answer.code is not Code.SLOW_DOWN
        if not answer.code.temporary:
            self._memory.login = None
        self._connection.close(answer.text, refused=True, final=not again_later)

    def _enter_first(self) -> None:
        joins = self._transcript.rejoin()
        nick, resume = self._transcript.nick, self._transcript.resume
        join = joins[0] if joins else Join(nick, LOBBY, resume=resume)
        self._ask(_Question(self._make_label(), join, join.room, own=True))

    def take_event(self, tags: Tags, event: Event) -> list[Change]:
        """Take in what the server said, and send what follows from it; return what is to be drawn anew."""
        label = tags.get("label", "")
        asked = self._sent.pop(label, None) if isinstance(event, Done | Refused | Said) else None
        changes: list[Change] = []
        match asked, event:
            case _Question(command=Login()), Done() | Refused():
                self._logged_in(event)
            case _Question(command=Join()), Refused():
                changes += self._kept_out(asked, tags, event)
            case _Question(command=History(), own=True), Refused() if event.code.temporary:
                self._ask_later(asked)
            case _:
                changes += apply_event(self._transcript, tags, event)
        match asked, event:
            case _Question(command=Nick()), _:
                self._alone = False
            case _Question(command=Register(password)), Done("REGISTER", (nick, *_)):
                self._memory.login = Login(nick, password)
            case _Question(command=History(), own=True, room=str(name)), Done():
                self._memory.unread.discard(names.key(name))
            case _Message(), Refused() if self._transcript.waits_in(label) is not None:
                self._refused.append(asked)
                self._be_patient()
            case _Message(), _:
                self._memory.sent_as.pop(label, None)
            case _, Done("JOIN", (name, *_)):
                changes += self._entered(name, event)
        self._go_on()
        return changes

    # What one does here; to be called only while `present`.

    def queue_message(self, label: str, text: str) -> None:
        """Send what the transcript has waiting under a label, after all that was said before."""
        self._queue.append(_Message(label, text))
        self._go_on()

    def queue_command(self, command: Command, room: str | None) -> None:
        """Send a command that somebody asked for in a room."""
        if isinstance(command, Part) and (place := self._transcript.find_room(command.room)) is not None:
            place.change_membership(MembershipCue.GIVE_UP)
        self._queue.append(_Question(self._make_label(), command, room))
        self._go_on()

    def queue_join(self, room: Room) -> None:
        """Enter a room that is wanted."""
        for join in self._transcript.rejoin():
            if join.room == room.name:
                self._urgent.append(self._join(join))
        self._go_on()

    def ask_older(self, room: str) -> None:
        """Ask for the messages before those known, if that is not being done and there can be any."""
        label = self._make_label()
        command = self._transcript.ask_older(room, label, PAGE)
        if command is not None:
            self._urgent.append(_Question(label, command, room))
            self._go_on()

    # Coming in.

    def _join(self, join: Join) -> _Question:
        return _Question(self._make_label(), replace(join, nick=None, resume=None), join.room, own=True)

    def _entered(self, name: str, done: Done) -> list[Change]:
        changes: list[Change] = []
        if not self.present:
            self.present = True
            changes += self._give_up_others()
            for join in self._transcript.rejoin():
                room = self._transcript.find_room(join.room)
                if room is not None and not room.joined:
                    self._urgent.append(self._join(join))
            self._queue += [_Message(label, text) for _, text, label in self._transcript.waiting()]
        self._urgent.append(_Question(self._make_label(), Who(name), None, own=True))
        if done.values.get("recovered") != "yes":
            self._memory.unread.add(names.key(name))
        if names.key(name) in self._memory.unread:
            self._urgent.append(_Question(self._make_label(), History(name, PAGE), name, own=True))
        self._release()
        return changes

    def _give_up_others(self) -> list[Change]:
        """Let fail what was sent under another name: the server would not know it again."""
        key = names.key(self._transcript.nick)
        changes: list[Change] = []
        for label, nick in list(self._memory.sent_as.items()):
            if self._transcript.waits_in(label) is None:
                del self._memory.sent_as[label]
            elif nick != key:
                del self._memory.sent_as[label]
                changes += self._transcript.mark_failed(label, UNKNOWN_FATE)
        return changes

    def _kept_out(self, asked: _Question, tags: Tags, error: Refused) -> list[Change]:
        """Do without a room that the server does not let one into, or try again later."""
        if not self.present and (error.code.temporary or error.code in _PERSONAL):
            self._connection.close(error.text, refused=True)
            return []
        if error.code.temporary:
            self._ask_later(asked)
            return []
        room = self._transcript.find_room(asked.room)
        if room is not None:
            room.change_membership(MembershipCue.GIVE_UP)
            room.out = error.text
            self._kept_from.append(room)
        if self.present:
            self._release()
        elif self._transcript.rejoin() or names.key(asked.room or "") != names.key(LOBBY):
            self._enter_first()
        else:
            if final := error.code in (Code.NOT_ALLOWED, Code.BANNED):  # so it was not for the sake of one room
                for each in self._kept_from:
                    each.change_membership(MembershipCue.WANT)
            self._connection.close(error.text, refused=error.code is not Code.BANNED, final=final)
        return [*apply_event(self._transcript, tags, error), RoomsChanged()]

    # What is sent, and when.

    def _ask(self, question: _Question) -> None:
        label, command, room, own = question
        # The transcript tells the old lines of one answer from those of another by the order of the questions. A WHO
        # that it does not know of is one that nobody asked for, and not shown.
        if not (own and isinstance(command, Who | Login)):
            self._transcript.note_question(label, command, room)
        self._sent[label] = question
        self._connection.write_command(command, label)

    def _ask_later(self, question: _Question) -> None:
        self._transcript.asked.pop(question.label, None)

        def again() -> None:
            room = self._transcript.find_room(question.room)
            if room is not None and room.wanted:
                self._urgent.append(question)
                self._go_on()

        self._connection.later(self._pause(), again)

    def _be_patient(self) -> None:
        if not self._patient:
            self._patient = True
            self._connection.later(self._pause(), self._end_patience)

    def _end_patience(self) -> None:
        self._patient = False
        self._release()
        self._go_on()

    def _pause(self) -> float:
        return self._chance.uniform(MIN_RETRY_SECONDS, MAX_RETRY_SECONDS)

    def _release(self) -> None:
        """Put what was held back to where it was, before all that was said after it."""
        if not self._patient:
            self._queue.extendleft(reversed(self._refused + self._held))
            self._refused, self._held = [], []

    def _go_on(self) -> None:
        """Send what can be sent now."""
        while self.present and len(self._sent) < MAX_UNANSWERED and not self._alone:
            queue = self._urgent or self._queue
            if not queue:
                return
            item = queue.popleft()
            if isinstance(item, _Message):
                self._send_message(item)
                continue
            if isinstance(item.command, Nick):
                if self._sent:
                    self._queue.appendleft(item)
                    return
                self._alone = True
            self._ask(item)

    def _send_message(self, message: _Message) -> None:
        """Send a message, or hold it back; one whose room was closed is forgotten."""
        room = self._transcript.waits_in(message.label)
        if room is None:
            return
        if self._patient or (room.wanted and not room.joined and not room.private):
            self._held.append(message)
            return
        self._sent[message.label] = message
        self._memory.sent_as[message.label] = names.key(self._transcript.nick)
        self._connection.write_command(Tell(room.name, message.text), message.label)
