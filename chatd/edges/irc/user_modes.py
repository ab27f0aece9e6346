"""The modes of people: ``B`` marks a bot, ``i`` hides from WHO, and ``o`` is a server operator."""

from __future__ import annotations

from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import Message
from chatd.edges.irc.onlooking import BOT, message_of
from chatd.edges.irc.presence import nick_of
from chatd.edges.irc.user import IrcUser

_GIVEN = "o"
"""What nobody can set themselves: it comes with the account."""


def carry_out(user: IrcUser, message: Message) -> None:
    """Answer a MODE for a nick: only one's own modes can be seen and changed."""
    nick = nick_of(message.param(0))
    if nick is None or user.hub.going_by(nick) is None:
        user.reply(n.ERR_NOSUCHNICK, message.param(0), "nobody here uses that nick")
    elif nick.key != user.session.nick.key:
        user.reply(n.ERR_USERSDONTMATCH, "you can only see and change your own modes")
    elif len(message.params) > 1:
        _change(user, message.param(1))
    else:
        user.reply(n.RPL_UMODEIS, f"+{_modes(user)}")


def _modes(user: IrcUser) -> str:
    known = ((BOT, user.session.bot), ("i", user.invisible), ("o", user.session.is_operator))
    return "".join(letter for letter, is_set in known if is_set)


def _change(user: IrcUser, letters: str) -> None:
    before, on, unknown = _modes(user), True, ""
    for letter in letters:
        if letter in "+-":
            on = letter == "+"
        elif letter == BOT:
            user.session.bot = on
        elif letter == "i":
            user.invisible = on
        elif letter != _GIVEN:
            unknown += letter
    after = _modes(user)
    if (BOT in before) != (BOT in after):
        user.hub.nodes.announce_soon(user.session)
    set_, unset = [letter for letter in after if letter not in before], [each for each in before if each not in after]
    if changed := ("+" + "".join(set_) if set_ else "") + ("-" + "".join(unset) if unset else ""):
        user.answer(message_of(user, user.session, "MODE", str(user.session.nick), changed))
    if unknown:
        user.reply(n.ERR_UMODEUNKNOWNFLAG, f"there is no user mode {unknown[0]}; you can set B and i")
