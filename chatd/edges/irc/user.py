"""One IRC client: what it is told, and what its session is asked for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred
from typing_extensions import override

from chatd.chat import handlers
from chatd.chat.command_rows import Work
from chatd.chat.hub import Hub
from chatd.edges.irc.answer import Answer
from chatd.edges.irc.capabilities import shown_tags
from chatd.edges.irc.composition import Draft, Piece, composed
from chatd.edges.irc.exchange import Exchange
from chatd.edges.irc.form import Forms
from chatd.edges.irc.message import Message, render
from chatd.edges.irc.pending import Pending, Result
from chatd.edges.irc.person import Person
from chatd.edges.irc.read_times import ReadTimes
from chatd.edges.irc.reference_telling import REPLIES
from chatd.edges.irc.session import IrcSession, Owner
from chatd.edges.peer_connection import PeerConnection
from chatd.model.entry import Entry
from chatd.protocol import wire
from chatd.protocol.commands import Command, Tell
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Refused
from chatd.protocol.wire import NO_TAGS, Request


class IrcUser(Owner):
    """The client of one connection; ``frames`` returns what carries its lines. ``ident`` is what it gave with USER."""

    def __init__(self, forms: Forms, peer: PeerConnection, frames: Callable[[bytes], bytes]) -> None:
        assert isinstance(peer.session, IrcSession)
        self.server = server = forms.server
        self._forms = forms
        self.peer = peer
        self._frames = frames
        self.session = peer.session
        self.session.deliver = peer.send_frame if frames is bytes else self.write
        self.set_capabilities(())
        self.capability_version = 301
        self.negotiates = False
        """Whether it negotiates capabilities, so that it is not registered before it says that this is over."""
        self.registered = False
        """Whether it has a nick, and was welcomed under it."""
        self.wanted_nick = ""
        self.ident = ""
        self.password = ""
        """What it gave with PASS."""
        self.exchange: Exchange | None = None
        """The SASL exchange that it is in."""
        self.draft: Draft | None = None
        """The batch of several lines that it has opened."""
        self.invisible = False
        self.signed_on = server.hub.now
        """In milliseconds since 1970."""
        self.read_times = ReadTimes()
        self.told_quit = ("", "")
        """Who has gone, and when, as far as it was told of it last: those who shared several rooms are told once."""
        self.answering: Answer | None = None
        """The answer to the line that is being carried out."""
        self.numbers = count(1)
        self._labels = f"irc-{server.hub.make_secret()[:8]}-"
        self._pending: dict[str, Pending] = {}
        self._settled: list[Pending] = []
        self.held: list[bytes] | None = None
        """What is written for the time being, in place of sending it."""
        self._known: object = None
        self._person = Person("", "", "", "")

    # What there is to know of it.

    @property
    def hub(self) -> Hub:
        """The hub of the node."""
        return self.server.hub

    @property
    def nick(self) -> str:
        """What it goes by, or a star before that."""
        return str(self.session.nick) if self.registered else "*"

    @property
    def person(self) -> Person:
        """How it is shown to others."""
        session = self.session
        known = (session.nick, session.account, session.realname, session.bot)
        if known != self._known:
            self._known = known
            self._person = self.server.make_person(session, self.ident)
        return self._person

    def has(self, capability: str) -> bool:
        """Return whether it has a capability."""
        return capability in self.capabilities

    def set_capabilities(self, capabilities: Collection[str]) -> None:
        """Note which capabilities it has from here on."""
        self.capabilities = frozenset(capabilities)
        self.form = self.session.form = self._forms.of(self.capabilities)

    # What it is told.

    def reply(self, numeric: str, *params: str) -> None:
        """Answer it with a numeric, or another message of the server's that begins with the one it is for."""
        self.answer(Message(numeric, (self.nick, *params), self.server.name))

    def fail(self, command: str, code: str, *context: str, kind: str = "FAIL") -> None:
        """Answer it with a standard reply (IRCv3); the last of ``context`` is a sentence."""
        self.answer(Message(kind, (command, code, *context), self.server.name))

    def answer(self, message: Message) -> None:
        """Tell it something that answers its line; it stands in the batch of that."""
        if self.answering is None:
            self.send(message)
        else:
            self.answering.add(message)

    def send(self, message: Message) -> None:
        """Tell it something that answers nothing."""
        self.write(self.encode(message))

    async def send_all(self, messages: Iterable[Message]) -> None:
        """Answer it with many messages, as fast as it reads them, and others have their turn in between."""
        answer = self.answering

        def lines() -> Iterable[bytes]:
            for message in messages:
                written: list[bytes] = []
                before = self.collect(written)
                if answer is None:
                    self.send(message)
                else:
                    answer.add(message)
                self.collect(before)
                yield b"".join(written)

        await self.session.send_all(lines(), self.write)

    def encode(self, message: Message) -> bytes:
        """Return a message as this client reads it: as several, if its text takes these."""
        known = self.server.pieces.of(message.tags.get("msgid", ""))
        return b"".join(map(self._encode_one, composed(message, self.capabilities, known)))

    def _encode_one(self, message: Message) -> bytes:
        tags = message.tags
        if "server-time" in self.capabilities and "time" not in tags and message.command != "ACK":
            tags = {**tags, "time": wire.timestamp(self.hub.now)}
        return render(message, shown_tags(tags, self.capabilities) if tags else tags)

    def write(self, data: bytes) -> None:
        """Send what is in the client's language, in its turn."""
        if self.held is not None:
            self.held.append(data)
        elif data:
            self.peer.send_frame(self._frames(data))

    def write_private(self, data: bytes) -> bool:
        """Send what somebody says to this client alone; return False if it reads too slowly to be sent more."""
        if self.held is not None:
            self.held.append(data)
            return True
        return self.peer.send_private_frame(self._frames(data))

    def collect(self, held: list[bytes] | None) -> list[bytes] | None:
        """Have what is written put into a list, or sent again; return what was so before."""
        before, self.held = self.held, held
        return before

    # What its session is asked.

    def begin(self, label: str) -> Answer:
        """Return the answer to a line with a label, empty if it has none or the client knows of none."""
        label = label if "labeled-response" in self.capabilities else ""
        return Answer(self.send, label, self.numbers, self.server.name)

    def expect(
        self,
        command: Command,
        answer: Answer,
        client_tags: Mapping[str, str] = NO_TAGS,
        pieces: Sequence[Piece] = (),
    ) -> Pending:
        """Return what stands for a command that the session is to be asked, under its label, until that is done."""
        pending = Pending(self.new_msgid(), answer, command, client_tags, pieces)
        self._pending[pending.label] = pending
        if client_tags and isinstance(command, Tell) and not command.to.startswith("#"):
            self.server.client_tags.note(pending.label, client_tags)
        return pending

    def new_msgid(self) -> str:
        """Return what something is called that is stored nowhere: no other message of any node is called that.

        It is the label, too, of what the session is asked: so a private line is called alike at both ends.
        """
        return f"{self._labels}{next(self.numbers)}"

    async def ask(
        self, command: Command, client_tags: Mapping[str, str] = NO_TAGS, pieces: Sequence[Piece] = ()
    ) -> Result:
        """Have the session carry out a command in the turn of the present line, and return what became of it."""
        return await self.ask_by(
            command, lambda label: handlers.carry_out(self.session, Request(command, label)), client_tags, pieces
        )

    async def ask_by(
        self,
        command: Command,
        carry_out: Callable[[str], Work | None],
        client_tags: Mapping[str, str] = NO_TAGS,
        pieces: Sequence[Piece] = (),
    ) -> Result:
        """Have something carried out, given its label, that does what a command would; return what became of it."""
        answer = self.answering or self.begin("")
        if self.session.ended:
            return Result(Refused(Code.UNAVAILABLE, "", "the connection has ended"))
        pending = self.expect(command, answer, client_tags, pieces)
        try:
            work = carry_out(pending.label)
            if work is not None:
                await work
        except ChatError as error:
            self.settle(pending.label, Result(Refused(error.code, error.verb, error.text), error.tags))
        result = await self.result_of(pending)
        self.answering = answer
        return result

    async def result_of(self, pending: Pending) -> Result:
        """Return what became of a command, when that is known."""
        if pending.result is None:
            pending.waiting = Deferred()
            await pending.waiting
        assert pending.result is not None
        return pending.result

    def withdraw(self, pending: Pending) -> None:
        """Expect nothing of what the session did not take."""
        if self._pending.pop(pending.label, None) is not None:
            pending.answer.close()

    def pending(self, label: str | None) -> Pending | None:
        """Return what a label of the session's stands for."""
        return self._pending.get(label or "")

    def awaited(self, kind: type[Any]) -> Iterable[Any]:
        """Return the commands of a kind that the session has not said the last of."""
        return [each.command for each in self._pending.values() if isinstance(each.command, kind)]

    def pending_own(self, *kinds: type[Any]) -> Pending | None:
        """Return the first command of some kinds of which the last was not said yet."""
        return next((each for each in self._pending.values() if isinstance(each.command, kinds)), None)

    def settle(self, label: str, result: Result) -> None:
        """Note what became of a command."""
        pending = self._pending.pop(label, None)
        if pending is not None:
            pending.settle(result)
            if pending.waiting is not None:
                self._settled.append(pending)

    def with_notice(self, command: Tell, *, is_notice: bool, tags: Mapping[str, str]) -> Tell:
        """Return what is said as what programs do not answer, if it is that, and as what it answers."""
        return replace(command, reply=self.referred_to(tags), notice=is_notice)

    def referred_to(self, tags: Mapping[str, str]) -> int | None:
        """Return the id of the message that tags say something is about; None if they name none of this journal."""
        msgid = next((tags[key] for key in REPLIES if key in tags), "")
        return self.server.id_of(msgid) or None

    def own_message(
        self, command: str, target: str, text: str, done: Done, label: str, client_tags: Mapping[str, str]
    ) -> Message:
        """Return what this client has told somebody under a label of the session's, as it is told of it itself."""
        tags = {**client_tags, "msgid": label}
        if "id" in done.values:
            tags |= {"msgid": self.server.msgid(done.values["id"]), "time": done.values["time"]}
        person = self.person
        if person.account is not None:
            tags["account"] = person.account
        if person.bot:
            tags["bot"] = ""
        return Message(command, (target, text), person.source, tags)

    # What its session tells it.

    @override
    def took_effect(self, entry: Entry) -> None:
        pending = None if entry.label is None else self.pending(entry.label)
        if pending is None:
            return
        if pending.client_tags and entry.stored:
            self.server.client_tags.note(self.server.msgid(entry.id), pending.client_tags)
        if pending.pieces and entry.stored:
            self.server.pieces.note(self.server.msgid(entry.id), pending.pieces)
        if pending.waiting is not None:
            self.hub.unblocked.append(self.session)

    @override
    def label_of_refused(self, room: str, text: str) -> str:
        answer = self.begin("")
        pending = self.expect(Tell(room, text), answer)
        answer.close()
        pending.was_said_at_once = True
        return pending.label

    @override
    def go_on(self) -> None:
        settled, self._settled = self._settled, []
        for pending in settled:
            pending.told()

    @override
    def lost(self) -> None:
        for label in list(self._pending):
            with suppress(Exception):  # whatever waits must not keep the others from their end
                self.settle(label, Result(Refused(Code.UNAVAILABLE, "", "the connection has ended")))
        self.go_on()
        if self.registered:
            self.server.departures.note(self.person, self.hub.now)
