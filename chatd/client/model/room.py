"""A room as the client knows it, or a private conversation, which is like one and is named by the other's nick."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.client.model.changes import Change, LinesChanged, LinesDropped, UnreadChanged
from chatd.client.model.colours import Colours
from chatd.client.model.lines import Delivery, Kind, Line
from chatd.client.model.members import Members
from chatd.client.model.membership import Membership, MembershipCue, next_membership
from chatd.client.model.rulings import Rulings
from chatd.client.model.timeline import MAX_LINES, Place, Timeline
from chatd.protocol import names

MAX_SPEAKERS = 500
"""How many of those who spoke are remembered: up to twice as many, until the older half is forgotten."""
MAX_FAILED = 50
"""How many lines of a room are remembered that were not taken."""


class Room:
    """One room, or, if its name does not begin with ``#``, the private lines to and from one nick.

    ``limit`` is how many lines are kept. The window sets ``draft``, ``muted`` and ``unfolded``, and wants the rooms to
    join at the start; the rest is the transcript's to change.
    """

    def __init__(self, name: str, limit: int = MAX_LINES) -> None:
        self.name = name
        self.key = names.key(name)
        self.timeline = Timeline(limit)
        self.members = Members()
        self.colours = Colours(self.members)
        self.rulings = Rulings()
        """What holds in it: its settings, and who is muted, banned, invited or an operator."""
        self.presence = ""
        """Of a private conversation, how the other was when one last wrote: ``away``, ``gone`` or neither."""
        self.count = 0
        """How many members there are, oneself included, also while not all are known by name."""
        self.topic = ""
        self.topic_id = 0
        self.membership = Membership.OUTSIDE
        """Of a private conversation it stays that."""
        self.out = ""
        """Why one is not in it, if that was another's doing, in a sentence without its full stop."""
        self.unread = 0
        self.mentions = 0
        self.muted = False
        """Whether its notifications are off; a MUTE of the server is another thing."""
        self.draft = ""
        self.unfolded: set[int] = set()
        """The keys of the folds (`folding.FoldRow`) that are shown line by line."""
        self.found: list[Line] = []
        """What the last SEARCH found, oldest first."""
        self.oldest_id = 0
        """The id from which on messages are known, 0 if none is: older history is what is before it."""
        self.may_have_older = True
        """Whether the server may have older messages than those known."""
        self.resume_id: int | None = None
        """The id up to which nothing that was said is missed, for ``since=``; None before the first OK JOIN."""
        self.resume_epoch: str | None = None
        """The epoch under which the server told of that id."""
        self.seen_id: int | None = None
        """The newest id that was seen by the one who reads; None before the first OK JOIN."""
        self.reported_id: int | None = None
        """Up to which id the server knows that it was read; None if it does not keep that, as for guests."""
        self.is_stored = False
        """Whether the server has lines from before this run of the client that it was not asked for yet."""
        self.failed: list[Line] = []
        """What was said here and not taken, as far as it is remembered."""
        self._mark: tuple[Place, int] | None = None
        self._speakers: dict[str, tuple[int, str]] = {}

    @property
    def private(self) -> bool:
        """Whether this is a conversation with one person."""
        return not self.name.startswith("#")

    @property
    def joined(self) -> bool:
        """Whether the server has one in this room now."""
        return self.membership in (Membership.JOINED, Membership.LEAVING)

    @property
    def wanted(self) -> bool:
        """Whether it is to be rejoined after a reconnect."""
        return self.membership in (Membership.JOINED, Membership.WANTED)

    def change_membership(self, cue: MembershipCue) -> None:
        """Note what has happened to one's being in it."""
        self.membership = next_membership(self.membership, cue)

    @property
    def closed(self) -> str:
        """Why nothing can be said in it, and what to do about that; empty if something can, or if one left it."""
        if not self.out or self.joined or self.wanted:
            return ""
        return f"You are not in {self.name}: {self.out}; type /join {self.name} to rejoin"

    @property
    def lines(self) -> Sequence[Line]:
        """All lines, oldest first, those that wait for the server at the end."""
        return self.timeline.lines

    @property
    def last_id(self) -> int:
        """The newest id that is known to exist, 0 if none is."""
        return self.timeline.last_id

    @property
    def unread_serial(self) -> int | None:
        """The serial of the line before which the unread mark stands, None if it stands nowhere."""
        return None if self._mark is None else self._mark[1]

    @property
    def speakers(self) -> list[str]:
        """Those who said something, the one who spoke last first."""
        return [nick for _, nick in sorted(self._speakers.values(), reverse=True)]

    def spoke(self, nick: str, time: int) -> None:
        """Note that somebody said something at a time."""
        key = names.key(nick)
        before = self._speakers.get(key)
        if before is None or before[0] <= time:
            self._speakers[key] = (time, nick)
        if len(self._speakers) > 2 * MAX_SPEAKERS:
            newest = sorted(self._speakers.items(), key=lambda each: each[1], reverse=True)
            self._speakers = dict(newest[:MAX_SPEAKERS])

    def note_failed(self, line: Line) -> None:
        """Remember a line that was not taken; of a private conversation all lines are."""
        if not self.private:
            self.failed = [*self.failed[1 - MAX_FAILED :], line]

    def renamed(self, old: str, new: str) -> None:
        """Note that somebody who may have spoken has another name."""
        self.colours.renamed(old, new)
        spoke = self._speakers.pop(names.key(old), None)
        if spoke is not None:
            self.spoke(new, spoke[0])

    def author_of(self, id_: int) -> str:
        """Return who said the message that has an id, if that is known; empty for none."""
        index = self.timeline.find(id_) if id_ else None
        return "" if index is None or self.lines[index].kind is not Kind.SAID else self.lines[index].nick

    def trim(self) -> list[Change]:
        """Drop the oldest lines if there are far more than the limit."""
        count = self.timeline.trim()
        if not count:
            return []
        run = self.timeline.run
        oldest = next((line.id for line in self.lines if line.id and line.run == run and line.kind is Kind.SAID), 0)
        self.oldest_id = oldest
        self.may_have_older = True
        return [LinesDropped(self.key, count)]

    def count_unread(self, index: int) -> None:
        """Count the line at ``index`` as unread, and let the mark stand before it if it is the first."""
        line = self.lines[index]
        place = self.timeline.place_of(index)
        self.unread += 1
        self.mentions += line.mention
        if self._mark is None or place < self._mark[0]:
            self._mark = (place, line.serial)

    def mark_seen(self, upto: int | None = None) -> list[Change]:
        """Count nothing up to an id as unread, and nothing at all if none is given; the mark stays where it is."""
        upto = self.last_id if upto is None else upto
        self.seen_id = max(self.seen_id or 0, upto)
        before = self.unread, self.mentions
        self.unread = self.mentions = 0
        if upto < self.last_id:
            for line in reversed(self.lines):
                if line.id and (line.id <= upto or line.run != self.timeline.run):
                    break
                if line.id and line.counts and not line.own:
                    self.unread += 1
                    self.mentions += line.mention
        return [UnreadChanged(self.key)] if before != (self.unread, self.mentions) else []

    def clear_mark(self) -> list[Change]:
        """Take the unread mark away."""
        if self._mark is None:
            return []
        (place, serial), self._mark = self._mark, None
        index = self.timeline.index(serial, place)
        return [] if index is None else [LinesChanged(self.key, index)]

    def heard(self, id_: int, epoch: str | None) -> None:
        """Note that nothing is missed up to an id, of which the server has told under an epoch."""
        if id_ >= (self.resume_id or 0):
            self.resume_id, self.resume_epoch = id_, epoch

    def begin_epoch(self) -> None:
        """Let ids start over; the lines that are there are from before."""
        self.timeline.begin_run()
        self.oldest_id = 0
        self.may_have_older = True
        self.resume_id = self.seen_id = self.resume_epoch = self.reported_id = None
        self.topic, self.topic_id = "", 0

    def is_from_before(self, line: Line) -> bool:
        """Return whether a line is from an earlier epoch of the server than the present one."""
        timeless = line.state is Delivery.WAITING or line.kind is Kind.BEGUN
        return line.run < self.timeline.run and not timeless

    def find_lines(self, text: str) -> list[int]:
        """Return the indices of the lines whose text holds ``text``, in any case; none for an empty one."""
        wanted = text.casefold()
        return [i for i, line in enumerate(self.lines) if wanted in line.text.casefold()] if wanted else []
