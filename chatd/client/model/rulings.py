"""What holds in a room: its settings, and who is muted, banned, invited, an operator or has a voice there.

The server tells it in the lines by which it was ruled: all of them in answer to RULES, and each as it comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from chatd.protocol import duration, names
from chatd.protocol.events import Moderated
from chatd.protocol.moderation_commands import SETTINGS

MAX_HELD = 10_000
"""How many rulings of a room are kept: the newest."""
MAX_SETTINGS = 100
"""How many settings of a room are kept, known or not."""

TAKEN_BACK_BY: Mapping[str, str] = MappingProxyType(
    {"MUTE": "UNMUTE", "BAN": "UNBAN", "OP": "DEOP", "VOICE": "UNVOICE", "INVITE": "UNINVITE"}
)
"""What holds until it is taken back, and the verb for that."""
_TAKES_BACK = {back: verb for verb, back in TAKEN_BACK_BY.items()}


class Ruling(NamedTuple):
    """Something that holds: the line by which it was ruled, and when, in milliseconds since 1970."""

    event: Moderated
    time: int

    def holds(self, now: int) -> bool:
        """Return whether it holds at a time in milliseconds since 1970."""
        return self.event.seconds is None or now < self.time + self.event.seconds * 1000


class Rulings:
    """All that holds in one room, as far as it was told."""

    def __init__(self) -> None:
        self.known = False
        """Whether a whole answer to RULES was heard since one joined."""
        self.asked: int | None = None
        """When it was asked for last, in milliseconds since 1970; None if it was not since one joined."""
        self._settings: dict[str, str] = {}
        self._held: dict[tuple[str, str], Ruling] = {}
        self._told: list[Ruling] = []

    def setting(self, key: str) -> str:
        """Return what a setting is set to."""
        return self._settings.get(key, "no" if key == "registered" else SETTINGS[key][0])

    @property
    def empty(self) -> bool:
        """Whether nothing is known to have been ruled. What was ruled while the room was private may not be told."""
        return not (self._settings or self._held)

    def holding(self, now: int) -> list[Ruling]:
        """Return what holds at a time in milliseconds since 1970, oldest first."""
        return [each for each in self._held.values() if each.holds(now)]

    def find(self, verb: str, subject: str, now: int) -> Ruling | None:
        """Return what holds of a kind for somebody, if anything does."""
        found = self._held.get((verb, names.key(subject)))
        return found if found is not None and found.holds(now) else None

    def apply(self, event: Moderated, time: int) -> None:
        """Take in what was ruled at a time."""
        who = names.key(event.subject)
        if event.verb == "SET":
            self._set(event, time)
        elif event.verb in TAKEN_BACK_BY:
            self._held.pop((event.verb, who), None)  # so that it stands at the end
            if len(self._held) >= MAX_HELD:
                del self._held[next(iter(self._held))]
            self._held[event.verb, who] = Ruling(event, time)
        elif event.verb in _TAKES_BACK:
            self._held.pop((_TAKES_BACK[event.verb], who), None)
        elif event.verb == "KICK":
            self._held.pop(("INVITE", who), None)

    def collect(self, event: Moderated, time: int) -> None:
        """Take a line of the answer to RULES."""
        if len(self._told) < MAX_HELD + MAX_SETTINGS:
            self._told.append(Ruling(event, time))

    def end_answer(self) -> None:
        """Note that the answer to RULES is whole: nothing holds but what it told."""
        self._settings.clear()
        self._held.clear()
        told, self._told = self._told, []
        for each in told:
            self.apply(*each)
        self.known = True

    def _set(self, event: Moderated, time: int) -> None:
        key, _, value = event.subject.partition("=")
        if key == "founded":  # everybody had left: nothing that was ruled before holds any more
            self._settings.clear()
            self._held.clear()
            return
        if key in self._settings or len(self._settings) < MAX_SETTINGS:
            self._settings[key] = value
        if (key, value) == ("registered", "yes"):
            raised = Moderated("OP", event.nick, event.room, event.nick)
            self._held.setdefault(("OP", names.key(event.nick)), Ruling(raised, time))


_STATES = {
    "MUTE": "is muted",
    "BAN": "is banned",
    "OP": "is an operator",
    "VOICE": "has a voice",
    "INVITE": "is invited",
}


def holds(event: Moderated) -> str:
    """Return what holds since it was ruled: ``mallory is banned for 10m: spam``."""
    held = "" if event.seconds is None else f" for {duration.written(event.seconds)}"
    return f"{event.subject} {_STATES[event.verb]}{held}{f': {event.text}' if event.text else ''}"


def modes(rulings: Rulings) -> list[str]:
    """Return what is not as usual in a room, each in a few words."""
    words = {
        ("private", "yes"): "private",
        ("listed", "no"): "unlisted",
        ("topic", "operators"): "only operators set the topic",
        ("speak", "operators"): "only operators and people with a voice speak",
        ("outsiders", "yes"): "takes messages from outside",
    }
    found = [text for (key, value), text in words.items() if rulings.setting(key) == value]
    if (slow := rulings.setting("slow")) != "off":
        found.append(f"slow mode: one message every {slow}")
    if (keep := rulings.setting("keep")) != "all":
        found.append(f"messages kept for {keep}")
    if (limit := rulings.setting("limit")) != "off":
        found.append(f"member limit: {limit}")
    return found
