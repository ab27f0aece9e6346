"""What the outbox sends."""

from __future__ import annotations

from enum import Enum, auto


class OutboxState(Enum):
    """What the outbox sends."""

    CLOSED = auto()
    """Only what the node says of itself and of other nodes; members' entries are refused."""
    OPEN = auto()
    STOPPED = auto()
    """Nothing any more."""


TRANSITIONS = {
    OutboxState.CLOSED: {OutboxState.CLOSED, OutboxState.OPEN, OutboxState.STOPPED},
    OutboxState.OPEN: {OutboxState.OPEN, OutboxState.CLOSED, OutboxState.STOPPED},
    OutboxState.STOPPED: {OutboxState.STOPPED},
}
