"""All commands and capabilities of the edge, put together from the modules that carry them out."""

from __future__ import annotations

from collections.abc import Mapping

from chatd.edges.irc import chathistory, markers, registration, rooms, speaking, welcome
from chatd.edges.irc.capabilities import IMPLIED_BY_302, Capability
from chatd.edges.irc.rows import Row

CAPABILITIES: tuple[Capability, ...] = (
    Capability(IMPLIED_BY_302),
    Capability("account-tag"),
    Capability("batch"),
    Capability("echo-message"),
    Capability("extended-join"),
    Capability("labeled-response", only_with="batch"),
    Capability("message-tags"),
    Capability("multi-prefix"),
    Capability(chathistory.NAME),
    Capability(chathistory.EVENTS),
    Capability("draft/no-implicit-names"),
    Capability(markers.NAME),
    Capability("server-time"),
    Capability("standard-replies"),
    Capability("userhost-in-names"),
)

COMMANDS: Mapping[str, Row] = {
    row.command: row
    for row in (
        Row("CAP", registration.Negotiation(CAPABILITIES).carry_out, least=1, registered=False),
        *registration.ROWS,
        *welcome.ROWS,
        *rooms.ROWS,
        *speaking.ROWS,
        *chathistory.ROWS,
        *markers.ROWS,
    )
}
