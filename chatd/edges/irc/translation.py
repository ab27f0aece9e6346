"""From the lines that a session sends to what its IRC client reads."""

from __future__ import annotations

from chatd.edges.irc import markers
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import Message, render
from chatd.edges.irc.server import MAX_TRANSLATIONS
from chatd.edges.irc.telling import room_messages, said
from chatd.edges.irc.user import IrcUser, Pending, Result
from chatd.protocol import commands, events, wire
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Done, Event, Moderated, Refused, Said, Told, ToldOthers, TopicSet
from chatd.protocol.moderation_commands import ModerationCommand
from chatd.protocol.references import Edited, Reacted, Retracted
from chatd.protocol.wire import Tags

_ECHOED = (Said, Retracted, Edited, Reacted)


def translated(user: IrcUser, lines: bytes) -> bytes:
    """Return what a client is sent for whole lines of its session; nothing before it is registered."""
    own = user.session.in_several_rooms or b"label=" in lines
    own = own or user.answering is not None  # it may be the outcome of what the client is about
    key = (lines, user.capabilities)
    known = user.server.translations
    if not own and (found := known.get(key)) is not None:
        return found
    written: list[bytes] = []
    before = user.collect(written)
    try:
        shared = [_translate(user, line) for line in lines.split(b"\r\n") if line]
    finally:
        user.collect(before)
    data = b"".join(written)
    if before is not None:
        before.append(data)
        return b""
    if not own and all(shared):
        known[key] = data
        if len(known) > MAX_TRANSLATIONS:
            known.popitem(last=False)
    return data


def _translate(user: IrcUser, line: bytes) -> bool:
    """Tell a client what a line says; return whether it would be the same for all others."""
    try:
        tags, event = wire.parse_event(line)
    except ChatError:
        return True
    if (pending := user.pending(tags.get("label"))) is not None:
        _settle(user, pending, tags, event)
        return False
    if not user.registered:
        return False
    return _tell(user, tags, event)


def _settle(user: IrcUser, pending: Pending, tags: Tags, event: Event) -> None:
    """Note what became of a command; of what was said, the client is told that too."""
    if isinstance(event, _ECHOED):
        echo(user, pending, tags, event)
    if isinstance(event, (Done, Refused, *_ECHOED)):
        user.settle(tags["label"], Result(event, tags))


def echo(user: IrcUser, pending: Pending, tags: Tags, event: Event) -> None:
    """Tell a client what it has said itself, if it wants that."""
    if isinstance(event, Said) and user.has("echo-message"):
        for message in said(user.server, tags, event, event.room, user.person):
            pending.answer.add(message)


def _tell(user: IrcUser, tags: Tags, event: Event) -> bool:
    match event:
        case events.Note(text):
            user.send(Message("NOTICE", (user.nick, text), user.server.name))
        case commands.Ping(token):
            user.send(Message("PING", (token or "chatd",), user.server.name))
        case events.Seen():
            markers.heard(user, event)
        case Told(nick, text):
            for message in said(user.server, tags, Said(nick, "", text), user.nick):
                user.send(message)
        case ToldOthers(nick, text):
            if user.has("echo-message"):
                for message in said(user.server, tags, Said(user.nick, "", text), nick, user.person):
                    user.send(message)
        case Done("NICK", (nick,)):  # its node has renamed it
            user.send(Message("NICK", (nick,), user.person.source))
        case Done("PART", (room,)):
            user.send(Message("PART", (room,), user.person.source))
        case _:
            return _tell_of_room(user, tags, event)
    return False


def _tell_of_room(user: IrcUser, tags: Tags, event: Event) -> bool:
    if isinstance(event, TopicSet) and "old" in tags:
        return False  # who comes in is told the topic with the rest
    own = _own_command(user, event)
    for message in room_messages(user.server, user.capabilities, tags, event):
        if message.command == "QUIT" and _was_told(user, message, tags):
            continue
        if message.command == "INVITE" and own is not None:
            continue  # RPL_INVITING says so
        if own is not None:
            own.answer.add(message)
        else:
            user.send(message)
    return own is None


def _was_told(user: IrcUser, message: Message, tags: Tags) -> bool:
    """Note that a client is told that somebody has gone; return whether it was told so before, for another room."""
    gone = (message.source, tags.get("time", ""))
    before, user.told_quit = user.told_quit, gone
    return before == gone


def _own_command(user: IrcUser, event: Event) -> Pending | None:
    """Return the command of the client's own that an event is the outcome of, before the line that ends it."""
    if isinstance(event, TopicSet) and event.nick == user.session.nick:
        return user.pending_own(commands.Topic)
    if isinstance(event, Moderated) and event.nick == user.session.nick:
        return user.pending_own(*ModerationCommand.__args__)
    return None


def farewell(user: IrcUser | None, last: bytes) -> bytes:
    """Return the last message to a client, made of the last line of its session."""
    text = last.decode(errors="replace").rstrip("\r\n").partition(" ")[2]
    code, _, why = text.partition(" ")
    if code == "quit":
        why = "goodbye" if why.startswith("taken=all") else "goodbye; not all that you said was taken"
    error = Message("ERROR", (f"Closing link: {why or code}",))
    if user is None or user.registered or code != "banned":
        return render(error)
    return render(Message(n.ERR_YOUREBANNEDCREEP, (user.nick, why), user.server.name)) + render(error)
