"""A chat with an IRC edge and accounts, whose owners are logged in before they say who they are."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock

from chatd.edges.gateway import Gateway
from chatd.edges.irc.connection import IrcFactory
from chatd.journal import Journal
from tests.support.in_memory_accounts import ChatWithAccounts
from tests.support.irc import IrcChat

_opened: list[IrcChatWithOwners] = []


def close_chats() -> None:
    """Close the accounts of all chats that were made."""
    while _opened:
        _opened.pop().close()


class IrcChatWithOwners(IrcChat, ChatWithAccounts):
    """``owners`` have accounts; the first looks after the server. Tests of IRC have it closed at their end."""

    def __init__(self, *owners: str, journal: Callable[[Clock], Journal] | None = None) -> None:
        ChatWithAccounts.__init__(self, *owners, journal=journal)
        self.gateway = Gateway(self.hub, self.clock)
        self.factory = IrcFactory(self.gateway, "irc.example.org")
        _opened.append(self)
