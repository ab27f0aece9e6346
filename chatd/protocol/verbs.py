"""Every verb that a client can say."""

from __future__ import annotations

from collections.abc import Mapping

from chatd.protocol import chat_verbs, moderation_verbs, reference_verbs
from chatd.protocol.verb_row import Verb

VERBS: Mapping[str, Verb] = {
    row.command.__name__.upper(): row
    for row in (*chat_verbs.ROWS, *reference_verbs.ROWS, *moderation_verbs.ROWS, chat_verbs.QUIT)
}
"""By verb, in the order in which HELP lists them."""
