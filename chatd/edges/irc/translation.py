"""From the lines that a session sends to what its IRC client reads."""

from __future__ import annotations

from chatd.edges.irc import markers
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import Message, render
from chatd.edges.irc.pending import Pending, Result
from chatd.edges.irc.refusals import refuse
from chatd.edges.irc.telling import room_messages, said
from chatd.edges.irc.translations import Same
from chatd.edges.irc.user import IrcUser
from chatd.protocol import commands, events, reference_commands, wire
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Done, Event, Moderated, Refused, Said, Told, ToldOthers, TopicSet
from chatd.protocol.moderation_commands import ModerationCommand
from chatd.protocol.references import Edited, Reacted, Retracted, Unreacted
from chatd.protocol.wire import Tags

_ECHOED = (Said, Retracted, Edited, Reacted)


def translated(user: IrcUser, lines: bytes) -> bytes:
    """Return what a client is sent for whole lines of its session; nothing before it is registered.

    Most of what is sent is the same for many, and made once: whole batches, and the lines of those that are not, such
    as what each of several who speak at once is sent of the others.
    """
    batch, before = user.form.batch, user.held
    if batch.lines is lines and before is None and (batch.same is Same.FOR_ALL or _is_free(user)):
        return batch.data
    written: list[bytes] = []
    user.collect(written)
    try:
        same = _translate_all(user, lines, written)
    finally:
        user.collect(before)
    data = b"".join(written)
    if before is not None:
        before.append(data)
        return b""
    if same is Same.FOR_ALL or (same is Same.FOR_THE_FREE and _is_free(user)):
        batch.note(lines, data, same)
    return data


def _is_free(user: IrcUser) -> bool:
    return user.answering is None and not user.session.in_several_rooms


def _translate_all(user: IrcUser, lines: bytes, written: list[bytes]) -> Same:
    """Translate each line, or take what it was for others; return for whom all of them are the same."""
    translations, capabilities = user.server.translations, user.capabilities
    known = translations.lines(capabilities) if user.registered else {}
    parts = lines.split(b"\r\n")
    parts.pop()  # what follows the last end
    found = list(map(known.get, parts))
    if None not in found:
        written += found  # type: ignore[arg-type]  # there is none among them
        return Same.FOR_ALL
    least = Same.FOR_ALL
    for line, data in zip(parts, found, strict=True):
        if data is None and user.registered and (data := _as_told_to_all(user, line)) is not None:
            translations.note_line(line, capabilities, data)
        if data is not None:
            written.append(data)
        elif line:
            first = len(written)
            same = _translate(user, line)
            if same is Same.FOR_ALL:
                translations.note_line(line, capabilities, b"".join(written[first:]))
            least = min(least, same)
    return least


def _as_told_to_all(user: IrcUser, line: bytes) -> bytes | None:
    """Return what a line is that only says a short text in a room, as nearly all do; None if it may be another."""
    head, _, event = line.partition(b" ")
    id_, _, time = head.removeprefix(b"@id=").partition(b";time=")
    if not event.startswith(b"MSG ") or not id_.isdigit() or b";" in time:
        return None
    _, nick, room, text = event.decode().split(" ", 3)
    return user.form.short_text(nick, room, text, id_.decode(), time.decode())


def _translate(user: IrcUser, line: bytes) -> Same:
    """Tell a client what a line says; return for which others it would be the same."""
    try:
        tags, event = wire.parse_event(line)
    except ChatError:
        return Same.FOR_ALL
    if (pending := user.pending(tags.get("label"))) is not None:
        _settle(user, pending, tags, event)
        return Same.FOR_NOBODY
    if not user.registered:
        return Same.FOR_NOBODY
    if isinstance(event, Said):  # most are
        for message in said(user.server, tags, event, event.room):
            user.send(message)
        return Same.FOR_ALL
    return Same.FOR_THE_FREE if _tell(user, tags, event) else Same.FOR_NOBODY


def _settle(user: IrcUser, pending: Pending, tags: Tags, event: Event) -> None:
    """Note what became of a command; of what was said, the client is told that too."""
    if isinstance(event, _ECHOED):
        echo(user, pending, tags, event)
    if pending.was_said_at_once and isinstance(event, Refused) and isinstance(pending.command, commands.Tell):
        refuse(user, "PRIVMSG", event, pending.command.to)
    if isinstance(event, (Done, Refused, *_ECHOED)):
        user.settle(tags["label"], Result(event, tags))


def echo(user: IrcUser, pending: Pending, tags: Tags, event: Event) -> None:
    """Tell a client what it has said itself, if it wants that."""
    if isinstance(event, Said) and user.has("echo-message"):
        for message in said(user.server, tags, event, event.room, user.person):
            pending.answer.add(message)


def _tell(user: IrcUser, tags: Tags, event: Event) -> bool:
    """Tell a client what happened; return whether it is told as others are."""
    match event:
        case events.Note(text):
            user.send(Message("NOTICE", (user.nick, text), user.server.name))
        case commands.Ping(token):
            user.send(Message("PING", (token or "chatd",), user.server.name))
        case events.Seen():
            markers.heard(user, event)
        case Told(nick, text):
            known = tags if "id" in tags or "ref" in tags else {**tags, "ref": user.new_msgid()}
            for message in said(user.server, known, Said(nick, "", text), user.nick):
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
    if own is not None and isinstance(event, Reacted) and not user.has("echo-message"):
        return False
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
    if isinstance(event, Retracted | Reacted) and event.nick == user.session.nick:
        own = user.pending_own(reference_commands.Retract, reference_commands.React, reference_commands.Unreact)
        return own if own is not None and _asks_for(own.command, event) else None
    if isinstance(event, Moderated) and event.nick == user.session.nick:
        return user.pending_own(*ModerationCommand.__args__)
    return None


def _asks_for(command: commands.Command, event: Retracted | Reacted) -> bool:
    """Return whether an event is what a command about a message asked for."""
    match command, event:
        case reference_commands.Retract(id_), Retracted(_, _, about):
            return id_ == about
        case reference_commands.Unreact(id_, emoji), Unreacted(_, _, about, given):
            return (id_, emoji) == (about, given)
        case reference_commands.React(id_, emoji), Reacted(_, _, about, given):
            return (id_, emoji) == (about, given)
    return False


def farewell(user: IrcUser | None, last: bytes) -> bytes:
    """Return the last message to a client, made of the last line of its session."""
    text = last.decode(errors="replace").rstrip("\r\n").partition(" ")[2]
    code, _, why = text.partition(" ")
    if code == "restart" and why.startswith("retry="):  # which is for programs
        why = why.partition(" ")[2]
    if code == "quit":
        why = "goodbye" if why.startswith("taken=all") else "goodbye; not everything you sent was accepted"
    error = Message("ERROR", (f"Closing link: {why or code}",))
    if user is None or user.registered or code != "banned":
        return render(error)
    return render(Message(n.ERR_YOUREBANNEDCREEP, (user.nick, why), user.server.name)) + render(error)
