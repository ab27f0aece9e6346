"""How far a cluster's journal is between its start and its end."""

from __future__ import annotations

from enum import Enum, auto


class JournalState(Enum):
    """How far the journal is between its start and its end."""

    NEW = auto()
    RUNNING = auto()
    ABANDONED = auto()
    """It is about to be stopped, and nothing more is published: that was waited for long enough."""
    FLUSHING = auto()
    """It was stopped, and waits until what was appended has been handed back."""
    LEAVING = auto()
    """It waits until all nodes know that this one is down."""
    STOPPED = auto()


TRANSITIONS = {
    JournalState.NEW: {JournalState.RUNNING},
    JournalState.RUNNING: {JournalState.ABANDONED, JournalState.FLUSHING},
    JournalState.ABANDONED: {JournalState.STOPPED},
    JournalState.FLUSHING: {JournalState.LEAVING, JournalState.STOPPED},
    JournalState.LEAVING: {JournalState.STOPPED},
    JournalState.STOPPED: set(),
}
