"""What the panes ask of the window, which does it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from chatd.client.net.address import Address


class Actions(ABC):
    """See `chatd.client.view.window.Window` for what each of them does."""

    @abstractmethod
    def join_as(self, name: str, password: str = "") -> None: ...  # noqa: D102  # the window's, like all that follow

    @abstractmethod
    def show_room(self, name: str | None) -> None: ...  # noqa: D102  # in window.py

    @abstractmethod
    def go_to(self, name: str) -> None: ...  # noqa: D102  # in window.py

    @abstractmethod
    def leave_room(self, key: str) -> None: ...  # noqa: D102  # in window.py

    @abstractmethod
    def close_room(self, key: str) -> None: ...  # noqa: D102  # in window.py

    @abstractmethod
    def submit(self, text: str) -> bool: ...  # noqa: D102  # in window.py

    @abstractmethod
    def load_older(self) -> None: ...  # noqa: D102  # in window.py

    @abstractmethod
    def search(self, words: str) -> None: ...  # noqa: D102  # in window.py

    @abstractmethod
    def reconnect(self) -> None: ...  # noqa: D102  # in window.py

    @abstractmethod
    def open_link(self, url: str) -> None: ...  # noqa: D102  # in window.py

    @abstractmethod
    def focus_changed(self) -> None: ...  # noqa: D102  # in window.py

    @abstractmethod
    def ask_quit(self) -> None: ...  # noqa: D102  # in window.py

    @abstractmethod
    def connect_elsewhere(self, address: Address, nick: str, room: str, password: str = "") -> None: ...  # noqa: D102  # in window.py
