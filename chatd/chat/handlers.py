"""Which row carries out which command. What a row does stands in the module that it comes from."""

from __future__ import annotations

from collections.abc import Mapping

from chatd.chat import (
    authentication,
    ignoring,
    joining,
    line_clock,
    member_details,
    moderation,
    posting,
    questions,
    read_markers,
    referring,
    rules,
    speaking,
)
from chatd.chat.command_rows import Row, Task, Work, for_anybody, for_named
from chatd.chat.participant import Participant
from chatd.protocol import commands
from chatd.protocol import moderation_commands as moderators
from chatd.protocol.commands import Command
from chatd.protocol.errors import ChatError
from chatd.protocol.names import RoomName
from chatd.protocol.wire import Request

_MODERATION: tuple[Row, ...] = (
    for_anybody(moderators.Login, authentication.log_in),
    for_anybody(moderators.Register, authentication.register),
    for_named(moderators.Set, moderation.change_setting),
    for_named(moderators.Kick, moderation.moderate),
    for_named(moderators.Mute, moderation.moderate),
    for_named(moderators.Unmute, moderation.moderate),
    for_named(moderators.Ban, moderation.moderate),
    for_named(moderators.Unban, moderation.moderate),
    for_named(moderators.Op, moderation.moderate),
    for_named(moderators.Deop, moderation.moderate),
    for_named(moderators.Voice, moderation.moderate),
    for_named(moderators.Unvoice, moderation.moderate),
    for_named(moderators.Invite, moderation.invite),
    for_named(moderators.Uninvite, moderation.moderate),
)

HANDLERS: Mapping[type, Row] = {
    row.command: row
    for row in (
        *speaking.ROWS,
        *posting.ROWS,
        *joining.ROWS,
        *questions.ROWS,
        *member_details.ROWS,
        *ignoring.ROWS,
        *line_clock.ROWS,
        *read_markers.ROWS,
        *referring.ROWS,
        *rules.ROWS,
        *_MODERATION,
    )
}
"""By command; a test holds that every command has a row here and one in `chatd.protocol.verbs`."""


def carry_out(participant: Participant, request: Request) -> Work | None:
    """Do what a request asks for, and return what is left to do. Raise `ChatError` if it cannot be done."""
    command, label = request
    try:
        return HANDLERS[type(command)].carry_out(participant, command, label)
    except ChatError as error:
        error.verb = verb_of(command)
        error.fatal = isinstance(command, commands.Pipe)
        raise


def only_says(participant: Participant, request: Request | ChatError | Task) -> bool:
    """Return whether a request only says something more in a room, so that it need not wait for what was said."""
    if not isinstance(request, Request):
        return False
    command = request.command
    if type(command) is commands.Msg:
        return participant.current is not None
    if type(command) is not commands.Tell or not command.to.startswith("#"):
        return False
    return participant.hub.room(RoomName.of(command.to).key) in participant.rooms


def is_question(request: Request | ChatError | Task) -> bool:
    """Return whether a request only asks for something, so that it is of no use to one who cannot be answered."""
    return isinstance(request, Request) and HANDLERS[type(request.command)].is_question


def verb_of(command: Command) -> str:
    """Return the verb of a command, as it is written."""
    return type(command).__name__.upper()
