"""The lines of one batch for one room: rendered once for each audience, cut to measure for those who took part."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import accumulate

from chatd.chat.cross_room import Merge
from chatd.model.entry import Entry, Form, Reader
from chatd.protocol import events, plain, wire
from chatd.protocol.events import Event, Said


class Audience:
    """The lines of a batch as all those read them who did not take part: with tags, without, or in a form."""

    __slots__ = ("_ends", "_joined", "_lines")

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._joined: bytes | None = None
        self._ends: list[int] = []

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: int) -> bytes:
        return self._lines[index]

    def add(self, line: bytes) -> None:
        """Add a line, empty if it is for others."""
        self._lines.append(line)
        self._joined = None

    def all(self) -> bytes:
        """Return all lines together."""
        if self._joined is None:
            self._joined = b"".join(self._lines)
        return self._joined

    def cut(self, first: int, own: dict[int, bytes]) -> bytes:
        """Return the lines from ``first`` on, with those in ``own``, whose keys ascend, in the place of some."""
        joined = self.all()
        if len(self._ends) != len(self._lines) + 1:
            self._ends = list(accumulate(map(len, self._lines), initial=0))
        ends = self._ends
        if len(own) == 1 and not first:  # who said one thing: most who say anything in small rooms
            ((index, line),) = own.items()
            return joined[: ends[index]] + line + joined[ends[index + 1] :]
        at = ends[first]
        pieces: list[bytes] = []
        for index, line in own.items():
            if index >= first:
                pieces += (joined[at : ends[index]], line)
                at = ends[index + 1]
        pieces.append(joined[at:])
        return b"".join(pieces)


class Broadcast:
    """What the members of one room get of one batch.

    Lines are added in order; then `send` gives every member all of them at once, but for those who took part: the
    one who said a line gets its own form of it, and one who joined in the middle gets what was said from there on.
    Only the audiences that there are get their lines rendered.
    """

    __slots__ = ("_answers", "_audiences", "_first", "_merge", "_own", "_said", "replies")

    def __init__(self, merge: Merge | None = None) -> None:
        self.replies: list[tuple[Reader, bytes]] = []
        """What is to be sent when every room has had its part of the batch."""
        self._merge = merge
        self._said: list[tuple[str, Entry]] = []
        self._answers = 0  # how many of those are for one reader alone
        self._audiences = (Audience(), Audience())
        self._own: dict[Reader, dict[int, bytes]] = {}
        self._first: dict[Reader, int] = {}

    def add(self, entry: Entry) -> None:
        """Add one more entry; its author gets an echo if it reads tags, else nothing."""
        body = events.render(entry.event)  # type: ignore[arg-type]  # what nodes say of themselves is in no room
        author = entry.author
        if author is not None:
            if not (author.tagged and entry.id):
                self._own.setdefault(author, {})[len(self._said)] = b""
            elif entry.label is not None and type(entry.event) is Said:
                line = f"@{_tags(entry)};label={entry.label} {body}\r\n".encode()
                self._own.setdefault(author, {})[len(self._said)] = line
            elif author.is_deaf_to_itself and type(entry.event) is Said:
                self._own.setdefault(author, {})[len(self._said)] = b""
        self._said.append((body, entry))

    def hide(self, reader: Reader, instead: Event | None) -> None:
        """Let one reader have something else in the place of the entry that was just added, or nothing."""
        _, entry = self._said[-1]
        line = b""
        if instead is not None:
            shown = f"@{_tags(entry)} {events.render(instead)}" if reader.tagged else plain.render(instead)
            line = f"{shown}\r\n".encode()
        self._own.setdefault(reader, {})[len(self._said) - 1] = line

    def answer(self, reader: Reader, entry: Entry, line: bytes) -> None:
        """Add, in the place of an entry, a line that is for one reader alone."""
        self._own.setdefault(reader, {})[len(self._said)] = line
        self._said.append(("", entry))
        self._answers += 1

    def join(self, reader: Reader) -> None:
        """From here on ``reader`` is among the members."""
        self._first[reader] = len(self._said)

    def catch_up(self, reader: Reader) -> bytes:
        """Return all lines for one reader from where it joined, or from the beginning, up to here."""
        first, own = self._first.get(reader, 0), self._own.get(reader, {})
        if len(own) == len(self._said) and not first:
            return b"".join(own.values())
        return self._audience(tagged=reader.tagged).cut(first, own)

    def lines(self, reader: Reader) -> Iterator[tuple[Entry, bytes]]:
        """Yield what `catch_up` returns line by line, each with its entry."""
        first, own = self._first.get(reader, 0), self._own.get(reader, {})
        audience = self._audience(tagged=reader.tagged)
        for index, (_, entry) in enumerate(self._said[first:], first):
            if line := own.get(index, audience[index]):
                yield entry, line

    def reply(self, entry: Entry, reader: Reader, line: bytes) -> None:
        """Add a reply to what an entry asked for; it is sent when every room has had its part of the batch."""
        if self._merge is not None and self._merge.wants(reader):
            self._merge.add(reader, [(entry, line)])
        else:
            self.replies.append((reader, line))

    def flush_departing(self, reader: Reader) -> None:
        """Give a member that is none any more its lines up to here; one who joined in this batch, after its reply."""
        if self._merge is not None:
            self._merge.add(reader, self.lines(reader))
        elif missed := self.catch_up(reader):
            if reader in self._first:
                self.replies.append((reader, missed))
            else:
                reader.send(missed)

    def alias_position(self, entry: Entry, other: Entry) -> None:
        """Let an entry that is none of the batch have the place of one that is."""
        if self._merge is not None:
            self._merge.alias_position(entry, other)

    def send(self, members: Collection[Reader]) -> int:
        """Give ``members`` their lines: now, with what is merged, or, to those who came just now, after the replies.

        Return how many that were, each line counted once for each member.
        """
        if self._merge is not None:
            later = dict.fromkeys(member for member in members if self._merge.wants(member))
            for member in later:
                self._merge.add(member, self.lines(member))
        else:
            later = {member: None for member in self._first if member in members}
            self.replies += [(member, missed) for member in later if (missed := self.catch_up(member))]
        self._send_now(members, later)
        return (len(self._said) - self._answers) * len(members)

    def _send_now(self, members: Collection[Reader], later: Collection[Reader]) -> None:
        """Give their lines to all members but some."""
        own_of, first, count = self._own, self._first, len(self._said)
        audiences: list[Audience | None] = [None, None]
        formed: dict[Form, Audience | None] = {}
        form: Form | None = None
        in_form: Audience | None = None
        for member in members:
            if later and member in later:
                continue
            own = own_of.get(member)
            if member.form is not form:  # nearly all have the same
                form = member.form
                if form is not None and form not in formed:
                    formed[form] = self._in_form(form)
                in_form = None if form is None else formed[form]
            # Of who has a line for it alone, or came just now, the others go the same way: all stay in their order.
            if in_form is not None and member not in first and (own is None or not any(own.values())):
                if data := in_form.all() if own is None else in_form.cut(0, own):
                    member.deliver(data)
                continue
            if (own is not None and len(own) == count) or (first and member in first):
                data = self.catch_up(member)
            else:
                tagged = member.tagged
                audience = audiences[tagged]
                if audience is None:
                    audience = audiences[tagged] = self._audience(tagged=tagged)
                data = audience.all() if own is None else audience.cut(0, own)
            if data:
                member.send(data)

    def _in_form(self, form: Form) -> Audience | None:
        """Return what those read who have a form; None if one line has none, for they all stay in their order."""
        audience = Audience()
        for body, entry in self._said:
            line = form.line(entry, body) if body else b""
            if line is None:
                return None
            audience.add(line)
        return audience

    def _audience(self, *, tagged: bool) -> Audience:
        """Return what one kind of members reads, up to here."""
        audience = self._audiences[tagged]
        for body, entry in self._said[len(audience) :]:
            if not body:
                audience.add(b"")
            elif tagged:
                audience.add(f"@{_tags(entry)} {body}\r\n".encode())
            else:
                audience.add(f"{plain.render(entry.event, body)}\r\n".encode())  # type: ignore[arg-type]  # see `add`
        return audience


def _tags(entry: Entry) -> str:
    time = wire.timestamp(entry.time)
    event = entry.event
    if type(event) is Said and (event.reply or event.notice):
        reply = f";reply={event.reply}" if event.reply else ""
        return f"id={entry.id};time={time}{reply}" + (";notice" if event.notice else "")
    return f"id={entry.id};time={time}" if entry.id else f"time={time}"
