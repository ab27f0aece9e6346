"""Whose requests are whose account's: bearer tokens and cookies."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.edges.web.call import Call
from chatd.edges.web.routes import Route
from chatd.edges.web.visitors import WebVisitor

ROWS: Sequence[Route] = ()


def visitor_of(_call: Call, visitor: WebVisitor) -> WebVisitor:
    """Return who sends a request. Raise `ChatError` or `HTTPError` if it names a token or login that holds no more."""
    # chatd user token, Accounts.check_token and check_login come in here.
    return visitor
