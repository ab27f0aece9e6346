"""The completion for zsh."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from chatd.app.reference.commands import CLIENT
from chatd.app.reference.completion import ROOT, Place
from chatd.app.reference.entries import Entry
from chatd.app.reference.values import Path

_HEAD = f"""\
#compdef {ROOT} {CLIENT}
# Completion for zsh: in a directory of $fpath, as _{ROOT}, or by: source <(chatd completion zsh)
"""
_TAIL = f"""
_{ROOT}() {{
    case $service in
        {CLIENT}) _chatd_at_{CLIENT.replace("-", "_")} ;;
        *) _chatd_at_{ROOT} ;;
    esac
}}

if [[ $funcstack[1] == _{ROOT} ]]; then
    _{ROOT} "$@"
else
    compdef _{ROOT} {ROOT} {CLIENT}
fi
"""


def zsh_script(places: Iterable[Place]) -> str:
    """Return the script."""
    return _HEAD + "".join("\n" + "\n".join(_function(place)) + "\n" for place in places) + _TAIL


def _function(place: Place) -> Iterator[str]:
    yield f"{_name(place.path)}() {{"
    if place.commands:
        yield '    local curcontext="$curcontext"'
        yield "    local context state state_descr line"
        yield "    typeset -A opt_args"
    specs = [spec for entry in place.entries for spec in _option(entry)]
    if place.commands:
        specs += ["1:command:->command", "*:: :->arguments"]
    specs += [_argument(number, entry) for number, entry in enumerate(place.arguments, 1)]
    yield " \\\n        ".join(["    _arguments -C -s", *map(shlex.quote, specs)])
    if place.commands:
        yield from _below(place)
    yield "}"


def _below(place: Place) -> Iterator[str]:
    yield "    case $state in"
    yield "        command)"
    yield "            local -a commands=("
    for name, about in place.commands:
        yield f"                {shlex.quote(f'{_escaped(name)}:{_short(about)}')}"
    yield "            )"
    yield "            _describe -t commands command commands"
    yield "            ;;"
    yield "        arguments)"
    yield "            case $line[1] in"
    for name, _ in place.commands:
        yield f"                {name}) {_name((*place.path, name))} ;;"
    yield "            esac"
    yield "            ;;"
    yield "    esac"


def _name(path: tuple[str, ...]) -> str:
    return "_chatd_at_" + re.sub(r"\W", "_", "_".join(path))


def _option(entry: Entry) -> Iterator[str]:
    """Yield what ``_arguments`` takes of an option, one for each of its names."""
    others = "*" if entry.repeatable else f"({' '.join(entry.names)})"
    for name in entry.names:
        value = ""
        if entry.unit is not None:
            name = f"{name}=" if name.startswith("--") else f"{name}+"  # noqa: PLW2901
            value = f":{_escaped(entry.unit)}:{_action(entry)}"
        yield f"{others}{name}[{_bracketed(_short(entry.about))}]{value}"


def _argument(number: int, entry: Entry) -> str:
    place = "*" if entry.repeatable else str(number)
    optional = "" if entry.required or entry.repeatable else ":"
    unit = entry.unit or ""
    action = _action(entry) if entry.completion else f"_guard '^-*' {shlex.quote(unit)}"  # it may be an option yet
    return f"{place}:{optional}{_escaped(unit)}:{action}"


def _action(entry: Entry) -> str:
    match entry.completion:
        case Path.FILE:
            return "_files"
        case Path.DIRECTORY:
            return "_files -/"
        case ():
            return " "
        case words:
            return f"({' '.join(map(_escaped, words))})"


def _short(text: str) -> str:
    """Return the first sentence, without its full stop, or a phrase without its notes."""
    return re.split(r"\.(?:\s|$)| \((?:repeatable|default)\b", text, maxsplit=1)[0].strip()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(":", "\\:")


def _bracketed(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
