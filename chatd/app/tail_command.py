"""``chatd tail``: posts the lines of log files to a room as they are written."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet.error import ReactorNotRunning

from chatd.feeder.connection import Identity
from chatd.feeder.endpoint import endpoint_to
from chatd.feeder.feeder import Feeder, Mode, Outcome
from chatd.feeder.following import Following, Start
from chatd.feeder.state_file import StateError, StateFile
from chatd.feeder.trust import Trust
from chatd.protocol import names
from chatd.protocol.text import clean
from chatd.runtime.clocks import tell_monotonic_time
from chatd.runtime.error_texts import in_one_line
from chatd.runtime.server_address import Address, parse

PASSWORD_VARIABLE = "CHATD_PASSWORD"
REFUSED = 1
_FINGERPRINT = re.compile(r"([0-9A-F]{2}:){31}[0-9A-F]{2}")
_UNIX = "unix:"


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd tail`` say. Raise `SystemExit`, with a line if it could not be begun."""
    options = make_parser().parse_args(arguments)
    try:
        _run(options)
    except (StateError, OSError, ValueError) as error:
        raise SystemExit(f"chatd tail: {in_one_line(error)}") from None


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    parser = argparse.ArgumentParser(
        prog="chatd tail",
        description="Post the lines of files to a room as they are written, across rotations, restarts and"
        f" reconnects. The password is read from --password-file or from {PASSWORD_VARIABLE}.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="files to follow; they need not exist yet")
    parser.add_argument("--to", required=True, metavar="HOST[:PORT]", help="server, or unix:PATH for a local socket")
    parser.add_argument("--room", required=True, help="room to post to, such as '#logs'")
    parser.add_argument("--nick", required=True, help="nick to post under")
    parser.add_argument("--tls", action="store_true", help="connect with TLS, as with --to tls://HOST")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="trust the certificate authorities in this PEM file")
    parser.add_argument("--fingerprint", metavar="SHA256", help="accept only the certificate with this fingerprint")
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help="file with the password of the nick's account, on one line"
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="file that stores the position (default: one per server, room and nick)",
    )
    parser.add_argument(
        "--from-start", action="store_true", help="on the first run, also post what the files already contain"
    )
    parser.add_argument("--once", action="store_true", help="post everything in the files, then exit")
    return parser


def _run(options: argparse.Namespace) -> None:
    from twisted.internet import reactor as installed

    reactor: Any = installed
    tell_monotonic_time(reactor)
    where = _place(options)
    identity = Identity(names.nick(options.nick), names.room(options.room), _password(options))
    endpoint = endpoint_to(where, reactor, Trust(options.ca, _fingerprint(options.fingerprint)))
    target = f"{where} {names.key(identity.room)} {names.key(identity.nick)}"
    store = StateFile(options.state or _state_path(target))
    store.lock()
    state = store.load(target)
    report = _reporter()
    start = Start.BEGINNING if options.from_start or options.once else Start.END
    paths = list(dict.fromkeys(os.path.abspath(file) for file in options.files))
    files = []
    for path in paths:
        known = [place for place in state.places if place.path == path]
        files.append(Following(path, known, state.paths.get(path), start, report))
    mode = Mode.ONCE if options.once else Mode.FOLLOW
    feeder = Feeder(reactor, endpoint, identity, files, store, state, report, mode)
    ended: list[Outcome] = []

    def end(outcome: Outcome) -> None:
        ended.append(outcome)
        with suppress(ReactorNotRunning):  # a signal has stopped it
            reactor.stop()

    feeder.done.addCallback(end)
    reactor.addSystemEventTrigger("before", "shutdown", feeder.stop)
    reactor.callWhenRunning(feeder.start)
    reactor.run()
    if Outcome.REFUSED in ended:
        raise SystemExit(REFUSED)


def _place(options: argparse.Namespace) -> Address | Path:
    if options.to.startswith(_UNIX):
        if options.tls or options.ca or options.fingerprint:
            raise ValueError("a local socket needs no --tls, --ca or --fingerprint; leave them out")
        return Path(os.path.abspath(options.to.removeprefix(_UNIX)))
    where = parse(options.to, tls=options.tls)
    if not where.tls and (options.ca or options.fingerprint):
        raise ValueError("--ca and --fingerprint work only with --tls; add it")
    return where


def _password(options: argparse.Namespace) -> str | None:
    if options.password_file is not None:
        password: str = options.password_file.read_text().rstrip("\r\n")
        return password
    return os.environ.get(PASSWORD_VARIABLE)


def _fingerprint(text: str | None) -> str | None:
    if text is None:
        return None
    if not _FINGERPRINT.fullmatch(text.upper()):
        raise ValueError(f"{text} is not a fingerprint; give 32 pairs of hexadecimal digits, separated by colons")
    return text.upper()


def _state_path(target: str) -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "chatd" / f"tail-{hashlib.blake2b(target.encode(), digest_size=8).hexdigest()}.json"


def _reporter() -> Callable[[str, str], None]:
    """Return what writes to the standard error what is the matter, once until it is another."""
    last: dict[str, str] = {}

    def report(topic: str, what: str) -> None:
        if last.get(topic, "") == what:
            return
        last[topic] = what
        if what and sys.stderr is not None:
            print(f"chatd tail: {clean(what)}", file=sys.stderr, flush=True)

    return report
