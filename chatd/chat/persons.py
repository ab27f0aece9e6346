"""The people behind the connections of this node: which of them are logged in to the same account."""

from __future__ import annotations

from collections.abc import Collection

from chatd.chat.client import Client


class Persons:
    """The connections of each account, by its key. Whoever has no account is nobody here."""

    def __init__(self) -> None:
        self._connections: dict[str, dict[Client, None]] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def enter(self, client: Client, account: str) -> None:
        """Note that a connection is logged in to an account."""
        self._connections.setdefault(account, {})[client] = None

    def leave(self, client: Client) -> None:
        """Note that a connection has ended; it is no mistake if it was nobody's."""
        account = client.account
        if account is None or account not in self._connections:
            return
        connections = self._connections[account]
        connections.pop(client, None)
        if not connections:
            del self._connections[account]

    def connections(self, account: str | None) -> Collection[Client]:
        """Return the connections of an account to this node, in the order in which they logged in."""
        return () if account is None else self._connections.get(account, {}).keys()
