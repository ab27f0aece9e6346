"""Slack's incoming webhooks: a text in its own markup, attachments, blocks."""

from __future__ import annotations

import html
import re

from chatd.edges.web.shapes.fields import Fields, joined

_LINK = re.compile(r"<((?:https?|mailto):[^|<>\s]+)(?:\|([^<>]*))?>")
_MENTION = re.compile(r"<[!@#]([^|<>]+)(?:\|([^<>]*))?>")


def line(message: Fields, _event: str) -> str:
    """Return the text of a message, and what its attachments and blocks say beside it."""
    texts = [message.text("text")]
    for attachment in message.list("attachments"):
        said = joined(attachment.text("pretext"), attachment.text("title"), attachment.text("text"))
        texts.append(said or attachment.text("fallback"))
    if not any(texts):
        texts += [block.text("text", "text") for block in message.list("blocks")]
    return joined(*(plain(text) for text in texts))


def plain(text: str) -> str:
    """Return a text without Slack's markup for links and mentions."""
    text = _LINK.sub(lambda link: f"{link[2]} ({link[1]})" if link[2] and link[2] != link[1] else link[1], text)
    text = _MENTION.sub(lambda name: f"@{(name[2] or name[1]).lstrip('@#')}", text)
    return html.unescape(text)
