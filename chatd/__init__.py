"""chatd: a chat server for browsers, IRC clients, nc, curl and scripts."""

__version__ = "0.1.0"
