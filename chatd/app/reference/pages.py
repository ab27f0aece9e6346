"""All manual pages, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from chatd.app.command_table import COMMANDS, Command
from chatd.app.reference import daemon_page, file_page
from chatd.app.reference.command_pages import client_text, command_text
from chatd.app.reference.commands import CLIENT, describe, describe_client


class Page(NamedTuple):
    """One manual page."""

    name: str
    section: int
    text: Callable[[], str]
    """Returns it as roff."""

    @property
    def path(self) -> str:
        """Where it lies in a directory of manual pages."""
        return f"man{self.section}/{self.name}.{self.section}"


def pages() -> Mapping[str, Page]:
    """Return the pages by name, none made yet."""
    made = [Page("chatd", 1, daemon_page.text), Page(CLIENT, 1, lambda: client_text(describe_client()))]
    made += [Page(f"chatd-{command.name}", 1, partial(_command_text, command)) for command in COMMANDS.values()]
    made.append(Page("chatd.toml", 5, file_page.text))
    return {page.name: page for page in made}


def _command_text(command: Command) -> str:
    return command_text(describe(command), command.about)
