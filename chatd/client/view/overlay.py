"""Where what opens over the window goes: next to what it belongs to, and within the window."""

from __future__ import annotations

import tkinter as tk

_GAP = 4


def place_near(overlay: tk.Misc, at: tk.Misc, box: tuple[int, int, int, int] | None = None) -> None:
    """Place a widget above another one of its window, or above a ``box`` in that: below if there is no room.

    ``box`` is x, y, width and height within ``at``.
    """
    root = overlay.winfo_toplevel()
    overlay.update_idletasks()
    x, y, width, height = box or (0, 0, at.winfo_width(), at.winfo_height())
    left = at.winfo_rootx() - root.winfo_rootx() + x
    top = at.winfo_rooty() - root.winfo_rooty() + y
    own_width, own_height = overlay.winfo_reqwidth(), overlay.winfo_reqheight()
    if box is None:  # what belongs to a button ends where it ends
        left += width - own_width
    above = top - own_height - _GAP
    under = min(top + height + _GAP, root.winfo_height() - own_height)
    place_at = above if above >= 0 else under
    left = min(left, root.winfo_width() - own_width - _GAP)
    root.tk.call("place", str(overlay), "-x", max(0, left), "-y", max(0, place_at))
    root.tk.call("raise", str(overlay))
