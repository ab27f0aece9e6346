"""Prometheus Alertmanager's webhook receiver: a group of alerts that fire or are resolved."""

from __future__ import annotations

from chatd.edges.web.shapes.fields import Fields, joined, some


def line(group: Fields, _event: str) -> str:
    """Return how many alerts of a group fire, what they are, and where more is to be read."""
    alerts = group.list("alerts")
    status = group.text("status")
    alike = [each for each in alerts if each.text("status") == status] or alerts
    name = group.text("commonLabels", "alertname") or group.text("groupLabels", "alertname")
    names = [name] if name else sorted({each.text("labels", "alertname") for each in alike} - {""})
    severity = group.text("commonLabels", "severity")
    head = joined(f"{status.upper()} ({len(alike)})" if status else "", some(names), severity and f"[{severity}]")
    summary = group.text("commonAnnotations", "summary") or group.text("commonAnnotations", "description")
    told = summary or some([text for each in alike if (text := _told(each))])
    return joined(head + (f": {told}" if told else ""), group.text("externalURL"))


def _told(alert: Fields) -> str:
    notes = alert.inside("annotations")
    return notes.text("summary") or notes.text("description") or alert.text("labels", "instance")
