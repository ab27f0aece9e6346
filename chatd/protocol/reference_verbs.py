"""How the verbs are written that are about a message that was said before, one row each."""

from __future__ import annotations

from chatd.protocol import reference_commands as commands
from chatd.protocol.arguments import Arguments, is_id
from chatd.protocol.emoji import MAX_BYTES, is_emoji
from chatd.protocol.errors import Code
from chatd.protocol.verb_row import Verb


def _id(words: Arguments) -> int | None:
    """Take the id of a message; None for the last one."""
    word = words.word("the id of a message")
    if word.lower() == commands.LAST:
        return None
    if not is_id(word) or int(word) == 0:
        words.refuse("write last or the id of a message; HISTORY ids=yes shows the ids")
    return int(word)


def _emoji(words: Arguments) -> str:
    word = words.word("the emoji")
    if not is_emoji(word):
        why = f"a reaction is one emoji of at most {MAX_BYTES} bytes, or +1 or -1; send anything else with MSG"
        words.refuse(why, Code.NOT_ALLOWED)
    return word


def _read_retract(words: Arguments) -> commands.Retract:
    command = commands.Retract(_id(words), words.maybe_room())
    words.end()
    return command


def _read_edit(words: Arguments) -> commands.Edit:
    return commands.Edit(_id(words), words.maybe_room(), words.text())


def _read_react(words: Arguments) -> commands.React:
    command = commands.React(_id(words), _emoji(words), words.maybe_room())
    words.end()
    return command


def _read_unreact(words: Arguments) -> commands.Unreact:
    command = commands.Unreact(_id(words), _emoji(words), words.maybe_room())
    words.end()
    return command


ROWS = (
    Verb(
        commands.Retract,
        "RETRACT <id or last> [#room]",
        "delete one of your messages; operators can delete any",
        _read_retract,
    ),
    Verb(commands.Edit, "EDIT <id or last> [#room] <text>", "replace the text of one of your messages", _read_edit),
    Verb(commands.React, "REACT <id or last> <emoji> [#room]", "react to a message", _read_react),
    Verb(commands.Unreact, "UNREACT <id or last> <emoji> [#room]", "remove your reaction", _read_unreact),
)
