"""Who sends a request: by where it comes from, a token, or a cookie."""

from __future__ import annotations

import secrets

from chatd.chat.hub import Hub
from chatd.chat.visitor import Visitor
from chatd.model.room_policy import Identity, IPAddress
from chatd.runtime.sockets import origin


class WebVisitor(Visitor):
    """Whoever sends requests over one connection, which it has for as long as that lasts."""

    def __init__(self, hub: Hub, address: IPAddress | None, *, private: bool) -> None:
        self.hub = hub
        self.account: str | None = None
        self.names_full_at = 0.0
        self.posted_as = ""
        self.private = private
        """Whether nobody can listen in: over TLS, from this machine, over a local socket."""
        self._address = address
        self._connection = f"web-{secrets.token_hex(8)}"

    @property
    def address(self) -> IPAddress | None:
        """Where it connects from, None for a local socket."""
        return self._address

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine."""
        return self._address is None or self._address.is_loopback

    @property
    def household(self) -> str:
        """What it shares its part of `Hub.shares` with: whoever is logged in to its account, else its address."""
        return origin(self._address) if self.account is None else f"account {self.account}"

    @property
    def identity(self) -> Identity:
        """Whom moderation actions are about."""
        return Identity(self.posted_as, self.account, self._address, self._connection)

    @property
    def is_operator(self) -> bool:
        """Whether it is a server operator's."""
        return self.hub.is_operator(self.account)
