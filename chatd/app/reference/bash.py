"""The completion for bash, which needs nothing but bash."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from chatd.app.reference.completion import Place
from chatd.app.reference.entries import Entry
from chatd.app.reference.values import Path

_HEAD = """\
# Completion of chatd and chatd-client for bash: source <(chatd completion bash)

# Sets what can follow the words typed: commands, options, options that take a value, and what completes each.
_chatd_at() {
    commands='' options='' valued='' arguments=() repeats=''
    case $1 in
"""
_TAIL = r"""
    esac
}

# Completes a path, or one of several words.
_chatd_complete() {
    case $1 in
        files | directories)
            compopt -o filenames 2>/dev/null
            local kind=-f line
            [[ $1 == files ]] || kind=-d
            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$kind" -- "$2")
            ;;
        *)
            local IFS=$' \t\n'
            COMPREPLY=($(compgen -W "$1" -- "$2"))
            ;;
    esac
}

_chatd() {
    local cur=${COMP_WORDS[COMP_CWORD]} path=${COMP_WORDS[0]##*/} option='' count=0 i word
    local commands options valued repeats
    local -a arguments
    COMPREPLY=()
    _chatd_at "$path"
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            =) continue ;;
            :*)
                ((i++)) # bash splits words at colons
                continue
                ;;
        esac
        if [[ -n $option ]]; then
            option=''
        elif [[ $word == -* ]]; then
            [[ " $valued " != *" $word "* ]] || option=$word
        elif [[ " $commands " == *" $word "* ]]; then
            path="$path $word"
            _chatd_at "$path"
        else
            ((count++))
        fi
    done
    [[ $cur != = ]] || cur=''
    if [[ $cur == :* || ${COMP_WORDS[COMP_CWORD - 1]} == :* ]]; then
        _chatd_complete files "${cur#:}"
    elif [[ -n $option ]]; then
        _chatd_complete "$(_chatd_value "$path $option")" "$cur"
    elif [[ $cur == -* ]]; then
        _chatd_complete "$options" "$cur"
    elif [[ -n $commands ]]; then
        _chatd_complete "$commands" "$cur"
    else
        if ((count >= ${#arguments[@]})) && [[ -n $repeats ]]; then count=$((${#arguments[@]} - 1)); fi
        _chatd_complete "${arguments[count]}" "$cur"
    fi
}

complete -F _chatd chatd chatd-client
"""


def bash_script(places: Iterable[Place]) -> str:
    """Return the script."""
    every = list(places)
    values = [line for place in every for line in _values(place)]
    table = "\n".join(line for place in every for line in _case(place))
    middle = "    esac\n}\n\n# Prints what completes the value of an option.\n_chatd_value() {\n    case $1 in\n"
    return f"{_HEAD}{table}\n{middle}" + "\n".join(values) + _TAIL


def _case(place: Place) -> Iterator[str]:
    yield f"        {shlex.quote(' '.join(place.path))})"
    settings = {
        "commands": [name for name, _ in place.commands],
        "options": [name for entry in place.entries for name in _offered(entry)],
        "valued": [name for entry in place.entries if entry.unit is not None for name in entry.names],
    }
    for name, words in settings.items():
        if words:
            yield f"            {name}={shlex.quote(' '.join(words))}"
    if place.arguments:
        yield f"            arguments=({' '.join(shlex.quote(_completes(each)) for each in place.arguments)})"
        if place.arguments[-1].repeatable:
            yield "            repeats=yes"
    yield "            ;;"


def _offered(entry: Entry) -> tuple[str, ...]:
    return entry.names[-1:]


def _values(place: Place) -> Iterator[str]:
    for entry in place.entries:
        if entry.unit is not None and (completes := _completes(entry)):
            patterns = " | ".join(shlex.quote(" ".join((*place.path, name))) for name in entry.names)
            yield f"        {patterns}) echo {shlex.quote(completes)} ;;"


def _completes(entry: Entry) -> str:
    match entry.completion:
        case Path.FILE:
            return "files"
        case Path.DIRECTORY:
            return "directories"
        case words:
            return " ".join(words)
