"""What the server says of rooms and people, as the messages of IRC that say it: the same for all who may read them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from chatd.edges.irc.composition import room_for
from chatd.edges.irc.message import Message
from chatd.edges.irc.mode_changes import Change, written
from chatd.edges.irc.mode_telling import ruling_messages
from chatd.edges.irc.person import Person
from chatd.edges.irc.ranks import ranks
from chatd.edges.irc.reference_telling import REPLY, reference_messages, shown_edit
from chatd.edges.irc.server import IrcServer
from chatd.protocol.events import Event, Joined, Moderated, Parted, Renamed, Said, TopicSet
from chatd.protocol.names import Nick
from chatd.protocol.references import Edited, Reacted, Retracted
from chatd.protocol.wire import Tags

ACTION = "/me "
"""What a message begins with that says what somebody does."""


def room_messages(server: IrcServer, capabilities: Collection[str], tags: Tags, event: Event) -> Iterator[Message]:
    """Yield the messages that tell clients with some capabilities what happened in a room; none if IRC has none."""
    match event:
        case Said():
            yield from said(server, tags, event, event.room)
        case Joined():
            yield from _joined(server, capabilities, tags, event)
        case Parted():
            person = server.person_called(event.nick)
            text = (event.text,) if event.text else ()
            if server.hub.holder(Nick.of(event.nick)) is None:
                yield Message("QUIT", text or ("Quit",), person.source, shown(server, tags, person))
            else:
                yield Message("PART", (event.room, *text), person.source, shown(server, tags, person))
        case Renamed():
            person = server.person_called(event.new)
            yield Message("NICK", (event.new,), person._replace(nick=event.old).source, shown(server, tags, person))
        case TopicSet():
            person = server.person_called(event.nick)
            topic = part_of(event.topic, room_for(person.source, "TOPIC", event.room))
            yield Message("TOPIC", (event.room, topic), person.source, shown(server, tags, person))
        case Edited():
            edited = Said(event.nick, event.room, shown_edit(event))
            yield from said(server, {**tags, "reply": str(event.id)}, edited, event.room)
        case Retracted() | Reacted():
            person = server.person_called(event.nick)
            yield from reference_messages(server, capabilities, event, person.source, shown(server, tags, person))
        case Moderated():
            person = server.person_called(event.nick)
            yield from ruling_messages(server, capabilities, event, person.source, shown(server, tags, person))


def _joined(server: IrcServer, capabilities: Collection[str], tags: Tags, event: Joined) -> Iterator[Message]:
    """Yield JOIN, and what JOIN cannot say of who comes in: that they are away, and what they are in the room."""
    person = server.person_called(event.nick)
    account_and_name = (person.account or "*", person.realname) if "extended-join" in capabilities else ()
    all_tags = shown(server, tags, person)
    yield Message("JOIN", (event.room, *account_and_name), person.source, all_tags)
    holder, room = server.hub.holder(Nick.of(event.nick)), server.hub.room(Nick(event.room).key)
    if holder is None:
        return
    if "away-notify" in capabilities and holder.away is not None:
        text = part_of(holder.away, room_for(person.source, "AWAY", ""))
        yield Message("AWAY", (text,), person.source, all_tags)
    if room is not None and (letters := ranks(server.hub, room, holder)):
        given = written(Change(letter, param=event.nick) for letter in letters)
        yield Message("MODE", (event.room, *given), server.name, shown(server, tags))


def said(server: IrcServer, tags: Tags, event: Said, target: str, person: Person | None = None) -> Iterator[Message]:
    """Yield the message that tells a text to a target, however long that is, see `chatd.edges.irc.composition`."""
    person = person or server.person_called(event.nick)
    command = "NOTICE" if "notice" in tags else "PRIVMSG"
    yield Message(command, (target, event.text), person.source, shown(server, tags, person))


def part_of(text: str, size: int) -> str:
    """Return as much of a text, from its beginning, as has so many bytes."""
    return text.encode()[:size].decode(errors="ignore")


def shown(server: IrcServer, tags: Tags, person: Person | None = None) -> Mapping[str, str]:
    """Return the tags of a message, made of those of a line and of what is known of whom it comes from."""
    found: dict[str, str] = {}
    if "time" in tags:
        found["time"] = tags["time"]
    msgid = server.msgid(tags["id"]) if "id" in tags else tags.get("ref")
    if msgid is not None:
        found["msgid"] = msgid
        found |= server.client_tags.of(msgid)
    if "reply" in tags:
        found[REPLY] = server.msgid(tags["reply"])
    if person is not None and person.account is not None:
        found["account"] = person.account
    if person is not None and person.bot:
        found["bot"] = ""
    return found
