"""What a person is told of a connection in trouble, and offered to do about it."""

from __future__ import annotations

import ipaddress
from enum import Enum
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
    host, port = address.host, address.port
    other = (Offer.USUAL_PORT,) if port != usual_port(address) else ()
    match trouble:
        case Trouble.NOTHING_LISTENS:
            text = f"No server answers at port {port} of {host}: it is not running, or it uses another port."
            return Advice(text, (*other, *_ELSEWHERE))
        case Trouble.NO_ANSWER:
            text = f"{host} does not answer at port {port}: it is off or unreachable, or a firewall is in the way."
            return Advice(text, (*other, *_ELSEWHERE))
        case Trouble.NO_HOST:
            text = f"There is no host called {host}. Check the name, and whether this machine is online."
            return Advice(text, _ELSEWHERE)
        case Trouble.NO_ROUTE:
            return Advice(f"{host} cannot be reached from here. Check whether this machine is online.", _ELSEWHERE)
        case Trouble.SPEAKS_TLS:
            text = f"Port {port} of {host} takes encrypted connections (TLS) only."
            return Advice(text, (Offer.WITH_TLS, Offer.ELSEWHERE, Offer.CLOSE))
        case Trouble.SPEAKS_PLAIN:
            return _without_tls(address, secret=secret)
        case Trouble.NOT_CHATD:
            return Advice(f"What answers at port {port} of {host} is not a chatd server.", (*other, *_ELSEWHERE))
        case Trouble.SILENT:
            text = f"What answers at port {port} of {host} hangs up without a word: it may not be a chatd server."
            return Advice(text, (*other, *_ELSEWHERE))
        case Trouble.NO_HANDSHAKE:
            return Advice(f"No encrypted connection to {host} could be made: {reason(detail)}.", (*other, *_ELSEWHERE))
        case Trouble.NOT_ACCEPTED:
            text = f"You are not connected to {host}, because its certificate was not accepted."
            return Advice(text, _ELSEWHERE)
        case Trouble.FULL:
            return Advice(f"{host} takes nobody in at the moment: {reason(detail)}.", _ELSEWHERE)
        case Trouble.BANNED | Trouble.KICKED | Trouble.REPLACED:
            return Advice(f"You are no longer connected to {host}: {reason(detail)}.", _ELSEWHERE)
        case Trouble.NAME:
            text = f"{host} does not take that name: {reason(detail)}."
            return Advice(text, (Offer.NAME, Offer.ELSEWHERE, Offer.CLOSE))
        case _:
            return Advice(f"{host} does not let you in: {reason(detail)}.", _ELSEWHERE)


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
