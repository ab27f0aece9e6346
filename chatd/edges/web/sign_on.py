"""``/-/oidc``: logging in with an OpenID provider, there and back, and what people read when it does not work.

The browser follows a link to ``/-/oidc``, is sent on to the provider with the secret of this attempt in a cookie, and
comes back to ``/-/oidc/back``. The cookie is ``Lax``, since it is another site that sends the browser back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple, Protocol
from urllib.parse import quote, unquote

from chatd.edges.web.call import SAFE_HEADERS, Call
from chatd.edges.web.credentials import cookie, cookie_name, set_cookie
from chatd.edges.web.errors import HTTPError
from chatd.edges.web.login import begin_login
from chatd.edges.web.page import KINDS, PAGE_HEADERS, send_file
from chatd.edges.web.routes import Access, Route
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import BadNameError

START = "/-/oidc"
BACK = "/-/oidc/back"
ATTEMPT_SECONDS = 10 * 60
_FOLDER = "sign_on_page"
_ANSWERS = ("code", "state", "iss", "error", "error_description")
"""What a provider has the browser bring back (RFC 6749, section 4.1.2; RFC 9207)."""


class SignOn(Protocol):
    """Whoever takes people to a provider and back; it raises `ChatError`."""

    label: str
    """What people know the provider by."""

    async def begin(self, redirect_uri: str) -> tuple[str, str]:
        """Return the secret of a new attempt, and where the browser is to go."""

    async def finish(self, secret: str, answer: Mapping[str, str], redirect_uri: str, address: str | None) -> str:
        """Return the key of the account of whoever comes back."""


class Pages(NamedTuple):
    """What a site has for logging in with a provider."""

    rows: Sequence[Route] = ()
    head: str = ""
    """What stands in the head of the page for it."""


NO_SIGN_ON = Pages()
"""That of a site without a provider."""


def pages_for(sign_on: SignOn) -> Pages:
    """Return what a site has for logging in with a provider."""

    async def begin(call: Call) -> None:
        await _in_words(call, sign_on, _begin)

    async def come_back(call: Call) -> None:
        await _in_words(call, sign_on, _come_back)

    rows = (
        Route("GET", START, begin, Access.ANYBODY),
        Route("GET", BACK, come_back, Access.ANYBODY),
        Route("GET", "/-/oidc/page/NAME", _file, Access.ANYBODY),
    )
    script = f'<script type="module" src="/-/oidc/page/link.js" data-label="{escape(sign_on.label)}"></script>\n'
    return Pages(rows, script)


async def _file(call: Call) -> None:
    send_file(call, call.values["NAME"], _FOLDER)


async def _begin(call: Call, sign_on: SignOn) -> None:
    secret, address = await sign_on.begin(_redirect_uri(call))
    kept = f"{secret}.{_room_path(call.query('room') or '').removeprefix('/')}"
    headers = {**SAFE_HEADERS, "Location": address, "Content-Length": "0"}
    call.begin(303, KINDS["html"], headers)
    call.request.responseHeaders.addRawHeader("Set-Cookie", _attempt_cookie(call, kept))
    call.finish()


async def _come_back(call: Call, sign_on: SignOn) -> None:
    kept = cookie(call.request.requestHeaders.getRawHeaders(b"cookie", []), _cookie_name(call)) or ""
    secret, _, room = kept.partition(".")
    address = None if call.visitor.address is None else str(call.visitor.address)
    answer = {name: value for name in _ANSWERS if (value := call.query(name)) is not None}
    account = await sign_on.finish(secret, answer, _redirect_uri(call), address)
    login = await begin_login(call, account)
    call.request.responseHeaders.addRawHeader("Set-Cookie", set_cookie(login.name, login.login))
    call.request.responseHeaders.addRawHeader("Set-Cookie", _attempt_cookie(call, ""))
    path = _room_path(unquote(room))
    told = f"You are logged in as <bdi>{escape(call.hub.accounts.name(account))}</bdi>"
    script = '<script type="module" src="/-/oidc/page/done.js"></script>'
    _send_sheet(call, 200, told, "", f'<a class="link" id="on" href="{escape(path)}">Go to the chat</a>', script)


async def _in_words(call: Call, sign_on: SignOn, act: _Act) -> None:
    """Do one step; whoever cannot be let in reads why, on a page."""
    try:
        await act(call, sign_on)
        return
    except ChatError as error:
        call.hub.tallies.refusals[error.code] += 1
        refused = HTTPError.of(error)
    except HTTPError as error:
        refused = error
    call.request.responseHeaders.addRawHeader("Set-Cookie", _attempt_cookie(call, ""))
    again = f'<a class="link" href="{START}">Try again</a> &nbsp; <a class="link" href="/">Back to the chat</a>'
    # Of 401, browsers would ask for a password of their own.
    status = 403 if refused.status == 401 else refused.status
    _send_sheet(call, status, "You are not logged in", refused.text, again)


def _send_sheet(call: Call, status: int, title: str, text: str, links: str, script: str = "") -> None:
    """Answer with a page; ``text`` is a sentence, without a full stop, from anywhere, all else is HTML."""
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>chatd</title>\n'
        '<link rel="icon" href="/-/page/icon.svg" type="image/svg+xml">\n'
        '<link rel="stylesheet" href="/-/page/style.css">\n<link rel="stylesheet" href="/-/oidc/page/sheet.css">\n'
        f"{script}\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"{_sentence(text)}<p>{links}</p>\n</main>\n</body>\n</html>\n"
    )
    call.send(status, KINDS["html"], page.encode("utf-8", "replace"), PAGE_HEADERS)


def _sentence(text: str) -> str:
    return f"<p>{escape(text[:1].upper() + text[1:])}.</p>\n" if text else ""


def _redirect_uri(call: Call) -> str:
    """Return where the provider is to send the browser back to. Raise `ChatError` where others could listen in."""
    host = call.header("Host")
    if host is None or not call.private:
        text = "logging in needs TLS; open the page as https://, or on the computer that the server runs on"
        raise ChatError(Code.TLS_NEEDED, text)
    return f"{'https' if call.encrypted else 'http'}://{host}{BACK}"


def _room_path(name: str) -> str:
    """Return the address of a room on this server, given its name without ``#``; the first page's for what is none."""
    try:
        return f"/{quote(names.room(f'#{name}')[1:], safe='')}"
    except BadNameError:
        return "/"


def _cookie_name(call: Call) -> str:
    return f"{cookie_name(call.header('Host'), encrypted=call.encrypted)}-attempt"


def _attempt_cookie(call: Call, value: str) -> str:
    return set_cookie(_cookie_name(call), value, ATTEMPT_SECONDS, "Lax")


class _Act(Protocol):
    async def __call__(self, call: Call, sign_on: SignOn) -> None: ...
