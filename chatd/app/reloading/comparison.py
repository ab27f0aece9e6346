"""What differs between the options that hold and those that are wanted, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from chatd.app.configuration.sections import ROWS
from chatd.app.configuration.settings import Kind
from chatd.app.configuration.sources import Given
from chatd.app.configuration.writing import value_text
from chatd.app.wanted import Wanted


def changed(before: Wanted, after: Wanted, *, live: bool) -> Iterator[str]:
    """Yield the names of the options that differ, in the order of the file, of those that a reload changes or not."""
    for name, row in ROWS.items():
        if row.live is live and name in after.settings and _value(before, name) != _value(after, name):
            yield name


def now_holds(after: Wanted, name: str) -> str:
    """Say what holds of an option now, and where that was given."""
    setting, given = after.settings[name], after.given.get(name)
    if given is not None:
        return f"{name} = {value_text(setting, given)} ({given.origin})"
    if setting.default is None:
        default = f" (default: {setting.default_in_words})" if setting.default_in_words else ""
        return f"{name} is no longer set{default}"
    return f"{name} = {value_text(setting, None)}, the default"


def needs_restart(before: Wanted, after: Wanted, name: str) -> str:
    """Say that an option has changed and that this daemon goes on with the old value."""
    given = after.given.get(name)
    what = f"{name} was removed" if given is None else f"{name} was changed in {_place(given)}"
    where = "" if given is not None or name not in before.given else f" (before: {_place(before.given[name])})"
    return f"{what}{where}: restart to apply it"


def _place(given: Given) -> str:
    return given.origin


def _value(options: Wanted, name: str) -> object:
    """Return what can be compared of an option; of those of ``--auth`` that is how they were written."""
    setting, given = options.settings[name], options.given.get(name)
    if given is not None:
        return ("no",) if setting.kind is Kind.FLAG and given.words == ("no",) else given.words
    if setting.kind is Kind.FLAG:
        return ("yes",) if setting.default else ("no",)
    if setting.kind is Kind.LIST or setting.default is None:
        return ()
    return (str(setting.default),)
