"""What was said before, as the messages of IRC that tell of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from chatd.chat import excerpts, replay
from chatd.chat.excerpts import Excerpt, Source
from chatd.chat.telling import Telling
from chatd.edges.irc.message import Message
from chatd.edges.irc.person import Person
from chatd.edges.irc.reference_telling import REDACTION
from chatd.edges.irc.server import IrcServer, host_of_account
from chatd.edges.irc.telling import ACTION, room_messages, said
from chatd.edges.irc.user import IrcUser
from chatd.model.authorship import account_of
from chatd.model.entry import StoredEvent
from chatd.protocol import names, wire
from chatd.protocol.events import Event, Moderated, Said, Told, TopicSet
from chatd.protocol.names import Nick
from chatd.protocol.references import Reacted, Retracted
from chatd.protocol.wire import Tags


def kinds(user: IrcUser, *, events: bool) -> tuple[type, ...]:
    """Return of which kinds of entries a client is told: messages and, with ``events``, what happened besides."""
    if not events:
        return (Said,)
    reactions: tuple[type, ...] = (Reacted,) if user.has("message-tags") else ()
    return (Said, TopicSet, Moderated, *reactions, *((Retracted,) if user.has(REDACTION) else ()))


async def tell(user: IrcUser, excerpt: Excerpt, batch: str = "", *, stamped: bool = False) -> None:
    """Tell a client an excerpt, in a batch if it has one; ``stamped`` puts the time before each text."""
    if user.session.peer.unreachable:
        return

    async def take(telling: Telling, kept: Sequence[StoredEvent]) -> None:
        await user.send_all(_told(user, excerpt.source, telling, kept, batch, stamped=stamped))

    await excerpts.tell(user.session, excerpt, take)


def _told(
    user: IrcUser, source: Source, telling: Telling, found: Sequence[StoredEvent], batch: str, *, stamped: bool
) -> Iterator[Message]:
    for each in found:
        kept = telling.current(each)
        if kept is not None:
            stamp = f"[{datetime.fromtimestamp(kept.time // 1000, UTC):%Y-%m-%d %H:%M}]" if stamped else ""
            yield from in_batch(messages_of(user, source, kept, stamp), batch)


def in_batch(messages: Iterator[Message], batch: str) -> Iterator[Message]:
    """Yield messages as those of a batch; of none if it is empty."""
    for message in messages:
        known = message.tags if "batch" in message.tags or not batch else {"batch": batch, **message.tags}
        yield message._replace(tags=known)


def messages_of(user: IrcUser, source: Source, kept: StoredEvent, stamp: str = "") -> Iterator[Message]:
    """Yield the messages that tell a client of something that happened, with a stamp before its text if there is one.

    They come from whoever it was, and not from whoever goes by that nick now.
    """
    tags, event = _line(user, kept)
    person = person_then(user.server, kept)
    if isinstance(event, Told):
        own = names.key(event.nick) == user.session.account
        event = Said(event.nick, source.other if own else user.nick, event.text)
        person = user.person if own else person
    if isinstance(event, Said):
        yield from said(user.server, tags, _stamped(event, stamp), event.room, person)
        return
    for message in room_messages(user.server, user.capabilities, tags, event):
        if "!" not in message.source:
            yield message
            continue
        known = {key: value for key, value in message.tags.items() if key not in ("account", "bot")}
        if person.account is not None:
            known["account"] = person.account
        yield message._replace(source=person.source, tags=known)


def _line(user: IrcUser, kept: StoredEvent) -> tuple[Tags, Event]:
    """Return what the line says that programs are told of an entry, as if it happened now."""
    line = replay.replayed(user.session, kept)
    tags, event = wire.parse_event(line.rstrip(b"\r\n"))
    return {key: value for key, value in tags.items() if key != "old"}, event


def _stamped(event: Said, stamp: str) -> Said:
    if not stamp:
        return event
    is_action = event.text.startswith(ACTION)
    text = f"{ACTION}{stamp} {event.text.removeprefix(ACTION)}" if is_action else f"{stamp} {event.text}"
    return replace(event, text=text)


def person_then(server: IrcServer, kept: StoredEvent) -> Person:
    """Return how whoever did something is shown: as they are here, if it is they who have the nick now."""
    nick, account = kept.event.nick, account_of(kept.author)
    holder = server.hub.holder(Nick.of(nick))
    if holder is not None and kept.author and kept.author in (f"account={holder.account}", holder.voice):
        return server.person(holder)._replace(nick=nick)
    if account:
        return Person(nick, "~u", host_of_account(account), nick, server.hub.name_of(account))
    gone = server.person_called(nick) if holder is None else None
    return gone if gone is not None and gone.account is None else Person(nick, "~u", "gone.guest", nick)
