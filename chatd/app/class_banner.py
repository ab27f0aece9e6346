"""What ``chatd class`` prints: how to join, who may do what, and how to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from urllib.parse import quote

from chatd.app.announcing import Door
from chatd.protocol.names import RoomName
from chatd.runtime.extras import install_command

LINK_MINUTES = 30
INVITED = 50
INVITED_HOURS = 12
NO_NETWORK = (
    "This computer is not on a network, so nobody else can join yet.\n"
    "Join the classroom's Wi-Fi or open a hotspot, then start chatd class again."
)

NO_OPERATOR = (
    "There is no operator link: it needs accounts (--accounts FILE) and a page that this computer can open too"
    " (--interface 0.0.0.0)."
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a class has, once it is open."""

    room: RoomName
    nick: str
    page: Door
    lines: Door | None
    addresses: Sequence[IPv4Address]
    """Where others on the network find this computer, the likeliest first."""
    operator_code: str | None
    """None if there can be none."""
    invitation: str | None
    """None if nobody may make an account."""
    guests: bool
    kept: str
    """Where what is said is kept, as a sentence."""
    log: str
    announced: str | None


def page_address(door: Door, host: object, room: RoomName) -> str:
    """Return what to open in a browser to be in a room."""
    return f"{door.scheme}://{host}:{door.port}/{quote(room[1:])}"


def banner(opened: Opened, qr_code: Callable[[str], str | None]) -> str:
    """Return the text; ``qr_code`` draws an address, or returns None if it cannot."""
    parts = [*_for_all(opened, qr_code), _for_operator(opened), *_invitation(opened), _what_is_open(opened)]
    return "\n\n".join(parts) + "\n"


def _for_all(opened: Opened, qr_code: Callable[[str], str | None]) -> list[str]:
    if opened.page.is_loopback:
        return [f"Open to this computer only:  {page_address(opened.page, opened.page.host, opened.room)}"]
    links = [page_address(opened.page, each, opened.room) for each in opened.addresses]
    if not links:
        return [NO_NETWORK]
    others = [f"If it does not open, try: {'  '.join(links[1:])}"] if links[1:] else []
    picture = qr_code(links[0]) or f"To show a QR code, run: {install_command('class')}"
    return [f"The class opens:  {links[0]}", picture, *others]


def _for_operator(opened: Opened) -> str:
    code, door = opened.operator_code, opened.page
    if code is None:
        return NO_OPERATOR
    # A certificate is for the name by which others come; without one, only this computer keeps a secret.
    host = opened.addresses[0] if door.tls and opened.addresses else "127.0.0.1"
    where = "from anywhere" if door.tls else "on this computer"
    link = f"{page_address(door, host, opened.room)}#operator={code}"
    about = f"For you only, {where}, once, within {LINK_MINUTES} minutes"
    return f"{about}; it logs you in as {opened.nick}, the operator:\n  {link}"


def _invitation(opened: Opened) -> list[str]:
    code = opened.invitation
    if code is None:
        return []
    about = f"Invitation for up to {INVITED} accounts within {INVITED_HOURS} hours (not needed to chat)"
    if opened.page.tls and opened.addresses:
        host = opened.addresses[0]
        return [f"{about}:\n  {opened.page.scheme}://{host}:{opened.page.port}/#invite={code}"]
    reason = "Passwords are accepted over TLS and on this computer only:"
    link = f"http://127.0.0.1:{opened.page.port}/#invite={code}"
    return [f"{about}: {code}\n{reason}\n  {link}"]


def _what_is_open(opened: Opened) -> str:
    ports = f"port {opened.page.port} (the page)"
    if opened.lines is not None:
        ports += f" and port {opened.lines.port} (nc, telnet, chatd-client)"
    who = "Everybody on the same network" if opened.addresses else "For now, only people at this computer"
    may = "may join under any free nick" if opened.guests else "may join with an account"
    lines = [
        f"Open: {ports}.",
        f"{who} {may}, and read and post in all rooms that are not private.",
        "Nothing is sent to the internet."
        + ("" if opened.page.tls else " Others on the network can read the traffic."),
    ]
    if opened.announced is not None and opened.addresses:
        lines.append(f"Announced on the network as {opened.announced!r}.")
    return "\n".join([*lines, opened.kept, f"The log is in {opened.log}.", "Stop with Ctrl-C."])
