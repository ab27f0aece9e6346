"""JOIN with any=yes: the first of some numbered names that is free, so that jobs need not agree on who is which."""

from __future__ import annotations

from collections.abc import Iterator

from chatd.chat import authentication, permissions
from chatd.chat.participant import Participant
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import MAX_NICK_LENGTH, BadNameError, Nick

MOST = 100
"""How many names are tried."""


def candidates(nick: Nick) -> Iterator[Nick]:
    """Yield a nick and those that are numbered after it: ``ci``, ``ci-2``, ``ci-3``; what is too long is cut before."""
    yield nick
    for number in range(2, MOST + 1):
        suffix = f"-{number}"
        try:
            yield names.nick(nick[: MAX_NICK_LENGTH - len(suffix)] + suffix)
        except BadNameError:  # where it was cut, or for the direction of its script
            continue


def begin(participant: Participant, nick: Nick, room: str) -> None:
    """Go by the first free one of the names that are numbered after a nick, to enter a room, given its key.

    Raise `ChatError` if none of them is to be had.
    """
    participant.other_names = candidates(nick)
    try:
        take_next(participant, room)
    except ChatError:
        participant.other_names = None
        raise


def take_next(participant: Participant, room: str) -> None:
    """Go by the next free one, or raise `ChatError`: then none is left, or the reason is none of the name."""
    for nick in participant.other_names or ():
        identity = participant.identity._replace(nick=nick.key)
        if (why_not := permissions.refusal(participant, room, identity)) is not None:
            raise why_not
        try:
            authentication.check_owner(participant, nick)
            participant.hub.claim(nick, participant)
        except ChatError:
            if participant.hub.accounts.members_only and participant.account is None:
                raise
            continue
        participant.nick = nick
        return
    raise ChatError(Code.NAME_TAKEN, f"all {MOST} nicks tried are taken; choose another nick")


def take_another(participant: Participant, refused: ChatError, room: str) -> ChatError | None:
    """Go by the next free name if one was lost to somebody who was faster; return why not if it stays refused."""
    if refused.code is not Code.NAME_TAKEN or participant.other_names is None or participant.ended or participant.nick:
        return refused
    try:
        take_next(participant, room)
    except ChatError as error:
        return error
    return None
