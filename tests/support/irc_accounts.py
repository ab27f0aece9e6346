"""The IRC edge of a server with accounts."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.irc import HERE, IrcChat, IrcClient, Told


class IrcChatWithAccounts(IrcChat):
    """A chat with an IRC edge, and with accounts of ``owners``, who have the same password; the first is a server
    operator."""

    def __init__(self, *owners: str, **options: Any) -> None:
        super().__init__()
        self.accounts = ChatWithAccounts(*owners, **options)
        self.hub.accounts = self.accounts.members

    def logged_in(self, nick: str, *capabilities: str, password: str = PASSWORD, address: str = HERE) -> IrcClient:
        """Return a client that has logged in and is registered, and has read all that came."""
        client = self.connect(address)
        client.says("CAP LS 302", f"CAP REQ :{' '.join(('sasl', *capabilities))}")
        assert plain(client, nick, password)[-1].command == "903"
        client.says(f"NICK {nick}", f"USER {nick} 0 * :{nick.title()} Example", "CAP END")
        return client

    def close(self) -> None:
        self.accounts.close()


def plain(client: IrcClient, nick: str, password: str = PASSWORD, other: str = "") -> list[Told]:
    """Let a client log in with PLAIN; return what it was told."""
    return client.says("AUTHENTICATE PLAIN", *pieces(f"{other}\0{nick}\0{password}".encode()))


def pieces(message: bytes) -> list[str]:
    """Return the lines of a message."""
    text = b64encode(message).decode()
    parts = [text[first : first + 400] for first in range(0, len(text) + 1, 400)]
    return [f"AUTHENTICATE {part or '+'}" for part in parts]
