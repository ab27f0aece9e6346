"""What the panes ask of the window, which does it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from chatd.client.view.servers import ServerSession
from chatd.runtime.server_address import Address


class Actions(ABC):
    """What can be asked for with a button, a key or a menu; where no server is given, of the one in front."""

    @abstractmethod
    def join_as(self, name: str, password: str = "") -> None:
        """Connect under the name that was entered, which a password may prove to be one's own; or take that name."""

    @abstractmethod
    def show_room(self, name: str | None, session: ServerSession | None = None) -> None:
        """Bring a room to the front."""

    @abstractmethod
    def go_to(self, name: str, session: ServerSession | None = None) -> None:
        """Bring a room to the front that is to be joined first, or a conversation."""

    @abstractmethod
    def leave_room(self, key: str, session: ServerSession | None = None) -> None:
        """Leave a room; what was said there stays on the screen."""

    @abstractmethod
    def close_room(self, key: str, session: ServerSession | None = None) -> None:
        """Leave a room and forget it."""

    @abstractmethod
    def submit(self, text: str) -> bool:
        """Carry out what was typed; return whether that could be done."""

    @abstractmethod
    def load_older(self) -> None:
        """Ask for what was said before what is on the screen."""

    @abstractmethod
    def search(self, words: str) -> None:
        """Search in the room in front, on the server."""

    @abstractmethod
    def reconnect(self) -> None:
        """Try now to connect."""

    @abstractmethod
    def open_link(self, url: str) -> None:
        """Open a link in the browser."""

    @abstractmethod
    def focus_changed(self) -> None:
        """Note whether the one who reads is looking."""

    @abstractmethod
    def ask_quit(self) -> None:
        """Ask whether to quit."""

    @abstractmethod
    def show_account(self) -> None:
        """Show as whom one is logged in where one is, and what can be done about that."""

    @abstractmethod
    def connect_elsewhere(self, address: Address, nick: str, room: str, password: str = "") -> None:
        """Connect to one more server; or log in or take another name where one is."""

    @abstractmethod
    def move_server(self, old: Address, new: Address, nick: str, password: str = "") -> None:
        """Reach a server at another address than the one at which it was tried."""

    @abstractmethod
    def reconnect_server(self, session: ServerSession) -> None:
        """Try now to connect to a server of the list."""

    @abstractmethod
    def disconnect_server(self, session: ServerSession) -> None:
        """Leave a server; what was said there stays on the screen."""

    @abstractmethod
    def remove_server(self, session: ServerSession) -> None:
        """Leave a server and forget it."""
