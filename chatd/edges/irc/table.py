"""All commands and capabilities of the edge, put together from the modules that carry them out."""

from __future__ import annotations

from collections.abc import Mapping

from chatd.edges.irc import (
    about,
    account_registration,
    chathistory,
    composition,
    inviting,
    kicking,
    listing,
    logging_in,
    markers,
    modes,
    monitor,
    multiline,
    nickserv,
    operating,
    presence,
    redacting,
    registration,
    rooms,
    tagging,
    welcome,
    who,
    whois,
)
from chatd.edges.irc.capabilities import IMPLIED_BY_302, Capability
from chatd.edges.irc.reference_telling import REDACTION
from chatd.edges.irc.rows import Row

CAPABILITIES: tuple[Capability, ...] = (
    Capability(IMPLIED_BY_302),
    Capability("account-notify"),
    Capability("account-tag"),
    Capability("away-notify"),
    Capability("batch"),
    Capability("echo-message"),
    Capability("extended-join"),
    Capability("extended-monitor"),
    Capability(inviting.NOTIFY),
    Capability("labeled-response", only_with="batch"),
    Capability("message-tags"),
    Capability("multi-prefix"),
    Capability("draft/account-registration", account_registration.offered),
    Capability(chathistory.NAME),
    Capability(chathistory.EVENTS),
    Capability(REDACTION),
    Capability(composition.NAME, lambda _session: multiline.VALUE),
    Capability("draft/no-implicit-names"),
    Capability(markers.NAME),
    Capability("sasl", logging_in.offered),
    Capability("server-time"),
    Capability("setname"),
    Capability("standard-replies"),
    Capability("userhost-in-names"),
)

ROWS: tuple[Row, ...] = (
    Row("CAP", registration.Negotiation(CAPABILITIES).carry_out, least=1, registered=False),
    *registration.ROWS,
    *logging_in.ROWS,
    *account_registration.ROWS,
    *welcome.ROWS,
    *rooms.ROWS,
    *multiline.ROWS,
    *nickserv.ROWS,
    *tagging.ROWS,
    *redacting.ROWS,
    *who.ROWS,
    *whois.ROWS,
    *listing.ROWS,
    *about.ROWS,
    *presence.ROWS,
    *monitor.ROWS,
    *modes.ROWS,
    *kicking.ROWS,
    *inviting.ROWS,
    *chathistory.ROWS,
    *markers.ROWS,
    *operating.ROWS,
)
COMMANDS: Mapping[str, Row] = {row.command: row for row in ROWS}
