"""HISTORY and SEARCH of what was told in private: by one of the two, and by nobody else."""

from __future__ import annotations

from dataclasses import replace

from chatd.chat import permissions, replay
from chatd.chat.command_rows import Row, Work, need_nick
from chatd.chat.participant import Participant
from chatd.chat.private_telling import party_of
from chatd.chat.room import Room
from chatd.model.conversation import GUESTS, account_of, conversation, other_party
from chatd.protocol import commands
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import Nick, RoomName


def or_private(row: Row) -> Row:
    """Return a row of HISTORY or SEARCH that is also carried out where a person is named."""

    def carry_out(
        participant: Participant, command: commands.History | commands.Search, label: str | None
    ) -> Work | None:
        if command.person is None:
            return row.carry_out(participant, command, label)
        need_nick(participant)
        return _ask(participant, command, Nick.of(command.person), label)

    return replace(row, carry_out=carry_out)


def _ask(participant: Participant, command: commands.History | commands.Search, other: Nick, label: str | None) -> Work:
    key, shown = conversation_with(participant, other)
    there = Room(RoomName(key))
    there.name, there.last_id = RoomName(shown), participant.hub.conversations.last_id(key)
    if isinstance(command, commands.History):
        return replay.history(participant, there, command, label)
    return replay.search(participant, there, command, label)


def conversation_with(participant: Participant, other: Nick) -> tuple[str, str]:
    """Return the key of what somebody and the owner of a nick told each other, and what that nick is to be called.

    Of several who had the name, one after the other, it is the one who has it now, or else the last to be told
    something. Where nobody had, it is what all guests have told the participant.
    """
    own = permissions.own_party(participant)
    hub = participant.hub
    holder = hub.holder(other)
    party = party_of(hub, other, holder)
    if party is not None:
        return conversation(own, party), hub.accounts.name(other.key) if holder is None else holder.nick
    with_former = [key for key in hub.conversations.of(own) if account_of(other_party(key, own)) == other.key]
    if with_former:
        return max(with_former, key=hub.conversations.last_id), other
    with_guests = conversation(own, GUESTS)
    if holder is None and not hub.conversations.last_id(with_guests):
        raise ChatError(Code.NO_SUCH_NICK, f"there is no {other}, and nobody under that nick has sent you a message")
    return with_guests, other
