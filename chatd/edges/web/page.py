"""The page: its files, and at which addresses browsers find it."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from chatd.chat.hub import Hub
from chatd.edges.web import read
from chatd.edges.web.call import Call
from chatd.edges.web.errors import HTTPError
from chatd.edges.web.routes import Access, Route
from chatd.protocol.errors import ChatError

KINDS: Mapping[str, str] = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
"""The type of a file by how its name ends."""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""What the page may do: load its own files, and talk to this server."""
PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""What browsers are told of every page of this server."""
PAGE = "index.html"


class PageFile(NamedTuple):
    """One file, as it is sent."""

    data: bytes
    compressed: bytes
    kind: str
    tag: str
    """Its ETag: the same as long as the file is."""


@cache
def page_files(folder: str = "page") -> Mapping[str, PageFile]:
    """Return the files of the page, or of another folder beside it, by name."""
    found: dict[str, PageFile] = {}
    for each in files("chatd.edges.web").joinpath(folder).iterdir():
        kind = KINDS.get(each.name.rpartition(".")[2])
        if kind is not None:
            found[each.name] = _page_file(each.read_bytes(), kind)
    return found


def _page_file(data: bytes, kind: str) -> PageFile:
    tag = hashlib.sha256(data).hexdigest()[:16]
    return PageFile(data, gzip.compress(data, 9, mtime=0), kind, f'"{tag}"')


@cache
def _page_with(head: str) -> PageFile:
    """Return the page itself, with what else is to stand in its head."""
    page = page_files()[PAGE]
    return _page_file(page.data.replace(b"</head>", head.encode() + b"</head>", 1), page.kind)


def send_page(call: Call) -> None:
    """Answer with the page itself, or that it has not changed."""
    offered = f'<meta name="sign-in" content="{" ".join(_offered(call.hub, private=call.visitor.private))}">\n'
    _send(call, _page_with(offered + call.page_head))


def _offered(hub: Hub, *, private: bool) -> Iterator[str]:
    """Yield the ways in that the page has to offer; ``https`` for those with a password where others can listen in.

    ``private`` is that of the connection. `Call.private` may be false and true when the browser logs in: behind a
    proxy that does not tell of its TLS, only the ``Origin`` of that request does.
    """
    accounts = hub.accounts
    if not accounts.members_only:
        yield "guest"
    try:
        can_log_in = accounts.takes_newcomers or bool(accounts.mechanisms())
    except ChatError:  # that cannot be found out now
        can_log_in = True
    if not private:
        if can_log_in:
            yield "https"
        return
    if can_log_in:
        yield "login"
    if accounts.takes_newcomers:
        yield "register"


def send_file(call: Call, name: str, folder: str = "page") -> None:
    """Answer with a file of the page, or that it has not changed. Raise `HTTPError` if there is no such file."""
    file = page_files(folder).get(name)
    if file is None:
        raise HTTPError(404, "not-found", f"the page has no file {name[:100]}")
    _send(call, file)


def _send(call: Call, file: PageFile) -> None:
    headers = {
        "ETag": file.tag,
        "Cache-Control": "no-cache",  # kept, but asked for whether it has changed
        **PAGE_HEADERS,
        "Vary": "Accept-Encoding",
    }
    if file.tag in (call.header("If-None-Match") or "").replace("W/", "").split(", "):
        call.begin(304, file.kind, headers)
        call.finish()
        return
    data = file.data
    if call.takes_gzip:
        headers["Content-Encoding"] = "gzip"
        data = file.compressed
    call.begin(200, file.kind, {**headers, "Content-Length": str(len(data))})
    call.write(data)
    call.finish()


async def _page(call: Call) -> None:
    send_page(call)


async def _room_page(call: Call) -> None:
    room = call.room
    if call.accepts("text/html"):
        send_page(call)
        return
    call.check_access(Access.VISITOR)
    path = call.request.path.decode("ascii", "replace")
    hint = f"{room}: to send a message, curl -d 'hello' to this address; to follow the room, curl -N to {path}/raw.\n\n"
    await read.show_newest(call, hint.encode())


async def _file(call: Call) -> None:
    send_file(call, call.values["NAME"])


async def _icon(call: Call) -> None:
    send_file(call, "icon.svg")


ROWS: Sequence[Route] = (
    Route("GET", "/", _page, Access.ANYBODY),
    Route("GET", "/favicon.ico", _icon, Access.ANYBODY),
    Route("GET", "/-/page/NAME", _file, Access.ANYBODY),
    Route("GET", "/ROOM", _room_page, Access.ANYBODY),
)
