"""``chatd completion``: what makes a shell complete commands, options and their values."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence

from chatd.app.reference.bash import bash_script
from chatd.app.reference.completion import Place, places
from chatd.app.reference.zsh import zsh_script

SHELLS: Mapping[str, Callable[[Iterable[Place]], str]] = {"bash": bash_script, "zsh": zsh_script}


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd completion`` say."""
    options = make_parser().parse_args(arguments)
    print(SHELLS[options.shell](places()), end="")


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    about = (
        "Print a script that completes the commands and options of chatd and chatd-client. In the running shell:"
        " source <(chatd completion bash). For all users: chatd completion bash >"
        " /usr/share/bash-completion/completions/chatd, or chatd completion zsh >"
        " /usr/share/zsh/vendor-completions/_chatd."
    )
    parser = argparse.ArgumentParser(prog="chatd completion", description=about)
    parser.add_argument("shell", choices=SHELLS, help="shell to print the script for")
    return parser
