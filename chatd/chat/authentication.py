"""Who somebody is: LOGIN, REGISTER, and whose nick is whose."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import Deferred

from chatd.chat.participant import Participant
from chatd.chat.visitor import Visitor
from chatd.protocol import moderation_commands as commands
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done
from chatd.protocol.names import Nick

Work = Coroutine[Deferred[Any], Any, None]


def check_owner(participant: Visitor, nick: Nick) -> None:
    """Raise `ChatError` if somebody may not go by a nick, because it is, or looks like, somebody else's own."""
    accounts = participant.hub.accounts
    if accounts.members_only and participant.account is None:
        raise ChatError(Code.NOT_ALLOWED, "only registered users may join; LOGIN <nick> <password> first")
    if participant.account == nick.key:
        return
    if accounts.is_registered(nick.key):
        raise ChatError(
            Code.NOT_ALLOWED,
            f"nick {nick} belongs to a registered user; LOGIN {nick} <password> first or choose another nick",
        )
    twin = accounts.looks_like(nick)
    if twin is not None and names.key(twin) != participant.account:
        raise ChatError(Code.NAME_TAKEN, f"{nick} could be mistaken for {twin}; choose another nick")


def log_in(participant: Participant, command: commands.Login, label: str | None) -> Work:
    """Return what is left to do of a LOGIN."""
    check_private(participant)
    if participant.nick:
        raise ChatError(Code.ALREADY_IN, "LOGIN must come before the first JOIN; QUIT, reconnect and LOGIN first")
    return _log_in(participant, command, label)


def register(participant: Participant, command: commands.Register, label: str | None) -> Work:
    """Return what is left to do of a REGISTER."""
    check_private(participant)
    if not participant.nick:
        raise ChatError(Code.NAME_NEEDED, "JOIN under the nick that you want to register first")
    if participant.account is not None:
        raise ChatError(Code.ALREADY_IN, "you are already logged in to your account")
    return _register(participant, command, label)


def check_private(participant: Participant) -> None:
    """Raise `ChatError` where somebody else could read a password; whatever it is, it is not looked at."""
    if not participant.peer.private:
        raise ChatError(
            Code.TLS_NEEDED, "passwords are accepted over TLS only; use the TLS port, and change this password"
        )


async def _log_in(participant: Participant, command: commands.Login, label: str | None) -> None:
    accounts, address = participant.hub.accounts, participant.address
    account = await accounts.log_in(command.nick, command.password, str(address) if address else None)
    participant.become_owner(account)
    participant.send_event(Done("LOGIN", (accounts.name(account),)), label)


async def _register(participant: Participant, command: commands.Register, label: str | None) -> None:
    nick, address = participant.nick, participant.address
    accounts = participant.hub.accounts
    account = await accounts.register(nick, command.password, command.code, str(address) if address else None)
    participant.become_owner(account)
    if participant.ended:  # meanwhile: what is told from here on is for the next login
        return
    participant.hub.conversations.arrive(participant)
    participant.hub.nodes.announce(participant)
    participant.send_event(Done("REGISTER", (nick,)), label)
