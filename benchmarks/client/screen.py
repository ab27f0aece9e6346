"""Keys and pixels of an X display, with Xlib itself: a program that is started for each key would be slower than it."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from ctypes.util import find_library
from typing import Any, NamedTuple

_ALL_PLANES = 2**64 - 1
_Z_PIXMAP = 2
_VIEWABLE = 2
_TO_PARENT = 2


class NoScreenError(Exception):
    """There is nothing to measure on; says what is missing."""


class Area(NamedTuple):
    """A part of the screen, in pixels."""

    x: int
    y: int
    width: int
    height: int


class _Attributes(Structure):
    _fields_ = [
        *[(name, c_int) for name in ("x", "y", "width", "height", "border_width", "depth")],
        ("visual", c_void_p),
        ("root", c_ulong),
        *[(name, c_int) for name in ("class_", "bit_gravity", "win_gravity", "backing_store")],
        *[(name, c_ulong) for name in ("backing_planes", "backing_pixel")],
        ("save_under", c_int),
        ("colormap", c_ulong),
        *[(name, c_int) for name in ("map_installed", "map_state")],
        *[(name, c_long) for name in ("all_event_masks", "your_event_mask", "do_not_propagate_mask")],
        ("override_redirect", c_int),
        ("screen", c_void_p),
    ]


class _Image(Structure):
    _fields_ = [
        *[(name, c_int) for name in ("width", "height", "xoffset", "format")],
        ("data", c_void_p),
        *[(name, c_int) for name in ("byte_order", "unit", "bit_order", "pad", "depth", "bytes_per_line")],
    ]


class Screen:
    """A connection to the display of the environment. Raise `NoScreenError` if there is none or Xlib is not there."""

    def __init__(self) -> None:
        names = [find_library("X11"), find_library("Xtst")]
        if None in names:
            raise NoScreenError("libX11 and libXtst are needed: apt install libx11-6 libxtst6")
        self._x: Any = ctypes.CDLL(names[0])
        self._test: Any = ctypes.CDLL(names[1])
        for name, result in (
            ("XOpenDisplay", c_void_p),
            ("XDefaultRootWindow", c_ulong),
            ("XGetImage", POINTER(_Image)),
        ):
            getattr(self._x, name).restype = result
        self._x.XStringToKeysym.restype = c_ulong
        display = self._x.XOpenDisplay(None)
        if not display:
            raise NoScreenError("there is no display; Xvfb would do")
        self._display = c_void_p(display)
        self._root = c_ulong(self._x.XDefaultRootWindow(self._display))
        self._ignore = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)(lambda _display, _error: 0)
        self._x.XSetErrorHandler(self._ignore)  # a window can go while it is looked at

    def press(self, key: str) -> None:
        """Press a key and let it go; ``key`` is its name, as ``a`` or ``Return``."""
        code = self._x.XKeysymToKeycode(self._display, c_ulong(self._x.XStringToKeysym(key.encode())))
        for down in (1, 0):
            self._test.XTestFakeKeyEvent(self._display, c_uint(code), c_int(down), c_ulong(0))
        self._x.XFlush(self._display)

    def find(self, title: str) -> int | None:
        """Return a visible window that has this in its title and is no child of another one; None if there is none."""
        for window in self._children(self._root.value):
            name = c_char_p()
            if self._x.XFetchName(self._display, c_ulong(window), byref(name)) and name.value:
                found = title.encode() in name.value
                self._x.XFree(name)
                attributes = self._attributes(window)
                if found and attributes is not None and attributes.map_state == _VIEWABLE and attributes.width > 100:
                    return window
        return None

    def area(self, window: int) -> Area:
        """Return where a window is."""
        attributes = self._attributes(window)
        if attributes is None:
            raise NoScreenError("the window is gone")
        return Area(attributes.x, attributes.y, attributes.width, attributes.height)

    def focus(self, window: int) -> None:
        """Let a window have the keys."""
        self._x.XSetInputFocus(self._display, c_ulong(window), c_int(_TO_PARENT), c_ulong(0))
        self._x.XFlush(self._display)

    def pixels(self, area: Area) -> tuple[bytes, int]:
        """Return the pixels of an area, four bytes each, and how many bytes a row has."""
        x, y, width, height = area
        place = (c_int(x), c_int(y), c_uint(width), c_uint(height))
        image = self._x.XGetImage(self._display, self._root, *place, c_ulong(_ALL_PLANES), c_int(_Z_PIXMAP))
        if not image:
            raise NoScreenError("the screen could not be read")
        row = image.contents.bytes_per_line
        data = ctypes.string_at(image.contents.data, row * height)
        self._x.XDestroyImage(image)
        return data, row

    def _attributes(self, window: int) -> _Attributes | None:
        found = _Attributes()
        return found if self._x.XGetWindowAttributes(self._display, c_ulong(window), byref(found)) else None

    def _children(self, window: int) -> list[int]:
        root, parent, count = c_ulong(), c_ulong(), c_uint()
        children = POINTER(c_ulong)()
        if not self._x.XQueryTree(
            self._display, c_ulong(window), byref(root), byref(parent), byref(children), byref(count)
        ):
            return []
        found = [children[index] for index in range(count.value)]
        if children:
            self._x.XFree(children)
        return found


@contextmanager
def some_display() -> Iterator[None]:
    """Let there be a display: a virtual one if Xvfb is there, so that no other window is in the way."""
    if not shutil.which("Xvfb"):
        yield
        return
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with open(reading) as numbers:
            os.environ["DISPLAY"] = f":{numbers.readline().strip()}"
        try:
            yield
        finally:
            server.terminate()
