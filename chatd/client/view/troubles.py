"""What a person is told of a connection in trouble, and offered to do about it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from chatd.client.net.trouble import Trouble
from chatd.runtime.server_address import DEFAULT_PORT, Address

TLS_PORT = 10320
"""The port that servers which follow the examples listen on for TLS."""


class Offer(Enum):
    """What can be done, as the button says it."""

    WITH_TLS = "Connect with TLS"
    WITHOUT_TLS = "Connect without TLS"
    USUAL_PORT = "Try port {port}"
    AGAIN = "Try again now"
    ELSEWHERE = "Another server …"
    NAME = "Another name …"
    PASSWORD = "Enter the password …"
    CLOSE = "Close"


class Advice(NamedTuple):
    """A sentence or two, and what is offered; the last offer does nothing."""

    text: str
    offers: tuple[Offer, ...]


_ELSEWHERE = (Offer.AGAIN, Offer.ELSEWHERE, Offer.CLOSE)
_ENDED = "You are no longer connected to {host}: {why}."
_TEXTS: Mapping[Trouble | None, str] = MappingProxyType(
    {
        Trouble.NOTHING_LISTENS: (
            "No server answers on port {port} of {host}: it is not running, or it uses another port."
        ),
        Trouble.NO_ANSWER: (
            "{host} does not answer at port {port}: it is off or unreachable, or a firewall is in the way."
        ),
        Trouble.NO_HOST: "There is no host called {host}. Check the name, and whether this machine is online.",
        Trouble.NO_ROUTE: "{host} cannot be reached from here. Check whether this machine is online.",
        Trouble.SPEAKS_TLS: "Port {port} of {host} takes encrypted connections (TLS) only.",
        Trouble.NOT_CHATD: "What answers on port {port} of {host} is not a chatd server.",
        Trouble.SILENT: (
            "What answers on port {port} of {host} hangs up without a word: it may not be a chatd server."
        ),
        Trouble.NO_HANDSHAKE: "No encrypted connection to {host} could be made: {why}.",
        Trouble.NOT_ACCEPTED: "You are not connected to {host}, because its certificate was not accepted.",
        Trouble.FULL: "{host} takes nobody in at the moment: {why}.",
        Trouble.BANNED: _ENDED,
        Trouble.KICKED: _ENDED,
        Trouble.REPLACED: _ENDED,
        Trouble.NAME: "{host} does not take that name: {why}.",
    }
)
_OFFERS: Mapping[Trouble | None, tuple[Offer, ...]] = MappingProxyType(
    {
        Trouble.SPEAKS_TLS: (Offer.WITH_TLS, Offer.ELSEWHERE, Offer.CLOSE),
        Trouble.NAME: (Offer.NAME, Offer.ELSEWHERE, Offer.CLOSE),
    }
)
_OF_PORT = frozenset(
    {Trouble.NOTHING_LISTENS, Trouble.NO_ANSWER, Trouble.NOT_CHATD, Trouble.SILENT, Trouble.NO_HANDSHAKE}
)
"""What another port may mend."""


def usual_port(address: Address) -> int:
    """Return the port on which a server that is reached in that way usually listens."""
    return TLS_PORT if address.tls else DEFAULT_PORT


def is_this_machine(host: str) -> bool:
    """Return whether a host is this machine itself, to which nobody can listen in."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def advise(trouble: Trouble | None, address: Address, detail: str, *, secret: bool) -> Advice:
    """Return what to say of a trouble with the server at an address.

    ``detail`` is what is known besides, a sentence without its capital and its full stop; it may be the server's.
    ``secret`` is whether a password would go to that server.
    """
    if trouble is Trouble.SPEAKS_PLAIN:
        return _without_tls(address, secret=secret)
    text = _TEXTS.get(trouble, "{host} does not let you in: {why}.")
    offers = _OFFERS.get(trouble, _ELSEWHERE)
    if trouble in _OF_PORT and address.port != usual_port(address):
        offers = (Offer.USUAL_PORT, *offers)
    return Advice(text.format(host=address.host, port=address.port, why=reason(detail)), offers)


def _without_tls(address: Address, *, secret: bool) -> Advice:
    text = f"Port {address.port} of {address.host} offers no encryption (TLS)"
    offers = (Offer.WITHOUT_TLS, Offer.ELSEWHERE, Offer.CLOSE)
    if is_this_machine(address.host):
        return Advice(f"{text}; on this machine none is needed.", offers)
    if secret:
        return Advice(f"{text}, and your password is never sent without. Ask for the server's TLS port.", offers[1:])
    return Advice(f"{text}. Without it nothing is encrypted: anybody on the way can read and change it.", offers)


def reason(detail: str) -> str:
    """Return what is known besides as the end of a sentence, without its full stop."""
    return detail.rpartition("the server closed the connection: ")[2].rstrip(".") or "it does not say why"
