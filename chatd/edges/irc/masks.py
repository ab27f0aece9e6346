"""The masks of bans and mutes: which of them a ruling can hold, and how a ruling is shown as one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatd.edges.irc.server import host_of
from chatd.model.entry import Member
from chatd.model.room_policy import is_address
from chatd.protocol import moderation_verbs, names
from chatd.protocol.names import BadNameError

_HOST = re.compile(r"[0-9a-f]{10}\.(?:account|guest)")
_WILD = re.compile(r"[*?]")
_ENDS_OF_ADDRESS = re.compile(r"(?:[0-9]{1,3}\.){1,3}\*")
ANYBODY = "*"


class BadMaskError(ValueError):
    """No ruling can hold a mask; the text says what would do."""


def mask_of(subject: str) -> str:
    """Return the mask that stands for whom a ruling is about: a nick, an address or a network."""
    return f"*!*@{subject}" if is_address(subject) else f"{subject}!*@*"


def subject_of(mask: str, members: Iterable[Member]) -> str:
    """Return whom a mask means: a nick, an address or a network, as a ruling has it.

    A host of ours means who has it among the ``members``, and so does whatever stands before it. Raise `BadMaskError`.
    """
    nick, user, host = _parts(mask)
    if _HOST.fullmatch(host):
        return _with_host(host, members)
    address = _address(host)
    if address is not None:
        if nick != ANYBODY or user != ANYBODY:
            raise BadMaskError(
                f"many people can share an address; write *!*@{host} for everybody who connects from there"
            )
        return address
    if host != ANYBODY:
        raise BadMaskError("the host must be one that WHOIS shows or an address: *!*@192.0.2.7 or *!*@192.0.2.0/24")
    if _WILD.search(nick):
        raise BadMaskError(
            "patterns for nicks are not supported; write one nick, nick!*@*, or an address, *!*@192.0.2.7"
        )
    if user != ANYBODY:
        raise BadMaskError(f"user names can be chosen freely and are not matched; write {nick}!*@*")
    try:
        return names.nick(nick)
    except BadNameError as error:
        raise BadMaskError(str(error)) from None


def _parts(mask: str) -> tuple[str, str, str]:
    """Return nick, user and host of a mask, which may be a nick or an address alone."""
    before, at, host = mask.rpartition("@")
    if not at:
        before, host = host, ANYBODY
    nick, _, user = before.partition("!")
    if not at and not user and _address(nick) is not None:
        return ANYBODY, ANYBODY, nick
    return nick or ANYBODY, user or ANYBODY, host or ANYBODY


def _address(text: str) -> str | None:
    if _ENDS_OF_ADDRESS.fullmatch(text):  # as people write 192.0.2.0/24
        bytes_ = text.split(".")[:-1]
        text = f"{'.'.join([*bytes_, *['0'] * (4 - len(bytes_))])}/{8 * len(bytes_)}"
    try:
        subject = moderation_verbs.subject_of(text)
    except BadNameError:
        return None
    return subject if is_address(subject) else None


def _with_host(host: str, members: Iterable[Member]) -> str:
    for member in members:
        if host_of(member) == host:
            return str(member.nick)
    raise BadMaskError("nobody in this room has that host; write the nick, nick!*@*, or an address, *!*@192.0.2.7")
