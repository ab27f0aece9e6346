"""What a row of the command table says, and how a row is carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from chatd.chat.command_rows import Task, Work
from chatd.edges.irc import numerics as n
from chatd.edges.irc.answer import Answer
from chatd.edges.irc.help_texts import ABSENT
from chatd.edges.irc.message import Message
from chatd.edges.irc.refusals import refuse
from chatd.edges.irc.user import IrcUser
from chatd.protocol.errors import ChatError


@dataclass(frozen=True, slots=True)
class Row:
    """How one command is carried out.

    ``carry_out`` gets the client and its message, in the turn of a command: after all that came before. It returns what
    is left to do. ``least`` is how many parameters there must be; of a text that must not be empty `says` sees to it.
    """

    command: str
    carry_out: Callable[[IrcUser, Message], Work | None]
    least: int = 0
    registered: bool = True
    """Whether it is for clients that are registered."""
    at_once: bool = False
    """Whether it is called when the line comes, and gives the session one thing to do: what is said needs not wait."""
    only_asks: bool = False
    """Whether it changes nothing, so that it is dropped if no answer reaches the client any more."""


def receive(user: IrcUser, message: Message, table: Mapping[str, Row]) -> None:
    """Carry out what a client's message asks for, in its turn."""
    row = table.get(message.command)
    if row is not None and row.at_once and user.registered and len(message.params) >= row.least:
        row.carry_out(user, message)
        return
    answer = user.begin(message.tags.get("label", ""))
    comes_in = row is not None and not row.registered
    user.session.receive(Task(partial(_run, user, message, row, answer), for_barred=comes_in))


def answer_alone(user: IrcUser, tell: Callable[[], None], label: str = "") -> None:
    """Have something told, in the turn of a command, that answers a line which is no message."""
    answer = user.begin(label)
    row = Row("", lambda _user, _message: tell(), registered=False)
    user.session.receive(Task(partial(_run, user, Message("*"), row, answer)))


def _run(user: IrcUser, message: Message, row: Row | None, answer: Answer) -> Work | None:
    if row is not None and row.only_asks and user.session.peer.unreachable:
        answer.close()
        return None
    user.answering = answer
    work: Work | None = None
    try:
        work = _started(user, message, row)
    except ChatError as error:
        refuse(user, message.command, error, message.param(0))
    except BaseException:
        user.answering = None
        raise
    if work is not None:
        return _finish(user, message, work, answer)
    user.answering = None
    answer.close()
    return None


def _started(user: IrcUser, message: Message, row: Row | None) -> Work | None:
    if row is None:
        if user.registered or not message.command.isalpha():
            why = ABSENT.get(message.command, "unknown command; HELP lists the commands")
            user.reply(n.ERR_UNKNOWNCOMMAND, message.command, why)
        else:
            user.reply(n.ERR_NOTREGISTERED, "send NICK and USER first")
    elif row.registered and not user.registered:
        user.reply(n.ERR_NOTREGISTERED, "send NICK and USER first")
    elif len(message.params) < row.least:
        user.reply(
            n.ERR_NEEDMOREPARAMS,
            message.command,
            f"{message.command} needs more parameters; see HELP {message.command}",
        )
    else:
        return row.carry_out(user, message)
    return None


async def _finish(user: IrcUser, message: Message, work: Work, answer: Answer) -> None:
    try:
        await work
    except ChatError as error:
        user.answering = answer
        refuse(user, message.command, error, message.param(0))
    finally:
        user.answering = None
        answer.close()
