"""How fast the page is in a real browser: printed, and not judged, as the times are the machine's as well as ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import Browser, Page, address_of, chromium
from tests.support.daemon import Daemon

pytestmark = [pytest.mark.slow, pytest.mark.serial]

LINES = 5000
SAMPLES = 100
KEPT = 2000
SLACK = 200
"""Old rows are taken away together, so a few more than are kept may be there."""


WATCH = """
window.drawn = new Promise((resolve) => {
  const observer = new MutationObserver(() => {
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(resolve)); // after the frame with the line in it
  });
  observer.observe(document.getElementById('lines'), {childList: true, subtree: true});
});
"""
DRAWN = "window.drawn.then(arguments[0])"


def busy(browser: Browser) -> float:
    """Return for how many milliseconds the page's thread has worked so far."""
    metrics = browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return 1000 * float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


def test_the_first_paint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        times = []
        for _ in range(5):
            browser.driver.get(address_of(daemon) + "/builds")
            browser.wait(script)
            times.append(float(browser.js(f"return {script}")))
    with capsys.disabled():
        print(f"\nfirst paint after {', '.join(f'{each:.0f}' for each in times)} ms, the first with nothing kept")


def test_a_new_line_among_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "document.querySelectorAll('#lines .row').length"
    shown = "document.getElementById('lines').lastElementChild?.lastElementChild.textContent.includes(arguments[0])"
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        page = Page(browser, address_of(daemon) + "/builds")
        page.come_in("ann")
        browser.driver.execute_cdp_cmd("Performance.enable", {})
        with daemon.member("bob", "#builds") as bob:
            for start in range(0, LINES, 100):
                bob.send("".join(f"MSG line {number} is said\n" for number in range(start, start + 100)).encode())
                browser.wait(shown, f"line {start + 99} is said")
            assert KEPT <= browser.js(f"return {rows}") <= KEPT + SLACK
            spent: list[float] = []
            for number in range(SAMPLES):
                browser.js(WATCH)
                before = busy(browser)
                bob.send(f"MSG one more, {number}\n".encode())
                browser.driver.execute_async_script(DRAWN)
                spent.append(busy(browser) - before)
            browser.wait(shown, f"one more, {SAMPLES - 1}")
            assert KEPT <= browser.js(f"return {rows}") <= KEPT + SLACK
    spent.sort()
    with capsys.disabled():
        print(f"\na new line after {LINES}: {spent[SAMPLES // 2]:.2f} ms of the page's thread, at most {spent[-1]:.2f}")
