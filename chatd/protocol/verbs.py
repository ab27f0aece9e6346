"""Every verb that a client can say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chatd.protocol import chat_verbs, moderation_verbs, reference_verbs
from chatd.protocol.errors import NO_REGISTRATION
from chatd.protocol.verb_row import Verb

VERBS: Mapping[str, Verb] = {
    row.command.__name__.upper(): row
    for row in (*chat_verbs.ROWS, *reference_verbs.ROWS, *moderation_verbs.ROWS, chat_verbs.QUIT)
}
"""By verb, in the order in which HELP lists them."""


def explained(verb: str | None, *, newcomers: bool) -> Iterator[Verb]:
    """Yield what HELP explains: one verb, or all if that is None or ``ALL``.

    ``newcomers`` is whether people can REGISTER.
    """
    for each in VERBS.values() if verb in (None, "ALL") else [VERBS[verb]]:
        closed = each is VERBS["REGISTER"] and not newcomers
        yield replace(each, summary=NO_REGISTRATION) if closed else each
