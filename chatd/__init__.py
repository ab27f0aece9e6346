"""chatd: a chat daemon that speaks lines."""

__version__ = "0.1.0"
