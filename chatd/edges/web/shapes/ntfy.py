"""What ntfy's clients send with a text: title, priority and tags become words of the line."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from chatd.edges.web.shapes.fields import Fields

_NAMES: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "x-title", "ti", "t"),
    "priority": ("priority", "x-priority", "prio", "p"),
    "tags": ("tags", "x-tags", "tag", "ta"),
    "message": ("message", "x-message", "m"),
    "click": ("click", "x-click"),
}
"""Each may be a header or a parameter, by any of its names."""
NOT_TAKEN = ("delay", "x-delay", "at", "in", "attach", "x-attach", "actions", "x-actions", "email", "x-email", "call")
"""What means something else than a line that is said now."""
WORDS = frozenset(NOT_TAKEN).union(*_NAMES.values())
"""All names, so that who gives none of them need not be asked for each."""
_PRIORITIES = {"1": "min", "2": "low", "3": "", "4": "high", "5": "urgent", "default": "", "max": "urgent"}
_ENCODED = re.compile(r"=\?utf-8\?([bq])\?([^?]*)\?=", re.IGNORECASE)


def line(text: str, value: Callable[[str], str | None]) -> str:
    """Return a text with its title, priority and tags. ``value`` returns a header or parameter by its name.

    Raise `ValueError` for what cannot be kept.
    """
    for name in NOT_TAKEN:
        if value(name) is not None:
            raise ValueError(f"{name} is not supported: each message is sent at once, as one line")
    given = {key: next((found for name in names if (found := value(name))), "") for key, names in _NAMES.items()}
    priority = _PRIORITIES.get(given["priority"].lower(), given["priority"].lower())
    tags = " ".join(f"#{tag.strip()}" for tag in given["tags"].split(",") if tag.strip())
    title = _decoded(given["title"])
    said = text.removesuffix("\n").removesuffix("\r") or given["message"]
    words = (f"[{priority}]" if priority else "", f"{title}:" if title and said else title, said, tags, given["click"])
    return " ".join(word for word in words if word)


def published(body: str) -> tuple[str, str]:
    """Return the topic and the line of a message that is published as JSON. Raise `ValueError` if it is of no use."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    message = Fields(value)
    topic = message.text("topic")
    if not topic:
        raise ValueError('send {"topic": "builds", "message": "passed"}, or the text alone to /builds')
    given = dict(message.items())
    given.update({name: "" for name in NOT_TAKEN if value.get(name)})
    tags = value.get("tags")
    given["tags"] = ",".join(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ""
    return topic, line(message.text("message"), given.get)


def _decoded(text: str) -> str:
    """Return a header that may be written as RFC 2047 says, which is how ntfy's clients write other letters."""

    def decode(word: re.Match[str]) -> str:
        try:
            return base64.b64decode(word[2]).decode() if word[1] in "bB" else word[2].replace("_", " ")
        except ValueError:
            return word[0]

    return _ENCODED.sub(decode, text)
