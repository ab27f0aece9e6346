"""How what the server says reads for people: those lines that programs get in another form.

A row here is what an untagged connection is sent for one type of event; every other event reads the same for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatd.protocol import duration, events
from chatd.protocol.events import Event, Moderated, Told, ToldBefore, ToldOthers
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.text import clean

_RULED: Mapping[str, str] = {
    "KICK": "{nick} removed {subject} from {place}",
    "MUTE": "{nick} muted {subject} {within}",
    "UNMUTE": "{nick} unmuted {subject} {within}",
    "BAN": "{nick} banned {subject} from {place}",
    "UNBAN": "{nick} unbanned {subject} from {place}",
    "OP": "{nick} made {subject} an operator of {place}",
    "DEOP": "{nick} removed {subject} as an operator of {place}",
    "INVITE": "{nick} invited {subject} to {place}",
}
_SET: Mapping[str, str] = {
    "registered=yes": "{nick} registered {place} and is its operator",
    "private=yes": "{nick} made {place} private: only those who are invited may join it",
    "private=no": "{nick} opened {place} to everybody",
    "topic=operators": "{nick} lets only operators set the topic of {place}",
    "topic=members": "{nick} lets everybody in {place} set its topic",
}
"""By subject; a setting that has no sentence here is told as it was written."""
_SET_OTHERWISE = "{nick} set {subject} in {place}"


def sentence(event: Moderated) -> str:
    """Return what was ruled, as a sentence without its full stop; a text of whoever said it follows a colon."""
    form = _SET.get(event.subject, _SET_OTHERWISE) if event.verb == "SET" else _RULED[event.verb]
    everywhere = event.room == SERVER
    place = "the whole server" if everywhere else event.room
    within = f"{'on' if everywhere else 'in'} {place}"
    told = form.format(nick=event.nick, subject=event.subject, place=place, within=within)
    held = "" if event.seconds is None else f" for {duration.written(event.seconds)}"
    return told + held + (f": {event.text}" if event.text else "")


_LINES: Mapping[type, Callable[..., str]] = {
    Moderated: lambda e: f"NOTE {sentence(e)}",
    Told: lambda e: f"FROM {e.nick} {e.text}",
    ToldOthers: lambda e: f"TO {e.nick} {e.text}",
    ToldBefore: lambda e: f"OLD {e.time} FROM {e.nick} {e.text}",
}


def render(event: Event, otherwise: str | None = None) -> str:
    """Return the line for ``event`` that people read, without a terminator, holding no control character but TAB.

    ``otherwise`` is the line that programs get, if it was rendered already.
    """
    line = _LINES.get(type(event))
    if line is not None:
        return clean(line(event))
    return events.render(event) if otherwise is None else otherwise
