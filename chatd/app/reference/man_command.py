"""``chatd man``: the manual pages, which are made from the options."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from chatd.app.configuration.sources import meant
from chatd.app.reference.pages import Page, pages


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd man`` say. Raise `SystemExit`, with one line if it could not be done."""
    options = make_parser().parse_args(arguments)
    if options.directory is not None and options.page is not None:
        raise SystemExit("chatd: PAGE and --directory exclude each other; leave one out")
    if options.directory is None:
        print(_find(pages(), options.page or "chatd").text(), end="")
    else:
        _write(options.directory)


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    parser = argparse.ArgumentParser(
        prog="chatd man",
        description="Print a manual page in the format of man: chatd man export | man -l -",
    )
    parser.add_argument(
        "page", nargs="?", metavar="PAGE", help="name of a command, chatd-client or chatd.toml (default: chatd)"
    )
    about = "write all pages to this directory instead: man1/chatd.1, man5/chatd.toml.5 and so on"
    parser.add_argument("--directory", type=Path, metavar="DIR", help=about)
    return parser


def _find(known: Mapping[str, Page], name: str) -> Page:
    for each in (name, f"chatd-{name}"):
        if each in known:
            return known[each]
    words = {**{page.removeprefix("chatd-"): page for page in known}, **{page: page for page in known}}
    near = meant(name, words)
    hint = f"did you mean {near}?" if near else f"choose one of {', '.join(known)}"
    raise SystemExit(f"chatd: unknown page: {name}; {hint}")


def _write(directory: Path) -> None:
    for page in pages().values():
        path = directory / page.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page.text(), encoding="utf-8")
        except OSError as error:  # it names its file if that cannot be opened, and none if the disk is full
            raise SystemExit(f"chatd: cannot write {error.filename or path}: {error.strerror}") from None
        print(path)
