"""How what the server says reads for people: those lines that programs get in another form.

A row here is what an untagged connection is sent for one type of event; every other event reads the same for both, but
for the text of an action, see `chatd.protocol.actions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from chatd.protocol import duration, events
from chatd.protocol.actions import BEGINNING, shown
from chatd.protocol.events import Ended, Event, Moderated, Replayed, Said, Told, ToldBefore, ToldOthers, TopicSet
from chatd.protocol.member_details import MemberDetails
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.references import Edited, Reacted, ReactionCounts, Retracted, Unreacted
from chatd.protocol.text import clean

_RULED: Mapping[str, str] = {
    "KICK": "{nick} removed {subject} from {place}",
    "MUTE": "{nick} muted {subject} {within}",
    "UNMUTE": "{nick} unmuted {subject} {within}",
    "BAN": "{nick} banned {subject} from {place}",
    "UNBAN": "{nick} unbanned {subject} from {place}",
    "OP": "{nick} made {subject} an operator of {place}",
    "DEOP": "{nick} removed {subject} as an operator of {place}",
    "VOICE": "{nick} gave {subject} a voice in {place}",
    "UNVOICE": "{nick} removed {subject}'s voice in {place}",
    "INVITE": "{nick} invited {subject} to {place}",
    "UNINVITE": "{nick} withdrew {subject}'s invitation to {place}",
}
_SET: Mapping[str, str] = {
    "registered=yes": "{nick} registered {place} and is now its owner",
    "founded=anew": "moderation in {place} was reset because everybody had left",
    "private=yes": "{nick} made {place} private: only people who are invited can join",
    "private=no": "{nick} opened {place} to everybody",
    "listed=no": "{nick} removed {place} from the list of rooms",
    "listed=yes": "{nick} added {place} to the list of rooms",
    "topic=operators": "{nick} let only operators set the topic of {place}",
    "topic=members": "{nick} let everybody in {place} set its topic",
    "speak=operators": "{nick} let only operators speak in {place}",
    "speak=members": "{nick} let everybody in {place} speak",
    "outsiders=yes": "{nick} let people outside {place} send messages to it",
    "outsiders=no": "{nick} let only members of {place} send messages to it",
    "slow=off": "{nick} turned off slow mode in {place}",
    "keep=all": "{nick} made {place} store messages for as long as the server does",
    "limit=off": "{nick} removed the limit on the number of members of {place}",
}
"""By subject."""
_SET_TO = {
    "slow": "{nick} limited everybody in {place} to one message every {value}",
    "keep": "{nick} made {place} delete messages after {value}",
    "limit": "{nick} limited the number of members of {place} to {value}",
}
"""By key; a setting that has no sentence here or there is told as it was written."""
_SET_OTHERWISE = "{nick} set {subject} in {place}"


def sentence(event: Moderated) -> str:
    """Return what was ruled, as a sentence without its full stop; a text of whoever said it follows a colon."""
    key, _, value = event.subject.partition("=")
    form = _RULED.get(event.verb) or _SET.get(event.subject) or _SET_TO.get(key, _SET_OTHERWISE)
    everywhere = event.room == SERVER
    place = "the whole server" if everywhere else event.room
    within = f"{'on' if everywhere else 'in'} {place}"
    told = form.format(nick=event.nick, subject=event.subject, place=place, within=within, value=value)
    held = "" if event.seconds is None else f" for {duration.written(event.seconds)}"
    return told + held + (f": {event.text}" if event.text else "")


def described(details: MemberDetails) -> str:
    """Return what is known of somebody who is in a room."""
    marks = (("operator", details.operator), ("has a voice", details.voice), ("bot", details.bot))
    known = [text for text, holds in marks if holds]
    if details.away:
        known.append("away" + (f" ({details.text})" if details.text else ""))
    if details.idle is not None:
        known.append(f"idle for {_rounded(details.idle)}" if details.idle else "here")
    return f"{details.nick}: {', '.join(known) or 'no details'}"


def _rounded(seconds: int) -> str:
    """Return a length of time in whole units of the largest that fits."""
    unit = max((unit for unit in (1, 60, 3600, 86400) if unit <= seconds), default=1)
    return duration.written(seconds - seconds % unit)


_LINES: Mapping[type, Callable[..., str]] = {
    MemberDetails: lambda e: f"NOTE {described(e)}",
    Moderated: lambda e: f"NOTE {sentence(e)}",
    TopicSet: lambda e: events.render(e) if e.topic else f"NOTE {e.nick} removed the topic of {e.room}",
    Told: lambda e: f"FROM {e.nick} {shown(e.nick, e.text)}",
    ToldOthers: lambda e: f"TO {e.nick} {shown(e.by, e.text)}",
    ToldBefore: lambda e: f"OLD {e.time} FROM {e.nick} {shown(e.nick, e.text)}",
    Retracted: lambda e: f"NOTE {e.nick} deleted a message in {e.room}",
    Edited: lambda e: f"NOTE {e.nick} edited a message in {e.room}: {shown(e.nick, e.text)}",
    Reacted: lambda e: f"NOTE {e.nick} reacted with {e.emoji} to a message in {e.room}",
    Unreacted: lambda e: f"NOTE {e.nick} removed the reaction {e.emoji} from a message in {e.room}",
    Ended: lambda e: events.render(replace(e, retry=None)),
    ReactionCounts: lambda e: f"NOTE Reactions to {e.id}: {', '.join(f'{emoji} {count}' for emoji, count in e.counts)}",
}


def render(event: Event, otherwise: str | None = None) -> str:
    """Return the line for ``event`` that people read, without a terminator, holding no control character but TAB.

    ``otherwise`` is the line that programs get, if it was rendered already.
    """
    if type(event) is Said or type(event) is Replayed:
        if event.text[:4] == BEGINNING:  # which costs half of what startswith does
            return events.render(replace(event, text=shown(event.nick, event.text)))
    elif (line := _LINES.get(type(event))) is not None:
        return clean(line(event))
    return events.render(event) if otherwise is None else otherwise
