"""The configuration as TOML: a file to start from, and the values in effect."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping

from chatd.app.configuration.layers import COMMAND_LINE, LayeredOptions
from chatd.app.configuration.sections import SECTIONS, Row
from chatd.app.configuration.settings import Kind, Setting
from chatd.app.configuration.sources import Given
from chatd.journal.factory import without_secrets

WIDTH = 100
_NUMBER = re.compile("0|[1-9][0-9]{0,17}")
_HEAD = """\
# Configuration of chatd: each option with its default or an example. Remove the # to set one.
# The environment (CHATD_MAX_ROOMS=50) overrides this file; the command line (--max-rooms 50) overrides both.
# A value can be read from another file, relative to this one: journal = { file = "journal.secret" }
# Check this file with chatd check; make a running server read it again with chatd reload.
"""


def default_file(settings: Mapping[str, Setting]) -> str:
    """Return a file that says nothing, with every option in a comment."""
    return "\n".join([_HEAD, *_default_lines(settings)]).rstrip() + "\n"


def effective_file(options: LayeredOptions) -> str:
    """Return a file that says what holds, each value with the place where it was given."""
    return "\n".join(_effective_lines(options)).rstrip() + "\n"


def toml_text(text: str) -> str:
    """Return a basic string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _default_lines(settings: Mapping[str, Setting]) -> Iterator[str]:
    for section in SECTIONS:
        rows = [row for row in section.rows if row.name in settings]
        yield from _comment(section.about)
        yield f"[{section.name}]"
        for row in rows:
            setting = settings[row.name]
            yield ""
            yield from _comment(f"{setting.help}{notes(setting, row)}")
            yield f"# {row.name} = {shown_default(setting, row)}"
        yield ""


def notes(setting: Setting, row: Row) -> str:
    """Return what stands in parentheses after the help of an option."""
    default = [f"default: {setting.default_in_words}"] if setting.default_in_words else []
    restart = [] if row.live else ["needs a restart"]
    return f" ({'; '.join([*default, *restart])})" if default or restart else ""


def shown_default(setting: Setting, row: Row) -> str:
    """Return a value of TOML to show: the default or, where there is none that could be shown, an example."""
    if row.example is not None:
        return row.example
    return value_text(setting, None)


def _effective_lines(options: LayeredOptions) -> Iterator[str]:
    for section in SECTIONS:
        rows = [row for row in section.rows if row.name in options.settings]
        yield f"[{section.name}]"
        for row in rows:
            setting, given = options.settings[row.name], options.given.get(row.name)
            if given is None and setting.default is None:
                default = f" (default: {setting.default_in_words})" if setting.default_in_words else ""
                yield f"# {row.name} is not set{default}"
            else:
                origin = "default" if given is None else _origin(given)
                yield f"{row.name} = {value_text(setting, given)}  # {origin}"
        yield ""


def _origin(given: Given) -> str:
    return "the command line" if given.origin == COMMAND_LINE else " ".join(given.origin.split())


def value_text(setting: Setting, given: Given | None) -> str:
    """Return a value as TOML, without secrets: what was given or, if nothing was, the default."""
    if given is None:
        default = setting.default
        if isinstance(default, bool):
            return "true" if default else "false"
        return str(default) if isinstance(default, int) else toml_text(str(default))
    if given.secret is not None:
        return f"{{ file = {toml_text(given.secret)} }}"
    match setting.kind:
        case Kind.FLAG:
            return "true" if given.words[0] == "yes" else "false"
        case Kind.LIST:
            return f"[{', '.join(toml_text(word) for word in given.words)}]"
        case Kind.VALUE:
            word = given.words[0]
            return word if _NUMBER.fullmatch(word) else toml_text(without_secrets(word))


def _comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False):
        yield f"# {line}"
