"""How the options are arranged in the configuration file: every option of the daemon stands in one section.

An option has one name: ``--max-rooms`` on the command line is ``max-rooms`` in the file and ``CHATD_MAX_ROOMS`` in the
environment.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One option in the file."""

    name: str
    example: str | None = None
    """As it is written in the file, where there is no default that could be shown."""
    live: bool = False
    """Whether a reload changes it while the daemon runs."""


class Section(NamedTuple):
    """One table of the file."""

    name: str
    about: str
    """A heading: a phrase."""
    rows: tuple[Row, ...]


def _live(*names: str) -> tuple[Row, ...]:
    return tuple(Row(name, live=True) for name in names)


SECTIONS = (
    Section(
        "listen",
        "ports and endpoints",
        (
            Row("port", "10319", live=True),
            Row("interface", live=True),
            Row("listen", '["tls:/etc/chatd/tls:port=10320", "systemd:index=0"]', live=True),
            Row("trusted-proxy", '["10.0.0.0/8"]', live=True),
            Row("announce", '"chat of the second floor"', live=True),
        ),
    ),
    Section(
        "web",
        "the page and HTTP",
        (
            Row("web", '"10380"', live=True),
            Row("web-host", '["chat.example.org"]', live=True),
            Row("web-guests", live=True),
        ),
    ),
    Section(
        "irc",
        "IRC clients",
        (
            Row("irc", '["6667", "tls:/etc/chatd/tls:port=6697"]', live=True),
            Row("irc-name"),
            Row("irc-history", live=True),
        ),
    ),
    Section(
        "storage",
        "storage and retention",
        (
            Row("state-directory", '"/var/lib/chatd"'),
            Row("journal"),
            Row("hooks", '"chatd.hooks.sqlite3"'),
            Row("keep", '"30d"', live=True),
            Row("keep-messages", "10000", live=True),
        ),
    ),
    Section(
        "accounts",
        "accounts and passwords",
        (
            Row("accounts", '"chatd.accounts.sqlite3"'),
            Row("auth", '["pam"]'),
            Row("registration", live=True),
            Row("members-only", live=True),
            Row("scram"),
        ),
    ),
    Section(
        "groups",
        "OpenID login, and groups of the provider or of PAM",
        (
            Row("oidc-issuer", '"https://id.example.org"'),
            Row("oidc-client-id", '"chat"'),
            Row("oidc-client-secret", '"/etc/chatd/oidc.secret"'),
            Row("oidc-name-claim"),
            Row("oidc-groups-claim"),
            Row("operators-group", '["chat-operators"]'),
            Row("room-group", '["staff=#staff"]'),
        ),
    ),
    Section(
        "limits",
        "limits; 0 means unlimited where it is accepted",
        (
            *_live("join-timeout", "ping-interval", "send-queue", "max-connections", "max-per-address", "max-waiting"),
            *_live("line-rate", "line-burst", "name-rate", "tell-rate", "max-rooms-per-connection", "max-rooms"),
            Row("room-founders", "true", live=True),
        ),
    ),
    Section(
        "log",
        "logs",
        (
            Row("logfile", '"/var/log/chatd.log"'),
            Row("log", '"json"'),
            Row("log-level", live=True),
            Row("audit", '"/var/log/chatd/audit.jsonl"'),
        ),
    ),
)
ROWS = {row.name: row for section in SECTIONS for row in section.rows}
SECTION_OF = {row.name: section.name for section in SECTIONS for row in section.rows}
