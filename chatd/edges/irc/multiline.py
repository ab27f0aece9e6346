"""``draft/multiline`` (IRCv3): what a client says in a batch of PRIVMSG is one message, of several lines perhaps."""

from __future__ import annotations

from functools import partial

from chatd.edges.irc import nickserv, speaking
from chatd.edges.irc.composition import (
    CONCAT,
    LINE_FEED,
    MAX_BYTES,
    MAX_LINES,
    NAME,
    Draft,
    Piece,
    joined,
    takes_batches,
)
from chatd.edges.irc.message import CTCP, Message
from chatd.edges.irc.rows import Row, answer_alone
from chatd.edges.irc.user import IrcUser
from chatd.protocol import names
from chatd.protocol.names import BadNameError

VALUE = f"max-bytes={MAX_BYTES},max-lines={MAX_LINES}"
MAX_TEXT_BYTES = 8000
"""How long a text may become whose control characters are shown; no other edge takes a longer one."""
_ACTION = f"{CTCP}ACTION "


def _batch(user: IrcUser, message: Message) -> None:
    """Carry out BATCH: open one, or say what is in it."""
    reference, label = message.param(0), message.tags.get("label", "")
    sign, name = reference[:1], reference[1:]
    if not takes_batches(user.capabilities):
        _refuse(
            user, label, "MULTILINE_INVALID", f"BATCH needs its capabilities; request them with CAP REQ :batch {NAME}"
        )
    elif sign == "+" and name:
        _open(user, name, message)
    elif sign == "-":
        _close(user, name, label)
    else:
        _refuse(user, label, "MULTILINE_INVALID", f"write BATCH +name {NAME} #room, and BATCH -name at its end")


def _open(user: IrcUser, name: str, message: Message) -> None:
    before = user.draft
    draft = user.draft = Draft(name, message.param(2), message.tags)
    if before is not None and not before.refused:
        _give_up(user, draft, "another batch was open; neither is sent")
    elif message.param(1) != NAME:
        _give_up(user, draft, f"clients can send batches of the type {NAME} only")
    elif (why := _refusal_of_target(draft.target)) is not None:
        _give_up(user, draft, why)


def _refusal_of_target(target: str) -> str | None:
    if nickserv.is_meant(target):
        return f"{nickserv.NAME} takes single messages only"
    try:
        names.room(target) if target.startswith("#") else names.nick(target)
    except BadNameError as error:
        return f"a batch takes one room or one nick: {error}"
    return None


def _close(user: IrcUser, name: str, label: str) -> None:
    draft, user.draft = user.draft, None
    if draft is None or draft.name != name:
        _refuse(user, label if draft is None else draft.label, "MULTILINE_INVALID", "no batch of that name is open")
    elif draft.torn:
        _give_up(user, draft, "one of its lines could not be read")
    elif not draft.refused:
        _say_whole(user, draft)


def _say_whole(user: IrcUser, draft: Draft) -> None:
    raw = joined(draft.pieces) if draft.pieces else ""
    pieces: tuple[Piece, ...] = ()
    if raw.startswith(CTCP):
        text = speaking.text_of(raw)
    else:
        pieces = tuple(Piece(speaking.text_of(text), goes_on) for text, goes_on in draft.pieces)
        text = joined(pieces) if pieces else ""
    if not text.replace(LINE_FEED, ""):
        _give_up(user, draft, "the message has no text")
    elif raw.startswith(CTCP) and not raw.startswith(_ACTION):
        _give_up(user, draft, "actions (/me) are the only CTCP that can have several lines")
    elif len(text.encode()) > MAX_TEXT_BYTES:
        _refuse(
            user, draft.label, "MULTILINE_MAX_BYTES", str(MAX_BYTES), "the text is too long with its control characters"
        )
    else:
        message = Message("PRIVMSG", (draft.target, text), "", draft.tags)
        speaking.say_whole(user, message, pieces if len(pieces) > 1 else ())


def _say(user: IrcUser, message: Message) -> None:
    """Carry out PRIVMSG or NOTICE: on its own, or as a part of the batch that it names."""
    draft, name = user.draft, message.tags.get("batch")
    if not takes_batches(user.capabilities) or (name is None and (draft is None or draft.refused)):
        speaking.say(user, message)
    elif draft is None or draft.name != name:
        why = "the message belongs to no open batch; nothing else can be sent while one is open"
        if draft is None or draft.refused:
            _refuse(user, message.tags.get("label", ""), "MULTILINE_INVALID", why)
        else:
            _give_up(user, draft, why)
    elif not draft.refused:
        _add(user, draft, message)


def _add(user: IrcUser, draft: Draft, message: Message) -> None:
    target, text = message.param(0), message.param(1)
    if message.command != "PRIVMSG":
        _give_up(user, draft, "a batch takes PRIVMSG only")
    elif target.lower() != draft.target.lower():
        _give_up(user, draft, f"the batch is for {draft.target}", "_INVALID_TARGET", draft.target, target or "*")
    elif "label" in message.tags:
        _give_up(user, draft, "a batch has its label on BATCH")
    elif CONCAT in message.tags and not text:
        _give_up(user, draft, "an empty message cannot continue a line")
    else:
        draft.add(text, goes_on=CONCAT in message.tags)
        if len(draft.pieces) > MAX_LINES:
            _give_up(user, draft, f"a batch has at most {MAX_LINES} lines", "_MAX_LINES", str(MAX_LINES))
        elif draft.size > MAX_BYTES:
            _give_up(user, draft, f"a batch has at most {MAX_BYTES} bytes", "_MAX_BYTES", str(MAX_BYTES))


def _give_up(user: IrcUser, draft: Draft, why: str, code: str = "_INVALID", *context: str) -> None:
    """Say nothing of a batch, and tell its client why; what is left of it is dropped."""
    draft.refused = True
    draft.pieces.clear()
    _refuse(user, draft.label, f"MULTILINE{code}", *context, why)


def _refuse(user: IrcUser, label: str, code: str, *context: str) -> None:
    answer_alone(user, partial(user.fail, "BATCH", code, *context), label)


ROWS: tuple[Row, ...] = (
    Row("BATCH", _batch, least=1, at_once=True),
    Row("PRIVMSG", _say, at_once=True),
    Row("NOTICE", _say, at_once=True),
)
