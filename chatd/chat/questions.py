"""WHO, ROOMS, HISTORY, SEARCH, PING and HELP: what is asked and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from chatd.chat import member_details, permissions, replay
from chatd.chat.command_rows import Row, Work, for_anybody, for_named, in_room
from chatd.chat.participant import Participant
from chatd.chat.private_history import or_private
from chatd.model.entry import Place
from chatd.protocol import commands, events, plain_lists, wire
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done
from chatd.protocol.verbs import VERBS, explained


def _who(participant: Participant, room: Place, command: commands.Who, label: str | None) -> Work:
    if command.details:
        return member_details.tell(participant, room, label)
    return participant.send_all(_present(participant, room, label))


def _present(participant: Participant, room: Place, label: str | None) -> Iterator[bytes]:
    nicks = [member.nick for member in room.people]
    if participant.tagged:
        yield from map(participant.line, events.present(room.name, nicks))
    else:
        yield from map(wire.encode, plain_lists.present_lines(room.name, nicks))
    yield participant.line(Done("WHO", (room.name, str(len(nicks)))), label)


def _rooms(participant: Participant, _command: commands.Rooms, label: str | None) -> Work:
    return participant.send_all(_listed(participant, label))


def _listed(participant: Participant, label: str | None) -> Iterator[bytes]:
    rooms = [room for room in participant.hub.rooms() if permissions.is_listed(participant, room)]
    for room in rooms:
        topic = permissions.readable_topic(participant, room)
        yield participant.line(events.Listed(room.name, room.head_count, None if topic is None else topic.topic))
    yield participant.line(Done("ROOMS", (str(len(rooms)),)), label)


def _history(participant: Participant, room: Place, command: commands.History, label: str | None) -> Work:
    return replay.history(participant, room, command, label)


def _search(participant: Participant, room: Place, command: commands.Search, label: str | None) -> Work:
    return replay.search(participant, room, command, label)


def _ping(participant: Participant, command: commands.Ping, label: str | None) -> None:
    participant.send_event(events.Pong(command.token), label)


def _help(participant: Participant, command: commands.Help, label: str | None) -> None:
    verb = command.verb
    if verb not in (None, "ALL") and verb not in VERBS:
        raise ChatError(Code.UNKNOWN_VERB, f"unknown command: {verb[:40]}; HELP lists the commands")
    newcomers = participant.hub.accounts.takes_newcomers
    lines = _help_lines if participant.tagged else _help_for_people
    participant.send(lines(verb, newcomers=newcomers))
    participant.send_event(Done("HELP"), label)


@cache
def _help_lines(verb: str | None, *, newcomers: bool) -> bytes:
    """Return the lines about one verb or all, which are the same for everybody."""
    about = explained(verb, newcomers=newcomers)
    return b"".join(wire.encode(events.render(events.Note(f"{each.usage} - {each.summary}"))) for each in about)


@cache
def _help_for_people(verb: str | None, *, newcomers: bool) -> bytes:
    return b"".join(map(wire.encode, plain_lists.help_lines(verb, newcomers=newcomers)))


ROWS: tuple[Row, ...] = (
    in_room(commands.Who, _who, is_question=True),
    for_named(commands.Rooms, _rooms, is_question=True),
    or_private(in_room(commands.History, _history, is_question=True)),
    or_private(in_room(commands.Search, _search, is_question=True)),
    for_anybody(commands.Ping, _ping, is_question=True),
    for_anybody(commands.Help, _help, is_question=True),
)
