"""One request, as the routes see it: who asks for what, and the answer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import ISSLTransport
from twisted.web.http import Request, datetimeToString

from chatd.edges.gateway import Gateway
from chatd.edges.web.errors import HTTPError
from chatd.edges.web.visitors import WebVisitor
from chatd.protocol import names
from chatd.protocol.names import BadNameError, RoomName
from chatd.runtime.sockets import IEncryptedOutside

GZIP_LEAST_BYTES = 1024
"""Shorter answers are sent as they are."""
MAX_PARAMETERS = 32
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
"""Headers of which proxies send at least one."""
SAFE_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every answer has, unless it says otherwise."""


class Call:
    """A request and its answer. An answer to one whose connection is lost goes nowhere."""

    def __init__(self, gateway: Gateway, request: Request, visitor: WebVisitor, values: Mapping[str, str]) -> None:
        self.gateway = gateway
        self.hub = gateway.hub
        self.request = request
        self.visitor = visitor
        self.values = values
        self.lost = False
        """Whether the connection is lost, so that nothing need be made for it any more."""
        self.check_access: Callable[[Any], None] = _check_nothing
        """Raises `HTTPError` if whoever asks is not among those of an `Access`; for rows with parts for fewer."""
        self.page_head = ""
        """What stands in the head of the page beside its own, as HTML."""
        self._query: dict[str, list[str]] | None = None
        request.notifyFinish().addErrback(self._note_loss)

    @property
    def method(self) -> str:
        """Such as ``GET``."""
        return self.request.method.decode("ascii", "replace")

    @property
    def forwarded(self) -> bool:
        """Whether a proxy says that it hands the request on: whoever asks may be anywhere, wherever it comes from."""
        return any(self.request.requestHeaders.hasHeader(name) for name in FORWARDED)

    @property
    def encrypted(self) -> bool:
        """Whether the browser speaks TLS, be it with a proxy in front that hands requests on without."""
        transport = getattr(self.request.channel, "transport", None)
        if any(each.providedBy(transport) for each in (ISSLTransport, IEncryptedOutside)):
            return True
        return self.header("X-Forwarded-Proto") == "https" or (self.header("Origin") or "").startswith("https://")

    @property
    def private(self) -> bool:
        """Whether nobody can listen in on the way, also where a proxy hands the request on."""
        return self.visitor.private and (self.encrypted or not self.forwarded)

    @property
    def room(self) -> RoomName:
        """The room that the address names. Raise `HTTPError` if that is no name."""
        try:
            return names.room("#" + self.values["ROOM"])
        except BadNameError as error:
            raise HTTPError(404, "bad-room", str(error)) from None

    @property
    def message(self) -> int:
        """The id that the address names."""
        return int(self.values["ID"][:20])

    def header(self, name: str) -> str | None:
        """Return a header's last value, decoded as UTF-8. Raise `HTTPError` if it is none."""
        value = self.request.getHeader(name.encode())
        if value is None:
            return None
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise HTTPError(400, "not-utf8", f"the header {name} is not UTF-8") from None

    @property
    def names(self) -> set[str]:
        """The names of all headers and of what the address says after ``?``, in lower case."""
        headers = {name.decode("latin-1").lower() for name, _ in self.request.requestHeaders.getAllRawHeaders()}
        return headers | {name.lower() for name in self._parameters()}

    def query(self, name: str) -> str | None:
        """Return what the address says after ``?`` under a name, the last of several. Raise `HTTPError` if too much."""
        values = self._parameters().get(name)
        return None if values is None else values[-1]

    def _parameters(self) -> dict[str, list[str]]:
        if self._query is None:
            text = self.request.uri.partition(b"?")[2].decode("ascii", "replace")
            try:
                self._query = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
            except ValueError:
                raise HTTPError(400, "bad-syntax", "the query after the ? cannot be read") from None
        return self._query

    def body(self) -> bytes:
        """Return the body, which is no longer than the route allows."""
        content: Any = self.request.content
        content.seek(0)
        data: bytes = content.read()
        return data

    async def next_line(self) -> None:
        """Return when the rate allows one line more than the request counts as; never once the connection is lost."""
        channel: Any = self.request.channel
        await (Deferred() if channel is None else channel.wait_for_rate())

    def accepts(self, kind: str) -> bool:
        """Return whether the answer may be of a kind, such as ``text/html``, because the request names it."""
        return any(each.partition(";")[0].strip() == kind for each in (self.header("Accept") or "").lower().split(","))

    def begin(self, status: int, kind: str, headers: Mapping[str, str] | None = None) -> None:
        """Set the status and the headers of the answer."""
        self.request.setResponseCode(status)
        self.request.setHeader("Date", datetimeToString().decode())
        for name, value in {**SAFE_HEADERS, "Content-Type": kind, **(headers or {})}.items():
            self.request.setHeader(name, value)

    def write(self, data: bytes) -> None:
        """Send a part of the answer."""
        if not self.lost and not self.request.finished:
            self.request.write(data)

    def finish(self) -> None:
        """End the answer."""
        if not self.lost and not self.request.finished:
            self.request.finish()

    def send(self, status: int, kind: str, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send a whole answer, compressed if it is long and the peer takes that."""
        self.begin(status, kind, headers)
        if len(data) >= GZIP_LEAST_BYTES and not self.request.responseHeaders.hasHeader("Content-Encoding"):
            self.request.responseHeaders.addRawHeader("Vary", "Accept-Encoding")
            if self.takes_gzip:
                data = gzip.compress(data, 6, mtime=0)
                self.request.setHeader("Content-Encoding", "gzip")
        self.request.setHeader("Content-Length", str(len(data)))
        self.write(data)
        self.finish()

    @property
    def takes_gzip(self) -> bool:
        """Whether the answer may be compressed."""
        offers = (self.header("Accept-Encoding") or "").lower().split(",")
        return any(
            name.strip() == "gzip" and rest.replace(" ", "") not in ("q=0", "q=0.0")
            for name, _, rest in (each.partition(";") for each in offers)
        )

    def json(self, status: int, value: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        """Send an object as a whole answer."""
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        self.send(status, "application/json; charset=utf-8", data, headers)

    def refuse(self, error: HTTPError) -> None:
        """Answer that it is not done, and why; a stream that has begun is broken off."""
        if self.request.startedWriting:
            self.request.loseConnection()
        else:
            self.json(error.status, {"error": error.code, "text": error.text}, error.headers)

    def when_lost(self, act: Callable[[], None]) -> None:
        """Call ``act`` once when the connection is lost before the answer has ended."""

        def acted(_: object) -> None:
            act()

        done: Deferred[None] = self.request.notifyFinish()
        done.addErrback(acted)

    def _note_loss(self, _: object) -> None:
        self.lost = True


def _check_nothing(_access: object) -> None:
    """Raise nothing: the request is refused already."""
