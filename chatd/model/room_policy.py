"""The moderation in force in a room or on the whole server, and what it lets people do.

A fold over moderation actions: of each kind and subject the last one counts, until it expires or is revoked.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from chatd.protocol import duration, names
from chatd.protocol.events import Moderated
from chatd.protocol.moderation_commands import SETTINGS

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_ACTIONS = 1000
"""How many may hold in one room, or on the server."""
MAX_SHARING = 100
"""How many others may come from an address at the time for it to say who somebody is."""
_BUT = " but="
"""Comes before the connections that the reach of an address leaves out."""
_HOST_BITS = 64
_REVOKES = {
    "UNMUTE": "MUTE",
    "UNBAN": "BAN",
    "DEOP": "OP",
    "UNVOICE": "VOICE",
    "KICK": "INVITE",
    "UNINVITE": "INVITE",
}
"""The kind of action that a verb ends. One who is kicked out of a private room needs a new invitation."""


class PolicyKey(NamedTuple):
    """The kind of an action, and its folded subject. Of two actions with the same key only the later counts."""

    kind: str
    subject: str


class ModerationAction(NamedTuple):
    """A moderation action, as the journal stores it."""

    id: int
    time: int
    """In milliseconds since 1970."""
    event: Moderated

    def holds(self, now: int) -> bool:
        """Return whether it has not expired. ``now`` is in milliseconds since 1970."""
        seconds = self.event.seconds
        return seconds is None or now < self.time + seconds * 1000


class Identity(NamedTuple):
    """Somebody whom an action may be about: folded names, and the address of the connection."""

    nick: str
    account: str | None
    address: IPAddress | None
    connection: str = ""
    """What no other connection has, before or after."""

    def reach(self, others: Iterable[Identity]) -> str | None:
        """Return what an action on the nick also applies to, as it is stored; None if nothing more.

        That is the account, so that nobody else at the same address is meant. Without one it is the address, except the
        connections of ``others`` who are there at the same time: they are other people. Without an address, or where
        too many share it, it is the connection.
        """
        if self.account is not None:
            return None if self.account == self.nick else f"account={self.account}"
        if self.address is not None:
            site = _site(self.address)
            near = [each for each in others if each.address is not None and each.connection != self.connection]
            known = dict.fromkeys(each.connection for each in near if each.address and _site(each.address) == site)
            if len(known) <= MAX_SHARING:
                return f"address={site}" + (_BUT + ",".join(known) if known else "")
        return f"connection={self.connection}" if self.connection else None

    def traces(self, *, spared: bool) -> Iterator[str]:
        """Yield what of the identity a stored reach may begin with; not the address if it is ``spared`` by that."""
        if self.account is not None:
            yield f"account={self.account}"
        yield f"connection={self.connection}"
        if not spared and self.address is not None:
            yield f"address={_site(self.address)}"


REGISTERED = PolicyKey("SET", "registered")
"""Of several actions with this key the first counts."""
SPEAK = PolicyKey("SET", "speak")
SLOW = PolicyKey("SET", "slow")
KEEP = PolicyKey("SET", "keep")
_PRIVATE = PolicyKey("SET", "private")
_SEALED = PolicyKey("SET", "sealed")
"""Up to its id nobody may read any more: it was said while the room was private, and that has lapsed."""
_FOUNDED = PolicyKey("SET", "founded")
ANEW = "founded=anew"
"""The subject of a SET that no client can say: what was ruled before it has lapsed, see `RoomPolicy.lapse`."""
WHILE_HERE = "for as long as they are here"
"""The text of an OP or VOICE of somebody who has no account: it is about who is there, and holds in no policy."""

WHILE_CONNECTED = "for as long as they are connected"
"""The text of an INVITE of somebody who has no account."""
BY_NAME = "whoever goes by that name"
"""The text of an INVITE of a name that is nobody's own, for those who would rather trust a name than a connection."""

MAY_STAY = "who is there may stay and read"
"""The text of a BAN that puts nobody out, as IRC knows them."""


def effects(event: Moderated) -> Iterator[tuple[PolicyKey, Moderated | None]]:
    """Yield what an action changes: by key what holds from here on, None for what no longer does."""
    if event.verb == "SET":
        where = PolicyKey("SET", event.subject.partition("=")[0])
        yield where, None if where == _FOUNDED else event
        if where == REGISTERED:
            yield PolicyKey("OP", names.key(event.nick)), Moderated("OP", event.nick, event.room, event.nick)
        return
    kind = _REVOKES.get(event.verb, event.verb)
    holds = kind == event.verb and not (kind in ("OP", "VOICE") and event.text)
    yield PolicyKey(kind, names.key(event.subject)), event if holds else None


class _Width(NamedTuple):
    """What the actions about networks are grouped by."""

    kind: str
    version: int
    """4 or 6."""
    host_bits: int


class _Reaching(NamedTuple):
    """An action by what it holds for besides its subject."""

    action: ModerationAction
    others: frozenset[str]
    """The connections that it does not hold for."""


class RoomPolicy:
    """All actions that hold in one room, or on the server."""

    __slots__ = ("_actions", "_networks", "_reaching", "_sealed", "may_silence")

    def __init__(self, actions: Iterable[ModerationAction] = ()) -> None:
        self._actions: dict[PolicyKey, ModerationAction] = {}
        self._networks: dict[_Width, dict[int, ModerationAction]] = {}
        self._reaching: dict[PolicyKey, dict[PolicyKey, _Reaching]] = {}
        self._sealed = 0
        self.may_silence = False
        """Whether there is, or was, anything by which somebody may read and not speak."""
        for action in actions:
            self.apply(action)

    def __iter__(self) -> Iterator[ModerationAction]:
        return iter(self._actions.values())

    def items(self) -> Iterable[tuple[PolicyKey, ModerationAction]]:
        """Return the actions, each with its key."""
        return self._actions.items()

    def __contains__(self, where: PolicyKey) -> bool:
        return where in self._actions

    def __len__(self) -> int:
        return len(self._actions)

    def apply(self, action: ModerationAction) -> None:
        """Apply one more action. Actions are applied in the order of their ids; applying one twice changes nothing."""
        if len(self._actions) > 2 * MAX_ACTIONS:
            for where in [where for where, held in self._actions.items() if not held.holds(action.time)]:
                self._remove(where)
        if action.event.verb == "SET" and action.event.subject == ANEW:
            self.lapse(action.id - 1)
            return
        for where, event in effects(action.event):
            if where == REGISTERED and REGISTERED in self._actions:
                return
            self._remove(where)
            if event is not None:
                self._set(where, ModerationAction(action.id, action.time, event))

    def _set(self, where: PolicyKey, action: ModerationAction) -> None:
        self._actions[where] = action
        if where == _SEALED:
            self._sealed = action.id
        stays = where.kind == "BAN" and action.event.text == MAY_STAY
        self.may_silence = self.may_silence or stays or where.kind == "MUTE" or where in (SPEAK, SLOW)
        if (reach := action.event.reach) is not None:
            trace, _, others = reach.partition(_BUT)
            reaching = _Reaching(action, frozenset(filter(None, others.split(","))))
            self._reaching.setdefault(PolicyKey(where.kind, trace), {})[where] = reaching
        if where.kind in ("MUTE", "BAN") and (network := _network(where.subject)) is not None:
            width = _Width(where.kind, network.version, network.max_prefixlen - network.prefixlen)
            self._networks.setdefault(width, {})[int(network.network_address) >> width.host_bits] = action

    def _remove(self, where: PolicyKey) -> None:
        action = self._actions.pop(where, None)
        if action is None:
            return
        if (reach := action.event.reach) is not None:
            same = PolicyKey(where.kind, reach.partition(_BUT)[0])
            del self._reaching[same][where]
            if not self._reaching[same]:
                del self._reaching[same]
        if (network := _network(where.subject)) is not None:
            width = _Width(where.kind, network.version, network.max_prefixlen - network.prefixlen)
            self._networks.get(width, {}).pop(int(network.network_address) >> width.host_bits, None)

    def lapse(self, upto: int) -> None:
        """Drop all actions up to an id, unless the room is registered.

        Messages from while the room was private stay unreadable, from here on for everybody.
        """
        if REGISTERED in self._actions and self._actions[REGISTERED].id <= upto:
            return
        seal = self._seal(upto)
        for where in [where for where, action in self._actions.items() if action.id <= upto]:
            self._remove(where)
        if seal is not None:
            self._set(_SEALED, seal)

    def since(self, upto: int) -> RoomPolicy:
        """Return what is left of it when all has lapsed that was ruled up to an id."""
        return self.sealed(self._seal(upto), upto)

    @property
    def seal(self) -> ModerationAction | None:
        """The action up to whose id nobody may read, if there is one."""
        return self._actions.get(_SEALED)

    def sealed(self, seal: ModerationAction | None, upto: int) -> RoomPolicy:
        """Return what of it was ruled after an id, with a seal in the place of its own."""
        left = RoomPolicy()
        if seal is not None:
            left.restore(_SEALED, seal)
        for where, action in self._actions.items():
            if action.id > upto and where != _SEALED:
                left.restore(where, action)
        return left

    def _seal(self, upto: int) -> ModerationAction | None:
        """Return the action that nobody may read up to the id of, if all has lapsed that was ruled up to another."""
        seal, private = self._actions.get(_SEALED), self._actions.get(_PRIVATE)
        if private is None or private.id > upto:
            return seal
        last = upto if private.event.subject == "private=yes" else private.id
        if last <= self._sealed:
            return seal
        sealed = Moderated("SET", private.event.nick, private.event.room, f"{_SEALED.subject}={last}")
        return ModerationAction(last, private.time, sealed)

    @property
    def lapsing_by(self) -> str:
        """Who said the last of what can lapse in it; empty if there is nothing."""
        return next((action.event.nick for key, action in reversed(self._actions.items()) if key != _SEALED), "")

    def holding(self, now: int) -> int:
        """Return how many actions hold."""
        return sum(action.holds(now) for action in self._actions.values())

    def restore(self, where: PolicyKey, action: ModerationAction) -> None:
        """Set an action that was stored as holding; what followed from it was stored, or revoked, on its own."""
        self._set(where, action)

    def setting(self, key: str) -> str:
        """Return the value of a setting; ``registered`` is ``no`` until it is set."""
        action = self._actions.get(PolicyKey("SET", key))
        if action is None:
            return "no" if key == "registered" else SETTINGS[key][0]
        return action.event.subject.partition("=")[2]

    def seconds(self, key: str) -> int | None:
        """Return the duration that a setting has, in seconds; None if it has none."""
        value = self.setting(key)
        return None if value in SETTINGS[key] else duration.seconds(value)

    def count(self, key: str) -> int | None:
        """Return the whole number that a setting has; None if it has none."""
        value = self.setting(key)
        return int(value) if value.isdecimal() else None

    def is_operator(self, account: str | None) -> bool:
        """Return whether an account is an operator of the room."""
        return account is not None and PolicyKey("OP", account) in self._actions

    def has_voice(self, account: str | None) -> bool:
        """Return whether an account that is no operator may speak where only operators may."""
        return account is not None and PolicyKey("VOICE", account) in self._actions

    def is_member(self, account: str | None) -> bool:
        """Return whether an account may be in the room when it is private."""
        if account is None:
            return False
        invited = self._actions.get(PolicyKey("INVITE", account))  # with a reach it was a guest of that name
        return self.is_operator(account) or (invited is not None and invited.event.reach is None)

    def invited_as(self, connection: str) -> str | None:
        """Return the nick by which a guest's connection was invited; None if it was not."""
        found = self._reaching.get(PolicyKey("INVITE", f"connection={connection}"), {})
        return next((each.action.event.subject for each in found.values()), None)

    def lets_in(self, identity: Identity) -> bool:
        """Return whether somebody may be in the room when it is private, with an account or as a guest."""
        return self.is_member(identity.account) or self._invites_guest(identity)

    def invites(self, identity: Identity) -> bool:
        """Return whether somebody has an invitation."""
        account = None if identity.account is None else self._actions.get(PolicyKey("INVITE", identity.account))
        return (account is not None and account.event.reach is None) or self._invites_guest(identity)

    def _invites_guest(self, identity: Identity) -> bool:
        if self.invited_as(identity.connection) is not None:
            return True
        return bool(self._reaching) and PolicyKey("INVITE", f"nick={identity.nick}") in self._reaching

    def held(self, where: PolicyKey, now: int) -> ModerationAction | None:
        """Return the action in force under a key."""
        action = self._actions.get(where)
        return action if action is not None and action.holds(now) else None

    def against(self, kind: str, identity: Identity, now: int, *, spared: bool = False) -> ModerationAction | None:
        """Return the MUTE or BAN that applies to a member, by nick, account, address or network.

        An action on another's nick also applies to people who come from the same address later, except if they are
        ``spared`` or trusted by the room's operators: they are not taken for that person.
        """
        if not self._actions:
            return None
        for name in (identity.nick, identity.account):
            if name is not None and (found := self.held(PolicyKey(kind, name), now)):
                return found
        if self._reaching:
            for trace in identity.traces(spared=spared or self.is_member(identity.account)):
                for action, others in self._reaching.get(PolicyKey(kind, trace), {}).values():
                    if identity.connection not in others and action.holds(now):
                        return action
        if identity.address is None:
            return None
        address = int(identity.address)
        for (of, version, bits), networks in self._networks.items():
            if of == kind and version == identity.address.version:
                found = networks.get(address >> bits)
                if found is not None and found.holds(now):
                    return found
        return None

    def evicts(self, action: ModerationAction) -> Callable[[Identity], bool]:
        """Return a function that says of each member whether an action that was just applied removes it."""
        event = action.event
        match event.verb:
            case "KICK":
                subject = names.key(event.subject)
                return lambda identity: identity.nick == subject
            case "BAN" if event.text != MAY_STAY:
                ban = RoomPolicy([action])
                return lambda identity: (
                    ban.against("BAN", identity, action.time, spared=self.is_member(identity.account)) is not None
                    and not self.is_operator(identity.account)
                )
            case "SET" | "DEOP" | "UNINVITE":
                return lambda identity: self.readable_by(identity) is None
        return lambda _identity: False

    def readable_after(self, account: str | None, *, trusted: bool = False) -> int | None:
        """Return the id after which an account may read the room's messages; None if it may read none.

        This decides every read: JOIN, HISTORY, SEARCH, replays, topics, WHO and the list of rooms. Messages from while
        the room was private stay with its members when it is opened. A ``trusted`` person is one of them, even without
        an account.
        """
        action = self._actions.get(_PRIVATE)
        if action is None or trusted or self.is_member(account):
            return self._sealed
        return None if action.event.subject == "private=yes" else max(action.id, self._sealed)

    def readable_by(self, identity: Identity, *, trusted: bool = False) -> int | None:
        """Return the same for somebody who may be a guest."""
        return self.readable_after(identity.account, trusted=trusted or self.lets_in(identity))


NO_POLICY = RoomPolicy()
"""For a room without moderation actions. Never to be changed."""


def is_address(subject: str) -> bool:
    """Return whether an action is about an address or a network."""
    return _network(subject) is not None


def is_reach(text: str) -> bool:
    """Return whether a text is a reach, as it is stored."""
    kind, _, value = text.partition(_BUT)[0].partition("=")
    is_known = kind in ("account", "connection", "nick") or (kind == "address" and _network(value) is not None)
    return bool(value) and is_known


@lru_cache(maxsize=4096)
def _site(address: IPAddress) -> str:
    """Return an address or, of IPv6, its /64: that is what one subscriber has, and takes any address in."""
    if address.version == 4:
        return str(address)
    return str(ipaddress.IPv6Network((int(address) >> _HOST_BITS << _HOST_BITS, 128 - _HOST_BITS)))


def _network(subject: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(subject)
    except ValueError:
        return None
