"""Reads the configuration file and the environment."""

from __future__ import annotations

import difflib
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from twisted.python import usage

from chatd.app.configuration.file_lines import first_lines
from chatd.app.configuration.sections import SECTION_OF
from chatd.app.configuration.settings import Kind, Setting
from chatd.protocol.text import clean
from chatd.runtime.files import read_whole

MAX_FILE_BYTES = 1 << 20
CONFIG_VARIABLE = "CHATD_CONFIG"
_OTHERS = {CONFIG_VARIABLE, "CHATD_PASSWORD"}
"""Variables that are no options of the daemon."""
_OF_A_SERVICE = re.compile(r"CHATD_(\w+_)?SERVICE_(HOST|PORT\w*)|CHATD_(\w+_)?PORT_[0-9]+_(TCP|UDP)\w*")
"""Kubernetes gives these to every container, of a service that is named chatd; and ``CHATD_PORT=tcp://...``."""
_ASSIGNMENT = re.compile(r"\s*([a-z-]+)\s*=\s*([^#]*)")


class WrongConfigurationError(ValueError):
    """The file or the environment says something that cannot be; the sentence says where."""


class Given(NamedTuple):
    """What was given for one option."""

    words: tuple[str, ...]
    """One unless it is a list; of a flag yes or no."""
    origin: str
    """Where it was given: for people."""
    secret: str | None = None
    """The file that the value was read from, if it was."""


def read_file(path: Path, settings: Mapping[str, Setting]) -> dict[str, Given]:
    """Return what a configuration file says, by option. Raise `WrongConfigurationError`."""
    try:
        content = read_whole(path, MAX_FILE_BYTES)
        text = content.decode("utf-8-sig")
        tables = tomllib.loads(text)
    except OSError as error:
        raise WrongConfigurationError(f"cannot read the configuration {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise WrongConfigurationError(f"{path}, line {line}: not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise WrongConfigurationError(_syntax(path, text, str(error), settings)) from None
    except (ValueError, RecursionError):  # what tomllib passes on of Python's own limits
        why = "a number too long or brackets nested too deep"
        raise WrongConfigurationError(f"{path} is not a configuration: it has {why}") from None
    return dict(_from_tables(_File(path, text), tables, settings))


def read_environment(environment: Mapping[str, str], settings: Mapping[str, Setting]) -> dict[str, Given]:
    """Return what the variables of the environment say, by option. Raise `WrongConfigurationError`.

    A list is written as words of a shell. ``CHATD_NAME_FILE`` names a file that the value is read from.
    """
    by_variable = {setting.variable: setting for setting in settings.values()}
    found: dict[str, Given] = {}
    for variable, value in environment.items():
        if not variable.startswith("CHATD_") or _is_of_others(variable, value):
            continue
        setting = by_variable.get(variable)
        if setting is not None:
            found[setting.name] = Given(_from_variable(setting, variable, value), variable)
            continue
        setting = by_variable.get(variable.removesuffix("_FILE"))
        if setting is None:
            meant_one = _meant(variable, by_variable)
            raise WrongConfigurationError(f"unknown option in the environment: {clean(variable)}{meant_one}")
        if setting.variable in environment:
            raise WrongConfigurationError(f"{variable} and {setting.variable} exclude each other")
        if setting.kind is Kind.FLAG:
            raise WrongConfigurationError(f"{variable}: {setting.name} takes yes or no and cannot be read from a file")
        found[setting.name] = Given((_secret(Path(value), variable),), variable, value)
    return found


class _File:
    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._text = text

    def at(self, *names: str) -> str:
        """Return where a table, or a key in it, is: the first line with which the file has it."""
        line = self._lines.get(names)
        return str(self.path) if line is None else f"{self.path}, line {line}"

    @cached_property
    def _lines(self) -> Mapping[tuple[str, ...], int]:
        return first_lines(self._text)


def _from_tables(
    file: _File, tables: Mapping[str, Any], settings: Mapping[str, Setting]
) -> Iterator[tuple[str, Given]]:
    sections = set(SECTION_OF.values())
    for section, values in tables.items():
        if section not in sections:
            raise WrongConfigurationError(f"{file.at(section)}: {_no_section(section, values, settings)}")
        if not isinstance(values, dict):
            raise WrongConfigurationError(f"{file.at(section)}: {section} is a section; write [{section}]")
        for name, value in values.items():
            if name not in settings:
                raise WrongConfigurationError(
                    f"{file.at(section, name)}: unknown option: {clean(name)}{_meant(name, settings)}"
                )
            if SECTION_OF[name] != section:
                raise WrongConfigurationError(
                    f"{file.at(section, name)}: {name} belongs in the section [{SECTION_OF[name]}], not in [{section}]"
                )
            origin = file.at(section, name)
            yield name, _from_value(settings[name], value, origin, file.path.parent)


def _no_section(name: str, value: object, settings: Mapping[str, Setting]) -> str:
    if name in settings and not isinstance(value, dict):
        return f"{name} belongs in the section [{SECTION_OF[name]}]"
    sections = dict.fromkeys(SECTION_OF.values())
    return f"unknown section: [{name}]{_meant(name, sections)}; the sections are {', '.join(sections)}"


def _from_value(setting: Setting, value: object, origin: str, folder: Path) -> Given:
    if setting.kind is Kind.FLAG:
        if not isinstance(value, bool):
            raise WrongConfigurationError(f"{origin}: {setting.name} takes true or false")
        return Given((_word(value, origin, setting),), origin)
    if isinstance(value, dict):
        if set(value) != {"file"} or not isinstance(value["file"], str):
            raise WrongConfigurationError(f'{origin}: write a value from a file as {{ file = "PATH" }}')
        path = folder / value["file"]
        return Given((_secret(path, origin),), origin, str(path))
    if isinstance(value, list):
        if setting.kind is not Kind.LIST:
            raise WrongConfigurationError(f"{origin}: {setting.name} takes a single value, not a list")
        return Given(tuple(_word(each, origin, setting) for each in value), origin)
    return Given((_word(value, origin, setting),), origin)


def _word(value: object, origin: str, setting: Setting) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | str():
            return _without_nul(str(value), f"{origin}: {setting.name}")
    raise WrongConfigurationError(f"{origin}: {setting.name} takes a string or a whole number")


def _from_variable(setting: Setting, variable: str, value: str) -> tuple[str, ...]:
    match setting.kind:
        case Kind.FLAG:
            if value not in ("yes", "no"):
                raise WrongConfigurationError(f"{variable} takes yes or no, not {value!r}")
            return (value,)
        case Kind.LIST:
            try:
                return tuple(shlex.split(value))
            except ValueError as error:
                raise WrongConfigurationError(f"{variable} is not a list of words: {error}") from None
        case Kind.VALUE:
            return (value,)


def _secret(path: Path, origin: str) -> str:
    try:
        secret = read_whole(path, MAX_FILE_BYTES).decode().rstrip("\r\n")
    except OSError as error:
        raise WrongConfigurationError(f"{origin}: cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WrongConfigurationError(f"{origin}: {path} is not UTF-8") from None
    return _without_nul(secret, f"{origin}: {path}")


def _without_nul(text: str, where: str) -> str:
    """Return a text; the command line, for one, could not have it otherwise. Raise `WrongConfigurationError`."""
    if "\0" in text:
        raise WrongConfigurationError(f"{where} contains a NUL character; remove it")
    return text


def _is_of_others(variable: str, value: str) -> bool:
    if variable == "CHATD_PORT" and "://" in value:
        return True
    return variable in _OTHERS or _OF_A_SERVICE.fullmatch(variable) is not None


def _syntax(path: Path, text: str, why: str, settings: Mapping[str, Setting]) -> str:
    """Return what is wrong with a file that is no TOML, with the line first and then the option, if it is one's."""
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", why)
    if place is None:
        return f"{path} is not TOML: {why}"
    lines = text.splitlines() or [""]
    line = int(place[1]) if place[1] else len(lines)
    told = why[: place.start()]
    assignment = _ASSIGNMENT.match(lines[line - 1]) if line <= len(lines) else None
    if told == r"Illegal character '\n'":
        told = "a string has no closing quote"
    elif assignment and assignment[1] in settings and told.startswith(("Invalid value", "Expected newline")):
        told = _not_a_value(settings[assignment[1]], assignment[2].strip())
    return f"{path}, line {line}: {told}"


def _not_a_value(setting: Setting, text: str) -> str:
    """Return what is wrong with the value of an option that is none of TOML's."""
    if setting.kind is Kind.FLAG:
        return f"{setting.name} takes true or false"
    if setting.kind is Kind.VALUE and setting.parse is not None:
        try:
            setting.parse(text)
        except usage.UsageError as error:
            return str(error).removeprefix("--")
    return f"{setting.name}: not a value of TOML; write a number, or a string in quotes"


def _meant(name: str, known: Iterable[str]) -> str:
    near = meant(name, known)
    return f"; did you mean {near}?" if near else ""


def meant(name: str, known: Iterable[str]) -> str | None:
    """Return what is spelled most like a name that is not known, None if nothing is."""
    near = difflib.get_close_matches(name, list(known), 1)
    return near[0] if near else None
