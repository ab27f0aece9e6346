"""``--operators-group`` and ``--room-group``: what members of a group may do."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.python import usage

from chatd.accounts.groups import GroupRules, room_group
from chatd.accounts.service import AccountService
from chatd.chat.group_rooms import GroupRooms
from chatd.chat.hub import Hub
from chatd.protocol.names import RoomName
from chatd.protocol.text import clean


class GroupOptions(usage.Options):
    """The options about groups, be they of a provider (``--oidc-issuer``) or of the machine (``--auth pam``)."""

    def __init__(self) -> None:
        super().__init__()
        self["operators-group"] = []
        self["room-group"] = []

    def opt_operators_group(self, group: str) -> None:
        """group, of --oidc-issuer or --auth pam, whose members are server operators (repeatable)"""
        if not group.strip():
            raise usage.UsageError("--operators-group needs the name of a group, such as chat-operators")
        self["operators-group"].append(group)

    def opt_room_group(self, mapping: str) -> None:
        """group whose members may join a private room: GROUP=#room (repeatable)"""
        try:
            self["room-group"].append(room_group(mapping))
        except ValueError as error:
            raise usage.UsageError(f"--room-group {clean(mapping)}: {error}") from None

    @property
    def group_rules(self) -> GroupRules:
        """What groups are good for."""
        rooms: dict[str, set[RoomName]] = {}
        for group, room in self["room-group"]:
            rooms.setdefault(group, set()).add(room)
        return GroupRules(
            frozenset(self["operators-group"]), {group: frozenset(found) for group, found in rooms.items()}
        )

    def settle_groups(self, hub: Hub, clock: IReactorTime) -> None:
        """Have those who log in let into the rooms of their groups."""
        rules, accounts = self.group_rules, hub.accounts
        if rules.rooms and isinstance(accounts, AccountService):
            accounts.groups.settle = GroupRooms(hub, clock, rules).settle
