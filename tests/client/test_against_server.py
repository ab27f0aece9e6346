"""The client's state, fed by the daemon's own domain: what the two make of the protocol is the same."""

from __future__ import annotations

from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.client.model import slash
from chatd.client.model.lines import Delivery, Kind
from chatd.client.model.older import ask_older
from chatd.client.model.reducer import apply_event
from chatd.client.model.transcript import Transcript
from chatd.protocol import commands, wire
from chatd.protocol.commands import Command, Tell
from tests.support.in_memory_chat import ChatClient, InMemoryChat


class Program:
    """A transcript and its connection to a chat, as the link will join them."""

    def __init__(self, chat: InMemoryChat, nick: str) -> None:
        self.chat = chat
        self.transcript = Transcript(nick, lambda: int(chat.clock.seconds() * 1000))
        self.person: ChatClient | None = None
        self._labels = (f"{nick}{n}" for n in count())

    def connect(self) -> None:
        """Come in, enter the rooms again and say again what waits."""
        self.transcript.connected()
        self.person = ChatClient(self.chat.hub)
        self._send(commands.Hello("1"), None)
        for join in self.transcript.rejoin() or [commands.Join(self.transcript.nick, "#r")]:
            self._send(join, None)
        for room, text, label in self.transcript.waiting():
            self._send(Tell(room, text), label)
        self.read()

    def lose(self) -> None:
        """Break the connection off."""
        if self.person is not None:
            self.person.lose()
            self.person = None
            self.transcript.disconnected()

    def types(self, text: str) -> None:
        """Carry out what is typed into the room."""
        typed = slash.read(text, "#r")
        assert not typed.complaint
        for command in typed.commands:
            assert not isinstance(command, slash.ShowSettings)
            label = next(self._labels)
            if isinstance(command, Tell):
                self.transcript.add_waiting(command.to, command.text, label, self.transcript.now())
            else:
                self.transcript.note_question(label, command, "#r")
            if self.person is not None:
                self._send(command, label)

    def older(self) -> None:
        """Ask for two more messages of before."""
        label = next(self._labels)
        command = ask_older(self.transcript, "#r", label, 2)
        if command is not None:
            self._send(command, label)

    def read(self) -> None:
        """Take in what has arrived."""
        self.chat.turn()
        for line in self.person.take() if self.person is not None else []:
            apply_event(self.transcript, *wire.parse_event(line.encode()))

    def _send(self, command: Command, label: str | None) -> None:
        assert self.person is not None
        line = wire.encode(wire.render(command), {"label": label} if label else wire.NO_TAGS)
        self.person.says(line.decode().removesuffix("\r\n"))
        self.read()

    def said(self) -> list[tuple[int, str, str]]:
        """Return what the client shows as stored, in its order."""
        lines = self.transcript.rooms["#r"].lines
        return [
            (line.id, line.nick, line.text)
            for line in lines
            if line.kind is Kind.SAID and line.state is Delivery.STORED
        ]


def test_a_conversation() -> None:
    chat = InMemoryChat()
    ann, bob = Program(chat, "ann"), Program(chat, "bob")
    ann.connect()
    bob.connect()
    for each in (ann, bob):
        each.types("/who")
    ann.types("hello\nthere, bob")
    bob.types("/topic tea")
    bob.types("/tell ann psst")
    bob.types("/nick rob")
    ann.read()
    ann.types("/tell rob what?")
    ann.read()
    bob.read()
    room = ann.transcript.rooms["#r"]
    assert ann.said() == bob.said() == [(1, "ann", "hello"), (2, "ann", "there, bob")]
    assert (room.topic, list(room.members), room.count) == ("tea", ["ann", "rob"], 2)
    assert [line.text for line in ann.transcript.rooms["rob"].lines] == ["psst", "rob", "what?"]
    assert [line.state for line in ann.transcript.rooms["rob"].lines] == [Delivery.STORED] * 3
    assert (bob.transcript.nick, bob.transcript.rooms["#r"].mentions) == ("rob", 1)
    bob.types("/part bye")
    ann.read()
    assert (list(room.members), room.lines[-1].text, bob.transcript.rejoin()) == (["ann"], "bye", [])


def test_a_lost_connection_loses_nothing_and_says_nothing_twice() -> None:
    chat = InMemoryChat()
    ann, bob = Program(chat, "ann"), Program(chat, "bob")
    ann.connect()
    bob.connect()
    ann.types("one")
    assert bob.person is not None
    bob.types("two")
    bob.lose()
    ann.types("three")
    bob.types("four")
    assert [text for _, text, _ in bob.transcript.waiting()] == ["four"]
    bob.connect()
    ann.read()
    expected = [(1, "ann", "one"), (2, "bob", "two"), (3, "ann", "three"), (4, "bob", "four")]
    assert ann.said() == bob.said() == expected
    assert bob.transcript.waiting() == []
    assert bob.transcript.rooms["#r"].unread == 2


STEPS = st.lists(
    st.tuples(
        st.integers(0, 1), st.sampled_from(["say", "say", "lose", "connect", "older", "read", "topic", "who", "find"])
    ),
    max_size=50,
)


@settings(deadline=None, max_examples=100)
@given(STEPS)
def test_whatever_breaks_off_everybody_reads_the_same(steps: list[tuple[int, str]]) -> None:
    chat = InMemoryChat()
    programs = Program(chat, "ann"), Program(chat, "bob")
    for program in programs:
        program.connect()
    for n, (who, what) in enumerate(steps):
        program = programs[who]
        match what:
            case "say":
                program.types(f"text {n}")
            case "lose":
                program.lose()
            case "connect" if program.person is None:
                program.connect()
            case _ if program.person is None:
                pass
            case "older":
                program.older()
            case "topic" | "who":
                program.types(f"/{what}" + (f" {n}" if what == "topic" else ""))
            case "find":
                program.types("/search text")
            case _:
                program.read()
    for program in programs:
        if program.person is None:
            program.connect()
    for program in programs:
        program.read()
        assert program.transcript.waiting() == []
    everything = [text for _, _, text in programs[0].said()]
    assert programs[0].said() == programs[1].said()
    assert sorted(everything) == sorted(f"text {n}" for n, (_, what) in enumerate(steps) if what == "say")
