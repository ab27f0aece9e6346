"""One session with a server, from its OK HELLO on: joining, what is sent in which order, and what is sent again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

from chatd.client.model.changes import Change, RegisterAnswered, RoomsChanged
from chatd.client.model.membership import MembershipCue
from chatd.client.model.older import ask_older
from chatd.client.model.reducer import apply_event
from chatd.client.model.room import Room
from chatd.client.model.seen import begin_markers, knows_little_of, private_questions
from chatd.client.model.standing import to_know, to_repeat
from chatd.client.model.transcript import Transcript
from chatd.client.net.connection import Aftermath, Connection
from chatd.client.net.refusals import JOIN_TROUBLES, LOGIN_TROUBLES, PERSONAL, Refusals
from chatd.client.net.seen_reports import SeenReports
from chatd.client.net.send_queue import Flow, Message, Question, SendQueue
from chatd.client.net.session_memory import SessionMemory
from chatd.client.net.stage import Stage
from chatd.client.net.trouble import Trouble
from chatd.protocol import names
from chatd.protocol.commands import LOBBY, Away, Command, History, Ignore, Join, Nick, Part, Seen, Tell, Topic, Who
from chatd.protocol.errors import Code
from chatd.protocol.events import Done, Event, Refused, Said
from chatd.protocol.moderation_commands import Login, Register, Rules
from chatd.protocol.wire import Tags

MAX_UNANSWERED = 64
"""How many lines are on their way before the next one waits for an answer."""
MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 1.0, 5.0
"""How long to wait before something is sent again that the server could not do."""
NOT_PRIVATE = "Not sent: passwords are sent over TLS only; connect with TLS"
PAGE = 100
"""How many messages are asked for in a room of which it is not known what was said last."""


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
        self._stage = Stage.ARRIVING
        self._transcript = transcript
        self._connection = connection
        self._make_label = make_label
        self._chance = chance
        self._memory = memory
        self._sent: dict[str, Message | Question] = {}
        self._refusals = Refusals(transcript, connection, memory)
        self._queue = SendQueue()
        self._seen_reports = SeenReports(transcript, connection, self._report_seen)

    @property
    def present(self) -> bool:
        """Whether the server let one in; before that nothing is to be sent."""
        return self._stage is not Stage.ARRIVING

    def end(self) -> None:
        """Note that the connection is gone."""
        if not self.present:
            self._refusals.withdraw()

    def enter(self) -> None:
        """Send the LOGIN, if there is one, and then the first JOIN; the rest follows when it is answered."""
        if (login := self._memory.login) is None:
            self._enter_first()
        elif self._connection.private:
            self._ask(Question(self._make_label(), login, None, own=True))
        else:
            self._memory.login = None
            self._connection.close(NOT_PRIVATE, Aftermath.ASK_PASSWORD, trouble=Trouble.PASSWORD_UNSAFE)

    def _logged_in(self, answer: Done | Refused) -> None:
        if isinstance(answer, Done):
            self._memory.account = answer.words[0] if answer.words else ""
            self._enter_first()
            return
        again_later = answer.code.temporary and answer.code is not Code.SLOW_DOWN
        if not answer.code.temporary:
            self._memory.login = None
        aftermath = Aftermath.RETRY_REFUSED if again_later else Aftermath.ASK_PASSWORD
        trouble = LOGIN_TROUBLES.get(answer.code, Trouble.LOGIN_REFUSED)
        self._connection.close(answer.text, aftermath, trouble=trouble)

    def _enter_first(self) -> None:
        joins = self._transcript.rejoin()
        nick, resume = self._transcript.nick, self._transcript.resume
        join = joins[0] if joins else Join(nick, LOBBY, resume=resume)
        self._ask(Question(self._make_label(), join, join.room, own=True))

    def take_event(self, tags: Tags, event: Event) -> list[Change]:
        """Take in what the server said, and send what follows from it; return what is to be redrawn."""
        label = tags.get("label", "")
        asked = self._sent.pop(label, None) if isinstance(event, Done | Refused | Said) else None
        changes: list[Change] = []
        match asked, event:
            case Question(command=Login()), Done() | Refused():
                self._logged_in(event)
            case Question(command=Join()), Refused():
                changes += self._kept_out(asked, tags, event)
            case Question(command=History(), own=True), Refused() if event.code.temporary:
                self._ask_later(asked)
            case Question(own=True, command=Seen() | Rules() | Who() | Away() | Ignore() | Topic()), Refused():
                self._transcript.asked.pop(label, None)  # nobody has asked
            case Question(command=History(person=str()), own=True), Refused():
                self._transcript.asked.pop(label, None)
            case Question(command=Register(), own=True), Done() | Refused():
                changes.append(RegisterAnswered("" if isinstance(event, Done) else event.text))
            case _:
                changes += apply_event(self._transcript, tags, event)
        match asked, event:
            case Question(command=Nick()), _:
                self._stage = Stage.PRESENT
            case Question(command=Register(password)), Done("REGISTER", (nick, *_)):
                self._memory.login, self._memory.account = Login(nick, password), nick
                begin_markers(self._transcript)
                self._seen_reports.begin()
            case Question(command=History(), own=True, room=str(name)), Done():
                self._memory.unread.discard(names.key(name))
                if (place := self._transcript.find_room(name)) is not None:
                    place.is_stored = False
            case Message(), Refused() if self._transcript.waits_in(label) is not None:
                self._queue.hold_refused(asked)
                self._hold_messages()
            case Message(), _:
                self._memory.sent_as.pop(label, None)
            case _, Done("JOIN", (name, *_)):
                changes += self._entered(name, event)
        self._go_on()
        return changes

    # What one does here; to be called only while `present`.

    def queue_message(self, label: str, text: str) -> None:
        """Send what the transcript has waiting under a label, after all that was said before."""
        self._queue.append_item(Message(label, text))
        self._go_on()

    def queue_command(self, command: Command, room: str | None) -> None:
        """Send a command that somebody asked for in a room."""
        if isinstance(command, Part) and (place := self._transcript.find_room(command.room)) is not None:
            place.change_membership(MembershipCue.GIVE_UP)
        self._queue.append_item(Question(self._make_label(), command, room))
        self._go_on()

    def queue_register(self, command: Register) -> None:
        """Send a REGISTER whose answer belongs in no room."""
        self._queue.append_item(Question(self._make_label(), command, None, own=True))
        self._go_on()

    def queue_join(self, room: Room) -> None:
        """Join a room that is wanted."""
        for join in self._transcript.rejoin():
            if join.room == room.name:
                self._queue.append_urgent(self._join(join))
        self._go_on()

    def ask_older(self, room: str) -> None:
        """Ask for the messages before those known, if that is not being done and there can be any."""
        label = self._make_label()
        command = ask_older(self._transcript, room, label, PAGE)
        if command is not None:
            self._queue.append_urgent(Question(label, command, room))
            self._go_on()

    # Joining.

    def _join(self, join: Join) -> Question:
        return Question(self._make_label(), replace(join, nick=None, resume=None), join.room, own=True)

    def _entered(self, name: str, done: Done) -> list[Change]:
        changes: list[Change] = []
        if not self.present:
            self._stage = Stage.PRESENT
            changes += [*self._refusals.show(), *self._memory.give_up_others(self._transcript)]
            for join in self._transcript.rejoin():
                room = self._transcript.find_room(join.room)
                if room is not None and not room.joined:
                    self._queue.append_urgent(self._join(join))
            self._ask_quietly(to_repeat(self._transcript))
            self._queue.append_all(Message(label, text) for _, text, label in self._transcript.waiting())
            for asked in private_questions(self._transcript):
                self._queue.append_urgent(Question(self._make_label(), asked, asked.person, own=True))
        self._ask_quietly([Who(name)])
        if done.values.get("since") == "unknown":  # the topic that came may be older than the one known before
            self._ask_quietly([Topic(name)])
        if done.values.get("recovered") != "yes" or knows_little_of(self._transcript, name):
            self._memory.unread.add(names.key(name))
        if names.key(name) in self._memory.unread:
            self._queue.append_urgent(Question(self._make_label(), History(name, PAGE), name, own=True))
        self._queue.release()
        if "seen" in done.values:
            self._seen_reports.begin()
        return changes

    def refresh(self, room: str) -> None:
        """Ask what holds in a room and what is known of those in it; the answer is shown nowhere."""
        self._ask_quietly(to_know(self._transcript, room))
        self._go_on()

    def _ask_quietly(self, commands: Iterable[Command]) -> None:
        for command in commands:
            self._queue.append_urgent(Question(self._make_label(), command, None, own=True))

    def _report_seen(self, command: Seen) -> None:
        self._ask_quietly([command])
        self._go_on()

    def _kept_out(self, asked: Question, tags: Tags, error: Refused) -> list[Change]:
        """Do without a room that the server does not let one into, or that is full, or try again later."""
        passes = error.code.temporary and "limit" not in tags
        if not self.present and (passes or error.code in PERSONAL):
            self._connection.close(error.text, Aftermath.RETRY_REFUSED, trouble=JOIN_TROUBLES.get(error.code))
            return []
        if passes:
            self._ask_later(asked)
            return []
        self._refusals.take(asked.room, tags, error)
        if self.present:
            self._queue.release()
        elif self._transcript.rejoin() or names.key(asked.room or "") != names.key(LOBBY):
            self._enter_first()
        else:
            return self._refusals.end(error)
        return [*(self._refusals.show() if self.present else ()), RoomsChanged()]

    # What is sent, and when.

    def _ask(self, question: Question) -> None:
        label, command, room, own = question
        # The transcript tells the old lines of one answer from those of another by the order of the questions. A WHO
        # that it does not know of is one that nobody asked for, and not shown.
        if not (own and isinstance(command, Who | Login | Register | Seen)):
            self._transcript.note_question(label, command, room)
        self._sent[label] = question
        self._connection.write_command(command, label)

    def _ask_later(self, question: Question) -> None:
        self._transcript.asked.pop(question.label, None)

        def again() -> None:
            room = self._transcript.find_room(question.room)
            if room is not None and room.wanted:
                self._queue.append_urgent(question)
                self._go_on()

        self._connection.later(self._pause(), again)

    def _hold_messages(self) -> None:
        if self._queue.flow is Flow.OPEN:
            self._queue.flow = Flow.HELD
            self._connection.later(self._pause(), self._send_held)

    def _send_held(self) -> None:
        self._queue.flow = Flow.OPEN
        self._queue.release()
        self._go_on()

    def _pause(self) -> float:
        return self._chance.uniform(MIN_RETRY_SECONDS, MAX_RETRY_SECONDS)

    def _go_on(self) -> None:
        """Send what can be sent now."""
        while self._stage is Stage.PRESENT and len(self._sent) < MAX_UNANSWERED:
            item = self._queue.take_next()
            if item is None:
                return
            if isinstance(item, Message):
                self._send_message(item)
                continue
            if isinstance(item.command, Nick):
                if self._sent:
                    self._queue.put_back(item)
                    return
                self._stage = Stage.RENAMING
            self._ask(item)

    def _send_message(self, message: Message) -> None:
        """Send a message, or hold it back; one whose room was closed is forgotten."""
        room = self._transcript.waits_in(message.label)
        if room is None:
            return
        if self._queue.flow is Flow.HELD or (room.wanted and not room.joined and not room.private):
            self._queue.hold(message)
            return
        self._sent[message.label] = message
        self._memory.sent_as[message.label] = names.key(self._transcript.nick)
        reply = self._transcript.answered_by(message.label)
        self._connection.write_command(Tell(room.name, message.text, reply), message.label)
