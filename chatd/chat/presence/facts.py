"""What nodes ask one another of those who are connected to them: whether they are away, and for how long idle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.defer import gatherResults

from chatd.chat.client import Client
from chatd.model.cluster import Cluster, incarnation_of
from chatd.model.entry import Member
from chatd.model.member_facts import UNKNOWN, MemberFacts
from chatd.protocol.errors import ChatError

MAX_ASKED = 1000
"""About how many a node is asked at most, so that the answer is no message that NATS refuses."""


async def ask(cluster: Cluster, members: Sequence[Member]) -> Mapping[str, MemberFacts]:
    """Return, by member id, what the nodes know that they are on, as far as these answer."""
    asked: dict[str, list[str]] = {}
    for member in members:
        asked.setdefault(incarnation_of(member.member_id), []).append(member.member_id)
    found: dict[str, MemberFacts] = {}

    def take(answer: Any) -> None:
        if isinstance(answer, dict) and isinstance(answer.get("members"), dict):
            found.update({str(member_id): read(facts) for member_id, facts in answer["members"].items()})

    questions = [
        cluster.ask(incarnation, {"facts": ids[:MAX_ASKED]}).addCallbacks(take, lambda failure: failure.trap(ChatError))
        for incarnation, ids in asked.items()
    ]
    await gatherResults(questions, consumeErrors=True)
    return found


def answer(member_ids: Iterable[str], client: Callable[[str], Client | None]) -> Any:
    """Return what is known of those of ``member_ids`` who are connected here."""
    clients = {member_id: client(member_id) for member_id in member_ids}
    return {"members": {member_id: found.facts for member_id, found in clients.items() if found is not None}}


def read(facts: Any) -> MemberFacts:
    """Return the facts of an answer."""
    with suppress(TypeError, ValueError):
        bot, away, idle = facts
        return MemberFacts(bool(bot), None if away is None else str(away), None if idle is None else int(idle))
    return UNKNOWN
