"""MODE: what holds in a room, and what operators change of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from chatd.chat import moderation, permissions
from chatd.chat.command_rows import Work
from chatd.edges.irc import mode_lists, user_modes
from chatd.edges.irc import numerics as n
from chatd.edges.irc.masks import mask_of
from chatd.edges.irc.message import Message
from chatd.edges.irc.mode_changes import MAX_CHANGES, RANKS, Change, Gathered, changes, written
from chatd.edges.irc.mode_telling import FLAGS, NO_LIMIT, modes_of
from chatd.edges.irc.pending import Result
from chatd.edges.irc.presence import nick_of
from chatd.edges.irc.ranks import ranks
from chatd.edges.irc.refusals import refuse, refuse_moderation
from chatd.edges.irc.rooms import room_name
from chatd.edges.irc.rows import Row
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Member, Place
from chatd.protocol import moderation_commands as moderators
from chatd.protocol.errors import Code
from chatd.protocol.names import Nick

Carried = Callable[[IrcUser, Place, Change], Awaitable[bool]]
"""Makes one change, and answers why not if it cannot; returns whether those after it may be made."""

_RULES: Mapping[tuple[str, bool], Callable[[str, str], moderators.ModerationCommand]] = {
    ("o", True): moderators.Op,
    ("o", False): moderators.Deop,
    ("v", True): moderators.Voice,
    ("v", False): moderators.Unvoice,
}
_RANK_NAMES = {"o": "is not an operator", "v": "has no voice"}


def _mode(user: IrcUser, message: Message) -> Work | None:
    if not message.param(0).startswith("#"):
        user_modes.carry_out(user, message)
        return None
    name = room_name(user, message.param(0))
    if name is None:
        return None
    room = user.hub.room(name.key)
    if room is None:
        user.reply(n.ERR_NOSUCHCHANNEL, name, "that room is empty")
        return None
    wanted = list(changes(message.params[1:]))
    if not wanted:
        _tell_modes(user, room)
        return None
    if room not in user.session.rooms and not user.session.is_operator:
        user.reply(n.ERR_NOTONCHANNEL, room.name, f"you are not in that room; /join {room.name}")
        return None
    return _change_all(user, room, wanted)


def _tell_modes(user: IrcUser, room: Place) -> None:
    if room not in user.session.rooms and permissions.readable_after(user.session, room.key) is None:
        user.reply(n.ERR_NOTONCHANNEL, room.name, "the room is private, and you are not in it")
        return
    letters, *params = written(modes_of(room.policy)) or ("",)
    user.reply(n.RPL_CHANNELMODEIS, room.name, letters or "+", *params)
    user.reply(n.RPL_CREATIONTIME, room.name, str(user.server.created // 1000))


async def _change_all(user: IrcUser, room: Place, wanted: list[Change]) -> None:
    answer = user.answering or user.begin("")
    gathered = user.answering = Gathered(answer)
    try:
        for change in wanted[:MAX_CHANGES]:
            if not await _carry_out(user, room, change):
                break
        if len(wanted) > MAX_CHANGES:
            why = f"one MODE makes at most {MAX_CHANGES} changes; make the rest with another MODE"
            user.reply(n.ERR_UNKNOWNERROR, "MODE", why)
    finally:
        gathered.flush()
        user.answering = answer


async def _carry_out(user: IrcUser, room: Place, change: Change) -> bool:
    if change.asks and change.letter in mode_lists.LISTS:
        await mode_lists.tell(user, room, change.letter)
        return True
    carried = _CARRIED.get(change.letter)
    if carried is None:
        user.reply(
            n.ERR_UNKNOWNMODE, change.letter, f"there is no mode {change.letter} for {room.name}; HELP MODE lists them"
        )
        return True
    if change.letter != "r" and not _may_moderate(user, room):
        refuse_moderation(user, "MODE", room)
        return False
    return await carried(user, room, change)


def _may_moderate(user: IrcUser, room: Place) -> bool:
    return "o" in ranks(user.hub, room, user.session)


async def _ask(user: IrcUser, room: Place, command: moderators.ModerationCommand, change: Change) -> bool:
    return _went(user, room, await user.ask(command), change)


def _went(user: IrcUser, room: Place, result: Result, change: Change) -> bool:
    """Answer why a change could not be made, if it could not; return whether those after it may be."""
    if result.refused is None:
        return True
    if result.refused.code is Code.FULL:
        user.reply(n.ERR_BANLISTFULL, room.name, change.param or change.letter, result.refused.text)
    else:
        refuse(user, "MODE", result.refused, room.name)
    return result.refused.code is not Code.NOT_ALLOWED


# Flags.


async def _set_flag(user: IrcUser, room: Place, change: Change) -> bool:
    key, on, off = FLAGS[change.letter]
    value = on if change.on else off
    if room.policy.setting(key) == value:
        return True
    if value not in moderators.SETTINGS[key]:
        why = f"{room.name} stays registered" if key == "registered" else f"{key} cannot be set to {value}"
        user.reply(n.ERR_INVALIDMODEPARAM, room.name, change.letter, "*", why)
        return True
    who = "keep" if (key, value) == ("private", "yes") else None
    return await _ask(user, room, moderators.Set(key, value, str(room.name), who), change)


async def _set_limit(user: IrcUser, room: Place, change: Change) -> bool:
    if change.on and change.param is None:
        user.reply(n.ERR_NEEDMOREPARAMS, "MODE", f"the limit is missing; write MODE {room.name} +l 30")
        return True
    number = moderators.whole_number("limit", change.param or "") if change.on else None
    if change.on and number is None:
        least, most = moderators.COUNTS["limit"]
        why = f"the limit must be a whole number from {least} to {most}; -l removes it"
        user.reply(n.ERR_INVALIDMODEPARAM, room.name, "l", change.param or "*", why)
        return True
    value = NO_LIMIT if number is None else str(number)
    if room.policy.setting("limit") == value:
        return True
    return await _ask(user, room, moderators.Set("limit", value, str(room.name)), change)


# Ranks.


async def _set_rank(user: IrcUser, room: Place, change: Change) -> bool:
    nick = nick_of(change.param or "")
    if not change.param:
        user.reply(n.ERR_NEEDMOREPARAMS, "MODE", f"the nick is missing; write MODE {room.name} +{change.letter} bob")
        return True
    member = None if nick is None else member_called(room, nick)
    if nick is None or (member is None and user.hub.going_by(nick) is None):
        user.reply(n.ERR_NOSUCHNICK, change.param, "nobody here uses that nick")
        return True
    if member is None:
        user.reply(n.ERR_USERNOTINCHANNEL, nick, room.name, "is not in that room")
        return True
    if not change.on and change.letter not in ranks(user.hub, room, member):
        why = f"{member.nick} {_RANK_NAMES[change.letter]} of {room.name}"
        user.reply(n.ERR_INVALIDMODEPARAM, room.name, change.letter, str(member.nick), why)
        return True
    name = _name_of(user, member)
    if (change.letter, change.on) == ("o", False) and _would_be_put_out(room, member):
        await user.ask(moderators.Invite(name, str(room.name)))
    return await _ask(user, room, _RULES[change.letter, change.on](name, str(room.name)), change)


def _would_be_put_out(room: Place, member: Member) -> bool:
    """Return whether an operator of a room is in it for that alone: IRC leaves those there who run it no longer."""
    return room.policy.setting("private") == "yes" and not room.policy.invites(member.judged_as[0])


def member_called(room: Place, nick: Nick) -> Member | None:
    """Return who goes by a nick in a room."""
    return next((each for each in room.everybody if each.nick.key == nick.key), None)


def _name_of(user: IrcUser, member: Member) -> str:
    """Return the name by which somebody gets a rank: that of the account, for it is the account that has it."""
    return str(member.nick) if member.account is None else user.hub.name_of(member.account)


# Lists, and what there is not.


async def _change_list(user: IrcUser, room: Place, change: Change) -> bool:
    command = mode_lists.command_for(user, room, change)
    if isinstance(command, moderators.Invite):
        return await _invite(user, room, command, change)
    return command is None or await _ask(user, room, command, change)


async def _invite(user: IrcUser, room: Place, command: moderators.Invite, change: Change) -> bool:
    """Let in whoever has a name, be they here or not: INVITE is for who is here, or has an account."""
    nick = Nick.of(command.nick)
    result = await user.ask_by(command, lambda label: moderation.invite_name(user.session, room.name, nick, label))
    if result.refused is None and user.hub.accounts.is_registered(nick.key):
        made = written([Change(change.letter, param=mask_of(command.nick))])
        user.answer(Message("MODE", (str(room.name), *made), user.person.source))
    return _went(user, room, result, change)


async def _refuse_word(user: IrcUser, room: Place, change: Change) -> bool:
    why = {
        "p": "mode p is not supported; +s hides a room from LIST, and +i closes it to everybody who is not invited",
        "e": "ban exceptions are not supported; ban fewer people, or lift a ban with -b",
        "k": "room keys are not supported; +i closes a room to everybody who is not invited",
    }[change.letter]
    user.reply(n.ERR_INVALIDMODEPARAM, room.name, change.letter, "*", why)
    return True


_CARRIED: Mapping[str, Carried] = {
    **dict.fromkeys(FLAGS, _set_flag),
    "l": _set_limit,
    **dict.fromkeys(RANKS, _set_rank),
    **dict.fromkeys(mode_lists.LISTS, _change_list),
    **dict.fromkeys("ekp", _refuse_word),
}

ROWS: tuple[Row, ...] = (Row("MODE", _mode, least=1),)
