"""Makes command-line options from the fields of dataclasses, and the dataclasses from the options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from twisted.python import usage

from chatd.runtime.option import Duration, Number, Option, Switch

T = TypeVar("T")


class OptionField(NamedTuple):
    """One field that is an option."""

    field: str
    option: Option
    default: Any


def option_fields(dataclass: type) -> Iterator[OptionField]:
    """Yield the fields of a dataclass that are annotated with an option, in their order."""
    hints = get_type_hints(dataclass, include_extras=True)
    for field in fields(dataclass):
        for option in get_args(hints[field.name])[1:]:
            if isinstance(option, Number | Duration | Switch):
                yield OptionField(field.name, option, field.default)


def parameter(option: Option, default: object, short: str | None = None) -> list[object]:
    """Return the row of `usage.Options.optParameters` for an option; its value is parsed."""
    return [option.name, short, default, option.help, _or_usage_error(option.parse)]


def parameters(*dataclasses: type) -> list[list[object]]:
    """Return the rows for all fields of dataclasses that are options."""
    return [parameter(each.option, each.default) for dataclass in dataclasses for each in option_fields(dataclass)]


def from_options(dataclass: type[T], options: Mapping[str, Any]) -> T:
    """Return a dataclass with what the options, parsed, say of its fields."""
    return dataclass(**{each.field: options[each.option.name] for each in option_fields(dataclass)})


def _or_usage_error(parse: Callable[[str], int]) -> Callable[[str], int]:
    """Report a wrong value in the words of its option alone; Twisted puts its own before those of a `ValueError`."""

    def parse_option(text: str) -> int:
        try:
            return parse(text)
        except ValueError as error:
            raise usage.UsageError(str(error)) from None

    return parse_option
