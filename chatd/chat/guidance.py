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
_AT = "@ at the start of a line introduces tags, for programs; "
_NEXT: Mapping[tuple[Code, str], tuple[str, str]] = {
    (Code.NAME_TAKEN, "JOIN"): (": JOIN <another nick>", ""),
    (Code.NAME_TAKEN, "NICK"): ("", ": NICK <another nick>"),
    (Code.BAD_NICK, "JOIN"): ("; for example: JOIN ann", "; write JOIN <#room> to join another room"),
    (Code.BAD_NICK, "NICK"): ("; write JOIN <your name> first", "; for example: NICK ann"),
    (Code.NO_SUCH_NICK, "TELL"): ("", "; WHO lists who is in the room"),
    (Code.BAD_TAGS, ANY_VERB): (
        f"; {_AT}write JOIN <your name> first",
        f"; {_AT}write TELL <nick> <text> to reach one person",
    ),
}
"""What is added to an ERR, by its code and verb, that says only what was wrong: before the first JOIN, and after it."""


_ABOUT_THE_LINE = frozenset({Code.UNKNOWN_VERB, Code.BAD_SYNTAX, Code.NOT_IN_ROOM})


def explain(participant: Participant, error: ChatError) -> str:
    """Return the text of an ERR for a person: what was wrong, and what to type instead."""
    joined, text = bool(participant.nick), error.text
    if isinstance(error, UnknownVerbError):
        text = advice(error, _VERBS, joined=joined, newcomers=participant.hub.accounts.takes_newcomers)
    if participant.mode is Mode.TALK and error.code in _ABOUT_THE_LINE:
        return f"{text} (after TALK, commands begin with /)"
    return text + _NEXT.get((error.code, error.verb), ("", ""))[joined]


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
        why = f"Write TALK to send every line you type to {where}; commands then begin with /."
        participant.send_event(Note(why))


def welcome(nick: Nick, room: Place) -> Note:
    """Return what a person is told who has just come in."""
    renaming = " (NICK <your name> changes that)" if nick.key == room.key.removeprefix("#") else ""
    return Note(
        f"You are {nick}{renaming}. Write MSG hello to say hello in {room.name}, or TALK to send every line you type."
    )


def greet_back(participant: Participant, text: str | None) -> None:
    """Answer a person's hello."""
    if participant.current is None:
        participant.send_event(Note("Hello! Write JOIN <your name> to come in, then MSG <text> to speak."))
    else:
        said, where = f"hello {text}" if text else "hello", participant.current.name
        participant.send_event(Note(f"Hello, {participant.nick}! Write MSG {said} to say it to everybody in {where}."))


def warn_of_room(participant: Participant, text: str) -> None:
    """Tell a person who said something that begins with a room they are in where it went, and how it goes there."""
    word, _, rest = text.partition(" ")
    here = participant.current
    if participant.tagged or participant.mode is not Mode.COMMAND or here is None:
        return
    meant = participant.hub.room(key(word)) if len(word) > 1 else None
    if meant in participant.rooms and rest:
        shown = rest if len(rest) <= 40 else "<text>"
        instead = f"Write TELL {meant.name} {shown} to send it to {meant.name}."
        why = f"That went to {here.name}, {excerpt(word)} included. {instead}"
        participant.send_event(Note(why))
