"""The manual page of the configuration file, chatd.toml(5)."""

from __future__ import annotations

from collections.abc import Iterator

from chatd import __version__
from chatd.app.configuration.sections import SECTIONS
from chatd.app.configuration.settings import Setting
from chatd.app.configuration.writing import shown_default
from chatd.app.options import ReadOptions
from chatd.app.reference import roff
from chatd.app.reference.daemon_page import see_also

_DESCRIPTION = (
    "The file that --config or CHATD_CONFIG names; by custom it is /etc/chatd/chatd.toml. It is TOML, in UTF-8: texts"
    " in quotes, numbers without, true and false, lists in brackets. Each option stands in its section, under the name"
    " that it has on the command line.",
    "An option that there is not, or a value that cannot be, keeps the server from starting; a sentence says which"
    " line it is on. chatd config --default prints a file to begin with, chatd config what holds and where each value"
    " comes from.",
    "Relative paths begin in --state-directory for the journal, the accounts, the hooks and the pid file, and in the"
    " working directory for all else.",
)
_SECRETS = (
    "Any value can be read from a file, so that a secret need not stand beside the rest. A relative path begins in the"
    " directory of the configuration."
)
_SECRET_EXAMPLE = ("[storage]", 'journal = { file = "journal.secret" }')
_EXAMPLE = (
    "[listen]",
    'interface = "0.0.0.0"',
    'listen = ["tls:/etc/chatd/tls:port=10320"]',
    "",
    "[accounts]",
    "members-only = true",
    "",
    "[storage]",
    'state-directory = "/var/lib/chatd"',
    'keep = "30d"',
)


def text() -> str:
    """Return the page as roff."""
    return roff.page(_lines())


def _lines() -> Iterator[str]:
    yield roff.title("chatd.toml", 5, __version__)
    yield roff.heading("Name")
    yield "chatd.toml \\- configuration of the chat server chatd"
    yield roff.heading("Description")
    yield from map(roff.paragraph, _DESCRIPTION)
    settings = ReadOptions().settings
    yield roff.heading("Sections")
    for section in SECTIONS:
        yield roff.subheading(f"[{section.name}]")
        yield roff.paragraph(section.about)
        for row in section.rows:
            if (setting := settings.get(row.name)) is not None:
                tag = f"{roff.bold(row.name)} = {roff.italic(shown_default(setting, row))}"
                yield roff.tagged(tag, _about(setting, live=row.live))
    yield roff.heading("Secrets")
    yield roff.paragraph(_SECRETS)
    yield roff.example(_SECRET_EXAMPLE)
    yield roff.heading("Examples")
    yield roff.example(_EXAMPLE)
    yield roff.heading("See also")
    yield from see_also(("chatd", 1), ("chatd-config", 1))


def _about(setting: Setting, *, live: bool) -> str:
    default = f" If nothing is said: {setting.default_in_words}." if setting.default_in_words else ""
    return f"{setting.help}{default}{'' if live else ' A change needs a restart.'}"
