"""What the nodes of a cluster tell each other: which nodes there are, and which members are on them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, NamedTuple, Protocol

from twisted.internet.defer import Deferred

from chatd.model.authorship import session_key

_BOT = "bot"
_AWAY = "away="
_REALNAME = "name="
_SAFE = b"-_"


class MemberInfo(NamedTuple):
    """A member as all nodes know them."""

    member_id: str
    """What no other member has: the incarnation of the node and a number."""
    nick: str
    account: str | None = None
    """The key of the account that they have logged in to."""
    address: str | None = None
    operator: bool = False
    """Whether they are a server operator."""
    proof: str = ""
    """The digests of their resume secret, and of the one that they proved themselves by, see `proof_of`.

    And after them ``voice``, if it is not that of the member id, and `said_of_oneself`: an older node takes each for
    one more digest.
    """
    takes: str | None = None
    """The id of the member whose places in rooms they take over."""

    @property
    def voice(self) -> str:
        """The key by which what they have said is their own, see `chatd.model.authorship`."""
        own = session_key("")
        taken = [each for each in self.proof.split() if each.startswith(own)]
        return taken[-1] if taken else session_key(self.member_id)

    @property
    def away(self) -> str | None:
        """Why they are away, if they are and their node tells so."""
        return self._said(_AWAY)

    @property
    def realname(self) -> str:
        """Their real name, if their node tells it."""
        return self._said(_REALNAME) or ""

    @property
    def bot(self) -> bool:
        """Whether they are a program that answers by itself, if their node says so."""
        return _BOT in self.proof.split()

    def _said(self, key: str) -> str | None:
        for each in self.proof.split():
            if each.startswith(key):
                with suppress(ValueError):
                    return b64decode(each.removeprefix(key).encode(), _SAFE, validate=True).decode()
        return None

    def is_judged_like(self, other: MemberInfo) -> bool:
        """Return whether permissions are the same for both."""
        return (self.account, self.address, self.operator) == (other.account, other.address, other.operator)


def incarnation_of(member_id: str) -> str:
    """Return the incarnation of the node on which a member connected."""
    return member_id.rpartition(".")[0]


def proof_of(*secrets: str) -> str:
    """Return the digests of secrets; those that are empty are left out."""
    return " ".join(blake2b(secret.encode(), digest_size=16).hexdigest() for secret in secrets if secret)


def said_of_oneself(away: str | None, realname: str, *, bot: bool) -> str:
    """Return what somebody says of themselves, in words of ASCII."""
    words = [_BOT] if bot else []
    texts = ((_AWAY, away), (_REALNAME, realname or None))
    words += [key + b64encode(text.encode(), _SAFE).decode() for key, text in texts if text is not None]
    return " ".join(words)


def is_proven(proof: str, secret: str) -> bool:
    """Return whether ``proof`` contains the digest of a secret."""
    return any(compare_digest(each, proof_of(secret)) for each in proof.split())


class Source(NamedTuple):
    """Where an entry that came over the cluster was appended."""

    incarnation: str
    """The incarnation of the node: it has another after every start, and after the others have declared it down."""
    info: MemberInfo | None
    """The member who did it; None for what a node says of itself, and for what somebody says who is no member."""
    poster: MemberInfo | None = None
    """Who said it without coming in, and under which nick; with a single node too, whose incarnation is empty."""


@dataclass(frozen=True, slots=True)
class NodeUp:
    """A node is up: a passing event, and in no room."""

    incarnation: str


OTHERS = "*"
"""In the place of an incarnation: every one but that which says so."""


@dataclass(frozen=True, slots=True)
class NodeDown:
    """An incarnation, or all `OTHERS`, is down: its members have left, whatever it says later. A passing event."""

    incarnation: str


def ended_by(event: NodeDown, source: Source | None, incarnations: Collection[str]) -> list[str]:
    """Return which incarnations are down, given the live ones; one that was down already ends no others."""
    if event.incarnation != OTHERS:
        return [event.incarnation]
    said_by = None if source is None else source.incarnation
    return [incarnation for incarnation in incarnations if incarnation != said_by] if said_by in incarnations else []


class Snapshot(NamedTuple):
    """Who was where at a place in the order of entries."""

    id: int
    """The id of the last entry, durable or not, that it takes into account."""
    state: Any
    """What `chatd.chat.presence.Presence.state` returned: lists, dicts, texts and numbers."""
    refused: Collection[int] = ()
    """The places of what did not count."""


class Cluster(Protocol):
    """The connection to the other nodes, as the hub uses it; the journal of a cluster is one."""

    @property
    def incarnation(self) -> str:
        """The present incarnation of this node."""

    def ask(self, incarnation: str, question: Any) -> Deferred[Any]:
        """Ask a node; fail with `ChatError` (``unavailable``) if it does not answer in time.

        Questions and answers are lists, dicts, texts and numbers.
        """

    def answer(self, answerer: Callable[[Any], Any]) -> None:
        """Answer what other nodes ask with what ``answerer`` returns."""

    def hurry(self) -> None:
        """Abandon, within a few seconds, what cannot be stored and handed back: this node is about to stop."""

    def share(self, snapshot: Callable[[], Any], restore: Callable[[Any], None]) -> None:
        """Let nodes that join know who is where.

        ``snapshot`` returns the state as of all that was handed to the follower; ``restore`` is called with another
        node's, or None for an empty one, between two batches: what is handed over from there on follows it.
        """
