"""How many pixels a point has on the display: from what its user has set, or from the size of the screen."""

from __future__ import annotations

import ctypes
import tkinter as tk
from contextlib import suppress

POINTS_PER_INCH = 72
MIN_DPI, MAX_DPI = 48.0, 960.0
"""What is beyond these is a mistake of the display's, or of whoever set it."""
_LIBRARY = "libX11.so.6"


def settle_resolution(root: tk.Tk) -> float:
    """Return how many pixels a point has, and let Tk's own points be as long as those of the fonts.

    Where ``Xft.dpi`` is set, as desktops do for a display of many dots, Tk 8.6 draws text by it and measures all else
    by the millimetres that the display claims to have.
    """
    if root.tk.call("tk", "windowingsystem") == "x11" and (dpi := resource_dpi(root.winfo_screen())) is not None:
        root.tk.call("tk", "scaling", dpi / POINTS_PER_INCH)
        return dpi / POINTS_PER_INCH
    return float(root.tk.call("tk", "scaling"))


def resource_dpi(display: str) -> float | None:
    """Return the resource ``Xft.dpi`` of a display; None if it is not set, or nothing that can be used."""
    try:
        library = ctypes.CDLL(_LIBRARY)
        open_display, get_default, close = library.XOpenDisplay, library.XGetDefault, library.XCloseDisplay
    except (OSError, AttributeError):
        return None
    open_display.argtypes, open_display.restype = [ctypes.c_char_p], ctypes.c_void_p
    get_default.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    get_default.restype = ctypes.c_char_p
    close.argtypes = [ctypes.c_void_p]
    connection = open_display(display.encode())
    if not connection:
        return None
    try:
        value = get_default(connection, b"Xft", b"dpi")
    finally:
        close(connection)
    with suppress(TypeError, ValueError):
        if MIN_DPI <= (dpi := float(value)) <= MAX_DPI:
            return dpi
    return None
