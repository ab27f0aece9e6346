"""Who may enter, read and speak where."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

from chatd.chat.hub import Hub
from chatd.chat.participant import Participant
from chatd.chat.visitor import Visitor
from chatd.model.authorship import Rights
from chatd.model.cluster import MemberInfo
from chatd.model.entry import Entry, Member, Place
from chatd.model.room_policy import MAY_STAY, Identity, IPAddress, ModerationAction
from chatd.protocol import names
from chatd.protocol.duration import written
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import TopicSet
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.names import RoomName


def milliseconds(hub: Hub) -> int:
    """Return the time that moderation actions expire by, in milliseconds since 1970."""
    return hub.age_now


def readable_after(participant: Visitor, room: str) -> int | None:
    """Return the id after which a participant may read a room, given its key; None if it may read nothing."""
    hub = participant.hub
    identity = participant.identity
    trusted = bool(ranks := hub.ranks(room)) and ranks.is_operator(identity.connection)
    return hub.policy(room).readable_by(identity, trusted=trusted)


def is_room_operator(hub: Hub, room: str, member: Member) -> bool:
    """Return whether a member is an operator of a room, given its key, or of the server."""
    identity, is_operator = member.judged_as
    return is_operator or _is_operator(hub, room, identity)


def has_voice(hub: Hub, room: str, member: Member) -> bool:
    """Return whether a member was given a voice in a room, given its key, be it an operator besides or not."""
    return _has_voice(hub, room, member.judged_as[0])


def is_there(hub: Hub, room: str, reach: str | None) -> bool:
    """Return whether the connection that a moderation action is about is in a room, given its key."""
    found = hub.room(room)
    there = () if found is None else found.everybody
    return any(reach == f"connection={member.judged_as[0].connection}" for member in there)


def moderates(visitor: Visitor, room: str) -> bool:
    """Return whether somebody is an operator of a room, given its key, leaving aside what they are on the server."""
    return _is_operator(visitor.hub, room, visitor.identity)


def _is_operator(hub: Hub, room: str, identity: Identity) -> bool:
    return hub.policy(room).is_operator(identity.account) or hub.ranks(room).is_operator(identity.connection)


def _has_voice(hub: Hub, room: str, identity: Identity) -> bool:
    return hub.policy(room).has_voice(identity.account) or hub.ranks(room).has_voice(identity.connection)


def own_party(participant: Participant) -> str:
    """Return what a participant is in conversations. Raise `ChatError` if it may read none, not having an account.

    Nobody but the two may read one, whatever else they may do.
    """
    if participant.party is None:
        raise ChatError(Code.NOT_ALLOWED, "private history is for registered users; LOGIN first")
    return participant.party


def may_read(participant: Participant, room: str, id_: int) -> bool:
    """Return whether a participant may read what happened in a room, given its key, under an id."""
    after = readable_after(participant, room)
    return after is not None and id_ > after


def is_listed(participant: Participant, room: Place) -> bool:
    """Return whether a participant finds a room in lists: those who may read it do, unless it is not to be found.

    Who is in it, or was let in, and whoever runs it or the server finds it all the same.
    """
    if readable_after(participant, room.key) is None:
        return False
    if room.policy.setting("listed") == "yes" or room in participant.rooms:
        return True
    return room.policy.lets_in(participant.identity) or is_room_operator(participant.hub, room.key, participant)


def readable_topic(participant: Participant, room: Place) -> TopicSet | None:
    """Return what a participant is to be told of a room's topic; that it was taken away concerns programs alone."""
    topic = room.topic
    if topic is None or not (topic.topic or participant.tagged):
        return None
    return topic if may_read(participant, room.key, room.topic_id) else None


def server_ban(participant: Participant, identity: Identity | None = None) -> ModerationAction | None:
    """Return the ban that keeps a participant off the server, under its own identity or another."""
    hub = participant.hub
    if not hub.server_policy or participant.is_operator:
        return None
    return hub.server_policy.against("BAN", identity or participant.identity, milliseconds(hub))


def is_ruled(hub: Hub, room: str) -> bool:
    """Return whether anything is ruled in a room, given its key, or on the server; else nobody need be judged.

    In nearly all rooms nothing is, and to find that out four times cost a sixth of a JOIN.
    """
    return bool(hub.server_policy or hub.policy(room))


def refusal(participant: Participant, room: str, identity: Identity | None = None) -> ChatError | None:
    """Return why a participant, under its own identity or another, may not enter a room; None if it may."""
    hub = participant.hub
    if not is_ruled(hub, room):
        return None
    who = identity or participant.identity
    return refusal_of(hub, room, who, is_operator=participant.is_operator, now=milliseconds(hub))


def reading_refusal(visitor: Visitor, room: str) -> ChatError | None:
    """Return why somebody may not read a room, given its key, without being in it: what would keep it from entering."""
    hub = visitor.hub
    if hub.accounts.members_only and visitor.account is None:
        return ChatError(Code.NOT_ALLOWED, "only registered users may read here")
    return refusal_of(hub, room, visitor.identity, is_operator=visitor.is_operator, now=milliseconds(hub))


def look_refusal(participant: Visitor, name: RoomName) -> ChatError | None:
    """Return why somebody may not make a room of that name; None also for a room that is there, or was."""
    hub = participant.hub
    if hub.room(name.key) is not None or hub.journal.room_state(name.key) is not None:
        return None
    twin = hub.twin(name)
    if twin is None:
        return None
    # Who may not enter it need not learn how it is spelled.
    what = "an existing room" if readable_after(participant, twin.key) is None else twin
    return ChatError(Code.BAD_ROOM, f"{name} could be mistaken for {what}; choose another name")


def refusal_at(participant: Participant, room: str, entry: Entry) -> ChatError | None:
    """Return why a participant may not enter a room by an entry of its own; if there are nodes, as all see it."""
    hub = participant.hub
    if not is_ruled(hub, room):
        return None
    before = hub.nodes.predecessors(participant.member_id, participant.takeover.stale_connections)
    if participant.info is None:
        return entering_refusal(hub, room, participant.judged_as, before, milliseconds(hub))
    return entering_refusal(hub, room, participant.judged_as, before, entry.time)


def entering_refusal(
    hub: Hub, room: str, judged_as: tuple[Identity, bool], before: Iterable[Member], now: int
) -> ChatError | None:
    """Return why somebody may not enter a room, given its key, who may take the places of those ``before``.

    ``judged_as`` is as `Member` has it. Who ran it over another connection runs it still.
    """
    identity, is_operator = judged_as
    why, ranks = refusal_of(hub, room, identity, is_operator=is_operator, now=now), hub.ranks(room)
    if why is not None and ranks:
        for connection in (member.judged_as[0].connection for member in before):
            if ranks.is_operator(connection):
                heir = identity._replace(connection=connection)
                return refusal_of(hub, room, heir, is_operator=is_operator, now=now)
    return why


def refusal_of(hub: Hub, room: str, identity: Identity, *, is_operator: bool, now: int) -> ChatError | None:
    """Return why somebody may not enter a room, given its key, at a time in milliseconds since 1970."""
    policy = hub.policy(room)
    ban = None if is_operator else hub.server_policy.against("BAN", identity, now)
    is_trusted = _is_operator(hub, room, identity)
    if ban is None and not (is_trusted or is_operator):
        ban = policy.against("BAN", identity, now)
    if ban is not None:
        return ChatError(Code.BANNED, because("you are banned", ban))
    if policy.readable_by(identity, trusted=is_trusted) is None:
        return ChatError(Code.NOT_ALLOWED, "the room is private; ask one of its operators to INVITE you")
    return None


def judged_as(hub: Hub, info: MemberInfo) -> tuple[Identity, bool]:
    """Return whom moderation actions are about, and whether that is a server operator: the same on all nodes."""
    address = None if info.address is None else _address(info.address)
    identity = Identity(names.key(info.nick), info.account, address, info.member_id)
    return identity, info.operator or hub.server_policy.is_operator(info.account)


def check_voice(participant: Participant, room: str | None) -> None:
    """Raise `ChatError` if a participant may not speak in a room, given its key, or anywhere."""
    hub, identity = participant.hub, participant.identity
    why = voice_refusal(hub, room, identity, is_operator=participant.is_operator, now=milliseconds(hub))
    if why is not None:
        raise why


def voice_refusal(hub: Hub, room: str | None, identity: Identity, *, is_operator: bool, now: int) -> ChatError | None:
    """Return why somebody may not speak in a room, given its key, or anywhere, at a time in milliseconds since 1970."""
    if (why := mute_refusal(hub, room, identity, is_operator=is_operator, now=now)) is not None:
        return why
    if room is None or is_operator:
        return None
    if hub.policy(room).setting("speak") == "operators" and not (
        _is_operator(hub, room, identity) or _has_voice(hub, room, identity)
    ):
        return ChatError(Code.NOT_ALLOWED, "only operators may speak in this room; you can still read")
    return None


def mute_refusal(hub: Hub, room: str | None, identity: Identity, *, is_operator: bool, now: int) -> ChatError | None:
    """Return why somebody is muted in a room, given its key, or everywhere; None if it is not.

    Who is banned from a room and is in it, because they may stay, is muted there.
    """
    mute = hub.server_policy.against("MUTE", identity, now, spared=is_operator)
    if mute is None and room is not None and not is_operator:
        mute = hub.policy(room).against("MUTE", identity, now)
        if mute is None and not _is_operator(hub, room, identity):
            mute = hub.policy(room).against("BAN", identity, now)
    return None if mute is None else ChatError(Code.MUTED, because("you are muted and can only read", mute))


def speech_refusal(hub: Hub, room: str, identity: Identity, *, is_operator: bool, now: int) -> ChatError | None:
    """Return why somebody may not say anything in a room, given its key, be it from without: all that holds there."""
    why = refusal_of(hub, room, identity, is_operator=is_operator, now=now)
    return why or voice_refusal(hub, room, identity, is_operator=is_operator, now=now)


def hears_outsiders(room: Place) -> bool:
    """Return whether somebody who is not in a room may say something there."""
    return room.policy.setting("outsiders") == "yes"


def may_speak(participant: Participant, room: str) -> bool:
    """Return whether a participant may say something in a room, given its key."""
    try:
        check_voice(participant, room)
    except ChatError:
        return False
    return True


def check_rename(participant: Participant) -> None:
    """Raise `ChatError` if a participant is muted anywhere: another nick would be one more thing that it says there."""
    hub, identity, is_operator = participant.hub, participant.identity, participant.is_operator
    for room in (None, *(room.key for room in participant.rooms)):
        if (why := mute_refusal(hub, room, identity, is_operator=is_operator, now=milliseconds(hub))) is not None:
            raise why


def check_topic(participant: Participant, room: str) -> None:
    """Raise `ChatError` if a participant may not set the topic of a room, given its key."""
    identity, is_operator = participant.identity, participant.is_operator
    if (why := topic_refusal(participant.hub, room, identity, is_operator=is_operator)) is not None:
        raise why


def topic_refusal(hub: Hub, room: str, identity: Identity, *, is_operator: bool) -> ChatError | None:
    """Return why somebody may not set the topic of a room, given its key."""
    if hub.policy(room).setting("topic") == "operators" and not (is_operator or _is_operator(hub, room, identity)):
        return ChatError(Code.NOT_ALLOWED, "only room operators may set the topic here")
    return None


def rank_refusal(hub: Hub, room: str, identity: Identity, *, is_operator: bool) -> ChatError | None:
    """Return why somebody may not moderate a room, or the server if ``room`` is that; None for its operators.

    Here ``room`` is the name, as it is written.
    """
    if is_operator:
        return None
    if room == SERVER:
        return ChatError(Code.NOT_ALLOWED, "only server operators may do that")
    if not _is_operator(hub, names.key(room), identity):
        return ChatError(Code.NOT_ALLOWED, f"only operators of {room} may do that; LOGIN if you are one")
    return None


def rights_of(hub: Hub, room: str, identity: Identity, *, is_operator: bool) -> Rights | None:
    """Return what somebody may who refers to a message of a room, given its key; None for who may read none of them."""
    policy, moderates = hub.policy(room), _is_operator(hub, room, identity)
    after = policy.readable_by(identity, trusted=moderates)
    if after is None:
        return None
    return Rights(is_operator or moderates, after, policy.readable_after(None) or 0)


def because(what: str, action: ModerationAction) -> str:
    """Return a sentence with how long a moderation action holds and why, as far as it says."""
    event = action.event
    held = "" if event.seconds is None else f", for {written(event.seconds)} in total"
    return f"{what}{held}" + (f": {event.text}" if event.text and event.text != MAY_STAY else "")


@lru_cache(maxsize=4096)
def _address(text: str) -> IPAddress | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
