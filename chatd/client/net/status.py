"""How the connection is, as the window shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from chatd.client.net.trouble import Trouble


class LinkState(Enum):
    """What there is of a connection."""

    CONNECTING = "one is being made, or the server has not let one in yet"
    CONNECTED = "the server has let one in"
    WAITING = "there is none, and another try follows"
    REFUSED = "the server will not have one under this name, or not this client; another try follows"
    LOCKED = "the server wants a password, or another one; no try follows until one is asked for"
    STOPPED = "there is none, and no try follows until one is asked for"


@dataclass(frozen=True, slots=True)
class Status:
    """What the status line shows."""

    state: LinkState
    detail: str
    """A sentence without its capital and its full stop."""
    retry_at: float | None = None
    """When the next try is, in seconds of the reactor's clock; None if none is due."""
    latency: float | None = None
    """How long the server took to answer the last PING, in seconds; None if it has answered none."""
    trouble: Trouble | None = None
    """Why there is no connection, if that is known: while there is none, and while another is being made."""
    account: str = ""
    """The account that one is logged in to; empty for none."""
    takes_newcomers: bool = True
    """Whether people can register at the server, as far as it says so."""
