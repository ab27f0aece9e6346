"""Whether messages can be stored, and if not, why."""

from __future__ import annotations

from enum import Enum


class Health(Enum):
    """The state of a journal. The values are words for programs and are stable."""

    WORKING = "working"
    UNWRITABLE = "unwritable"
    """A single server cannot write its journal: messages are refused, and everything else goes on."""
    JOINING = "joining"
    """This node does not know who is where: it has just started, or was cut off and starts again."""
    DISCONNECTED = "disconnected"
    """This node reaches none of the servers that store the stream."""
    SERVERS_UNUSABLE = "servers-unusable"
    """The servers answer, but are too old or do not grant this node the permissions that it needs."""
    STREAM_MISSING = "stream-missing"
    """The stream that this node has read no longer exists."""
    STREAM_UNUSABLE = "stream-unusable"
    """The stream is not the one that this node has read, or one that it cannot use."""
    STORES_NOTHING = "stores-nothing"
    """The servers answer but store nothing: too few are up, or their disks are full."""
    INDEX_UNWRITABLE = "index-unwritable"
    """This node cannot write what it reads to its index, and so delivers nothing."""
