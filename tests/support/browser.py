"""A real Chromium for the page: what it logs and which requests it sends are looked at when it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from shutil import which
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys

from tests.support.daemon import DEADLINE, Daemon, wait_until
from tests.support.programs import program

GONE = r"WebSocket connection to \S+ failed"
"""What Chromium logs when the page tries to connect and there is no server."""
_QUIET = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
    "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-extensions", "--metrics-recording-only", "--no-proxy-server",
    "--force-color-profile=srgb", "--hide-scrollbars", "--lang=en-US",
    # A mouse, which machines without a desktop lack.
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
)  # fmt: skip
_NOWHERE = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
_URLS = {
    "Network.requestWillBeSent": lambda parameters: parameters["request"]["url"],
    "Network.webSocketCreated": lambda parameters: parameters["url"],
}
"""The events that tell of a request, and where each says its address."""


class Browser:
    """Chromium with a profile of its own. It knows no name but localhost and those that ``names`` map to addresses."""

    def __init__(
        self, profile: Path, *, size: tuple[int, int] = (1280, 800), names: dict[str, str] | None = None
    ) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = _first_of("chromium", "chromium-browser", "google-chrome")
        rules = ", ".join([*(f"MAP {name} {address}" for name, address in (names or {}).items()), _NOWHERE])
        for each in (*_QUIET, f"--user-data-dir={profile}", f"--host-resolver-rules={rules}"):
            options.add_argument(each)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, Service(program("chromedriver")))
        self.driver.set_script_timeout(DEADLINE)
        self.driver.set_page_load_timeout(DEADLINE)
        self.resize(*size)
        self._allowed: list[str] = []
        self._console: list[str] = []
        self._requests: list[str] = []
        self._statuses: list[int] = []

    def allow(self, *patterns: str) -> None:
        """Take messages of the console that match for what a test brings about."""
        self._allowed.extend(patterns)

    def resize(self, width: int, height: int, *, scale: float = 1) -> None:
        """Give the page in front so many pixels of CSS, each of them ``scale`` pixels wide."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def prefer(self, **features: str) -> None:
        """Have the system prefer something, such as ``color_scheme="dark"``."""
        wanted = [{"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})

    def js(self, script: str, *arguments: object) -> Any:
        """Run a function's body in the page in front, and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str, *arguments: object) -> None:
        """Return when an expression of the page in front is true; fail if that does not come in time."""
        wait_until(lambda: bool(self.js(f"return {script}", *arguments)), lambda: f"{script}; {self.console()}")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, on whatever has the focus; modifiers are joined to a key by ``+``."""
        for each in keys:
            *modifiers, key = each.split("+") if len(each) > 1 and each != "+" else [each]
            chain = webdriver.ActionChains(self.driver, duration=0)
            held = [getattr(Keys, modifier.upper()) for modifier in modifiers]
            for modifier in held:
                chain.key_down(modifier)
            chain.send_keys(key if len(key) == 1 else getattr(Keys, key.upper()))
            for modifier in reversed(held):
                chain.key_up(modifier)
            chain.perform()

    def type(self, text: str) -> None:
        """Type a text into whatever has the focus."""
        webdriver.ActionChains(self.driver, duration=0).send_keys(text).perform()

    def console(self) -> list[str]:
        """Return what was logged so far."""
        self._console.extend(f"{each['level']} {each['source']}: {each['message']}" for each in self._log("browser"))
        return self._console

    def requests(self) -> list[str]:
        """Return the addresses that were asked for so far."""
        self._read_network()
        return self._requests

    def statuses(self) -> list[int]:
        """Return the statuses of the answers so far, whether or not the page may know them."""
        self._read_network()
        return self._statuses

    def check(self) -> None:
        """Fail if the console says anything that was not allowed, or a request went to another machine."""
        said = [line for line in self.console() if not any(re.search(each, line) for each in self._allowed)]
        assert not said, f"the console is not clean: {said}"
        assert not (left := [url for url in self.requests() if not _is_here(url)]), f"requests to elsewhere: {left}"

    def _read_network(self) -> None:
        for entry in self._log("performance"):
            message = json.loads(entry["message"])["message"]
            method, parameters = message["method"], message["params"]
            if method in _URLS:
                self._requests.append(_URLS[method](parameters))
            elif method == "Network.responseReceivedExtraInfo":
                self._statuses.append(parameters["statusCode"])

    def _log(self, kind: str) -> list[dict[str, Any]]:
        return self.driver.get_log(kind)  # type: ignore[attr-defined, no-any-return, unused-ignore]


def _first_of(*names: str) -> str:
    return program(next((name for name in names if which(name)), names[0]))


def _is_here(url: str) -> bool:
    place = urlsplit(url)
    if place.scheme in ("data", "blob", "about", "chrome"):
        return True
    host = place.hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".example")  # names of tests, which lead here or nowhere


@contextmanager
def chromium(folder: Path, **settings: Any) -> Iterator[Browser]:
    """Run a browser; when all went well, check at the end what it logged and asked for."""
    browser = Browser(folder / "profile", **settings)
    try:
        yield browser
        for handle in browser.driver.window_handles:
            browser.driver.switch_to.window(handle)
            browser.check()
    finally:
        browser.driver.quit()


class Page:
    """One window of a browser with the page in it."""

    def __init__(self, browser: Browser, address: str, *, new: bool = False) -> None:
        self.browser = browser
        if new:
            browser.driver.switch_to.new_window("window")
        self._handle = browser.driver.current_window_handle
        browser.driver.get(address)

    def front(self) -> Browser:
        """Bring this window to the front."""
        if self.browser.driver.current_window_handle != self._handle:
            self.browser.driver.switch_to.window(self._handle)
        return self.browser

    def come_in(self, nick: str) -> None:
        """Sign in as a guest, and wait until the server has taken that."""
        browser = self.front()
        browser.wait("document.activeElement?.matches('dialog.sign input')")
        browser.js("document.activeElement.select()")
        browser.type(nick)
        browser.press("Enter")
        self.wait_for_presence()

    def wait_for_presence(self) -> None:
        """Wait until the page is in its room."""
        self.front().wait("document.body.dataset.presence === 'present'")

    def say(self, *lines: str) -> None:
        """Write lines into the field and send each by Enter."""
        browser = self.front()
        browser.js("document.getElementById('text').focus()")
        for line in lines:
            browser.type(line)
            browser.press("Enter")

    def texts(self) -> list[str]:
        """Return what is shown as said, oldest first, without what waits or failed."""
        script = (
            "return [...document.querySelectorAll('.row.said:not(:has(.state)) .text')].map(each => each.textContent)"
        )
        return [str(each) for each in self.front().js(script)]

    def waiting(self) -> list[str]:
        """Return what is shown as not yet said."""
        script = "return [...document.querySelectorAll('.row.said:has(.state) .text')].map(each => each.textContent)"
        return [str(each) for each in self.front().js(script)]

    def wait_for(self, texts: Sequence[str]) -> None:
        """Wait until all those texts are shown, in any order."""
        wait_until(lambda: set(texts) <= set(self.texts()), lambda: f"{texts} in {self.texts()}, {self.waiting()}")


def address_of(daemon: Daemon) -> str:
    """Return the address of a daemon's page, which it says in its log; without a slash at its end."""
    found: list[str] = []

    def has_one() -> bool:
        found[:] = re.findall(r"the page is at (\S+)/\s", daemon.log())
        return bool(found)

    wait_until(has_one, daemon.log)
    return found[0]


def axe_script() -> str:
    """Return the source of axe-core. Raises LookupError where it is missing."""
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        raise LookupError("axe-core is not installed; tests/run installs it from the package axe-playwright-python")
    return Path(spec.origin).with_name("axe.min.js").read_text("utf-8")
