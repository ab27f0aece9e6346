"""MSG, TELL, TALK, PIPE and TOPIC: what is said, to a room or to one person."""

from __future__ import annotations

from chatd.chat import permissions, quotas
from chatd.chat.client import NickHolder
from chatd.chat.command_rows import Needs, Row, Work, in_room, need_nick, room_of
from chatd.chat.participant import Participant
from chatd.chat.private_lines import PrivateLine
from chatd.model.entry import Place
from chatd.protocol import events
from chatd.protocol.commands import Msg, Pipe, Talk, Tell, Topic
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done
from chatd.protocol.names import Nick
from chatd.protocol.wire import Mode


def say(participant: Participant, room: Place, text: str, label: str | None, verb: str = "MSG") -> None:
    """Say something in a room. Raise `ChatError` if the participant is muted."""
    if room.policy.mutes or participant.hub.server_policy.mutes:
        permissions.check_voice(participant, room.key)
    participant.submit(room.key, events.Said(participant.nick, room.name, text), label, verb)


def _msg(participant: Participant, command: Msg, label: str | None) -> None:
    say(participant, room_of(participant, None), command.text, label)


def _tell(participant: Participant, command: Tell, label: str | None) -> Work | None:
    if command.to.startswith("#"):
        say(participant, room_of(participant, command.to), command.text, label, "TELL")
        return None
    need_nick(participant)
    hub, to = participant.hub, Nick.of(command.to)
    remote = hub.nodes.remote(to)
    client = hub.client(to) if remote is None else None
    if client is None and remote is None:
        raise ChatError(Code.NO_SUCH_NICK, f"nobody here goes by {to}")
    if hub.server_policy.mutes:
        permissions.check_voice(participant, None)
    quotas.check_tell(participant)
    if remote is not None:
        return _tell_remote(participant, remote, command.text, label)
    assert client is not None
    client.tell(PrivateLine(participant.nick, command.text, hub.now), participant.account)
    if participant.tagged:
        participant.send_event(Done("TELL", (client.nick,)), label)
    return None


async def _tell_remote(participant: Participant, remote: NickHolder, text: str, label: str | None) -> None:
    """Tell one who is connected to another node, and answer when that one has it."""
    nick = await participant.hub.nodes.tell_remote(remote, participant, text)
    if participant.tagged:
        participant.send_event(Done("TELL", (nick,)), label)


def _talk(participant: Participant, _command: Talk, label: str | None) -> None:
    room = room_of(participant, None)
    participant.mode = Mode.TALK
    participant.send_event(Done("TALK", (room.name,)), label)


def _pipe(participant: Participant, room: Place, command: Pipe, label: str | None) -> None:
    participant.enter(room)
    participant.mode = Mode.PIPE
    participant.peer.read_as_log(command.charset, command.long)
    participant.send_event(Done("PIPE", (room.name,)), label)


def _topic(participant: Participant, room: Place, command: Topic, label: str | None) -> None:
    if command.text is not None:
        permissions.check_voice(participant, room.key)
        permissions.check_topic(participant, room.key)
        participant.submit(room.key, events.TopicSet(participant.nick, room.name, command.text), label, "TOPIC")
        return
    if room.topic is not None and permissions.may_read(participant, room.key, room.topic_id):
        participant.send_event(room.topic, tags=room.topic_tags)
    participant.send_event(Done("TOPIC", (room.name,)), label)


ROWS: tuple[Row, ...] = (
    Row(Msg, Needs.ROOM, _msg),
    Row(Tell, Needs.NICK, _tell),
    Row(Talk, Needs.ROOM, _talk),
    in_room(Pipe, _pipe),
    in_room(Topic, _topic),
)
