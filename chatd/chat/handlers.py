"""What each command does: to the session that sent it, to the rooms, and what is answered."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from chatd import __version__
from chatd.chat import authentication, limits, moderation, replay
from chatd.chat.outcomes import done_join
from chatd.chat.presence import remote as elsewhere
from chatd.chat.presence.remote import RemoteMember
from chatd.model.entry import Place
from chatd.model.room_policy import Identity
from chatd.protocol import commands, events, names, wire
from chatd.protocol import moderation_commands as moderation_commands
from chatd.protocol.commands import Command
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.events import Done
from chatd.protocol.verbs import VERBS
from chatd.protocol.wire import Mode, Request

if TYPE_CHECKING:
    from chatd.chat.session import Session


def is_said(session: Session, request: Request | ChatError) -> bool:
    """Return whether a request only says something more in a room, so that it need not wait for what was said."""
    if isinstance(request, ChatError):
        return False
    command = request.command
    if type(command) is commands.Msg:
        return session.current is not None
    return type(command) is commands.Tell and command.to.startswith("#") and _is_in(session, command.to)


_QUESTIONS = (
    commands.Who,
    commands.Rooms,
    commands.History,
    commands.Search,
    commands.Ping,
    commands.Help,
)


def is_question(request: Request | ChatError) -> bool:
    """Return whether a request only asks for something, so that it is of no use to one who cannot be answered."""
    return not isinstance(request, ChatError) and isinstance(request.command, _QUESTIONS)


ALL_TAKEN = "goodbye; all that you said was taken"
"""What BYE quit says when no line before it was answered by an ERR for what it was to say."""

Work = Coroutine[Deferred[Any], Any, None]
"""What is left to do of a command that has to wait for its reader or for the journal."""


def verb_of(command: Command) -> str:
    """Return the verb of a command, as it is written."""
    return type(command).__name__.upper()


def carry_out(session: Session, request: Request) -> Work | None:
    """Do what a request asks for, and return what is left to do. Raise `ChatError` if it cannot be done."""
    command, label = request
    try:
        return _do(session, command, label)
    except ChatError as error:
        error.verb = verb_of(command)
        error.fatal = isinstance(command, commands.Pipe)
        raise


def _do(session: Session, command: Command, label: str | None) -> Work | None:
    match command:
        case commands.Msg(text):
            _say(session, _room(session, None), text, label)
        case commands.Hello(version):
            _hello(session, version, label)
        case commands.Join():
            return _join(session, command, label)
        case commands.Tell(to, text):
            return _tell(session, to, text, label)
        case commands.Talk():
            room = _room(session, None)
            session.mode = Mode.TALK
            session.tell(Done("TALK", (room.name,)), label)
        case commands.Pipe(name):
            room = _room(session, name)
            session.enter(room)
            session.mode = Mode.PIPE
            session.tell(Done("PIPE", (room.name,)), label)
        case commands.Nick(nick):
            _rename(session, nick, label)
        case commands.Part(name, said):
            room = _room(session, name)
            said = said if moderation.may_speak(session, room.key) else None
            session.append(room.key, events.Parted(session.nick, room.name, said), label, "PART")
        case commands.Who(name):
            return session.send_all(_who(session, _room(session, name), label))
        case commands.Rooms():
            _need_name(session)
            return session.send_all(_rooms(session, label))
        case commands.History():
            return replay.history(session, _room(session, command.room), command, label)
        case commands.Search(name, words):
            return replay.search(session, _room(session, name), words, label)
        case commands.Topic(name, said):
            _topic(session, _room(session, name), said, label)
        case commands.Ping(token):
            session.tell(events.Pong(token), label)
        case commands.Help(verb):
            _help(session, verb, label)
        case commands.Quit(said):
            taken = "goodbye; not all that you said was taken, see ERR" if session.untaken else ALL_TAKEN
            if not all(moderation.may_speak(session, room.key) for room in session.rooms):
                said = None
            session.end(DisconnectReason.QUIT, taken, said=said)
        case moderation_commands.Login(nick, password):
            return authentication.log_in(session, nick, password, label)
        case moderation_commands.Register(password, code):
            return authentication.register(session, password, code, label)
        case _:
            moderation.carry_out(session, command, label)
    return None


def _need_name(session: Session) -> None:
    if not session.nick:
        raise ChatError(Code.NAME_NEEDED, "say who you are first: JOIN <your name>")


def _room(session: Session, name: str | None) -> Place:
    """Return the room of that name, or the current one, if the session is in it."""
    _need_name(session)
    room = session.current if name is None else session.hub.room(name)
    if room is None or room not in session.rooms:
        where = "in no room" if name is None else f"not in {name}"
        raise ChatError(Code.NOT_IN_ROOM, f"you are {where}; JOIN <#room> first")
    return room


def _is_in(session: Session, name: str) -> bool:
    room = session.hub.room(name)
    return room is not None and room in session.rooms


def _say(session: Session, room: Place, text: str, label: str | None, verb: str = "MSG") -> None:
    if room.policy.mutes or session.hub.server_policy.mutes:
        moderation.check_voice(session, room.key)
    session.append(room.key, events.Said(session.nick, room.name, text), label, verb)


def _hello(session: Session, version: str, label: str | None) -> None:
    if session.nick:
        raise ChatError(Code.ALREADY_IN, "HELLO comes before the first JOIN")
    if version != wire.PROTOCOL_VERSION:
        raise ChatError(Code.BAD_VERSION, f"this server speaks version {wire.PROTOCOL_VERSION}: HELLO 1")
    session.tagged = True
    values = {
        "protocol": wire.PROTOCOL_VERSION,
        "server": f"chatd/{__version__}",
        "epoch": session.hub.journal.epoch,
        "max-line": str(wire.MAX_LINE_BYTES),
        "ping": str(session.hub.limits.ping_seconds),
    }
    session.tell(Done("HELLO", values=values), label)


def _join(session: Session, command: commands.Join, label: str | None) -> Work | None:
    hub = session.hub
    if command.nick is None:
        _need_name(session)
    elif session.nick:
        raise ChatError(Code.ALREADY_IN, f"you are in as {session.nick}; JOIN <#room> enters one more, NICK renames")
    nick = session.nick or command.nick or ""
    identity = Identity(names.key(nick), session.account, session.peer.address)
    if (why := moderation.refusal(session, names.key(command.room), identity)) is not None:
        raise why
    room = hub.room(command.room)
    limits.check_join(session, room)
    if not session.nick:
        authentication.check_owner(session, nick)
        _come_in(session, nick, command.resume)
    if room is not None and room in session.rooms:
        session.enter(room)
        session.tell(done_join(session, room), label)
        return None
    if command.since is None:
        _enter(session, command.room, label)
        return None
    return _catch_up_and_enter(session, command.room, command.since, command.epoch, label)


async def _catch_up_and_enter(session: Session, name: str, since: int, epoch: str | None, label: str | None) -> None:
    await session.catch_up(names.key(name), since, epoch)
    if not session.ended:
        _enter(session, name, label)


def _enter(session: Session, name: str, label: str | None) -> None:
    room = session.hub.room(name)
    session.append(names.key(name), events.Joined(session.nick, name if room is None else room.name), label, "JOIN")


def _come_in(session: Session, nick: str, resume: str | None) -> None:
    hub = session.hub
    holder = hub.holder(nick)
    owns = session.account == names.key(nick)
    proven = holder is not None and (owns or (resume is not None and holder.takeover.is_proven_by(resume)))
    if holder is not None and proven and not holder.renaming:
        session.takeover.begin(holder, resume or "")
        session.nick = holder.nick
    else:
        hub.claim(nick, session)
        session.nick = nick
    if session.tagged:
        session.prove()


def _tell(session: Session, to: str, text: str, label: str | None) -> Work | None:
    if to.startswith("#"):
        _say(session, _room(session, to), text, label, "TELL")
        return None
    _need_name(session)
    other = session.hub.holder(to)
    if other is None:
        raise ChatError(Code.NO_SUCH_NICK, f"nobody here goes by {to}")
    if session.hub.server_policy.mutes:
        moderation.check_voice(session, None)
    if isinstance(other, RemoteMember):
        return elsewhere.tell(session, other, text, label)
    now = wire.timestamp(int(session.hub.clock.seconds() * 1000))
    other.tell(events.Told(session.nick, text), tags={"time": now})
    if session.tagged:
        session.tell(Done("TELL", (other.nick,)), label)
    return None


def _rename(session: Session, nick: str, label: str | None) -> None:
    _need_name(session)
    if nick == session.nick:
        session.tell(Done("NICK", (nick,)), label)
        return
    authentication.check_owner(session, nick)
    limits.check_name(session)
    session.hub.claim(nick, session)
    session.takeover.release_stale()
    session.renaming = nick
    session.append("", events.Renamed(session.nick, nick), label, "NICK")


def _topic(session: Session, room: Place, text: str | None, label: str | None) -> None:
    if text is not None:
        moderation.check_voice(session, room.key)
        moderation.check_topic(session, room.key)
        session.append(room.key, events.TopicSet(session.nick, room.name, text), label, "TOPIC")
        return
    if room.topic is not None and moderation.may_read(session, room.key, room.topic_id):
        session.tell(room.topic, tags=room.topic_tags)
    session.tell(Done("TOPIC", (room.name,)), label)


def _who(session: Session, room: Place, label: str | None) -> Iterator[bytes]:
    nicks = [member.nick for member in room.everybody]
    for line in events.present(room.name, nicks):
        yield session.line(line)
    yield session.line(Done("WHO", (room.name, str(len(nicks)))), label)


def _rooms(session: Session, label: str | None) -> Iterator[bytes]:
    visible = (room for room in session.hub.rooms() if moderation.readable_after(session, room.key) is not None)
    rooms = list(visible)
    for room in rooms:
        topic = None
        if room.topic is not None and moderation.may_read(session, room.key, room.topic_id):
            topic = room.topic.text
        yield session.line(events.Listed(room.name, len(room.everybody), topic))
    yield session.line(Done("ROOMS", (str(len(rooms)),)), label)


def _help(session: Session, verb: str | None, label: str | None) -> None:
    if verb is not None and verb not in VERBS:
        raise ChatError(Code.UNKNOWN_VERB, f"there is no {verb[:40]}; HELP lists what there is")
    session.send(_help_lines(verb))
    session.tell(Done("HELP"), label)


@cache
def _help_lines(verb: str | None) -> bytes:
    """Return the lines about one verb or all, which are the same for everybody."""
    about = VERBS.values() if verb is None else [VERBS[verb]]
    return b"".join(wire.encode(wire.render(events.Note(f"{each.usage} - {each.summary}"))) for each in about)
