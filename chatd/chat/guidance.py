"""What people are told beside the answer: how to speak, and what to type next. Programs are told none of it."""

from __future__ import annotations

from collections.abc import Mapping

from chatd.chat.participant import Participant
from chatd.model.entry import Place
from chatd.protocol import actions
from chatd.protocol.commands import Msg
from chatd.protocol.errors import ANY_VERB, ChatError, Code
from chatd.protocol.events import Note
from chatd.protocol.names import Nick, key
from chatd.protocol.text import excerpt, plain
from chatd.protocol.unknown_verbs import UnknownVerbError, advice
from chatd.protocol.verbs import VERBS
from chatd.protocol.wire import Mode, Request

UNKNOWN_IN_A_ROW = 2
"""After so many lines that begin with no verb somebody who has joined is told of TALK."""
_VERBS = tuple(VERBS)
_AT = "a line that begins with @ has tags, for programs; "
_NEXT: Mapping[tuple[Code, str], tuple[str, str]] = {
    (Code.NAME_TAKEN, "JOIN"): (": JOIN <another name>", ""),
    (Code.NAME_TAKEN, "NICK"): ("", ": NICK <another name>"),
    (Code.BAD_NICK, "JOIN"): ("; JOIN ann is a good one", "; JOIN <#room> enters one more room"),
    (Code.BAD_NICK, "NICK"): ("; first comes JOIN <your name>", "; NICK ann is a good one"),
    (Code.NO_SUCH_NICK, "TELL"): ("", "; WHO lists who is in the room"),
    (Code.BAD_TAGS, ANY_VERB): (f"; {_AT}JOIN <your name> comes first", f"; {_AT}TELL <name> <text> is for one person"),
}
"""What is added to an ERR, by its code and verb, that says only what was wrong: before the first JOIN, and after it."""


_ABOUT_THE_LINE = frozenset({Code.UNKNOWN_VERB, Code.BAD_SYNTAX, Code.NOT_IN_ROOM})


def explain(participant: Participant, error: ChatError) -> str:
    """Return the text of an ERR for a person: what was wrong, and what to type instead."""
    joined = bool(participant.nick)
    if participant.mode is Mode.TALK and error.code in _ABOUT_THE_LINE:
        text = advice(error, _VERBS, joined=joined) if isinstance(error, UnknownVerbError) else error.text
        return f"{text} (after TALK, with a / before it)"
    if isinstance(error, UnknownVerbError):
        return advice(error, _VERBS, joined=joined)
    return error.text + _NEXT.get((error.code, error.verb), ("", ""))[joined]


def meant(participant: Participant, error: ChatError) -> Request | ChatError:
    """Return what a person asks for by a line that begins with no verb, such as ``/me waves``; if none, the error."""
    if participant.tagged or not isinstance(error, UnknownVerbError):
        return error
    said = actions.typed(error.line)
    return error if said is None else Request(Msg(plain(said)))


def follow_up(participant: Participant, error: ChatError) -> None:
    """Tell somebody who has joined and goes on typing as if it were said how that is done."""
    if not isinstance(error, UnknownVerbError):
        participant.unknown_lines = 0
        return
    participant.unknown_lines += 1
    if participant.unknown_lines < UNKNOWN_IN_A_ROW or participant.current is None:
        return
    participant.unknown_lines = 0
    if participant.mode is Mode.COMMAND:
        where = participant.current.name
        why = f"Write TALK once, and each line you type is said in {where}; commands begin with / from then on."
        participant.send_event(Note(why))


def welcome(nick: Nick, room: Place) -> Note:
    """Return what a person is told who has just come in."""
    renaming = " (NICK <your name> changes that)" if nick.key == room.key.removeprefix("#") else ""
    return Note(f"You are {nick}{renaming}. MSG hello says hello in {room.name}; after TALK all you type is said.")


def greet_back(participant: Participant, text: str | None) -> None:
    """Answer a person's hello."""
    if participant.current is None:
        participant.send_event(Note("Hello! JOIN <your name> to come in, then MSG <text> to speak."))
    else:
        said, where = f"hello {text}" if text else "hello", participant.current.name
        participant.send_event(Note(f"Hello, {participant.nick}! MSG {said} says it to everybody in {where}."))


def warn_of_room(participant: Participant, text: str) -> None:
    """Tell a person who said something that begins with a room they are in where it went, and how it goes there."""
    word, _, rest = text.partition(" ")
    here = participant.current
    if participant.tagged or participant.mode is not Mode.COMMAND or here is None:
        return
    meant = participant.hub.room(key(word)) if len(word) > 1 else None
    if meant in participant.rooms and rest:
        shown = rest if len(rest) <= 40 else "<text>"
        why = f"That was said in {here.name}, {excerpt(word)} and all. TELL {meant.name} {shown} says it there."
        participant.send_event(Note(why))
