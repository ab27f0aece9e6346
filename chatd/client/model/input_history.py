"""What was typed before, brought back with Up and Down."""

from __future__ import annotations

from chatd.client.model.slash import holds_secret

MAX_INPUTS = 200


class InputHistory:
    """The things typed into one entry, newest last; what stands there unsent is kept while one looks through them."""

    def __init__(self) -> None:
        self._typed: list[str] = []
        self._at: int | None = None
        self._draft = ""

    def add_input(self, text: str) -> None:
        """Note what was sent, and forget the draft.

        The same thing twice in a row is noted once; nothing, and what holds a password, not at all.
        """
        self._at, self._draft = None, ""
        if text and self._typed[-1:] != [text] and not holds_secret(text):
            self._typed.append(text)
            del self._typed[:-MAX_INPUTS]

    def up(self, text: str) -> str:
        """Return what was typed before; ``text`` is what the entry holds now, and is returned if nothing is older."""
        if self._at is None:
            if not self._typed:
                return text
            # What stands there may be what was refused, and is the newest already.
            again = text == self._typed[-1] and len(self._typed) > 1
            self._draft, self._at = text, len(self._typed) - again
        self._at = max(0, self._at - 1)
        return self._typed[self._at]

    def down(self, text: str) -> str:
        """Return what was typed after it, at the end the draft; ``text`` itself if nothing was brought back."""
        if self._at is None:
            return text
        self._at += 1
        if self._at < len(self._typed):
            return self._typed[self._at]
        draft, self._at, self._draft = self._draft, None, ""
        return draft
