"""What the commands of room operators and server operators do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chatd.chat import founding, inviting, quotas
from chatd.chat.command_rows import Work
from chatd.chat.participant import Participant
from chatd.chat.permissions import judged_as, may_speak, milliseconds, rank_refusal
from chatd.model.entry import Member
from chatd.model.room_policy import (
    MAX_ACTIONS,
    WHILE_HERE,
    Identity,
    ModerationAction,
    PolicyKey,
    RoomPolicy,
    is_address,
)
from chatd.protocol import duration, names
from chatd.protocol import moderation_commands as commands
from chatd.protocol.commands import LOBBY
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Moderated
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.names import Nick, RoomName

Command = (
    commands.Kick
    | commands.Mute
    | commands.Ban
    | commands.Unmute
    | commands.Unban
    | commands.Op
    | commands.Deop
    | commands.Voice
    | commands.Unvoice
    | commands.Invite
    | commands.Uninvite
)
DEFAULT_ROOM = names.key(LOBBY)
"""The key of the room that a JOIN without one is for. It is nobody's but the server operators'."""
_TAKEN_BACK = {
    commands.Unmute: "MUTE",
    commands.Unban: "BAN",
    commands.Deop: "OP",
    commands.Unvoice: "VOICE",
    commands.Uninvite: "INVITE",
}


def moderate(participant: Participant, command: Command, label: str | None) -> None:
    """Do what a command says, in the participant's name. Raise `ChatError` if it cannot be done."""
    room = _room(participant, command.room)
    verb = type(command).__name__.upper()
    _check_operator(participant, room)
    founding.check_holds(participant, room)
    if isinstance(command, commands.Mute | commands.Ban | commands.Op | commands.Voice | commands.Invite):
        _check_room_for_more(participant, room)
    subject, seconds, text = _sentence(participant, command, room)
    if text != WHILE_HERE and not may_speak(participant, room.key):
        text = None  # everybody there would read it
    if isinstance(command, commands.Invite):
        ruling = inviting.invitation(participant, room, Nick.of(command.nick))
        quotas.check_tell(participant)  # they are told of it
        participant.submit(room.key, ruling, label, verb)
        return
    besides: list[Moderated] = []
    if isinstance(command, commands.Kick) and (target := _target(participant, Nick.of(command.nick), room)):
        besides += inviting.taken_back(participant, room, target, text)
    action = Moderated(verb, participant.nick, room, subject, seconds, text)
    if isinstance(command, commands.Op | commands.Voice | commands.Deop | commands.Unvoice):
        action = _of_rank(participant, action)
    if isinstance(command, commands.Mute | commands.Ban):
        action = _with_reach(participant, action)
    if isinstance(command, commands.Ban):
        _check_not_oneself(participant, action)
    participant.submit(room.key, action, label, verb)
    for each in besides:  # not asked for, so not answered
        participant.submit(room.key, each, None, "INVITE")


def invite(participant: Participant, command: commands.Invite, label: str | None) -> Work | None:
    """Let somebody into a room or, if it is open and one does not run it, tell them of it. Raise `ChatError`."""
    room = _room(participant, command.room)
    is_told = room != SERVER and inviting.is_open(participant, room)
    if is_told and rank_refusal(participant.hub, room, participant.identity, is_operator=participant.is_operator):
        return inviting.tell(participant, room, Nick.of(command.nick), label)
    moderate(participant, command, label)
    return None


def invite_name(participant: Participant, room: RoomName, nick: Nick, label: str | None) -> None:
    """Let the owner of a name into a room or, while it is nobody's own, whoever goes by it. Raise `ChatError`."""
    _check_operator(participant, room)
    founding.check_holds(participant, room)
    _check_room_for_more(participant, room)
    participant.submit(room.key, inviting.by_name(participant, room, nick), label, "INVITE")


def change_setting(participant: Participant, command: commands.Set, label: str | None) -> None:
    """Answer SET. Raise `ChatError` if it cannot be done."""
    room = _room(participant, command.room)
    policy = participant.hub.policy(room.key)
    if room == SERVER:
        raise ChatError(Code.NOT_ALLOWED, "settings belong to a room; name the room")
    if room.key == DEFAULT_ROOM and command.key in ("registered", "private") and not participant.is_operator:
        raise ChatError(Code.NOT_ALLOWED, f"{room} is where everybody comes in; only server operators may do that")
    if command.key == "registered":
        _check_may_register(participant, room, policy)
    else:
        _check_operator(participant, room)
        founding.check_holds(participant, room)
        if policy.setting("registered") != "yes":
            founding.check_may_set(participant, room, command.key)
    subject = f"{command.key}={command.value}"
    if command.key == "keep":
        _check_keeps(participant, command.value)
    if policy.setting(command.key) == command.value:
        participant.send_event(Done("SET", (room, subject)), label)
        return
    if subject == "private=yes":
        inviting.settle_who_stays(participant, room, command.who)
    participant.submit(room.key, Moderated("SET", participant.nick, room, subject), label, "SET")


def _check_keeps(participant: Participant, value: str) -> None:
    """Raise `ChatError` if a room would keep what is said there for longer than the server keeps anything."""
    most = participant.hub.journal.retention.seconds
    if most is not None and value not in commands.SETTINGS["keep"] and duration.seconds(value) > most:
        why = f"this server stores messages for {duration.written(most)}; a room cannot store them for longer"
        raise ChatError(Code.NOT_ALLOWED, why)


def _check_may_register(participant: Participant, room: RoomName, policy: RoomPolicy) -> None:
    if participant.account is None:
        how = "LOGIN or REGISTER" if participant.hub.accounts.takes_newcomers else "LOGIN"
        raise ChatError(Code.NOT_ALLOWED, f"a room belongs to a registered user; {how} first")
    if policy.setting("registered") == "yes":
        raise ChatError(Code.NOT_ALLOWED, f"{room} is already registered")
    if participant.nick.key != participant.account:
        raise ChatError(
            Code.NOT_ALLOWED,
            "you can register a room only under the nick of your account; change to it with NICK first",
        )
    if participant.hub.room(room.key) not in participant.rooms:
        raise ChatError(Code.NOT_IN_ROOM, f"you are not in {room}; JOIN {room} first")


def _room(participant: Participant, name: str | None) -> RoomName:
    """Return the name of the room that a command is for, as it was first written, or `SERVER`."""
    if not participant.nick:
        raise ChatError(Code.NAME_NEEDED, "choose a nick first: JOIN <your name>")
    if name is None:
        if participant.current is None:
            raise ChatError(Code.NOT_IN_ROOM, "you are not in a room; name one")
        return participant.current.name
    wanted = RoomName.of(name)
    if wanted == SERVER:
        return wanted
    found, room_state = participant.hub.room(wanted.key), participant.hub.journal.room_state(wanted.key)
    return found.name if found is not None else wanted if room_state is None else RoomName(room_state.name)


def _policy(participant: Participant, room: RoomName) -> RoomPolicy:
    return participant.hub.server_policy if room == SERVER else participant.hub.policy(room.key)


def _check_operator(participant: Participant, room: RoomName) -> None:
    """Raise `ChatError` unless a participant is an operator of a room, or a server operator."""
    hub, identity = participant.hub, participant.identity
    if (why := rank_refusal(hub, room, identity, is_operator=participant.is_operator)) is not None:
        raise why


def _sentence(participant: Participant, command: Command, room: RoomName) -> tuple[str, int | None, str | None]:
    """Return whom a command is about, for how long and why, if it makes sense."""
    match command:
        case commands.Kick(nick, _, text):
            target = _target(participant, Nick.of(nick), room)
            if target is None:
                where = "here" if room == SERVER else f"in {room}"
                raise ChatError(Code.NO_SUCH_NICK, f"{nick} is not {where}")
            _check_not_operator(participant, Nick.of(nick).key, target.account)
            return target.renaming or target.nick, None, text
        case commands.Mute(who, _, seconds, text) | commands.Ban(who, _, seconds, text):
            target = _found(participant, Nick.of(who), room)
            known = target or participant.hub.posters.get(Nick.of(who))
            _check_not_operator(participant, Nick.of(who).key, None if known is None else known.account)
            return who, seconds, text
        case commands.Invite(nick):
            return nick, None, None
        case (
            commands.Unmute(who)
            | commands.Unban(who)
            | commands.Deop(who)
            | commands.Unvoice(who)
            | commands.Uninvite(who)
        ):
            kind = _TAKEN_BACK[type(command)]
            target = _target(participant, Nick.of(who), room) if kind in ("OP", "VOICE") else None
            if PolicyKey(kind, Nick.of(who).key) not in _policy(participant, room) and not founding.ranks(
                participant, room, target, kind
            ):
                raise ChatError(Code.NO_SUCH_NICK, f"there is no {kind} of {who} in {room}")
            return who, None, None
        case commands.Op(nick) | commands.Voice(nick):
            if isinstance(command, commands.Voice) and room == SERVER:
                raise ChatError(Code.NOT_ALLOWED, "a voice belongs to a room; name the room")
            target = _target(participant, Nick.of(nick), room)
            if not participant.hub.accounts.is_registered(Nick.of(nick).key) and founding.reach(
                participant, room, target
            ):
                return nick, None, WHILE_HERE
            if not participant.hub.accounts.is_registered(Nick.of(nick).key):
                raise ChatError(Code.NOT_ALLOWED, f"{nick} belongs to no account; they need one first")
            return nick, None, None


def _target(participant: Participant, nick: Nick, room: RoomName) -> Member | None:
    """Return who goes by a nick in a room or on the server.

    In a room there may be the place of a connection that was taken over, of which the server knows no more.
    """
    if room == SERVER:
        return participant.hub.holder(nick)
    for member in participant.hub.members(room.key):
        if nick.key in (member.nick.key, member.renaming.key):
            return member
    return None


def _found(participant: Participant, nick: Nick, room: RoomName) -> Member | None:
    """Return who goes by a nick, in a room or else anywhere: who has left it a moment ago is still the one meant."""
    return _target(participant, nick, room) or participant.hub.holder(nick)


def _with_reach(participant: Participant, action: Moderated) -> Moderated:
    """Return a MUTE or BAN with what it holds for besides the nick; if nobody goes by that now, with what it had."""
    room, nick = RoomName.of(action.room), Nick.of(action.subject)
    if is_address(action.subject):
        return action
    target = _found(participant, nick, room)
    if target is None and (poster := participant.hub.posters.get(nick)) is not None:
        identity, _ = judged_as(participant.hub, poster)
        return replace(action, reach=identity.reach(_there(participant, room)))
    if target is not None:
        identity, _ = target.judged_as
        return replace(action, reach=identity._replace(nick=nick.key).reach(_there(participant, room)))
    before = _policy(participant, room).held(PolicyKey(action.verb, nick.key), milliseconds(participant.hub))
    return action if before is None else replace(action, reach=before.event.reach)


def _of_rank(participant: Participant, action: Moderated) -> Moderated:
    """Return an OP or VOICE, or what takes it back, with the connection that it is about; it may be about none."""
    if action.verb in ("OP", "VOICE") and action.text is None:
        return action
    room = RoomName.of(action.room)
    return replace(action, reach=founding.reach(participant, room, _target(participant, Nick.of(action.subject), room)))


def _there(participant: Participant, room: RoomName) -> Iterator[Identity]:
    """Yield who is in a room or on the server, some of them more than once."""
    hub = participant.hub
    if room == SERVER:
        yield from (client.identity for client in hub.clients)
    for place in hub.rooms() if room == SERVER else filter(None, [hub.room(room.key)]):
        yield from (member.judged_as[0] for member in place.everybody)


def _check_not_oneself(participant: Participant, ban: Moderated) -> None:
    """Raise `ChatError` if a ban would hold for the one who says it."""
    now = milliseconds(participant.hub)
    if RoomPolicy([ModerationAction(0, now, ban)]).against("BAN", participant.identity, now, spared=True) is not None:
        raise ChatError(Code.NOT_ALLOWED, f"a BAN of {ban.subject} would apply to you, too; name somebody else")


def _check_room_for_more(participant: Participant, room: RoomName) -> None:
    """Raise `ChatError` if as many moderation actions hold in a room as can be."""
    policy = _policy(participant, room)
    if len(policy) >= MAX_ACTIONS and policy.holding(milliseconds(participant.hub)) >= MAX_ACTIONS:
        why = f"there are {MAX_ACTIONS} moderation actions here, which is the maximum; undo some, or ban a network"
        raise ChatError(Code.FULL, why)


def _check_not_operator(participant: Participant, *accounts: str | None) -> None:
    """Raise `ChatError` if a room operator would moderate a server operator."""
    if not participant.is_operator and any(participant.hub.is_operator(account) for account in accounts):
        raise ChatError(Code.NOT_ALLOWED, "room operators cannot act against server operators")
