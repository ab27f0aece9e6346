"""How what happens in a room reads over HTTP: as JSON, as an event stream for browsers, as text for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple

from chatd.chat.followers import Render
from chatd.model.entry import StoredEvent
from chatd.protocol import plain, wire
from chatd.protocol.actions import shown
from chatd.protocol.events import DurableEvent, Moderated, Said, TopicSet
from chatd.protocol.references import Edited, Reacted, Retracted, Unreacted
from chatd.protocol.text import clean

RETRY_MILLISECONDS = 2000
"""How long a browser waits until it comes again."""


class Form(NamedTuple):
    """One way to tell it. What is told aside has its name, such as ``open`` or ``end``, under ``event``."""

    kind: str
    """Its media type."""
    render: Render
    aside: Callable[[Mapping[str, Any]], bytes]
    keepalive: bytes


def event_name(event: DurableEvent) -> str:
    """Return what programs know an event by."""
    match event:
        case Said():
            return "message"
        case TopicSet():
            return "topic"
        case Edited():
            return "edit"
        case Retracted():
            return "retract"
        case Unreacted():
            return "unreact"
        case Reacted():
            return "react"
        case Moderated():
            return event.verb.lower()


def as_object(epoch: str, kept: StoredEvent) -> dict[str, Any]:
    """Return an event as an object for programs."""
    event = kept.event
    found: dict[str, Any] = {
        "id": kept.id,
        "epoch": epoch,
        "time": wire.timestamp(kept.time),
        "event": event_name(event),
        "room": event.room,
        "nick": event.nick,
    }
    match event:
        case Said():
            found["text"] = clean(event.text)
            if event.reply:
                found["reply"] = event.reply
            if event.notice:
                found["notice"] = True
            if kept.edited:
                found["edited"] = True
            if kept.reactions:
                found["reactions"] = dict(kept.reactions)
        case Edited():
            found |= {"message": event.id, "text": clean(event.text)}
        case Retracted():
            found["message"] = event.id
        case Reacted():
            found |= {"message": event.id, "emoji": clean(event.emoji)}
        case TopicSet():
            found["text"] = clean(event.topic)
        case Moderated():
            found["subject"] = clean(event.subject)
            if event.seconds is not None:
                found["seconds"] = event.seconds
            if event.text:
                found["text"] = clean(event.text)
    return found


def _written(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _json_line(epoch: str, kept: StoredEvent) -> bytes:
    return _written(as_object(epoch, kept)) + b"\n"


def _json_aside(value: Mapping[str, Any]) -> bytes:
    return _written(value) + b"\n"


def event_id(epoch: str, id_: int) -> str:
    """Return what a browser sends back as Last-Event-ID."""
    return f"{epoch}:{id_}"


def _sse_event(epoch: str, kept: StoredEvent) -> bytes:
    # What has no name of its own is what browsers tell under onmessage.
    name = event_name(kept.event)
    head = f"id: {event_id(epoch, kept.id)}\n" + ("" if name == "message" else f"event: {name}\n")
    return b"%bdata: %b\n\n" % (head.encode(), _written(as_object(epoch, kept)))


def _sse_aside(value: Mapping[str, Any]) -> bytes:
    head = f"event: {value['event']}\n"
    if value["event"] == "open":
        head = f"retry: {RETRY_MILLISECONDS}\nid: {event_id(value['epoch'], value['since'])}\n{head}"
    return b"%bdata: %b\n\n" % (head.encode(), _written(value))


def _raw_line(kept: StoredEvent) -> bytes:
    event = kept.event
    time = datetime.fromtimestamp(kept.time / 1000, UTC).astimezone()
    if isinstance(event, Said):
        said = shown(event.nick, event.text)
        told = said if said is not event.text else f"{event.nick}: {said}"
    elif isinstance(event, TopicSet) and event.topic:
        told = f"* {event.nick} set the topic: {event.text}"
    else:
        told = "* " + plain.render(event).removeprefix("NOTE ")
    return f"{time:%Y-%m-%d %H:%M:%S} {clean(told)}\n".encode()


def _raw_aside(value: Mapping[str, Any]) -> bytes:
    if value["event"] == "open":
        return b"" if value["recovered"] else b"* some earlier messages are missing here\n"
    return f"* {clean(value['text'])}\n".encode() if "text" in value else b"\n"


@lru_cache(maxsize=8)
def json_form(epoch: str) -> Form:
    """Return the form of one object a line."""
    keepalive = _json_aside({"event": "keepalive"})
    return Form("application/x-ndjson; charset=utf-8", partial(_json_line, epoch), _json_aside, keepalive)


@lru_cache(maxsize=8)
def sse_form(epoch: str) -> Form:
    """Return the form that EventSource reads."""
    return Form("text/event-stream; charset=utf-8", partial(_sse_event, epoch), _sse_aside, b": keepalive\n\n")


def raw_form(_epoch: str) -> Form:
    """Return the form for people: a line for each event, with its time and who it was."""
    return Form("text/plain; charset=utf-8", _raw_line, _raw_aside, b"\n")
