"""Pages of other sites, in a real browser: whatever they try, nothing is said and nobody is let in."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.support.browser import Browser, address_of, chromium
from tests.support.daemon import DEADLINE, Daemon

pytestmark = pytest.mark.slow

FETCHES = {
    "plain": {"headers": {"Content-Type": "text/plain"}},
    "json": {"headers": {"Content-Type": "application/json"}},
    "form": {"headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    "blind": {"mode": "no-cors", "credentials": "include"},
    "with-cookies": {"credentials": "include", "headers": {"Content-Type": "text/plain"}},
    "alive": {"mode": "no-cors", "keepalive": True},
}
FETCH = """
const [address, options, done] = arguments;
fetch(address, {method: 'POST', body: 'foreign words', ...options})
  .then((answer) => done(answer.type === 'opaque' ? 'opaque' : `status ${answer.status}`), () => done('refused'));
"""
SOCKET = """
const [address, done] = arguments;
const socket = new WebSocket(address, ['chatd.v1']);
socket.onopen = () => { socket.send('JOIN eve #builds\\nMSG foreign words'); done('open'); };
socket.onerror = () => done('refused');
"""
FORM = """
const [address, kind, done] = arguments;
const frame = document.createElement('iframe');
frame.name = 'answer';
document.body.append(frame);
const form = document.createElement('form');
Object.assign(form, {method: 'post', action: address, enctype: kind, target: 'answer'});
const field = document.createElement('input');
Object.assign(field, {name: 'foreign words', value: 'x'});
form.append(field);
document.body.append(form);
frame.onload = () => { if (document.body.contains(form)) { form.remove(); frame.onload = () => done('loaded'); } };
form.submit();
setTimeout(() => done('nothing'), 5000);
"""
FRAME = """
const [address, done] = arguments;
const frame = document.createElement('iframe');
frame.id = 'framed';
frame.onload = () => done('loaded');
frame.src = address;
document.body.append(frame);
"""


class _Elsewhere(BaseHTTPRequestHandler):
    """A site with nothing on it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>elsewhere</title><body></body>")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as it is overridden
        """Say nothing."""


@contextmanager
def elsewhere() -> Iterator[int]:
    """Run another web server; yield its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def post(address: str, text: str) -> int:
    """Say something as a script does, and return the status."""
    with urlopen(Request(address, text.encode(), method="POST"), timeout=DEADLINE) as answer:
        return int(answer.status)


def heard(address: str) -> list[str]:
    """Return all that was said in #builds."""
    with urlopen(f"{address}/builds/json?poll=yes", timeout=DEADLINE) as answer:
        return [each["text"] for each in map(json.loads, answer.read().splitlines()) if each["event"] == "message"]


def attack(browser: Browser, target: str) -> None:
    """Try everything that a page can try against the server at ``target``, and see it refused."""
    run = browser.driver.execute_async_script
    for name, options in FETCHES.items():
        assert run(FETCH, f"{target}/builds?nick=eve-{name}", options) in ("refused", "opaque", "status 403")
    assert run(SOCKET, target.replace("http:", "ws:") + "/-/ws") == "refused"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        run(FORM, f"{target}/builds?nick=eve", kind)
    assert browser.js("return navigator.sendBeacon(arguments[0], 'foreign words')", f"{target}/builds?nick=eve")


@pytest.mark.parametrize("host", ["127.0.0.1", "elsewhere.example", "localhost"])
def test_a_page_of_another_site_says_nothing(tmp_path: Path, host: str) -> None:
    with (
        Daemon(tmp_path, "--web", "0") as daemon,
        elsewhere() as port,
        chromium(tmp_path, names={"elsewhere.example": "127.0.0.1"}) as browser,
    ):
        browser.allow("")  # the browser says of each attempt that it failed
        address = address_of(daemon)
        browser.driver.get(f"http://{host}:{port}/")
        attack(browser, address)
        refused = browser.statuses()
        assert refused.count(403) >= len(FETCHES), refused
        assert set(refused) <= {200, 403}, refused
        assert any("Unexpected response code: 403" in line for line in browser.console()), browser.console()
        browser.driver.execute_async_script(FRAME, f"{address}/builds")
        browser.driver.switch_to.frame("framed")
        assert browser.js("return document.getElementById('composer')") is None
        browser.driver.switch_to.default_content()
        assert any("frame-ancestors" in line for line in browser.console()), browser.console()
        assert post(f"{address}/builds?nick=ci", "said by a script") == 201
        assert heard(address) == ["said by a script"]


def test_a_foreign_name_that_leads_to_this_machine_says_nothing(tmp_path: Path) -> None:
    with (
        Daemon(tmp_path, "--web", "0") as daemon,
        chromium(tmp_path, names={"rebound.example": "127.0.0.1"}) as browser,
    ):
        browser.allow("")
        address = address_of(daemon)
        rebound = address.replace("127.0.0.1", "rebound.example")
        browser.driver.get(f"{rebound}/builds")
        assert "foreign-host" in browser.js("return document.body.textContent")
        attack(browser, rebound)
        assert set(browser.statuses()) == {403}
        assert post(f"{address}/builds?nick=ci", "said by a script") == 201
        assert heard(address) == ["said by a script"]
