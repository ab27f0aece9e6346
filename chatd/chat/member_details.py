"""AWAY, and what WHO tells with ``details=yes`` of each who is in a room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chatd.chat import permissions, quotas
from chatd.chat.command_rows import Row, for_named
from chatd.chat.hub import Hub
from chatd.chat.participant import Participant
from chatd.model.entry import Member, Place
from chatd.model.member_facts import UNKNOWN, MemberFacts
from chatd.protocol import commands
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Note
from chatd.protocol.member_details import MemberDetails

MAX_AWAY_CHARACTERS = 200


async def tell(participant: Participant, room: Place, label: str | None) -> None:
    """Tell a participant who is in a room and what is known of each."""
    members = list(room.people)
    known = await participant.hub.nodes.ask_facts([member for member in members if member.facts is None])
    await participant.send_all(_lines(participant, room, members, known, label))


def _lines(
    participant: Participant,
    room: Place,
    members: Sequence[Member],
    known: Mapping[str, MemberFacts],
    label: str | None,
) -> Iterator[bytes]:
    for member in members:
        facts = _facts_here(participant.hub, member) or known.get(member.member_id, UNKNOWN)
        operator = permissions.is_room_operator(participant.hub, room.key, member)
        voice = permissions.has_voice(participant.hub, room.key, member)
        details = MemberDetails(
            member.nick, room.name, operator, facts.bot, facts.away is not None, facts.idle, facts.away, voice
        )
        yield participant.line(details)
    yield participant.line(Done("WHO", (room.name, str(len(members)))), label)


def _facts_here(hub: Hub, member: Member) -> MemberFacts | None:
    """Return what is known of a person who is connected to this node, maybe more than once; else None."""
    if not isinstance(member, Participant):
        return member.facts
    found = [member.facts, *(each.facts for each in hub.persons.beside(member))]
    return member.facts._replace(idle=min(facts.idle or 0 for facts in found if facts is not None))


def note_away(participant: Participant, nick: str, facts: MemberFacts | None) -> dict[str, str]:
    """Let a person know that one who was told something is away; return what a program's ``OK TELL`` says of it."""
    if facts is None or facts.away is None:
        return {}
    if not participant.tagged:
        participant.send_event(Note(f"{nick} is away: {facts.away}"))
    return {"away": "yes"}


def _away(participant: Participant, command: commands.Away, label: str | None) -> None:
    if command.text is not None:
        if len(command.text) > MAX_AWAY_CHARACTERS:
            raise ChatError(Code.TOO_LONG, f"the text is too long; AWAY takes at most {MAX_AWAY_CHARACTERS} characters")
        quotas.check_shown_text(participant)
    elif not participant.tagged:
        back = (
            "You are back."
            if participant.away is not None
            else "You were not away. Write AWAY <text> to say why you are."
        )
        participant.send_event(Note(back))
    hub = participant.hub
    connections = (participant, *hub.persons.beside(participant))
    changed = any(each.away != command.text for each in connections)
    for each in connections:
        each.away = command.text
    if changed:
        hub.nodes.announce_soon(participant)
        hub.onlookers.away_changed(participant, command.text)
    participant.send_event(Done("AWAY"), label)


ROWS: tuple[Row, ...] = (for_named(commands.Away, _away),)
