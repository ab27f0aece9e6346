"""HELLO, JOIN, NICK, PART and QUIT: who somebody is, and in which rooms."""

from __future__ import annotations

from chatd import __version__
from chatd.chat import any_name, authentication, full_rooms, guidance, permissions, quotas
from chatd.chat.client import NickHolder
from chatd.chat.command_rows import Row, Work, for_anybody, for_named, in_room
from chatd.chat.hub import Hub
from chatd.chat.outcomes import done_join
from chatd.chat.participant import Participant
from chatd.chat.recent import Recent
from chatd.chat.replay import Replay, catch_up_with_others
from chatd.model.entry import Place
from chatd.protocol import commands, events, wire
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.events import Done
from chatd.protocol.names import Nick, RoomName

ALL_TAKEN = "taken=all goodbye; everything you sent was accepted"
"""What BYE quit says when no line before it was answered by an ERR for what it was to say; scripts read one word."""
SOME_TAKEN = "taken=some goodbye; not everything you sent was accepted, see ERR"


def _hello(participant: Participant, command: commands.Hello, label: str | None) -> None:
    if not _is_version(command.version) and not participant.tagged:
        guidance.greet_back(participant, command.version)
        return
    if command.version is None or " " in command.version:
        raise ChatError(Code.BAD_SYNTAX, "the version is one word; write HELLO 1")
    if participant.nick:
        raise ChatError(Code.ALREADY_IN, "HELLO 1 must come before the first JOIN; write MSG <text> to say something")
    if command.version != wire.PROTOCOL_VERSION:
        raise ChatError(Code.BAD_VERSION, f"this server speaks version {wire.PROTOCOL_VERSION}; write HELLO 1")
    participant.tagged, participant.bot = True, command.bot
    participant.show_clock(None)
    values = {
        "protocol": wire.PROTOCOL_VERSION,
        "server": f"chatd/{__version__}",
        "epoch": participant.hub.journal.epoch,
        "max-line": str(wire.MAX_LINE_BYTES),
        "ping": str(participant.hub.limits.ping_seconds),
        "register": "yes" if participant.peer.private and participant.hub.accounts.takes_newcomers else "no",
    }
    participant.send_event(Done("HELLO", values=values), label)


def _join(participant: Participant, command: commands.Join, label: str | None) -> Work | None:
    name = RoomName.of(command.room)
    if command.nick is None and not participant.nick:
        raise ChatError(Code.NAME_NEEDED, f"choose a nick first: JOIN <your name> {name}")
    if command.nick is not None and participant.nick:
        if Nick.of(command.nick).key == participant.nick.key:
            raise ChatError(
                Code.ALREADY_IN, f"you have already joined as {participant.nick}; to join a room, write JOIN {name}"
            )
        instead = f"to join a room, write JOIN #{command.nick}; to change your nick, write NICK {command.nick}"
        why = f"you have already joined as {participant.nick}; {instead}"
        raise ChatError(Code.ALREADY_IN, why)
    nick = participant.nick or Nick.of(command.nick or "")
    if permissions.is_ruled(participant.hub, name.key):
        _check_rules(participant, name, nick, command.resume)
    if (why_not := permissions.look_refusal(participant, name)) is not None:
        raise why_not
    room = participant.hub.room(name.key)
    full_rooms.check_join(participant, room, nick, resumes=command.resume is not None)
    quotas.check_join(participant, name.key, room)
    if not participant.nick:
        if command.any_nick:
            _take_any_nick(participant, nick, command.resume, name.key)
        else:
            authentication.check_owner(participant, nick)
            _take_nick(participant, nick, command.resume)
    if room is not None and room in participant.rooms:
        participant.enter(room)
        return _show_again(participant, room, command.last or 0, label)
    if command.last is not None:
        return _show_and_enter(participant, name, command.last, label)
    if command.since is None:
        _enter(participant, name, label)
        return None
    return _catch_up_and_enter(participant, name, command.since, command.epoch, label)


def _check_rules(participant: Participant, name: RoomName, nick: Nick, resume: str | None) -> None:
    """Raise `ChatError` if what is ruled in a room keeps a participant out who is to go by a nick."""
    identity = participant.identity._replace(nick=nick.key)
    holder = None if resume is None else participant.hub.holder(nick)
    before = None if holder is None else _resumed(participant.hub, holder, resume or "")
    if before is not None and participant.hub.ranks(name.key).is_operator(before.judged_as[0].connection):
        identity = identity._replace(connection=before.judged_as[0].connection)
    if (why_not := permissions.refusal(participant, name.key, identity)) is not None:
        raise why_not


def _is_version(text: str | None) -> bool:
    """Return whether what follows HELLO may be a version of the protocol, and not what people say to one another."""
    return text is not None and any(map(str.isdigit, text))


async def _catch_up_and_enter(
    participant: Participant, name: RoomName, since: int, epoch: str | None, label: str | None
) -> None:
    await catch_up_with_others(participant, name.key, since, epoch)
    if participant.ended:
        return
    replay = participant.replay = Replay(participant, name.key, since, epoch)
    await replay.send_stored()
    if not participant.ended:
        _enter(participant, name, label)


async def _show_and_enter(participant: Participant, name: RoomName, count: int, label: str | None) -> None:
    recent = participant.replay = Recent(participant, name.key, count)
    await recent.send_stored()
    if not participant.ended:
        _enter(participant, name, label)


async def _show_again(participant: Participant, room: Place, count: int, label: str | None) -> None:
    if count:
        recent = Recent(participant, room.key, count)
        await recent.send_stored()
        recent.close()
    participant.send_event(done_join(participant, room), label)


def _enter(participant: Participant, name: RoomName, label: str | None) -> None:
    room = participant.hub.room(name.key)
    joined = events.Joined(participant.nick, name if room is None else room.name)
    participant.submit(name.key, joined, label, "JOIN")


def _take_nick(participant: Participant, nick: Nick, resume: str | None) -> None:
    """Go by a nick, or by that of a connection that the participant proves to be the successor of."""
    hub = participant.hub
    holder = hub.holder(nick)
    if holder is not None and holder.renaming:
        holder = None
    dead = None if holder is None or resume is None else _resumed(hub, holder, resume)
    present = None if holder is None or hub.nodes.shared else hub.persons.own(participant, holder)
    if dead is None and present is not None:
        hub.persons.join(participant, present)
    elif holder is not None and (dead is not None or participant.account == nick.key):
        old = dead or holder
        participant.takeover.begin(old, old if isinstance(old, Participant) else None, resume or "")
        participant.nick = old.nick
    else:
        hub.claim(nick, participant)
        participant.nick = nick
    if participant.tagged:
        participant.issue_resume_token()


def _take_any_nick(participant: Participant, nick: Nick, resume: str | None, room: str) -> None:
    """Go by the first free one of some names, or by the one of them that is the participant's own already."""
    for each in any_name.candidates(nick) if resume else ():
        holder = participant.hub.holder(each)
        if holder is not None and _resumed(participant.hub, holder, resume or "") is not None:
            authentication.check_owner(participant, each)
            participant.other_names = any_name.candidates(nick)
            _take_nick(participant, each, resume)
            return
    any_name.begin(participant, nick, room)
    if participant.tagged:
        participant.issue_resume_token()


def take_name(participant: Participant, nick: Nick, label: str | None) -> None:
    """Go by a nick, in no room yet; ``OK NICK`` says when all nodes know. Raise `ChatError` if it is not to be had."""
    identity = participant.identity._replace(nick=nick.key)
    if (ban := permissions.server_ban(participant, identity)) is not None:
        raise ChatError(Code.BANNED, permissions.because("you are banned", ban))
    quotas.check_first_name(participant)
    authentication.check_owner(participant, nick)
    _take_nick(participant, nick, None)
    if participant.hub.nodes.shared:
        participant.submit("", events.Renamed(participant.nick, participant.nick), label, "NICK")
        return
    participant.hub.conversations.arrive(participant)
    participant.send_event(Done("NICK", (participant.nick,)), label)


def wait_for_others(participant: Participant, label: str) -> None:
    """Have ``OK NICK`` answered when all that anybody here has done before has been delivered."""
    participant.submit("", events.Renamed(participant.nick, participant.nick), label, "NICK")


def _resumed(hub: Hub, holder: NickHolder, resume: str) -> NickHolder | None:
    """Return the connection whose resume token that is: of the one who goes by a nick, who may have several."""
    others = hub.persons.beside(holder) if isinstance(holder, Participant) else ()
    return next((each for each in (holder, *others) if each.takeover.is_proven_by(resume)), None)


def _rename(participant: Participant, command: commands.Nick, label: str | None) -> None:
    nick = Nick.of(command.nick)
    if nick == participant.nick:
        participant.send_event(Done("NICK", (nick,)), label)
        return
    if others := len(participant.hub.persons.beside(participant)):
        why = f"you have {others + 1} connections that share your nick; QUIT the others first"
        raise ChatError(Code.NOT_ALLOWED, why)
    permissions.check_rename(participant)
    authentication.check_owner(participant, nick)
    quotas.check_name(participant)
    participant.hub.claim(nick, participant)
    participant.takeover.release_stale()
    participant.renaming = nick
    participant.submit("", events.Renamed(participant.nick, nick), label, "NICK")


def _part(participant: Participant, room: Place, command: commands.Part, label: str | None) -> None:
    text = command.text if quotas.may_say_why_it_leaves(participant, room.key) else None
    quotas.note_departure(participant, 1)
    participant.submit(room.key, events.Parted(participant.nick, room.name, text), label, "PART")


def _quit(participant: Participant, command: commands.Quit, _label: str | None) -> None:
    taken = SOME_TAKEN if participant.untaken else ALL_TAKEN
    says_why = all(quotas.may_say_why_it_leaves(participant, room.key) for room in participant.rooms)
    participant.disconnect(DisconnectReason.QUIT, taken, parting_text=command.text if says_why else None)


ROWS: tuple[Row, ...] = (
    for_anybody(commands.Hello, _hello),
    for_anybody(commands.Join, _join),
    for_named(commands.Nick, _rename),
    in_room(commands.Part, _part),
    for_anybody(commands.Quit, _quit),
)
