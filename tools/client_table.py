"""Tries the programs by which people connect, and prints what they do as the tables of docs/connecting.rst.

    python -m tools.client_table > tables.rst

It starts a daemon, and each program of `tools.clients` that is installed: on a terminal, with a script on its standard
input, and in the line that the documentation gives. What is shown was seen; it takes some four minutes. The answers of
the server are a second late, so that who does not wait for them shows.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.certificates import write_certificate
from tests.support.daemon import Daemon, environment, wait_until
from tests.support.relays import Relay
from tests.support.terminals import Terminal
from tools.clients import PLAIN, SCRIPT, TLS, Client

LATE_SECONDS = 1.0
"""How late the answers of the server are."""
PATIENCE_SECONDS = 9.0
"""After which a program that is still there is taken to stay."""
BYE = "BYE quit "
TRUST = (
    ("gnutls-cli", "gnutls-cli --x509cafile FILE"),
    ("--ssl-verify", "--ssl-verify --ssl-trustfile FILE"),
    ("s_client", "s_client -CAfile FILE"),
    (":TLSPORT", ":TLSPORT,cafile=FILE"),
)
"""How each is told to trust a certificate that nobody vouches for."""
ENDS = {0x0D: "CR", 0x0A: "LF", 0x00: "NUL"}
COMMANDS = {b"\xff\xf4": "IP", b"\xff\xfd\x06": "DO TIMING-MARK"}


class Bench:
    """A daemon with a place for each kind of client, and what is found out there."""

    def __init__(self, daemon: Daemon, certificate: Path) -> None:
        wait_until(lambda: len(_ports(daemon)) == 2, daemon.log)
        plain, tls = _ports(daemon)
        self._daemon = daemon
        self._places = {False: plain, True: tls}
        self._certificate = str(certificate)

    def at_end_of_input(self, client: Client) -> str:
        """Return what a program does whose standard input is a script without QUIT."""
        before = self._said()
        with self._relay(client) as relay:
            shown, ended = _run(f"printf '{SCRIPT}' | {self._words(client.piped, relay.port)}")
            sends_eof = b"\xff\xec" in relay.sent
        if self._said() == before:
            return "exits without sending"
        if BYE in shown:
            return "waits for the answer"
        if ended:
            return "exits before the answer"
        return "sends EOF, stays until QUIT" if sends_eof else "stays until QUIT"

    def recipe(self, client: Client) -> str:
        """Return whether the line of the documentation says something and prints the verdict."""
        if not client.recipe:
            return "none"
        before = self._said()
        with self._relay(client) as relay:
            shown, ended = _run(self._words(client.recipe, relay.port))
        return "works" if ended and BYE in shown and self._said() == before + 1 else "FAILS"

    def greeting(self, command: str) -> str:
        """Return what a program shows first on a terminal."""
        port = self._places["TLSPORT" in command]
        with Terminal(self._words(command, port).split()) as terminal:
            return terminal.shown("NOTE", PATIENCE_SECONDS)

    def typed(self, client: Client) -> Sequence[str]:
        """Return what a program sends first, for Return, for Backspace and for Ctrl-C on a terminal."""
        with (
            self._relay(client, 0) as relay,
            Terminal(self._words(client.typed, relay.port).split()) as terminal,
        ):
            terminal.shown("NOTE", PATIENCE_SECONDS)
            terminal.shown("\0", LATE_SECONDS)  # what it negotiates goes on for a moment
            asked = relay.sent
            options = len(re.findall(rb"\xff[\xfb\xfd]", asked))
            terminal.type("PING 1\r")
            terminal.shown("PONG 1", PATIENCE_SECONDS)
            end = relay.sent.removeprefix(asked).removeprefix(b"PING 1")
            begun = len(relay.sent)
            terminal.type("PING 23\x7f\r")
            terminal.shown("PONG 2", PATIENCE_SECONDS)
            edits = relay.sent[begun:] == b"PING 2" + end
            return (
                f"{options} option requests" if options else "nothing",
                " ".join(ENDS[byte] for byte in end),
                "is edited" if edits else "is sent",
                self._interrupted(relay, terminal),
            )

    def _interrupted(self, relay: Relay, terminal: Terminal) -> str:
        """Return what a program does for Ctrl-C."""
        begun = len(relay.sent)
        terminal.type("\x03")
        shown = terminal.shown("\0", PATIENCE_SECONDS / 3)
        if sent := " ".join(name for mark, name in COMMANDS.items() if mark in relay.sent[begun:]):
            return f"sends {sent}"
        if "escape" in shown:
            return "shows its own menu"
        try:
            terminal.process.wait(PATIENCE_SECONDS / 3)
        except subprocess.TimeoutExpired:
            return "goes on"
        return "ends"

    def _relay(self, client: Client, late: float = LATE_SECONDS) -> Relay:
        return Relay(self._places[client in TLS], late)

    def _words(self, command: str, port: int) -> str:
        for word, trusting in TRUST if "TLSPORT" in command else ():
            if word in command:
                command = command.replace(word, trusting)
                break
        host = "localhost" if "TLSPORT" in command else "127.0.0.1"
        command = command.replace("FILE", self._certificate).replace("TLSPORT", "PORT")
        return command.replace("HOST", host).replace("PORT", str(port))

    def _said(self) -> int:
        """Return how often the script was carried out, once whoever did it last has left."""
        found: list[str] = []

        def alone() -> bool:
            with self._daemon.client() as reader:
                reader.send(b"JOIN reader #builds\nWHO\nHISTORY 1000\nQUIT\n")
                found[:] = reader.rest()
            return "WHO #builds reader" in found

        wait_until(alone, lambda: "the last program to leave")
        return sum(line.endswith(" MSG ci #builds passed") for line in found)


def _ports(daemon: Daemon) -> list[int]:
    return [int(port) for port in re.findall(r"listening on \S+:(\d+)\n", daemon.log())]


def _run(line: str) -> tuple[str, bool]:
    """Run a line of bash; return what it shows, and whether it ended by itself."""
    words = ["timeout", "--kill-after=1", str(PATIENCE_SECONDS), "bash", "-c", line]
    done = subprocess.run(words, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.stdout.decode(errors="replace"), done.returncode not in (124, 137)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a simple table of reStructuredText."""
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    text = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([rule, text[0], rule, *text[1:], rule, ""])


def recipes(clients: Iterable[Client]) -> str:
    """Return the lines of the documentation, as a literal block."""
    return "".join(f"    {_shown(client)}\n" for client in clients if client.recipe)


def _shown(client: Client) -> str:
    host, port = ("chat.example.org", "10320") if client in TLS else ("127.0.0.1", "10319")
    return client.recipe.replace("TLSPORT", port).replace("HOST", host).replace("PORT", port)


def _version(package: str) -> str:
    """Return the version of a package of Debian."""
    query = ["dpkg-query", "--show", "--showformat=${Version}", package]
    return subprocess.run(query, capture_output=True, text=True, check=True).stdout


def _installed(client: Client) -> bool:
    words = (client.piped or client.recipe).split()
    if client.package == "bash" or shutil.which(words[0]):
        return True
    print(f"{client.name} is left out: install {client.package}", file=sys.stderr)
    return False


def _tables(bench: Bench) -> Iterator[str]:
    plain, tls = (tuple(filter(_installed, clients)) for clients in (PLAIN, TLS))
    head = ("Program", "Sends first", "Return sends", "Backspace", "Ctrl-C")
    yield table(head, [(f"``{each.name}``", *bench.typed(each)) for each in plain if each.typed])
    for clients in (plain, tls):
        rows = [
            (f"``{each.name}``", bench.at_end_of_input(each) if each.piped else "(no input)", bench.recipe(each))
            for each in clients
        ]
        yield table(("Program", "At the end of its input", "Line below"), rows)
        yield recipes(clients)
    packages = dict.fromkeys(each.package for each in (*plain, *tls))
    yield ", ".join(f"{package} {_version(package)}" for package in packages) + "\n"


@contextmanager
def bench() -> Iterator[Bench]:
    """Start a daemon, and give what programs are tried with."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tls").mkdir()
        certificate = folder / "tls" / "certificate.pem"
        write_certificate(folder / "tls" / "key.pem", certificate, "localhost")
        places = ("tcp:0:interface=127.0.0.1", "tls:tls:port=0:interface=127.0.0.1")
        options = [word for place in places for word in ("--listen", place)]
        with Daemon(folder, "--journal", "memory:", *options) as daemon:
            yield Bench(daemon, certificate)


def main() -> None:
    """Print the tables."""
    with bench() as made:
        for part in _tables(made):
            print(part, flush=True)


if __name__ == "__main__":
    main()
