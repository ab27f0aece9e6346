"""Who connects although banned from the server is heard for a LOGIN alone: server operators are banned from nothing."""

from __future__ import annotations

from functools import partial

from chatd.chat import auditing, permissions
from chatd.chat.command_rows import Task
from chatd.chat.participant import Participant
from chatd.model.room_policy import ModerationAction
from chatd.protocol import commands, events
from chatd.protocol import moderation_commands as moderators
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.wire import Request

LOGIN_SECONDS = 30
"""How long one may take to LOGIN. Not as long as others have for their JOIN: a ban is what stops a flood."""
MOST = 50
"""How many may be about to at the same time; more are sent away at once."""
_HEARD = (commands.Hello, moderators.Login, commands.Quit)


def bar(participant: Participant, ban: ModerationAction) -> None:
    """Let a newcomer who is banned LOGIN, or send it away where no password is taken."""
    hub = participant.hub
    auditing.note_refusal(participant, ChatError(Code.BANNED, permissions.because("you are banned", ban)))
    if not participant.peer.private or len(hub.barred) >= MOST:
        send_away(participant)
        return
    participant.barred = True
    hub.barred[participant] = None
    why = permissions.because("you are banned", ban)
    participant.send_event(events.Note(f"{why}. Server operators can LOGIN within {LOGIN_SECONDS} seconds."))
    hub.timers.add(partial(_expire, participant), hub.timers.now + LOGIN_SECONDS)


def hears(participant: Participant, request: Request | ChatError | Task) -> bool:
    """Return whether to look at what one asks for who is barred; if not, it was sent away for it."""
    if isinstance(request, Task):
        is_heard = request.for_barred
    else:
        is_heard = isinstance(request, Request) and isinstance(request.command, _HEARD)
    if is_heard:
        return True
    send_away(participant)
    return not participant.ended


def send_away(participant: Participant) -> None:
    """Send one away who is banned; whoever is not, any more or as a server operator, is barred no longer."""
    ban = permissions.server_ban(participant)
    if ban is not None:
        participant.disconnect(DisconnectReason.BANNED, permissions.because("you are banned", ban))
        return
    participant.barred = False
    participant.hub.barred.pop(participant, None)


def _expire(participant: Participant, _now: float) -> None:
    if participant.barred and not participant.ended:
        send_away(participant)
