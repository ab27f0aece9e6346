"""What is known of one who is in a room: the ``IS`` line that answers ``WHO details=yes``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHAPE = re.compile(r"([^ ]+) ([^ ]+)((?: [a-z0-9-]+=[^ ]*?)*?) idle=(unknown|[0-9]{1,18})(?: (.+))?")


@dataclass(frozen=True, slots=True)
class MemberDetails:
    """One who is in a room; ``text`` says why they are away, if they said so."""

    nick: str
    room: str
    operator: bool = False
    """Whether they are an operator of the room, or of the server."""
    bot: bool = False
    away: bool = False
    idle: int | None = None
    """For how many seconds they have said nothing in any room; None if their node does not answer."""
    text: str | None = None
    voice: bool = False
    """Whether they may speak where operators alone do, without being one."""


def render(details: MemberDetails) -> str:
    """Return the line; ``idle`` is the last word before the text, which may look like one more."""
    marks = (("operator", details.operator), ("voice", details.voice), ("bot", details.bot), ("away", details.away))
    words = [f"{key}=yes" for key, holds in marks if holds]
    words.append(f"idle={'unknown' if details.idle is None else details.idle}")
    return " ".join(("IS", details.nick, details.room, *words, *filter(None, [details.text])))


def read(rest: str | None) -> MemberDetails:
    """Return what follows ``IS`` in a line. Raise `ValueError` if it is none."""
    match = _SHAPE.fullmatch(rest or "")
    if match is None:
        raise ValueError(rest)
    nick, room, words, idle, text = match.groups()
    known = ("operator", "bot", "away", "voice")
    operator, bot, away, voice = (f"{key}=yes" in words.split(" ") for key in known)
    return MemberDetails(nick, room, operator, bot, away, None if idle == "unknown" else int(idle), text, voice)
