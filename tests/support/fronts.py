"""What stands in front of nodes: HAProxy, nginx and stunnel, with what the documentation tells people to configure."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

from tests.support.daemon import wait_until
from tests.support.programs import program

PAGE = Path(__file__).parents[2] / "docs" / "cluster.rst"


def recipe(begins: str, replacing: Mapping[str, str]) -> str:
    """Return the configuration on the page that begins so, with each of ``replacing``, which it must hold, replaced."""
    blocks = [dedent(block) for block in re.findall(r":: \w+\n\n((?: {4}.*\n|\n)+)", PAGE.read_text())]
    (found,) = [block for block in blocks if block.startswith(begins)]
    for text, other in replacing.items():
        assert text in found, text
        found = found.replace(text, other)
    return found


def answers(port: int) -> bool:
    """Return whether somebody listens on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def running(command: Sequence[str], folder: Path, ports: Sequence[int]) -> Iterator[Path]:
    """Run a program in the foreground and return the file of its output, once it listens on all of ``ports``."""
    output = folder / f"{command[0]}.log"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [program(command[0]), *command[1:]], cwd=folder, stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    try:
        wait_until(lambda: process.poll() is not None or all(map(answers, ports)), output.read_text)
        assert process.poll() is None, output.read_text()
        yield output
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def haproxy(folder: Path, config: str, *ports: int) -> Iterator[HAProxyState]:
    """Run HAProxy, and return what tells how it finds its servers."""
    state = folder / "haproxy.sock"
    (folder / "haproxy.cfg").write_text(f"global\n    stats socket {state}\n\n{config}")
    with running(["haproxy", "-db", "-f", "haproxy.cfg"], folder, ports):
        wait_until(state.exists, lambda: "HAProxy has no socket for its state")  # it comes after the ports
        yield HAProxyState(state)


class HAProxyState:
    """How HAProxy finds its servers."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def servers(self, backend: str) -> dict[str, str]:
        """Return ``UP``, ``DOWN`` and the like for each server of a backend."""
        rows = [line.split(",") for line in self._ask("show stat").splitlines()]
        of_status = rows[0].index("status")
        return {row[1]: row[of_status] for row in rows[1:] if row[0] == backend and row[1] != "BACKEND"}

    def _ask(self, question: str) -> str:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self._place))
            client.sendall(f"{question}\n".encode())
            answer = b""
            while data := client.recv(1 << 16):
                answer += data
        return answer.decode().strip()


@contextmanager
def nginx(folder: Path, config: str, *ports: int) -> Iterator[Path]:
    """Run nginx; return its log."""
    modules = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;"
    own = "daemon off; master_process off; pid nginx.pid; error_log stderr info; events {}"
    (folder / "nginx.conf").write_text(f"{modules}\n{own}\n{config}")
    with running(["nginx", "-p", str(folder), "-e", "stderr", "-c", "nginx.conf"], folder, ports) as log:
        yield log


@contextmanager
def stunnel(folder: Path, config: str, *ports: int) -> Iterator[Path]:
    """Run stunnel; return its log."""
    (folder / "stunnel.conf").write_text(f"foreground = yes\npid =\n{config}")
    with running(["stunnel", "stunnel.conf"], folder, ports) as log:
        yield log
