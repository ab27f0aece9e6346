"""How people are shown to IRC clients."""

from __future__ import annotations

from typing import NamedTuple


class Person(NamedTuple):
    """How somebody is shown to IRC clients. No address is: the host only tells people apart."""

    nick: str
    user: str
    host: str
    realname: str
    account: str | None = None
    """The name of the account as its owner writes it."""
    bot: bool = False

    @property
    def source(self) -> str:
        """What their messages come from."""
        return "".join((self.nick, "!", self.user, "@", self.host))  # formatting a name costs twice as much
