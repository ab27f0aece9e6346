"""Options that a file and the environment can give too; the command line has the last word."""

from __future__ import annotations

import getopt
import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from twisted.python import reflect, usage

from chatd.app.configuration.settings import Kind, Setting, settings_of
from chatd.app.configuration.sources import (
    CONFIG_VARIABLE,
    Given,
    WrongConfigurationError,
    meant,
    read_environment,
    read_file,
)

COMMAND_LINE = "command line"
STATE_VARIABLE = "STATE_DIRECTORY"
"""What systemd names the folder of ``StateDirectory=`` by; of several, the first."""


class GivenElsewhereError(usage.UsageError):
    """What the file or the environment says is wrong; the sentence says where."""


class LayeredOptions(usage.Options):
    """``--config``, and all options out of the file that it names and the environment."""

    environment: Mapping[str, str] = os.environ

    def __init__(self) -> None:
        super().__init__()
        self["config"] = None
        self.given: dict[str, Given] = {}
        """What was given, by option, once the command line was read."""

    @cached_property
    def settings(self) -> Mapping[str, Setting]:
        """Those of the options that a file can give; asked for before anything is read, for the defaults."""
        return settings_of(self)

    def opt_config(self, path: str) -> None:
        """read options from this file; chatd config --default prints one"""
        self["config"] = os.path.abspath(path)

    opt_c = opt_config

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Read the file, the environment and the command line. Raise `usage.UsageError` if one is wrong."""
        words = list(options or ())
        on_the_line = self._read_line(words)
        try:
            self.given = self._read_layers(on_the_line) | on_the_line
            for name, given in self.given.items():
                if given.origin != COMMAND_LINE:
                    self._apply(self.settings[name], given)
            super().parseOptions(words)
        except WrongConfigurationError as error:
            raise GivenElsewhereError(str(error)) from None
        except GivenElsewhereError:
            raise
        except usage.UsageError as error:
            if (explained := self.explain(str(error))) != str(error):
                raise GivenElsewhereError(explained) from None
            raise

    def explain(self, sentence: str) -> str:
        """Return a sentence about an option by the name under which it was given, with the place where it was."""
        option = re.compile(r"--([a-z][a-z-]*)")
        origins = {name: self.given[name].origin for name in option.findall(sentence) if name in self.given}
        elsewhere = {name: origin for name, origin in origins.items() if origin != COMMAND_LINE}
        if not elsewhere:
            return sentence
        named = option.sub(lambda found: found[1] if found[1] in elsewhere else found[0], sentence)
        origin = next(iter(elsewhere.values()))
        return named if named.startswith(origin) else f"{origin}: {named}"

    def _read_layers(self, on_the_line: Mapping[str, Given]) -> dict[str, Given]:
        """Return what the environment says and, below it, the file."""
        path = on_the_line["config"].words[0] if "config" in on_the_line else self.environment.get(CONFIG_VARIABLE)
        given: dict[str, Given] = {}
        if state := self.environment.get(STATE_VARIABLE, "").partition(":")[0]:
            given["state-directory"] = Given((state,), f"${STATE_VARIABLE}")
        if path:
            self["config"] = os.path.abspath(path)
            given |= read_file(Path(self["config"]), self.settings)
        given |= read_environment(self.environment, self.settings)
        return {name: each for name, each in given.items() if name not in on_the_line and name in self.settings}

    def _read_line(self, words: Sequence[str]) -> dict[str, Given]:
        """Return what the command line gives, by option; nothing if it is wrong, which is found out later."""
        try:
            pairs, _ = getopt.getopt(list(words), self.shortOpt, self.longOpt)
        except getopt.error as error:
            return self._nothing_read(error.opt)
        found: dict[str, Given] = {}
        for word, value in pairs:
            name = self.synonyms.get(word.lstrip("-"), word.lstrip("-"))
            setting = self.settings.get(name)
            if name in ("config", "c"):
                name = "config"
            elif setting is None:
                continue
            before = found[name].words if setting is not None and setting.kind is Kind.LIST and name in found else ()
            one = "yes" if setting is not None and setting.kind is Kind.FLAG else value
            found[name] = Given((*before, one), COMMAND_LINE)
        return found

    def _nothing_read(self, option: str) -> dict[str, Given]:
        """Return that nothing is given. Raise `usage.UsageError` if there is no such option."""
        known = [name.rstrip("=") for name in self.longOpt]
        if len(option) > 1 and not any(name.startswith(option) for name in known):
            near = meant(option, known)
            raise usage.UsageError(f"unknown option: --{option}" + (f"; did you mean --{near}?" if near else ""))
        return {}

    def _apply(self, setting: Setting, given: Given) -> None:
        """Take what was given elsewhere as if the command line had said so. Raise `usage.UsageError` if it is wrong."""
        method = getattr(self, f"opt_{setting.name.replace('-', '_')}", None)
        if setting.kind is Kind.FLAG:
            if given.words[0] != "yes":
                return
            if method is None:
                self[setting.name] = 1
            else:
                method()
            return
        for word in given.words:
            try:
                if method is not None:
                    method(word)
                else:
                    self[setting.name] = self._coerce(setting.name)(word)
            except (usage.UsageError, ValueError) as error:
                raise GivenElsewhereError(self._at(setting.name, given, str(error))) from None

    def _at(self, name: str, given: Given, why: str) -> str:
        named = why.replace(f"--{name}", name)
        return f"{given.origin}: {named if name in named else f'{name}: {named}'}"

    def _coerce(self, name: str) -> type[str]:
        """Return what makes a value of an option of what is written."""
        rows: list[list[object]] = []
        reflect.accumulateClassList(type(self), "optParameters", rows)
        kinds = {str(row[0]): row[4] for row in rows if len(row) > 4}
        coerce: type[str] = kinds.get(name, str)  # type: ignore[assignment]  # rows are lists of anything
        return coerce
