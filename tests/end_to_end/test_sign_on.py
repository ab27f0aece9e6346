"""Logging in with an OpenID provider in a real browser, and what comes of it everywhere else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.browser import Browser, Page, address_of, chromium
from tests.support.daemon import BIN, DEADLINE, Daemon, environment, wait_until
from tests.support.provider import CLIENT_ID

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LINK = "dialog.sign .with-provider"


@contextmanager
def provider(folder: Path) -> Iterator[str]:
    """Run a provider as a process of its own, and yield its issuer."""
    file = folder / "issuer"
    command = [sys.executable, "-m", "tests.support.provider", str(file), "http://*/-/oidc/back"]
    with subprocess.Popen(command, cwd=ROOT, env=environment()) as process:
        try:
            wait_until(file.exists, lambda: f"the provider: {process.poll()}")
            yield file.read_text()
        finally:
            process.terminate()


@contextmanager
def server(folder: Path, issuer: str, *options: str) -> Iterator[tuple[Daemon, Browser, str]]:
    """Run a daemon and a browser; yield both and the address of the page, which is another site than the provider's."""
    agreed = ("--oidc-issuer", issuer, "--oidc-client-id", CLIENT_ID)
    with Daemon(folder, "--web", "0", *agreed, *options) as daemon, chromium(folder) as browser:
        yield daemon, browser, address_of(daemon).replace("127.0.0.1", "localhost")


def log_in(browser: Browser, room: str = "") -> None:
    """Follow the link on the page, and say at the provider who one is."""
    browser.wait(f"document.querySelector('{LINK}')")
    browser.js(f"document.querySelector('{LINK}').click()")
    browser.wait("document.title === 'Provider'")
    browser.js("document.getElementById('yes').click()")
    browser.wait(f"document.getElementById('composer') && location.pathname === '/{room}'")
    browser.wait("document.body.dataset.presence === 'present'")


def users(folder: Path) -> list[str]:
    command = [str(BIN / "chatd"), "user", "list"]
    done = subprocess.run(
        command, check=True, cwd=folder, env=environment(), capture_output=True, text=True, timeout=DEADLINE
    )
    return [line.rpartition("\t")[0] if line.count("\t") == 3 else line for line in done.stdout.splitlines()]


def test_somebody_logs_in_with_the_provider_and_speaks(tmp_path: Path) -> None:
    groups = ("--operators-group", "chat-operators", "--room-group", "staff=#den")
    with provider(tmp_path) as issuer, server(tmp_path, issuer, *groups) as (daemon, browser, address):
        with daemon.member("bob", "#tea") as bob:
            page = Page(browser, f"{address}/tea")
            browser.wait(f"document.querySelector('{LINK}')")
            assert browser.js(f"return document.querySelector('{LINK}').textContent") == "Log in with 127.0.0.1"
            log_in(browser, "tea")
            assert browser.js("return document.getElementById('me').textContent") == "ann"
            page.say("hello from the page")
            bob.until(lambda line: line.endswith("ann #tea hello from the page"))
        with daemon.client() as guest:
            guest.send(b"JOIN ann\n")
            guest.until(lambda line: line.startswith("ERR not-allowed JOIN nick ann belongs to a registered user"))
        me = json.loads(browser.js("return (async () => (await fetch('/-/me')).text())()"))
        assert me == {"nick": "ann", "account": "ann", "operator": True}
        (line,) = users(tmp_path)
        assert line.split("\t")[:3] == ["ann", "-", "oidc"]
        assert line.endswith("\tchat-operators,staff")

        browser.driver.refresh()
        page.wait_for_presence()
        page.say("still here")
        page.wait_for(["hello from the page", "still here"])

        browser.js("document.getElementById('me-button').click()")
        browser.js("[...document.querySelectorAll('.menu button')].at(-1).click()")
        browser.wait(f"document.querySelector('{LINK}')")
        browser.allow("401")
        assert browser.js("return (async () => (await fetch('/-/me')).status)()") == 401
        assert daemon.terminate() == 0
        assert "Traceback" not in daemon.log()


def test_somebody_whose_name_is_anothers_reads_why(tmp_path: Path) -> None:
    subprocess.run(
        [str(BIN / "chatd"), "user", "add", "ann", "--no-password", "--state-directory=."],
        check=True,
        cwd=tmp_path,
        env=environment(),
    )
    with provider(tmp_path) as issuer, server(tmp_path, issuer) as (_, browser, address):
        browser.allow("409")
        Page(browser, f"{address}/")
        browser.wait(f"document.querySelector('{LINK}')")
        browser.js(f"document.querySelector('{LINK}').click()")
        browser.wait("document.title === 'Provider'")
        browser.js("document.getElementById('yes').click()")
        browser.wait("document.querySelector('h1')?.textContent === 'You are not logged in'")
        assert "ann already belongs to a registered user" in browser.js(
            "return document.querySelector('main p').textContent"
        )
        assert browser.js("return [...document.querySelectorAll('a')].map(each => each.textContent)") == [
            "Try again",
            "Back to the chat",
        ]
