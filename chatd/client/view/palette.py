"""The colours of the window, for light and for dark."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """What has which colour. Text has a contrast of 4.5 on whatever it can stand on, what can be used one of 3."""

    name: str
    background: str
    """Behind the conversation and all that is written."""
    surface: str
    """Behind what stands beside it: rooms, people, the edge of a sheet."""
    text: str
    faint: str
    link: str
    marked: str
    """Behind a line that names the one who reads."""
    found: str
    """Behind a line that was looked for."""
    alert: str
    select: str
    """Behind characters that are selected."""
    select_text: str
    chosen: str
    """Behind the row of a list that is selected."""
    border: str
    """Around what can be used."""
    divider: str
    """Between what is beside one another: it only orders, and may be fainter."""
    button: str
    hover: str
    pressed: str
    accent: str
    """Of the button that is meant, what is ticked, and the ring around what has the focus."""
    accent_hover: str
    accent_pressed: str
    accent_text: str
    thumb: str
    """Of a scrollbar."""
    nicks: tuple[str, ...]
    """Of people's names, and of their avatars, in which the initial has the colour of the background."""


LIGHT = Palette(
    name="light",
    background="#ffffff",
    surface="#f3f4f6",
    text="#1c1f23",
    faint="#5b626b",
    link="#0b57d0",
    marked="#fff3c4",
    found="#cfe3ff",
    alert="#b3261e",
    select="#2f60d8",
    select_text="#ffffff",
    chosen="#dbe7fb",
    border="#858c95",
    divider="#dcdfe4",
    button="#f7f8f9",
    hover="#e8eaee",
    pressed="#dcdfe4",
    accent="#0b57d0",
    accent_hover="#0a4cb8",
    accent_pressed="#083f99",
    accent_text="#ffffff",
    thumb="#858c95",
    nicks=(
        "#be222a", "#7d3502", "#8a5809", "#5e4b00", "#606804", "#255c04", "#0b7049", "#035a50",
        "#066d76", "#09556e", "#0865ae", "#374493", "#7447c8", "#69317a", "#ab2c8c", "#822547",
    ),
)  # fmt: skip
DARK = Palette(
    name="dark",
    background="#1b1d20",
    surface="#232629",
    text="#e9ebee",
    faint="#adb3ba",
    link="#8ab4f8",
    marked="#4a3f12",
    found="#1f3b64",
    alert="#ff8a80",
    select="#2f60d8",
    select_text="#ffffff",
    chosen="#2c3e5e",
    border="#787f88",
    divider="#34383d",
    button="#2a2d31",
    hover="#34383d",
    pressed="#3e4349",
    accent="#8ab4f8",
    accent_hover="#a3c4fa",
    accent_pressed="#76a4ee",
    accent_text="#0d1f3c",
    thumb="#787f88",
    nicks=(
        "#fe8d85", "#fdcbb3", "#ed9e2f", "#ecd692", "#afbc3a", "#bbe6ac", "#41ce90", "#91ebdc",
        "#1cc7d7", "#a3e2fe", "#6fb6fe", "#cad6ff", "#b79ffd", "#f0c5ff", "#f08ad0", "#fec6d4",
    ),
)  # fmt: skip


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG 2.2 reckons it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
