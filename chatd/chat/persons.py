"""The people behind the connections of this node: which of them are of the same account, and of the same person.

Connections that go by the nick of the account that they are logged in to are one person's: they share the nick and, in
each room, one place. Those that go by other nicks are others to the rooms, whatever their account.
"""

from __future__ import annotations

from collections.abc import Collection

from chatd.chat.client import Client, NickHolder
from chatd.chat.private_lines import PrivateLine
from chatd.model.entry import Member
from chatd.protocol.errors import ChatError, Code

MAX_CONNECTIONS = 10
"""How many connections one person may have at a time."""


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

    def beside(self, client: Member) -> list[Client]:
        """Return the other connections of the same person."""
        person = client.person
        return [each for each in self.connections(client.account) if each.person is person and each is not client]

    def own(self, newcomer: Client, holder: NickHolder) -> Client | None:
        """Return the connection that goes by a nick, if a newcomer has proved to be the same person."""
        if holder.account is None or holder.account != newcomer.account or holder.nick.key != holder.account:
            return None
        # Who was logged in when the account was removed is not whoever has made it anew.
        theirs = self.connections(holder.account)
        return next((each for each in theirs if each is holder and each.account_made == newcomer.account_made), None)

    def join(self, newcomer: Client, present: Client) -> None:
        """Make a newcomer a further connection of a person. Raise `ChatError` if there are too many."""
        # Whose place is kept from before a restart may be the one that comes back.
        if sum(not each.absent for each in (present, *self.beside(present))) >= MAX_CONNECTIONS:
            why = f"{present.nick} has {MAX_CONNECTIONS} connections, which is the maximum; QUIT one first"
            raise ChatError(Code.FULL, why)
        newcomer.person, newcomer.nick = present.person, present.nick

    def tell(self, client: Client, line: PrivateLine, account: str | None) -> None:
        """Send a private line to all connections of a person. Raise `ChatError` if none of them takes it."""
        refused: ChatError | None = None
        taken = False
        for each in (client, *self.beside(client)):
            try:
                each.tell(line, account)
                taken = True
            except ChatError as error:
                refused = refused or error
        if refused is not None and not taken:
            raise refused
