"""MSG, TELL, TALK, PIPE and TOPIC: what is said, to a room or to one person."""

from __future__ import annotations

from chatd.chat import guidance, permissions, private_telling, quotas, referring
from chatd.chat.command_rows import Needs, Row, Work, in_room, need_nick, room_of
from chatd.chat.participant import Participant
from chatd.model.entry import Place
from chatd.protocol import events
from chatd.protocol.commands import Command, Msg, Pipe, Talk, Tell, Topic
from chatd.protocol.events import Done
from chatd.protocol.names import RoomName
from chatd.protocol.wire import Mode


def say_at_once(participant: Participant, command: Command, label: str | None) -> bool:
    """Do what a command asks for if it is a MSG and nothing in the room may stop it; return whether that was so."""
    room = participant.current
    if type(command) is not Msg or room is None or room not in participant.rooms:
        return False
    hub, text = participant.hub, command.text
    if room.policy.may_silence or hub.server_policy.may_silence or command.reply is not None or text[0] == "#":
        return False
    participant.spoke_at = hub.timers.now
    participant.unknown_lines = 0
    said = events.Said(participant.nick, room.name, text, 0, command.notice and participant.tagged)
    participant.submit(room.key, said, label)
    return True


def say(
    participant: Participant, room: Place, text: str, label: str | None, verb: str = "MSG", *, notice: bool = False
) -> None:
    """Say something in a room. Raise `ChatError` if the participant may not, or not yet."""
    check_speech(participant, room)
    participant.submit(room.key, events.Said(participant.nick, room.name, text, 0, notice), label, verb)


def check_speech(participant: Participant, room: Place) -> None:
    """Note that a participant speaks in a room. Raise `ChatError` if it may not, or not yet."""
    if room.policy.may_silence or participant.hub.server_policy.may_silence:
        permissions.check_voice(participant, room.key)
        quotas.check_pace(participant, participant.nick, room.name)
    participant.spoke_at = participant.hub.timers.now


def _msg(participant: Participant, command: Msg, label: str | None) -> Work | None:
    room = room_of(participant, None)
    if command.reply is not None and participant.tagged:
        return _answer(participant, room, command, label, "MSG", command.reply)
    say(participant, room, command.text, label, notice=command.notice and participant.tagged)
    if command.text[0] == "#":
        guidance.warn_of_room(participant, command.text)
    return None


async def _answer(
    participant: Participant, room: Place, command: Msg | Tell, label: str | None, verb: str, reply: int
) -> None:
    """Say something that answers a message. Raise `ChatError` if that is not to be read there."""
    check_speech(participant, room)
    seen = await referring.check_reply(participant, room, reply, label)
    said = events.Said(participant.nick, room.name, command.text, reply, command.notice)
    participant.submit(room.key, said, label, verb, seen=seen)


def _tell(participant: Participant, command: Tell, label: str | None) -> Work | None:
    if command.to.startswith("#"):
        answers = command.reply is not None and participant.tagged
        room = room_of(participant, command.to) if answers else _told_room(participant, command.to)
        if command.reply is not None and participant.tagged:
            return _answer(participant, room, command, label, "TELL", command.reply)
        say(participant, room, command.text, label, "TELL", notice=command.notice and participant.tagged)
        return None
    return private_telling.tell(participant, command, label)


def _told_room(participant: Participant, name: str) -> Place:
    """Return the room that is told something, from within or without. Raise `ChatError` if it may not be told."""
    need_nick(participant)
    room = participant.hub.room(RoomName.of(name).key)
    if room is None or room in participant.rooms or not permissions.hears_outsiders(room):
        return room_of(participant, name)
    if (why_not := permissions.refusal(participant, room.key)) is not None:
        raise why_not
    quotas.check_tell(participant)
    return room


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
        quotas.check_pace(participant, participant.nick, room.name)
        participant.submit(room.key, events.TopicSet(participant.nick, room.name, command.text), label, "TOPIC")
        return
    if (topic := permissions.readable_topic(participant, room)) is not None:
        participant.send_event(topic, tags=room.topic_tags)
    participant.send_event(Done("TOPIC", (room.name,)), label)


ROWS: tuple[Row, ...] = (
    Row(Msg, Needs.ROOM, _msg),
    Row(Tell, Needs.NICK, _tell),
    Row(Talk, Needs.ROOM, _talk),
    in_room(Pipe, _pipe),
    in_room(Topic, _topic),
)
