"""What a connection needs to which somebody types: telnet's answers, and the keys that take something back."""

from __future__ import annotations

from chatd.chat.session import Session
from chatd.protocol.editing import edited, unedited
from chatd.protocol.events import Note
from chatd.protocol.telnet import ARE_YOU_THERE, TIMING_MARK, Enquiry, Refusals, do
from chatd.protocol.wire import Mode

HERE = "Yes, chatd is here."
NO_KEYS = (
    "Arrow keys do nothing here and were removed from your line. Backspace works; "
    "to edit lines before they are sent, use rlwrap nc HOST PORT."
)


class ByHand:
    """Answers telnet on one connection, and returns its lines as they were meant.

    Programs, after HELLO, and what is piped have their lines as they are, and no option is refused there: the bytes of
    that would stand in what they read. They too are told that one is here, and have their timing marks answered.
    """

    __slots__ = ("_has_noted", "_refusals", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._refusals = Refusals()
        self._has_noted = False

    def read(self, line: bytes) -> bytes:
        """Return the line that is to be carried out, empty if there is none. It has no more bytes than is allowed."""
        if (enquiry := Enquiry.read(line)) is not None:
            self._answer(enquiry)
            return b""
        if not _is_typed(self._session):
            return unedited(line)
        meant = edited(line)
        if meant.has_keys and not self._has_noted:
            self._has_noted = True
            self._session.send_event(Note(NO_KEYS))
        return meant.line

    def _answer(self, enquiry: Enquiry) -> None:
        if enquiry == ARE_YOU_THERE:
            self._session.send_event(Note(HERE))
        elif _is_typed(self._session) or enquiry == do(TIMING_MARK):
            self._session.peer.send(self._refusals.answer(enquiry))


def is_taken_back(session: Session, line: bytes) -> bool:
    """Return whether whoever typed a line has left nothing of it."""
    return _is_typed(session) and not edited(line).line


def _is_typed(session: Session) -> bool:
    return not session.tagged and session.mode is not Mode.PIPE
