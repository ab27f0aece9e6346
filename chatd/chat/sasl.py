"""Logging in for edges whose protocols do it in their own way: by SASL, or with a name and a password at any time.

LOGIN comes before the first JOIN. Here one may have a nick already; it is as if one had logged in and then taken it.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatd.accounts import passwords
from chatd.chat import barred
from chatd.chat.authentication import check_private
from chatd.chat.participant import Participant
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code

MIN_PASSWORD_CHARACTERS = passwords.MIN_CHARACTERS


def mechanisms(participant: Participant) -> Sequence[str]:
    """Return the SASL mechanisms by which somebody may log in, the simplest first.

    There are none where others can listen in, where nobody can have an account, and while that cannot be found out.
    """
    if not participant.peer.private:
        return ()
    try:
        return participant.hub.accounts.mechanisms()
    except ChatError:
        return ()


class SaslLogin:
    """A SASL exchange by which somebody logs in. Raise `ChatError` if that may not be, or not by that mechanism."""

    def __init__(self, participant: Participant, mechanism: str) -> None:
        check_may_log_in(participant)
        self._participant = participant
        self._exchange = participant.hub.accounts.exchange(mechanism, _address(participant))

    async def step(self, message: bytes) -> bytes | None:
        """Return what is to be sent as the answer to a message; None if that was the last, and one is logged in.

        Raise `ChatError` if the login has failed.
        """
        outcome = await self._exchange.step(message)
        if isinstance(outcome, bytes):
            return outcome
        _become_owner(self._participant, outcome.account)
        return None


async def log_in(participant: Participant, nick: str, password: str, *, operator: bool = False) -> None:
    """Log somebody in, with ``operator`` to the account of a server operator alone; raise `ChatError` if it fails."""
    if participant.account != names.key(nick):
        check_may_log_in(participant)
    hub = participant.hub
    account = await hub.accounts.log_in(nick, password, _address(participant))
    if operator and not hub.is_operator(account):
        raise ChatError(Code.NOT_ALLOWED, f"{hub.name_of(account)} is not a server operator")
    _become_owner(participant, account)


def send_away_if_barred(participant: Participant) -> None:
    """Send one away who is banned, if that is not a server operator; called when a login was answered, or none came."""
    if participant.barred and not participant.ended:
        barred.send_away(participant)


def check_may_log_in(participant: Participant) -> None:
    """Raise `ChatError` if somebody may not log in over this connection, or not any more."""
    check_private(participant)
    if participant.nick and participant.account is not None:
        name = participant.hub.name_of(participant.account)
        raise ChatError(Code.ALREADY_IN, f"you are logged in as {name}; reconnect to use another account")


def _become_owner(participant: Participant, account: str) -> None:
    participant.become_owner(account)
    if participant.nick and not participant.ended:
        participant.hub.conversations.arrive(participant)
        participant.hub.nodes.announce(participant)


def _address(participant: Participant) -> str | None:
    return str(participant.address) if participant.address else None
