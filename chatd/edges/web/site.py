"""The site: takes the requests of all connections to the routes, once they are seen to be somebody's own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolNegotiationFactory
from typing_extensions import override
from zope.interface import implementer

from chatd.chat import auditing, replay
from chatd.edges.admission import REFUSALS, Why
from chatd.edges.gateway import EdgeFactory, Gateway
from chatd.edges.speech import Speech
from chatd.edges.web import login, page, read, say, subprotocols, watching, websocket
from chatd.edges.web.call import Call
from chatd.edges.web.channel import WebChannel, WebRequest
from chatd.edges.web.errors import HTTPError
from chatd.edges.web.routes import Access, Route, Routes
from chatd.edges.web.sign_on import NO_SIGN_ON, Pages
from chatd.edges.web.trust import Trust
from chatd.edges.web.visitors import WebVisitor
from chatd.protocol.errors import ChatError
from chatd.runtime.sockets import IPAddress, origin

ROWS: Sequence[Route] = (*page.ROWS, *login.ROWS, *watching.ROWS, *websocket.ROWS, *say.ROWS, *read.ROWS)
"""All routes; each module brings its own."""
MAX_WATCHERS = 8
"""How many connections from this machine there may be beyond the limits, to ask how the server is."""


@implementer(IProtocolNegotiationFactory)
class WebFactory(EdgeFactory):
    """Makes a `WebChannel` for each connection that is admitted, and answers what it asks for.

    ``guests`` says that whoever comes from elsewhere may speak and read without a token or a login, as on the line
    port. ``hosts`` are names of this server beside those that the machine has. ``irc`` makes what IRC clients speak
    over WebSocket, None where the server speaks no IRC. ``sign_on`` has the pages for logging in with a provider.
    """

    protocol = WebChannel

    def __init__(
        self,
        gateway: Gateway,
        *,
        guests: bool = False,
        hosts: Sequence[str] = (),
        irc: Callable[[], Speech] | None = None,
        sign_on: Pages = NO_SIGN_ON,
    ) -> None:
        super().__init__(gateway)
        self.channels: dict[WebChannel, None] = {}
        """Those that are open."""
        self.watchers: dict[WebChannel, str] = {}
        """Those of them that there was no room for, and why: they hear how the server is, and nothing else."""
        self._sign_on = sign_on
        self._routes = Routes((*sign_on.rows, *ROWS))
        self.set_policy(guests=guests, hosts=hosts, irc=irc)

    def set_policy(self, *, guests: bool, hosts: Sequence[str], irc: Callable[[], Speech] | None) -> None:
        """Hold requests to come to these; a connection that speaks IRC already goes on."""
        self.subprotocols = subprotocols.by_name(irc)
        self._guests = guests
        self._trust = Trust(hosts)

    @override
    def refusal(self, address: IPAddress | None) -> str | None:
        found = self.gateway.admission.obstacle(address)
        if found is None or found.kind is Why.JOURNAL:  # that is answered to each request
            return None
        is_here = address is None or address.is_loopback
        return None if is_here and len(self.watchers) < MAX_WATCHERS else super().refusal(address)

    def acceptableProtocols(self) -> list[bytes]:  # noqa: N802  # Twisted's
        """Return what may be chosen when TLS begins (ALPN)."""
        return [b"http/1.1"]

    @override
    def farewell(self, why: str) -> bytes:
        body = f'{{"error":"refused","text":"{why}"}}\n'.encode()
        head = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\nRetry-After: 5\r\n"
        return f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    @override
    def stopFactory(self) -> None:
        for channel in list(self.channels):
            channel.close_when_idle()

    def log(self, request: WebRequest) -> None:
        """Keep no record of requests: who said what is in the journal."""

    def body_limit(self, method: bytes, uri: bytes) -> int:
        """Return how long the body of a request may be, before it comes. Raise `HTTPError` if it is no use."""
        path = uri.partition(b"?")[0]
        return self._routes.find(method.decode("latin-1"), path.decode("latin-1"))[0].body_bytes

    def serve(self, request: WebRequest, visitor: WebVisitor) -> None:
        """Answer a request."""
        answer: Callable[[], Coroutine[Any, Any, None]] = partial(self._answer, request, visitor)
        Deferred.fromCoroutine(answer())

    def refuse(self, request: WebRequest, error: HTTPError) -> None:
        """Answer that a request is not done."""
        Call(self.gateway, request, request.channel.visitor, {}).refuse(error)

    async def _answer(self, request: WebRequest, visitor: WebVisitor) -> None:
        call = Call(self.gateway, request, visitor, {})
        try:
            method, path = request.method.decode("latin-1"), request.path.decode("latin-1")
            navigates = method in ("GET", "HEAD") and call.header("Sec-Fetch-Mode") == "navigate"
            self._trust.check(
                call.header("Host"), call.header("Origin"), call.header("Sec-Fetch-Site"), navigates=navigates
            )
            if request.clientproto == b"HTTP/1.1" and call.header("Host") is None:
                raise HTTPError(400, "bad-syntax", "a request of HTTP/1.1 needs a Host header")
            route, call.values = self._routes.find(method, path)
            call.page_head = self._sign_on.head
            why = self.watchers.get(request.channel) or REFUSALS.get(self.gateway.hub.journal.health)
            if why is not None and not route.always:
                raise HTTPError(503, "refused", why)
            call.visitor = login.visitor_of(call, visitor, route)
            call.check_access = partial(self._check_access, call)
            call.check_access(route.access)
            await route.answer(call)
        except HTTPError as error:
            call.refuse(error)
        except ChatError as error:
            self.gateway.hub.tallies.refusals[error.code] += 1
            auditing.note_refusal(call.visitor, error, method)
            call.refuse(HTTPError.of(error))
        except replay.UNREADABLE:  # which was logged
            call.refuse(HTTPError.of(replay.unreadable()))
        except Exception:
            address = visitor.address
            self.gateway.hub.log_limiter.failure("a request failed", origin(address))
            call.refuse(HTTPError(500, "internal", "internal error; the server's log has the details"))

    def _check_access(self, call: Call, access: Access) -> None:
        if access is Access.ANYBODY:
            return
        visitor = call.visitor
        here = visitor.is_here and not call.forwarded
        if access is Access.OPERATOR:
            if not (here or visitor.is_operator):
                raise HTTPError(
                    403, "not-allowed", "this address takes requests from this machine or with an operator's token"
                )
        elif not (here or visitor.account is not None or self._guests):
            text = "requests from other machines need a token (chatd user token makes one): Authorization: Bearer ..."
            raise HTTPError(401, "token-needed", text)
