"""Who sends a request: by where it comes from, a token, or a cookie."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from chatd.chat.hub import Hub
from chatd.chat.visitor import Visitor
from chatd.model.room_policy import Identity, IPAddress
from chatd.protocol.errors import ChatError
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
        self._owner: WebVisitor | None = None  # of the account that the last request with one was of
        self._look_up: Callable[[], str] | None = None

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

    def logged_in(self, account: str, look_up: Callable[[], str]) -> WebVisitor:
        """Return the same as the owner of an account.

        ``look_up`` returns the account of its token or login, and raises `ChatError` when that is over.
        """
        owner = self._owner
        if owner is None or owner.account != account:
            owner = self._owner = WebVisitor(self.hub, self._address, private=self.private)
            owner.account, owner._connection = account, self._connection
        owner._look_up = look_up
        return owner

    @property
    def is_over(self) -> bool:
        """Whether its token or login holds no more; what lasts asks this now and then. It is not for a guest.

        As long as that cannot be looked up, it is not over.
        """
        try:
            if self._look_up is not None:
                self._look_up()
        except ChatError as error:
            return not error.code.temporary
        return False
