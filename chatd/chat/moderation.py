"""Who may enter, read, speak and rule where, and what the verbs of those who rule do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.model.room_policy import MAX_ACTIONS, Identity, ModerationAction, PolicyKey
from chatd.protocol import moderation_commands as moderation_commands
from chatd.protocol import names
from chatd.protocol.duration import written
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Moderated
from chatd.protocol.moderation_commands import SERVER

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session
    from chatd.model.entry import Entry, Member

Order = (
    moderation_commands.Kick
    | moderation_commands.Mute
    | moderation_commands.Ban
    | moderation_commands.Unmute
    | moderation_commands.Unban
    | moderation_commands.Op
    | moderation_commands.Deop
    | moderation_commands.Invite
    | moderation_commands.Set
)


def milliseconds(session: Session) -> int:
    """Return the time, in milliseconds since 1970."""
    return int(session.hub.clock.seconds() * 1000)


def readable_after(session: Session, room: str) -> int | None:
    """Return the id after which a session may read a room, given its key; None if it may read nothing."""
    return session.hub.policy(room).readable_after(session.account)


def may_read(session: Session, room: str, id_: int) -> bool:
    """Return whether a session may read what happened in a room, given its key, under an id."""
    after = readable_after(session, room)
    return after is not None and id_ > after


def server_ban(session: Session, identity: Identity) -> ModerationAction | None:
    """Return the ban that keeps a person off the server, who is the session's or wants to be."""
    if session.is_operator:
        return None
    return session.hub.server_policy.against("BAN", identity, milliseconds(session))


def refusal(session: Session, room: str, identity: Identity | None = None) -> ChatError | None:
    """Return why a person, the session's if nothing is said, may not enter a room, given its key; None if it may."""
    identity = identity or session.identity
    return refusal_of(session.hub, room, identity, is_operator=session.is_operator, now=milliseconds(session))


def refusal_at(session: Session, room: str, entry: Entry) -> ChatError | None:
    """Return why a session may not enter a room by an entry of its own; if there are several nodes, as all see it."""
    if session.info is None:
        return refusal(session, room)
    identity, is_operator = session.judged_as
    return refusal_of(session.hub, room, identity, is_operator=is_operator, now=entry.time)


def refusal_of(hub: Hub, room: str, identity: Identity, *, is_operator: bool, now: int) -> ChatError | None:
    """Return why somebody may not enter a room, given its key, at a time in milliseconds since 1970."""
    policy = hub.policy(room)
    ban = None if is_operator else hub.server_policy.against("BAN", identity, now)
    if ban is None and not (policy.is_operator(identity.account) or is_operator):
        ban = policy.against("BAN", identity, now)
    if ban is not None:
        return ChatError(Code.BANNED, because("you are banned", ban))
    if policy.readable_after(identity.account) is None:
        return ChatError(Code.NOT_ALLOWED, "that room is private; ask one of those who look after it to INVITE you")
    return None


def check_voice(session: Session, room: str | None) -> None:
    """Raise `ChatError` if a session is muted in a room, given its key, or everywhere."""
    now = milliseconds(session)
    mute = session.hub.server_policy.against("MUTE", session.identity, now)
    if mute is None and room is not None and not session.is_operator:
        mute = session.hub.policy(room).against("MUTE", session.identity, now)
    if mute is not None:
        raise ChatError(Code.MUTED, because("you may read and not speak", mute))


def may_speak(session: Session, room: str) -> bool:
    """Return whether a session may say something in a room, given its key."""
    try:
        check_voice(session, room)
    except ChatError:
        return False
    return True


def check_topic(session: Session, room: str) -> None:
    """Raise `ChatError` if a session may not set the topic of a room, given its key."""
    policy = session.hub.policy(room)
    if policy.setting("topic") == "operators" and not (policy.is_operator(session.account) or session.is_operator):
        raise ChatError(Code.NOT_ALLOWED, "only those who look after the room may set its topic")


def because(what: str, action: ModerationAction) -> str:
    """Return a sentence with how long a ruling holds and why, as far as it says."""
    event = action.event
    held = "" if event.seconds is None else f", for {written(event.seconds)} in all"
    return f"{what}{held}" + (f": {event.text}" if event.text else "")


def carry_out(session: Session, order: Order, label: str | None) -> None:
    """Do what an order says, in the session's name. Raise `ChatError` if it cannot be done."""
    key, name = _place(session, order.room)
    verb = type(order).__name__.upper()
    if isinstance(order, moderation_commands.Set):
        _set(session, order, key, name, label)
        return
    _check_may_rule(session, key, name)
    if isinstance(
        order, moderation_commands.Mute | moderation_commands.Ban | moderation_commands.Op | moderation_commands.Invite
    ):
        _check_room_for_more(session, key)
    subject, seconds, text = _sentence(session, order, key, name)
    if isinstance(order, moderation_commands.Kick) and (account := _invited_as(session, key, order.nick)) is not None:
        # Not asked for, so not answered: what takes the invitation back from whoever goes by another name here.
        session.append(key, Moderated(verb, session.nick, name, account, None, text), None, "INVITE")
    session.append(key, Moderated(verb, session.nick, name, subject, seconds, text), label, verb)


def _place(session: Session, room: str | None) -> tuple[str, str]:
    """Return the key and the name of the place that an order is for."""
    if not session.nick:
        raise ChatError(Code.NAME_NEEDED, "say who you are first: JOIN <your name>")
    if room == SERVER:
        return SERVER, SERVER
    if room is None:
        if session.current is None:
            raise ChatError(Code.NOT_IN_ROOM, "you are in no room; name one")
        return session.current.key, session.current.name
    key = names.key(room)
    found, room_state = session.hub.room(room), session.hub.journal.room_state(key)
    return key, found.name if found is not None else room_state.name if room_state is not None else room


def _check_may_rule(session: Session, key: str, name: str) -> None:
    if session.is_operator:
        return
    if key == SERVER:
        raise ChatError(Code.NOT_ALLOWED, "only those who look after the server may do that")
    if not session.hub.policy(key).is_operator(session.account):
        raise ChatError(Code.NOT_ALLOWED, f"only those who look after {name} may do that; LOGIN if you do")


def _sentence(session: Session, order: Order, key: str, name: str) -> tuple[str, int | None, str | None]:
    """Return whom an order is about, for how long and why, if it makes sense."""
    policy = session.hub.server_policy if key == SERVER else session.hub.policy(key)
    match order:
        case moderation_commands.Kick(nick, _, text):
            target = _target(session, nick, key)
            if target is None:
                raise ChatError(Code.NO_SUCH_NICK, f"{nick} is not there")
            _check_not_operator(session, names.key(nick), target.account)
            return target.renaming or target.nick, None, text
        case moderation_commands.Mute(who, _, seconds, text) | moderation_commands.Ban(who, _, seconds, text):
            _check_not_operator(session, names.key(who), None)
            return who, seconds, text
        case moderation_commands.Unmute(who) | moderation_commands.Unban(who) | moderation_commands.Deop(who):
            kind = {"Unmute": "MUTE", "Unban": "BAN", "Deop": "OP"}[type(order).__name__]
            if PolicyKey(kind, names.key(who)) not in policy:
                raise ChatError(Code.NO_SUCH_NICK, f"there is no {kind} of {who} in {name}")
            return who, None, None
        case moderation_commands.Op(nick) | moderation_commands.Invite(nick):
            if not session.hub.accounts.is_registered(names.key(nick)):
                raise ChatError(Code.NOT_ALLOWED, f"{nick} is nobody's own yet; its owner must REGISTER it first")
            return nick, None, None
        case moderation_commands.Set():
            raise AssertionError("SET is no ruling about somebody")


def _target(session: Session, nick: str, key: str) -> Member | None:
    """Return who goes by a nick in a room, given its key, or on the server.

    In a room there may be the place of a connection that was taken over, of which the server knows no more.
    """
    if key == SERVER:
        return session.hub.holder(nick)
    for member in session.hub.members(key):
        if names.key(nick) in (names.key(member.nick), names.key(member.renaming)):
            return member
    return None


def _check_room_for_more(session: Session, key: str) -> None:
    """Raise `ChatError` if as much is ruled in a place as can be."""
    policy = session.hub.server_policy if key == SERVER else session.hub.policy(key)
    if len(policy) >= MAX_ACTIONS and policy.holding(milliseconds(session)) >= MAX_ACTIONS:
        raise ChatError(Code.FULL, f"{MAX_ACTIONS} rulings hold here; take some back, or ban a network")


def _invited_as(session: Session, key: str, nick: str) -> str | None:
    """Return the name that somebody was invited into a room by, if it is not the nick he goes by."""
    target = _target(session, nick, key)
    account = None if target is None else target.account
    if account is None or account == names.key(nick) or PolicyKey("INVITE", account) not in session.hub.policy(key):
        return None
    return session.hub.accounts.name(account)


def _check_not_operator(session: Session, *accounts: str | None) -> None:
    """Raise `ChatError` if somebody who looks after one room would rule over those who look after the server."""
    if not session.is_operator and any(session.hub.is_operator(account) for account in accounts):
        raise ChatError(Code.NOT_ALLOWED, "those who look after the server are beyond those who look after a room")


def _set(session: Session, order: moderation_commands.Set, key: str, name: str, label: str | None) -> None:
    policy = session.hub.policy(key)
    if key == SERVER:
        raise ChatError(Code.NOT_ALLOWED, "a setting is one of a room; name the room")
    if order.key == "registered":
        if session.account is None:
            raise ChatError(Code.NOT_ALLOWED, "LOGIN or REGISTER first: a room belongs to somebody with an account")
        if policy.setting("registered") == "yes":
            raise ChatError(Code.NOT_ALLOWED, f"{name} is registered already")
        if names.key(session.nick) != session.account:
            raise ChatError(Code.NOT_ALLOWED, "a room is registered under your own name; NICK to that first")
        if session.hub.room(name) not in session.rooms:
            raise ChatError(Code.NOT_IN_ROOM, f"you are not in {name}; JOIN {name} first")
    else:
        _check_may_rule(session, key, name)
        if policy.setting("registered") != "yes":
            raise ChatError(Code.NOT_ALLOWED, f"{name} is nobody's yet; SET {name} registered=yes first")
    subject = f"{order.key}={order.value}"
    if policy.setting(order.key) == order.value:
        session.tell(Done("SET", (name, subject)), label)
        return
    session.append(key, Moderated("SET", session.nick, name, subject), label, "SET")
