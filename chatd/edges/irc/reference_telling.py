"""What is said about messages, as IRC says it: tags for reactions, REDACT, and a message that has the new text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from chatd.edges.irc.message import Message
from chatd.edges.irc.server import IrcServer
from chatd.protocol import names
from chatd.protocol.actions import BEGINNING
from chatd.protocol.references import Edited, Reacted, Retracted, Unreacted

REDACTION = "draft/message-redaction"
REACT = "+draft/react"
UNREACT = "+draft/unreact"
REPLY = "+draft/reply"
REPLIES = (REPLY, "+reply")
"""The tags by which clients say which message they are about."""


def reference_messages(
    server: IrcServer, capabilities: Collection[str], event: Retracted | Reacted, source: str, tags: Mapping[str, str]
) -> Iterator[Message]:
    """Yield the message that says that a reaction was given or taken back, or a message was; none if it is not read."""
    msgid, nick = server.msgid(event.id), names.key(event.nick)
    knows_redact = REDACTION in capabilities
    if isinstance(event, Retracted):
        if knows_redact:
            yield _redact(server, event.room, msgid, nick, source, tags)
    elif knows_redact and (redacted := server.redacted.of((msgid, event.emoji, nick))):
        yield _redact(server, event.room, redacted, nick, source, tags)
    elif "message-tags" in capabilities:
        key = UNREACT if isinstance(event, Unreacted) else REACT
        yield Message("TAGMSG", (event.room,), source, {**tags, key: event.emoji, REPLY: msgid})


def _redact(server: IrcServer, room: str, msgid: str, nick: str, source: str, tags: Mapping[str, str]) -> Message:
    reason = server.reasons.of((msgid, nick))
    return Message("REDACT", (room, msgid, *((reason,) if reason else ())), source, tags)


def shown_edit(event: Edited) -> str:
    """Return the text by which clients are told that a message has another one.

    What it begins with keeps programs from doing again what a message asks them for.
    """
    if event.text.startswith(BEGINNING):
        return f"{event.text} (edited)"
    return f"* {event.text} (edited)"
