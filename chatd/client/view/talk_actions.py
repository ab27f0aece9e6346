"""What the conversation asks of the window around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chatd.client.model.lines import Line


def _nothing(*_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class TalkActions:
    """What the conversation asks for."""

    older: Callable[[], None]
    """The beginning of what is known is on the screen."""
    open_link: Callable[[str], None]
    typed: Callable[[str], None]
    """Something was typed where nothing can be typed."""
    place_changed: Callable[[], None] = _nothing
    """Other lines are on the screen: `TalkPane.follow` says whether the newest are."""
    on_context: Callable[[Line, int, int], None] = _nothing
    """Somebody wants to do something with a line, at a place of the screen."""
    on_person: Callable[[str, int, int], None] = _nothing
    """Somebody's name or avatar was clicked, at a place of the screen."""
    on_reaction: Callable[[Line, str], None] = _nothing
    """A reaction to a line was clicked."""
