"""The messages of a SASL exchange as IRC carries them: base64, in pieces (IRCv3 sasl-3.1)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator

from chatd.chat.sasl import SaslLogin

MAX_PIECE = 400
"""How many characters a piece has at most; one that has fewer is the last of its message."""
MAX_MESSAGE = 4 * MAX_PIECE
EMPTY = "+"


class TooLongError(ValueError):
    """A piece, or the whole message, is longer than it may be."""


class Exchange:
    """An exchange, with what has come so far of the client's next message."""

    def __init__(self, login: SaslLogin) -> None:
        self.login = login
        self._pieces = ""

    def add(self, piece: str) -> bytes | None:
        """Take one more piece; return the message if that was its last. Raise `ValueError` if it can be none."""
        self._pieces += "" if piece == EMPTY else piece
        if len(piece) > MAX_PIECE or len(self._pieces) > MAX_MESSAGE:
            raise TooLongError
        if len(piece) == MAX_PIECE:
            return None
        pieces, self._pieces = self._pieces, ""
        return b64decode(pieces, validate=True)


def pieces_of(message: bytes) -> Iterator[str]:
    """Return the pieces of a message of the server's."""
    text = b64encode(message).decode()
    for first in range(0, len(text), MAX_PIECE):
        yield text[first : first + MAX_PIECE]
    if len(text) % MAX_PIECE == 0:
        yield EMPTY
