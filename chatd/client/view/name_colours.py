"""The colours of people's names and avatars: each is read on everything that can be behind it, and read from."""

from __future__ import annotations

LIGHT = (
    "#be222a", "#7d3502", "#8a5809", "#5e4b00", "#606804", "#255c04", "#0b7049", "#035a50",
    "#066d76", "#09556e", "#0865ae", "#374493", "#7447c8", "#69317a", "#ab2c8c", "#822547",
)  # fmt: skip
"""On a light background, with white in them."""
DARK = (
    "#fe8d85", "#fdcbb3", "#ed9e2f", "#ecd692", "#afbc3a", "#bbe6ac", "#41ce90", "#91ebdc",
    "#1cc7d7", "#a3e2fe", "#6fb6fe", "#cad6ff", "#b79ffd", "#f0c5ff", "#f08ad0", "#fec6d4",
)  # fmt: skip
"""On a dark background, with what is nearly black in them."""
INITIAL = {"light": "#ffffff", "dark": "#16181b"}


def name_colours(theme: str) -> tuple[str, ...]:
    """Return the colours of a palette, by its name."""
    return DARK if theme == "dark" else LIGHT
