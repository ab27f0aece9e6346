"""What other programs send as it comes, each made into the one line that it is said as."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from chatd.edges.web.shapes import alertmanager, github, gitlab, grafana, slack
from chatd.edges.web.shapes.fields import Fields

MAX_LINE_CHARACTERS = 2000
"""What is longer is cut: people read it."""

SHAPES: Mapping[str, Callable[[Fields, str], str]] = {
    "alertmanager": alertmanager.line,
    "github": github.line,
    "gitlab": gitlab.line,
    "grafana": grafana.line,
    "slack": slack.line,
}
"""By the value of ``from=``: makes a line of an object, and of the kind of event that a header names."""
EVENT_HEADERS: Mapping[str, str] = {"github": "X-GitHub-Event", "gitlab": "X-Gitlab-Event"}
"""The header that names it, where there is one."""


def line_of(shape: str, body: str, event: str) -> str:
    """Return what is said for a body in one of `SHAPES`. Raise `ValueError`, with a sentence, if it is of no use."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError(f"the body is not JSON, which from={shape} requires") from None
    if not isinstance(value, dict):
        raise ValueError(f"the body is not a JSON object, which from={shape} requires")
    text = " ".join(SHAPES[shape](Fields(value), event).split())
    if not text:
        raise ValueError(f"the body has no text that from={shape} knows")
    return text if len(text) <= MAX_LINE_CHARACTERS else text[: MAX_LINE_CHARACTERS - 1] + "…"
