"""How what was ruled in a room is told to IRC clients: as MODE, KICK or INVITE, and as a notice where these cannot."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from chatd.edges.irc.masks import mask_of
from chatd.edges.irc.message import Message
from chatd.edges.irc.mode_changes import Change, written
from chatd.edges.irc.server import IrcServer
from chatd.model.room_policy import ANEW, BY_NAME, MAY_STAY, RoomPolicy
from chatd.protocol import plain
from chatd.protocol.events import Moderated
from chatd.protocol.moderation_commands import SERVER, SETTINGS
from chatd.protocol.names import Nick

FLAGS: Mapping[str, tuple[str, str, str]] = {
    "i": ("private", "yes", "no"),
    "m": ("speak", "operators", "members"),
    "n": ("outsiders", "no", "yes"),
    "r": ("registered", "yes", "no"),
    "s": ("listed", "no", "yes"),
    "t": ("topic", "operators", "members"),
}
"""By letter: a setting, and what it is set to and unset."""
NO_LIMIT = SETTINGS["limit"][0]
MAX_TEXT_BYTES = 300
"""How much is told of a reason, see KICKLEN of ISUPPORT."""
_OF_SUBJECT = {
    "BAN": (True, "b"),
    "UNBAN": (False, "b"),
    "MUTE": (True, "q"),
    "UNMUTE": (False, "q"),
    "INVITE": (True, "I"),
    "UNINVITE": (False, "I"),
}
_SAYS_NOTHING = (None, "", BY_NAME, MAY_STAY)
"""Texts of rulings that say no more than the change of a mode does."""
_OF_RANK = {"OP": (True, "o"), "DEOP": (False, "o"), "VOICE": (True, "v"), "UNVOICE": (False, "v")}


def modes_of(policy: RoomPolicy) -> list[Change]:
    """Return the modes of a room, lists and ranks excluded."""
    modes = [Change(letter) for letter, (key, on, _) in FLAGS.items() if policy.setting(key) == on]
    if (limit := policy.count("limit")) is not None:
        modes.append(Change("l", param=str(limit)))
    return sorted(modes)


def ruling_messages(
    server: IrcServer, capabilities: Collection[str], event: Moderated, source: str, tags: Mapping[str, str]
) -> Iterator[Message]:
    """Yield the messages that tell those in a room of a ruling, which comes from ``source``."""
    if event.room == SERVER:
        yield Message("NOTICE", ("*", _short(plain.render(event).removeprefix("NOTE "))), server.name, tags)
        return
    if event.verb == "KICK":
        yield Message("KICK", (event.room, event.subject, _short(event.text or event.nick)), source, tags)
        return
    if event.verb == "INVITE" and event.text != BY_NAME:
        if "invite-notify" in capabilities and not nicks_of(server, event.room, event.subject):
            yield Message("INVITE", (_nick_of(server, event.subject), event.room), source, tags)
        return
    if event.subject == ANEW:
        return  # it is for the journal: whoever came has been told what holds
    made = _changes(server, event)
    if made:
        yield Message("MODE", (event.room, *written(made)), source, tags)
    if not made or (event.verb in _OF_SUBJECT and (event.seconds is not None or event.text not in _SAYS_NOTHING)):
        yield Message("NOTICE", (event.room, _short(plain.render(event).removeprefix("NOTE "))), server.name, tags)


def _short(text: str) -> str:
    """Return as much of a text as there is room for in any message."""
    return text.encode()[:MAX_TEXT_BYTES].decode(errors="ignore")


def _changes(server: IrcServer, event: Moderated) -> list[Change]:
    """Return the changes of modes that a ruling is; none if it is no such thing."""
    if event.verb in _OF_SUBJECT:
        on, letter = _OF_SUBJECT[event.verb]
        return [Change(letter, on, mask_of(event.subject))]
    if event.verb in _OF_RANK:
        on, letter = _OF_RANK[event.verb]
        return [Change(letter, on, nick) for nick in nicks_of(server, event.room, event.subject)]
    key, _, value = event.subject.partition("=")
    if key == "limit":
        return [Change("l", on=False) if value == NO_LIMIT else Change("l", param=value)]
    for letter, (of, on_value, off_value) in FLAGS.items():
        if key == of and value in (on_value, off_value):
            made = [Change(letter, value == on_value)]
            if key == "registered":
                made += [Change("o", param=nick) for nick in nicks_of(server, event.room, event.nick)]
            return made
    return []


def _nick_of(server: IrcServer, name: str) -> str:
    """Return what somebody goes by on this node who is called something, or has the account of that name."""
    owner = next(iter(server.hub.persons.connections(Nick.of(name).key)), None)
    return name if owner is None or not owner.nick else str(owner.nick)


def nicks_of(server: IrcServer, room: str, name: str) -> list[str]:
    """Return what those in a room go by who are called something, or have the account of that name."""
    place, key = server.hub.room(Nick(room).key), Nick.of(name).key
    people = () if place is None else place.people
    return [str(member.nick) for member in people if key in (member.account, member.nick.key)]
