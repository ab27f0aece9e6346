"""What can be done with a person: the menu of a name in the list of people, in the conversation, in the main menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from chatd.client.model.people import Facts, described
from chatd.client.model.room import Room
from chatd.client.model.standing import facts_of, operates
from chatd.client.model.transcript import Transcript
from chatd.client.view.menu_entries import SEPARATOR, Entry
from chatd.client.view.question import Answer
from chatd.client.view.reason_sheet import Asked
from chatd.protocol import commands, names
from chatd.protocol import moderation_commands as orders
from chatd.protocol.commands import Command

SPANS = (("10 minutes", 600), ("1 hour", 60 * 60), ("1 day", 24 * 60 * 60), ("Until it is lifted", None))
"""How long somebody can be muted or banned by menu, in seconds."""


class PersonActions(Protocol):
    """What the menu asks for."""

    @property
    def transcript(self) -> Transcript:
        """What the client knows."""

    @property
    def shown(self) -> Room | None:
        """The room in front, if there is one."""

    def go_to(self, name: str) -> None:
        """Open the conversation with somebody."""

    def mention(self, nick: str) -> None:
        """Put a name into the field."""

    def send(self, command: Command) -> None:
        """Carry out a command, asked for in the room in front."""

    def ask(self, text: str, answers: list[Answer]) -> None:
        """Ask before something is done."""

    def ask_reason(self, asked: Asked) -> None:
        """Ask before something is done, and why."""


class PersonMenu:
    """Makes the entries for one person, in the room in front. ``safe`` makes a text one that can be drawn."""

    def __init__(self, actions: PersonActions, safe: Callable[[str], str]) -> None:
        self._actions = actions
        self._safe = safe

    def entries(self, nick: str) -> tuple[Entry, ...]:
        """Return what can be done with somebody; what one may not do is there, and cannot be chosen."""
        transcript, room = self._actions.transcript, self._actions.shown
        head = Entry(self._safe(described(nick, self._facts(room, nick))))
        if names.key(nick) == names.key(transcript.nick):
            return (head, *self._oneself())
        found = [head, *self._talk(nick), SEPARATOR, self._invite(nick)]
        if room is not None and not room.private:
            found += [SEPARATOR, *self._moderate(room, nick, may=operates(transcript, room))]
        return tuple(found)

    def _facts(self, room: Room | None, nick: str) -> Facts:
        if room is not None and nick in room.members:
            return room.members.facts(nick)
        return facts_of(self._actions.transcript, nick)

    def _oneself(self) -> Iterator[Entry]:
        actions = self._actions
        if actions.transcript.away:
            yield Entry("Mark yourself as back", lambda: actions.send(commands.Away()))
            return
        sentence = "Others see that you are away when they look at you or send you a private message."

        def leave(why: str) -> None:
            actions.send(commands.Away(why or "away"))

        yield Entry(
            "Mark yourself as away …", lambda: actions.ask_reason(Asked("Away", sentence, "Mark as away", leave))
        )

    def _talk(self, nick: str) -> Iterator[Entry]:
        actions = self._actions
        yield Entry("Private message", lambda: actions.go_to(nick))
        yield Entry("Mention", lambda: actions.mention(nick), enabled=actions.shown is not None)
        if names.key(nick) in actions.transcript.ignored:
            yield Entry("Stop ignoring", lambda: actions.send(commands.Unignore(nick)))
        else:
            yield Entry("Ignore", lambda: actions.send(commands.Ignore(nick)))

    def _invite(self, nick: str) -> Entry:
        transcript = self._actions.transcript
        below = tuple(
            Entry(
                self._safe(room.name),
                self._sends(orders.Invite(nick, room.name)),
                enabled=room.rulings.setting("private") == "no" or operates(transcript, room),
            )
            for room in transcript.rooms.values()
            if room.joined and nick not in room.members
        )
        return Entry("Invite to", below=below)

    def _moderate(self, room: Room, nick: str, *, may: bool) -> Iterator[Entry]:
        now, rulings = self._actions.transcript.now(), room.rulings
        yield Entry("Kick …", lambda: self._actions.ask_reason(self._kick(room, nick)), may and nick in room.members)
        yield Entry("Mute for", below=self._spans(self._mute, room, nick), enabled=may)
        if rulings.find("MUTE", nick, now):
            yield Entry("Unmute", self._sends(orders.Unmute(nick, room.name)), may)
        yield Entry("Ban for", below=self._spans(self._ban, room, nick), enabled=may)
        if rulings.find("BAN", nick, now):
            yield Entry("Unban", self._sends(orders.Unban(nick, room.name)), may)
        yield from self._ranks(room, nick, may=may)

    def _ranks(self, room: Room, nick: str, *, may: bool) -> Iterator[Entry]:
        facts, now = room.members.facts(nick), self._actions.transcript.now()
        if facts.operator or room.rulings.find("OP", nick, now):
            question = f"Remove {nick} as an operator of {room.name}?"
            take = self._sends(orders.Deop(nick, room.name))
            yield Entry("Remove as operator …", lambda: self._confirm(question, "Remove", take), may)
        else:
            yield Entry("Make operator", self._sends(orders.Op(nick, room.name)), may)
        if facts.voice or room.rulings.find("VOICE", nick, now):
            yield Entry("Remove voice", self._sends(orders.Unvoice(nick, room.name)), may)
        elif room.rulings.setting("speak") == "operators" and not facts.operator:
            yield Entry("Give voice", self._sends(orders.Voice(nick, room.name)), may)

    def _spans(self, ask: Callable[[Room, str, str, int | None], Asked], room: Room, nick: str) -> tuple[Entry, ...]:
        def entry(label: str, seconds: int | None) -> Entry:
            return Entry(f"{label} …", lambda: self._actions.ask_reason(ask(room, nick, label, seconds)))

        return tuple(entry(*span) for span in SPANS)

    def _kick(self, room: Room, nick: str) -> Asked:
        return Asked(
            f"Kick {nick}?",
            f"{nick} is removed from {room.name} but can come back.",
            "Kick",
            lambda why: self._actions.send(orders.Kick(nick, room.name, why or None)),
        )

    def _mute(self, room: Room, nick: str, label: str, seconds: int | None) -> Asked:
        held = "until it is lifted" if seconds is None else f"for {label}"
        return Asked(
            f"Mute {nick}?",
            f"{nick} can read {room.name} but cannot speak there {held}.",
            "Mute",
            lambda why: self._actions.send(orders.Mute(nick, room.name, seconds, why or None)),
        )

    def _ban(self, room: Room, nick: str, label: str, seconds: int | None) -> Asked:
        held = "until it is lifted" if seconds is None else f"for {label}"
        return Asked(
            f"Ban {nick}?",
            f"{nick} is removed from {room.name} and cannot come back {held}.",
            "Ban",
            lambda why: self._actions.send(orders.Ban(nick, room.name, seconds, why or None)),
        )

    def _sends(self, command: Command) -> Callable[[], None]:
        return lambda: self._actions.send(command)

    def _confirm(self, question: str, button: str, do: Callable[[], None]) -> None:
        self._actions.ask(question, [(button, do), ("Cancel", lambda: None)])
