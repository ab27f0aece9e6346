"""Who said something lately without coming in, so that a MUTE or BAN of the nick reaches that one under any other."""

from __future__ import annotations

from collections import OrderedDict

from chatd.model.cluster import MemberInfo
from chatd.protocol import names
from chatd.protocol.names import Nick

MAX_POSTERS = 1000
"""How many are known, of more those who spoke last."""


class Posters:
    """As what all nodes know them, by nick; the same on all nodes that are up, for it changes in the one order."""

    def __init__(self) -> None:
        self._posters: OrderedDict[str, MemberInfo] = OrderedDict()

    def __len__(self) -> int:
        return len(self._posters)

    def note(self, poster: MemberInfo) -> None:
        """Note that somebody spoke."""
        key = names.key(poster.nick)
        self._posters[key] = poster
        self._posters.move_to_end(key)
        if len(self._posters) > MAX_POSTERS:
            self._posters.popitem(last=False)

    def get(self, nick: Nick) -> MemberInfo | None:
        """Return who spoke last under a nick, in any spelling."""
        return self._posters.get(nick.key)
