"""``/-/health`` and ``/-/metrics``: what whoever watches the server asks it, also while it takes nobody in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prometheus_client.exposition import choose_encoder

from chatd.edges.admission import REFUSALS
from chatd.edges.web.call import Call
from chatd.edges.web.errors import RETRY_AFTER_SECONDS
from chatd.edges.web.numbers import registry
from chatd.edges.web.routes import Access, Route
from chatd.model.health import Health

WHY_NOT: Mapping[Health, str] = {
    **REFUSALS,
    Health.UNWRITABLE: "the journal cannot be written; messages can be read but not sent",
}
"""What is answered while the journal takes no messages."""


async def _health(call: Call) -> None:
    health = call.hub.journal.health
    if health is Health.WORKING:
        call.json(200, {"status": "ok"})
    else:
        later = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        call.json(503, {"status": health.value, "text": WHY_NOT[health]}, later)


async def _metrics(call: Call) -> None:
    accept = call.header("Accept") or ""
    try:
        encode, kind = choose_encoder(accept)
    except TypeError:  # prometheus_client compares versions, and the one that was asked for has words in it
        encode, kind = choose_encoder("")
    call.send(200, kind, encode(registry(call.gateway)), {"Vary": "Accept"})


ROWS: Sequence[Route] = (
    Route("GET", "/-/health", _health, Access.ANYBODY, always=True),
    Route("GET", "/-/metrics", _metrics, Access.OPERATOR, always=True),
)
