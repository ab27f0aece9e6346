"""What is answered to a request that is not done: a status, a code, and a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from chatd.protocol.errors import ChatError, Code

STATUS: Mapping[Code, int] = {
    Code.UNAVAILABLE: 503,
    Code.SLOW_DOWN: 429,
    Code.FULL: 503,
    Code.NAME_TAKEN: 409,
    Code.TOO_LONG: 413,
    Code.NOT_UTF8: 400,
    Code.BAD_SYNTAX: 400,
    Code.BAD_TAGS: 400,
    Code.UNKNOWN_VERB: 400,
    Code.BAD_VERSION: 400,
    Code.BAD_NICK: 400,
    Code.BAD_ROOM: 400,
    Code.NAME_NEEDED: 400,
    Code.ALREADY_IN: 409,
    Code.NOT_IN_ROOM: 403,
    Code.NO_SUCH_NICK: 404,
    Code.NO_SUCH_MESSAGE: 404,
    Code.NOT_ALLOWED: 403,
    Code.MUTED: 403,
    Code.BANNED: 403,
    Code.BAD_PASSWORD: 401,
    Code.TLS_NEEDED: 403,
    Code.LABEL_REUSED: 409,
}
"""The status that goes with each code of the protocol."""
RETRY_AFTER_SECONDS = 5
"""What is said where nothing tells how long it takes."""
_LATER = (429, 503)


class HTTPError(Exception):
    """A request is not done.

    ``code`` is the word for programs: one of `chatd.protocol.errors.Code`, or one that only HTTP knows. ``text`` is a
    sentence for people.
    """

    def __init__(self, status: int, code: str, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, code, text)
        self.status = status
        self.code = code
        self.text = text
        self.headers = dict(headers or {})
        if status in _LATER:
            self.headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
        if status == 401:
            self.headers.setdefault("WWW-Authenticate", "Bearer")

    @classmethod
    def of(cls, error: ChatError) -> HTTPError:
        """Return what an error of the protocol is over HTTP."""
        later = {} if error.seconds is None else {"Retry-After": str(error.seconds)}
        return cls(STATUS[error.code], error.code.value, error.text, later)
