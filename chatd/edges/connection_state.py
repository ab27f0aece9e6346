"""The states of a stream connection, from its first byte to its last, as a table."""

from __future__ import annotations

from enum import Enum, auto


class Event(Enum):
    """What changes the state of a connection."""

    INPUT_ENDED = auto()
    """The peer closed its side."""
    FAREWELL = auto()
    """The session ended, and the peer is sent its last line."""
    LOST = auto()
    """Nothing reaches the peer any more."""


class State(Enum):
    """What may be done with a connection; `TRANSITIONS` says what leads from one to the next."""

    OPEN = auto()
    HALF_CLOSED = auto()
    """The peer sends no more, and reads still: what it sent is carried out and answered."""
    LOST = auto()
    """The connection is gone, and the lines that came before are still carried out."""
    CLOSING = auto()
    """The last line was written: what the peer sends still is read and dropped, so that it does not reset the
    connection before that line is there."""
    CLOSED = auto()


TRANSITIONS = {
    (State.OPEN, Event.INPUT_ENDED): State.HALF_CLOSED,
    (State.OPEN, Event.FAREWELL): State.CLOSING,
    (State.OPEN, Event.LOST): State.LOST,
    (State.HALF_CLOSED, Event.FAREWELL): State.CLOSING,
    (State.HALF_CLOSED, Event.LOST): State.LOST,
    (State.LOST, Event.FAREWELL): State.CLOSED,
    (State.CLOSING, Event.INPUT_ENDED): State.CLOSING,
    (State.CLOSING, Event.LOST): State.CLOSED,
}
