"""Whether what somebody said counts: judged at its place in the order of the journal, on all nodes alike.

What is checked when a line comes in may be so no more when its turn comes: others may have been ahead of it, here or on
another node. So the journal asks again, before it stores anything, by the state that all nodes share at that place.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.logger import Logger

from chatd.chat import permissions
from chatd.chat.hub import Hub
from chatd.journal.references import refers
from chatd.model.cluster import MemberInfo, NodeDown, NodeUp
from chatd.model.conversation import account_of, is_conversation, parties
from chatd.model.entry import Entry, Member, Place, unavailable
from chatd.model.room_policy import ANEW, WHILE_HERE
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Moderated, Said, TopicSet
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.names import Nick
from chatd.protocol.references import REFERRING, Retracted

_ALL = ("",)
"""Stands for everybody."""
_RANKS = frozenset({"OP", "DEOP", "SET"})
"""The verbs that change who may do what, and not only who may speak."""
_REMOVALS = frozenset({"KICK", "BAN"})
"""Those that do so where somebody runs the room only as long as they are there."""

_log = Logger()


class Verdicts:
    """Judges batches for a journal, see `chatd.journal.Judge`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._shared = hub.nodes.shared
        self._free: dict[Member | None, str] = {}  # who was last found to be free to speak, and in which room

    def __call__(self, entries: Sequence[Entry]) -> int:
        """Refuse what does not count; return how many could be judged by what is known before the first takes effect.

        What depends on something else in the same batch is left for the next.
        """
        # So of a flood only the first costs. With other nodes, who is where may also change by what is not judged here.
        free = {} if self._shared else self._free
        changed: set[object] | None = None
        for number, entry in enumerate(entries):
            kind = type(entry.event)
            if kind is Said and free.get(entry.author) is entry.room and not entry.event.reply:  # type: ignore[union-attr]  # Said
                continue
            if kind is Said or kind is TopicSet or kind is Moderated or kind in REFERRING:
                if changed and _depends(entry, changed):
                    return number
                if entry.refused is None:
                    entry.refused = self._judged(entry)
                if kind is not Moderated:
                    if entry.refused is None and entry.author is not None and kind not in REFERRING:
                        if poster_of(entry) is not None:
                            continue
                        free[entry.author] = entry.room
                    continue
            free.clear()
            changed = changed or set()
            changed |= _changes(entry)
            if self._ends_a_rank(entry):
                changed.add((entry.room, "rank"))
        return len(entries)

    def _ends_a_rank(self, entry: Entry) -> bool:
        """Return whether whoever an entry puts out may have run a room only as long as they were there."""
        if type(entry.event) is not Moderated or entry.event.verb not in _REMOVALS:
            return False
        return entry.room == SERVER or bool(self._hub.ranks(entry.room))

    def _judged(self, entry: Entry) -> ChatError | None:
        try:
            return self._refusal(entry)
        except Exception:
            _log.failure("an entry could not be checked")
            return unavailable()

    def _refusal(self, entry: Entry) -> ChatError | None:
        hub, event = self._hub, entry.event
        author = hub.nodes.author_of(entry)
        if isinstance(author, ChatError):
            return author
        if (poster := poster_of(entry)) is not None:
            return self._post_refusal(entry, poster)
        if author is None:
            return self._node_refusal(entry)
        if type(event) is Moderated:
            return self._ruling_refusal(entry, event, author)
        if is_conversation(entry.room):
            return self._tell_refusal(entry, author)
        room = hub.room(entry.room)
        if room is None or not (author in room.everybody or _is_from_without(entry, room)):
            return ChatError(Code.NOT_IN_ROOM, "you were no longer in the room when this took effect; JOIN it again")
        about = refers(entry)
        if not (room.policy or hub.server_policy or about):
            return None
        identity, is_operator = author.judged_as
        if about:
            entry.rights = permissions.rights_of(hub, room.key, identity, is_operator=is_operator)
        rules = permissions.speech_refusal
        if type(event) is Retracted:  # who may not speak may still take back what was said before
            rules = permissions.refusal_of
        why = rules(hub, room.key, identity, is_operator=is_operator, now=entry.time)
        if why is None and type(event) is TopicSet:
            why = permissions.topic_refusal(hub, room.key, identity, is_operator=is_operator)
        return why

    def _node_refusal(self, entry: Entry) -> ChatError | None:
        """Return why what a node says by itself does not count: that what was ruled in a room has lapsed."""
        if entry.source is None or type(entry.event) is not Moderated or entry.event.subject != ANEW:
            return None
        room = self._hub.room(entry.room)
        if room is None or not room.policy.lapsing_by:
            return None
        return ChatError(Code.UNAVAILABLE, "somebody joined before this took effect and may have moderated the room")

    def _post_refusal(self, entry: Entry, poster: MemberInfo) -> ChatError | None:
        """Return why what somebody said without coming in does not count."""
        hub = self._hub
        identity, is_operator = permissions.judged_as(hub, poster)
        if refers(entry):
            entry.rights = permissions.rights_of(hub, entry.room, identity, is_operator=is_operator)
        rules = permissions.refusal_of if type(entry.event) is Retracted else permissions.speech_refusal
        why = hub.nick_refusal(Nick(poster.nick), poster.account)
        why = why or rules(hub, entry.room, identity, is_operator=is_operator, now=entry.time)
        if why is None:
            hub.posters.note(poster)
        return why

    def _tell_refusal(self, entry: Entry, author: Member) -> ChatError | None:
        """Return why a private line does not count: the author is none of the two, or has no voice on the server."""
        identity, is_operator = author.judged_as
        if (identity.account or "") not in map(account_of, parties(entry.room)):
            return ChatError(Code.UNAVAILABLE, "you logged in to another account before this took effect")
        ban = permissions.refusal_of(self._hub, entry.room, identity, is_operator=is_operator, now=entry.time)
        return ban or permissions.voice_refusal(self._hub, None, identity, is_operator=is_operator, now=entry.time)

    def _ruling_refusal(self, entry: Entry, event: Moderated, author: Member) -> ChatError | None:
        hub = self._hub
        info = None if entry.source is None else entry.source.info
        identity, is_operator = author.judged_as if info is None else permissions.judged_as(hub, info)
        if event.verb == "SET" and event.subject.startswith("registered="):
            registered = hub.policy(entry.room).setting("registered") == "yes"
            return ChatError(Code.NOT_ALLOWED, f"{event.room} is already registered") if registered else None
        if event.text == WHILE_HERE and not permissions.is_there(hub, entry.room, event.reach):
            return ChatError(Code.NO_SUCH_NICK, f"{event.subject} was no longer there when this took effect")
        return permissions.rank_refusal(hub, event.room, identity, is_operator=is_operator)


def _is_from_without(entry: Entry, room: Place) -> bool:
    """Return whether an entry counts although its author is not in the room: a text that answers nothing."""
    return isinstance(entry.event, Said) and not entry.event.reply and permissions.hears_outsiders(room)


def poster_of(entry: Entry) -> MemberInfo | None:
    """Return who said something without coming in; None for what members and nodes say."""
    return None if entry.source is None else entry.source.poster


def _changes(entry: Entry) -> set[object]:
    """Return what the verdicts on others depend on after an entry: a room, who is who, or `_ALL`."""
    event, source = entry.event, entry.source
    match event:
        case Moderated():
            return {entry.room, (entry.room, "rank")} if event.verb in _RANKS else {entry.room}
        case NodeUp() | NodeDown():
            return {_ALL}
    if source is None or source.info is None:
        return {entry.author}
    return {_ALL if source.info.takes is not None else source.info.member_id}


def _depends(entry: Entry, changed: set[object]) -> bool:
    """Return whether the verdict on an entry may be another after what was changed before it."""
    if poster_of(entry) is not None:
        return True  # on who goes by its nick
    source = entry.source
    who = entry.author if source is None or source.info is None else source.info.member_id
    if _ALL in changed or who in changed:
        return True
    if type(entry.event) is Moderated:
        if entry.event.text == WHILE_HERE or entry.event.subject == ANEW:
            return True  # on who is there
        return (entry.room, "rank") in changed or (SERVER, "rank") in changed
    return entry.room in changed or SERVER in changed
