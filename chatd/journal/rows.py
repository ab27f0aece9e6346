"""A durable event as three texts, which is how it is stored: its kind, the nick, and the text."""

from __future__ import annotations

from chatd.protocol import events, references
from chatd.protocol.events import DurableEvent, Said, TopicSet
from chatd.protocol.references import Edited


def to_row(event: DurableEvent) -> tuple[str, str, str]:
    """Return the verb of an event's line, the nick, and what stands after the room."""
    if type(event) is Said:
        return "MSG", event.nick, event.text
    if type(event) is TopicSet:
        return "TOPIC", event.nick, event.text
    if type(event) is Edited:
        return "EDIT", event.nick, f"{event.id} {event.text}"
    verb, nick, _, rest = events.render(event).split(" ", 3)
    return verb, nick, rest


def from_row(room: str, kind: str, nick: str, text: str) -> DurableEvent:
    """Return the event that `to_row` was given. Raise `ValueError` if the kind is unknown."""
    if kind == "MSG":
        return Said(nick, room, text)
    if kind == "TOPIC":
        return TopicSet(nick, room, text)
    if kind not in events.MODERATION_VERBS and kind not in references.VERBS:
        raise ValueError(f"there is no {kind}")
    event = events.read(kind, f"{nick} {room} {text}")
    assert isinstance(event, DurableEvent)
    return event


def same_content(first: DurableEvent, second: DurableEvent) -> bool:
    """Return whether two events say the same, whoever did them."""
    first_kind, _, first_text = to_row(first)
    second_kind, _, second_text = to_row(second)
    return (first_kind, first_text, _told_as_tags(first)) == (second_kind, second_text, _told_as_tags(second))


def _told_as_tags(event: DurableEvent) -> tuple[int, bool]:
    return (event.reply, event.notice) if type(event) is Said else (0, False)
