"""What the desktop around the window offers: notices, a browser, and whether it is dark."""

from __future__ import annotations

import shutil
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chatd.client.net.kept_passwords import Keyring, NoKeyring
from chatd.client.net.nearby import Nearby, NoNearby
from chatd.client.view.x_selection import Read


def _no_browser(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Desktop:
    """What a window can use of the desktop; by default nothing."""

    notify_send: str | None = None
    """The program that shows a notice, None if there is none."""
    gsettings: str | None = None
    """The program that tells GNOME's settings, None if there is none."""
    dark: bool = False
    """Whether the environment asks for a dark theme."""
    open_browser: Callable[[str], bool] = _no_browser
    """Opens an address, which can take a while, and returns whether a browser took it."""
    read_clipboard: Read | None = None
    """Asks another program for what was copied; None where Tk is asked."""
    nearby: Nearby = field(default_factory=NoNearby, compare=False)
    """Finds servers on the network."""
    keyring: Keyring = field(default_factory=NoKeyring, compare=False)
    """Keeps passwords."""


def this_desktop(environment: Mapping[str, str]) -> Desktop:
    """Return what the desktop of this process offers."""
    return Desktop(
        shutil.which("notify-send"),
        shutil.which("gsettings"),
        "dark" in environment.get("GTK_THEME", "").lower(),
        webbrowser.open,
    )
