"""What a field of a dataclass says of the option of the command line that sets it.

The annotation is all there is to an option: ``chatd.app.option_fields`` makes the parameter, its parsing and its help
of it, with the field's default. ::

    rooms: Annotated[int, Number("max-rooms", "COUNT", "rooms in total", least=0)] = 10_000
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatd.protocol.duration import seconds

MAX_NUMBER = 2**31


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number: ``--name UNIT``."""

    name: str
    """Without the dashes."""
    unit: str
    """What is counted, in capitals, as docs/options.rst shows it."""
    help: str
    least: int = 1
    """The smallest that is taken; where that is 0, it stands for no limit."""
    most: int = MAX_NUMBER

    def parse(self, text: str) -> int:
        """Return the number that was written. Raise `ValueError`, with a sentence that names the option."""
        if not (re.fullmatch("0{0,64}[0-9]{1,10}", text) and self.least <= int(text) <= self.most):
            raise ValueError(f"--{self.name} takes a whole number from {self.least} to {self.most}, not {text!r}")
        return int(text)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time, such as ``12h``; its value is in seconds."""

    name: str
    """Without the dashes."""
    help: str
    unit: str = "TIME"

    def parse(self, text: str) -> int:
        """Return how many seconds were written. Raise `ValueError`, with a sentence that names the option."""
        try:
            return seconds(text)
        except ValueError as error:
            raise ValueError(f"--{self.name}: {error}") from None


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is on or off: ``--name yes`` or ``no``."""

    name: str
    """Without the dashes."""
    help: str
    unit: str = "ANSWER"

    def parse(self, text: str) -> bool:
        """Return whether it is on. Raise `ValueError`, with a sentence that names the option."""
        if text not in ("yes", "no"):
            raise ValueError(f"--{self.name} takes yes or no, not {text!r}")
        return text == "yes"


Option = Number | Duration | Switch
