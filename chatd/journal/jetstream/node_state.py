"""How far a node is in its cluster."""

from __future__ import annotations

import secrets
from enum import Enum, auto


def make_incarnation() -> str:
    """Return a name for a new incarnation of a node."""
    return secrets.token_hex(6)


class NodeState(Enum):
    """How far this node is in the cluster."""

    NEW = auto()
    """Its `NodeUp` has not come back from the stream yet."""
    JOINING = auto()
    """All nodes know of it; it asks who is where, and delivers nothing until it knows."""
    ACTIVE = auto()
    CUT_OFF = auto()
    """It was without the stream for long and has taken a new incarnation, which has not come back yet."""
    REJOINING = auto()
    """All nodes know of the new incarnation; it asks who is where, and delivers only what is durable meanwhile."""
    LEAVING = auto()
    """The process stops; it takes no new incarnation, whatever the others say of this one."""
    LEFT = auto()


TRANSITIONS = {
    NodeState.NEW: {NodeState.JOINING, NodeState.LEFT},
    NodeState.JOINING: {NodeState.ACTIVE, NodeState.LEFT},
    NodeState.ACTIVE: {NodeState.CUT_OFF, NodeState.LEAVING},
    NodeState.CUT_OFF: {NodeState.CUT_OFF, NodeState.REJOINING, NodeState.LEAVING},
    NodeState.REJOINING: {NodeState.ACTIVE, NodeState.CUT_OFF, NodeState.LEAVING},
    NodeState.LEAVING: {NodeState.LEFT},
    NodeState.LEFT: {NodeState.LEFT},
}
READY = {NodeState.ACTIVE, NodeState.CUT_OFF, NodeState.REJOINING, NodeState.LEAVING}
"""The node has known once who is where, and has not left."""
LEARNING = {NodeState.NEW, NodeState.JOINING, NodeState.CUT_OFF, NodeState.REJOINING}
"""The node does not know who is where, or not any more."""
ANNOUNCING = {NodeState.NEW: NodeState.JOINING, NodeState.CUT_OFF: NodeState.REJOINING}
"""What the state becomes once the node's own `NodeUp` comes back."""
