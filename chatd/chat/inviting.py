"""Invitations: of accounts for good, of guests for as long as they are connected, and of names.

To a room that is open, whoever is in it may invite anybody who is here: nothing is kept of that, and they are told.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatd.chat import founding, permissions, quotas
from chatd.chat.client import NickHolder
from chatd.chat.command_rows import Work
from chatd.chat.invited import invitation_line
from chatd.chat.participant import Participant
from chatd.chat.permissions import milliseconds
from chatd.chat.private_lines import PrivateLine
from chatd.chat.ranks import connection_of
from chatd.model.entry import Member, Place
from chatd.model.room_policy import BY_NAME, MAX_ACTIONS, WHILE_CONNECTED, PolicyKey
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Moderated
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.names import Nick, RoomName


def invitation(participant: Participant, room: RoomName, nick: Nick) -> Moderated:
    """Return what lets somebody into a room, named by a nick. Raise `ChatError` if nobody can be meant."""
    hub = participant.hub
    target = hub.going_by(nick)
    if hub.accounts.is_registered(nick.key):
        return _of_account(participant, room, nick)
    if target is None:
        why = (
            f"nobody uses the nick {nick}, and it belongs to no account; INVITE people who are connected or registered"
        )
        raise ChatError(Code.NO_SUCH_NICK, why)
    if target.account is not None:
        return _of_account(participant, room, hub.name_of(target.account))
    return _of_guest(participant, room, target)


def by_name(participant: Participant, room: RoomName, nick: Nick) -> Moderated:
    """Return what lets in the owner of a name or, while that is nobody's own, whoever goes by it."""
    if participant.hub.accounts.is_registered(nick.key):
        return _of_account(participant, room, nick)
    return Moderated("INVITE", participant.nick, room, str(nick), None, BY_NAME, f"nick={nick.key}")


def is_open(participant: Participant, room: RoomName) -> bool:
    """Return whether everybody may enter a room who is not banned from it."""
    return participant.hub.policy(room.key).setting("private") != "yes"


def invitations(participant: Participant) -> Iterator[str]:
    """Yield the names of the rooms that a participant has been let into and is not in."""
    hub, identity = participant.hub, participant.identity
    passed_over = {SERVER, *(room.key for room in participant.rooms)}
    about = {identity.account or identity.nick, f"connection={identity.connection}", f"nick={identity.nick}"}
    for key, name in hub.journal.known_rooms.ruled("INVITE", about).items():
        if key not in passed_over and hub.policy(key).invites(identity):
            yield name


def tell(participant: Participant, name: RoomName, nick: Nick, label: str | None) -> Work | None:
    """Tell somebody that they are invited into an open room. Raise `ChatError` if that cannot be."""
    hub, room = participant.hub, participant.hub.room(name.key)
    if room is None or room not in participant.rooms:
        raise ChatError(Code.NOT_IN_ROOM, f"you are not in {name}; JOIN {name} first")
    target = hub.going_by(nick)
    if target is None:
        raise ChatError(Code.NO_SUCH_NICK, f"nobody here uses the nick {nick}")
    if any(member.person is target.person for member in room.everybody):
        raise ChatError(Code.NOT_ALLOWED, f"{target.nick} is already in {room.name}")
    permissions.check_voice(participant, None)
    quotas.check_tell(participant)
    line = invitation_line(participant.nick, room.name, hub.now)
    if not target.here:
        return _tell_on_node(participant, room, target, line, label)
    client = hub.client(target.nick)
    assert client is not None
    hub.persons.tell(client, line, participant.account)
    _answer(participant, room, client.nick, label)
    return None


async def _tell_on_node(
    participant: Participant, room: Place, target: NickHolder, line: PrivateLine, label: str | None
) -> None:
    nick, _ = await participant.hub.nodes.tell_remote(target, participant, line)
    _answer(participant, room, nick, label)


def _answer(participant: Participant, room: Place, nick: str, label: str | None) -> None:
    participant.send_event(Done("INVITE", (str(room.name), nick)), label)
    participant.hub.onlookers.others_invited(room, participant.nick, nick)
    participant.hub.nodes.show_invitation(room, participant.nick, nick)


def _of_account(participant: Participant, room: RoomName, name: str) -> Moderated:
    return Moderated("INVITE", participant.nick, room, name)


def _of_guest(participant: Participant, room: RoomName, guest: Member) -> Moderated:
    reach = f"connection={connection_of(guest)}"
    return Moderated("INVITE", participant.nick, room, str(guest.nick), None, WHILE_CONNECTED, reach)


def taken_back(participant: Participant, room: RoomName, target: Member, text: str | None) -> Iterator[Moderated]:
    """Yield what takes back the invitations of one who was put out that are to other names than the one they go by."""
    policy = participant.hub.policy(room.key)
    account, guest = target.account, policy.invited_as(connection_of(target))
    if account is not None and account != target.nick.key and PolicyKey("INVITE", account) in policy:
        yield Moderated("KICK", participant.nick, room, participant.hub.accounts.name(account), None, text)
    if guest is not None and Nick.of(guest).key != target.nick.key:
        yield Moderated("UNINVITE", participant.nick, room, guest)


def settle_who_stays(participant: Participant, room: RoomName, who: str | None) -> None:
    """Invite those who are to stay in a room that becomes private.

    Raise `ChatError` if it would put somebody out and ``who`` does not say what is to become of them.
    """
    hub = participant.hub
    policy = hub.policy(room.key)
    others = [each for each in hub.members(room.key) if not policy.lets_in(each.judged_as[0])]
    leaving = [each for each in others if not founding.ranks(participant, room, each, "OP")]
    if not leaving or who == "remove":
        return
    if who is None:
        why = f"{_people(len(leaving))} in {room} without an invitation would be removed; add who=keep to invite them"
        why += " (guests for as long as they are connected) or who=remove to remove them"
        raise ChatError(Code.NOT_ALLOWED, why)
    invited = {each.account or connection_of(each): each for each in leaving}
    if policy.holding(milliseconds(hub)) + len(invited) >= MAX_ACTIONS:
        raise ChatError(
            Code.FULL, f"a room has at most {MAX_ACTIONS} moderation actions; use who=remove, and INVITE some"
        )
    for each in invited.values():
        if each.account is not None:
            action = _of_account(participant, room, hub.name_of(each.account))
        else:
            action = _of_guest(participant, room, each)
        participant.submit(room.key, action, None, "SET")  # not asked for, so not answered


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"
