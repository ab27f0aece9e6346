"""Which address is whose: the form of a row, and how the row for a request is found."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from enum import Enum
from typing import Any, NamedTuple
from urllib.parse import unquote

from chatd.edges.web.call import Call
from chatd.edges.web.errors import HTTPError

ROOM = "ROOM"
"""Stands, in the place of a route, for the name of a room without its ``#``."""
ID = "ID"
"""Stands for the id of a message."""
NAME = "NAME"
"""Stands for anything."""
_OURS = "-"
"""The first part of each address that is no room's: no name begins so."""


class Access(Enum):
    """Whom a route answers."""

    ANYBODY = "whoever asks"
    VISITOR = "whoever may speak or read without a page: from this machine, with a token, or logged in"
    OPERATOR = "this machine, and whoever has an operator's token"


class Route(NamedTuple):
    """One row: what is asked for how, and what answers it."""

    method: str
    """``GET`` answers HEAD as well."""
    place: str
    """Such as ``/ROOM/json`` or ``/-/health``; words in capitals stand for one part each."""
    answer: Callable[[Call], Coroutine[Any, Any, None]]
    access: Access = Access.VISITOR
    body_bytes: int = 0
    """How long the body of a request may be."""
    always: bool = False
    """Whether it is answered also while nobody is let in."""


class Routes:
    """All rows, by what they ask for."""

    def __init__(self, rows: Sequence[Route]) -> None:
        self._rows = [(row, tuple(row.place.split("/")[1:])) for row in rows]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the row for a request and what stands where its place has words in capitals.

        ``path`` is as it was sent. Raise `HTTPError` if there is none: 404, or 405 if it is another method's.
        """
        parts = _parts(path)
        others: list[str] = []
        for row, place in self._rows:
            values = _match(place, parts)
            if values is None:
                continue
            if row.method == ("GET" if method == "HEAD" else method):
                return row, values
            others.append(row.method)
        if others:
            allowed = ", ".join(dict.fromkeys(others + ["HEAD"] * ("GET" in others)))
            raise HTTPError(405, "bad-method", f"this address takes {allowed}", {"Allow": allowed})
        raise HTTPError(404, "not-found", "there is nothing at this address; rooms are at /ROOM")


def _parts(path: str) -> tuple[str, ...]:
    try:
        return tuple(unquote(part, errors="strict") for part in path.split("/")[1:])
    except UnicodeDecodeError:
        raise HTTPError(400, "not-utf8", "the address is not percent-encoded UTF-8") from None


def _match(place: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, str] | None:
    if len(place) != len(parts):
        return None
    values: dict[str, str] = {}
    for wanted, part in zip(place, parts, strict=True):
        if wanted in (ROOM, ID, NAME):
            if not part or (wanted == ROOM and part == _OURS) or (wanted == ID and not part.isdecimal()):
                return None
            values[wanted] = part
        elif wanted != part:
            return None
    return values
