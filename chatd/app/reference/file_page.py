"""The manual page of the configuration file, chatd.toml(5)."""

from __future__ import annotations

from collections.abc import Iterator

from chatd import __version__
from chatd.app.configuration.sections import SECTIONS
from chatd.app.configuration.writing import notes, shown_default
from chatd.app.options import ReadOptions
from chatd.app.reference import roff
from chatd.app.reference.daemon_page import see_also

_DESCRIPTION = (
    "The file that --config or CHATD_CONFIG names, usually /etc/chatd/chatd.toml. It is TOML, in UTF-8: strings in"
    " quotes, numbers without, true and false, lists in brackets. Each option goes into its section, under its name"
    " on the command line.",
    "An unknown option or an invalid value prevents the server from starting; the error names the line. chatd config"
    " --default prints a file to start from; chatd config prints the values in effect and where each comes from.",
    "Relative paths of the journal, accounts, webhooks and pid file start at --state-directory, all others at the"
    " working directory.",
)
_SECRETS = (
    "Any value can be read from another file, so that secrets stay out of the configuration. A relative path starts"
    " at the directory of the configuration file."
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
        yield roff.paragraph(f"{section.about[0].upper()}{section.about[1:]}.")
        for row in section.rows:
            if (setting := settings.get(row.name)) is not None:
                tag = f"{roff.bold(row.name)} = {roff.italic(shown_default(setting, row))}"
                yield roff.tagged(tag, f"{setting.help}{notes(setting, row)}")
    yield roff.heading("Secrets")
    yield roff.paragraph(_SECRETS)
    yield roff.example(_SECRET_EXAMPLE)
    yield roff.heading("Examples")
    yield roff.example(_EXAMPLE)
    yield roff.heading("See also")
    yield from see_also(("chatd", 1), ("chatd-config", 1))
