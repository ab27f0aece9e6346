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
    AGAIN = "Try now"
    ELSEWHERE = "Another server …"
    NAME = "Another nick …"
    PASSWORD = "Enter password …"
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
            "No server answers on port {port} of {host}. Check that it is running and which port it uses."
        ),
        Trouble.NO_ANSWER: ("{host} does not answer on port {port}. It is off, unreachable or behind a firewall."),
        Trouble.NO_HOST: "There is no host called {host}. Check the name and whether this computer is online.",
        Trouble.NO_ROUTE: "There is no route to {host}. Check whether this computer is online.",
        Trouble.SPEAKS_TLS: "Port {port} of {host} accepts TLS connections only.",
        Trouble.NOT_CHATD: "The program on port {port} of {host} is not a chatd server.",
        Trouble.SILENT: (
            "The program on port {port} of {host} closes the connection at once. It may not be a chatd server."
        ),
        Trouble.NO_HANDSHAKE: "Cannot connect to {host} over TLS: {why}.",
        Trouble.NOT_ACCEPTED: "Not connected to {host}: its certificate was not accepted.",
        Trouble.FULL: "{host} accepts nobody at the moment: {why}.",
        Trouble.BANNED: _ENDED,
        Trouble.KICKED: _ENDED,
        Trouble.REPLACED: _ENDED,
        Trouble.NAME: "{host} does not accept that nick: {why}.",
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
    text = f"Port {address.port} of {address.host} does not speak TLS"
    offers = (Offer.WITHOUT_TLS, Offer.ELSEWHERE, Offer.CLOSE)
    if is_this_machine(address.host):
        return Advice(f"{text}; on this computer you do not need it.", offers)
    if secret:
        return Advice(
            f"{text}, and your password is sent over TLS only. Ask the operator for the TLS port.", offers[1:]
        )
    return Advice(f"{text}. Without TLS, anybody on the network path can read and change your messages.", offers)


def reason(detail: str) -> str:
    """Return what is known besides as the end of a sentence, without its full stop."""
    return detail.rpartition("the server closed the connection: ")[2].rstrip(".") or "it gives no reason"
