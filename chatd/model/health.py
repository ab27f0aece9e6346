"""Whether what is said can be stored, and if not, why."""

from __future__ import annotations

from enum import Enum


class Health(Enum):
    """The state of a journal. Its value is a word for programs, and stays what it is."""

    WORKING = "working"
    UNWRITABLE = "unwritable"
    """On a single server: what is to be stored is refused, and all else goes on."""
    JOINING = "joining"
    """This node does not know who is where: it has just begun, or was cut off and begins again."""
    DISCONNECTED = "disconnected"
    """This node reaches none of the servers that keep the stream."""
    SERVERS_UNUSABLE = "servers-unusable"
    """They answer, but are too old, or do not let this node do what it needs."""
    STREAM_MISSING = "stream-missing"
    """The stream that this node has read is not there any more."""
    STREAM_UNUSABLE = "stream-unusable"
    """There is a stream, and not the one that this node has read, or none that it could use."""
    STORES_NOTHING = "stores-nothing"
    """The servers are there and do not store: too few are up, or their disks are full."""
    INDEX_UNWRITABLE = "index-unwritable"
    """This node cannot write down what it reads, and so delivers nothing."""
