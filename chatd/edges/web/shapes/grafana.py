"""Grafana's webhook contact points, of its own alerting and of the one before."""

from __future__ import annotations

from chatd.edges.web.shapes import alertmanager
from chatd.edges.web.shapes.fields import Fields, joined


def line(notice: Fields, event: str) -> str:
    """Return the title and what it is about, or what Alertmanager's form says, on which Grafana's is built."""
    title = notice.text("title")
    if notice.text("ruleName"):
        return joined(title or notice.text("ruleName"), notice.text("message"), notice.text("ruleUrl"))
    if not title:
        return alertmanager.line(notice, event)
    summary = notice.text("commonAnnotations", "summary")
    return joined(title + (f": {summary}" if summary else ""), notice.text("externalURL"))
