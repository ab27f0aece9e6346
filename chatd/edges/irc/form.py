"""Short texts in rooms, as nearly all are that IRC clients are told: made once for all who read them alike."""

from __future__ import annotations

from typing_extensions import override

from chatd.edges.irc.capabilities import FOR_EVERY_TEXT, shown_tags
from chatd.edges.irc.composition import LINE_FEED
from chatd.edges.irc.message import MAX_BODY_BYTES, rendered_tags
from chatd.edges.irc.server import IrcServer
from chatd.edges.irc.telling import shown
from chatd.edges.irc.translations import MAX_SETS, Batch
from chatd.model.entry import Entry, Form
from chatd.protocol import wire
from chatd.protocol.actions import BEGINNING
from chatd.protocol.events import Said


class IrcForm(Form):
    """In which all clients with the same capabilities are told short texts.

    A room has no line made for them, which would only be taken apart again. What may be more than a short text goes
    the longer way, through `chatd.edges.irc.translation`, which makes the same of it for several times the cost.
    """

    def __init__(self, server: IrcServer, capabilities: frozenset[str]) -> None:
        self.batch = Batch()
        """What they were sent last that went the longer way."""
        self._server = server
        self._capabilities = capabilities
        self._has_tags = not capabilities.isdisjoint(FOR_EVERY_TEXT)

    @override
    def line(self, entry: Entry, body: str) -> bytes | None:
        event = entry.event
        if type(event) is not Said or event.reply or event.notice or not entry.id:
            return None
        time = wire.timestamp(entry.time) if self._has_tags else ""
        return self.short_text(event.nick, event.room, body.split(" ", 3)[3], entry.id, time)

    def short_text(self, nick: str, room: str, text: str, id_: int | str, time: str) -> bytes | None:
        """Return the message that says a text in a room, None if it may take more than that; ``text`` is clean."""
        server = self._server
        if text.startswith(BEGINNING) or LINE_FEED in text or server.pieces:
            return None
        person = server.person_called(nick)
        # Joined, since formatting names, which are subclasses of str, costs twice as much.
        body = "".join((":", person.source, " PRIVMSG ", room, " :", text, "\r\n")).encode(errors="replace")
        if len(body) > MAX_BODY_BYTES + len("\r\n"):
            return None
        if not self._has_tags:
            return body
        tags = shown_tags(shown(server, {"id": str(id_), "time": time}, person), self._capabilities)
        return b"@%b %b" % (rendered_tags(tags).encode(errors="replace"), body) if tags else body


class Forms:
    """Those of a node."""

    def __init__(self, server: IrcServer) -> None:
        self.server = server
        self._forms: dict[frozenset[str], IrcForm] = {}

    def of(self, capabilities: frozenset[str]) -> IrcForm:
        """Return the form of those who have some capabilities."""
        if len(self._forms) >= MAX_SETS and capabilities not in self._forms:
            self._forms.clear()
        return self._forms.setdefault(capabilities, IrcForm(self.server, capabilities))
