"""Hooks: what is said in a room, sent on to a URL, one request a message, in order and at least once."""


class HooksError(Exception):
    """The hooks cannot be opened, read or written. The argument is a sentence for the server operator."""
