"""What is said of a ``--journal nats://...`` that cannot be, and that nothing secret is said with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatd.runtime.extras import missing
from tests.support.daemon import BIN, DEADLINE, environment, wait_until
from tests.support.nats_servers import nats_server
from tests.support.node_processes import Node

pytestmark = pytest.mark.slow

PASSWORD = "sesame-open"
LOGIN = "authorization {{ users: [{{ user: chat, password: {password} }}] }}"
CHATD = (str(BIN / "twistd"), "-n", "--pidfile=", "chatd", "--port", "0", "--journal")
WITHOUT_NATS = "import sys; sys.modules['nats'] = None; from chatd.__main__ import main; main()"


def refusal(folder: Path, *command: str) -> str:
    """Run a command that must end by itself, with an error and one line about it; return that line."""
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 1, done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("chatd: ")
    return lines[0]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("nats://", "HOST"),
        ("nats://a:b:c", "HOST"),
        ("nats://a:99999", "HOST"),
        ("nats://a,,b", "HOST"),
        ("nats://a/two/streams", "stream"),
        ("nats://a/st.ream", "stream"),
        ("nats://a?speed=11", "index="),
        ("nats://u:secr#et@a", "%23"),
        ("nats://u:secr/et@a", "%2F"),
        ("nats://u:secr?et@a", "%3F"),
        ("nats://a?index=", "index="),
        ("nats://a?credentials=/nowhere", "/nowhere"),
        ("tls://a?certificate=/etc/passwd", "key="),
    ],
)
def test_an_address_that_is_none_is_one_line_without_the_password(tmp_path: Path, address: str, why: str) -> None:
    scheme, _, rest = address.partition("://")
    line = refusal(tmp_path, *CHATD, f"{scheme}://chat:{PASSWORD}@{rest}")
    assert why in line
    assert PASSWORD not in line


def test_another_reactor_is_refused(tmp_path: Path) -> None:
    twistd, *words = CHATD
    line = refusal(tmp_path, twistd, "--reactor=poll", *words, "nats://127.0.0.1")
    assert "asyncio" in line


def test_without_nats_py_it_is_said_what_to_install(tmp_path: Path) -> None:
    line = refusal(tmp_path, sys.executable, "-c", WITHOUT_NATS, "--journal", "nats://127.0.0.1")
    assert missing("nats-py", "cluster") in line


def test_a_password_that_is_wrong_is_said_to_be_and_is_not_shown(tmp_path: Path) -> None:
    with nats_server(tmp_path / "nats", LOGIN.format(password="another")) as server:
        node = Node(tmp_path / "c1", f"nats://chat:{PASSWORD}@{server.address}")
        try:
            node.start(wait=False)
            wait_until(lambda: "refuses this node" in node.log(), node.log)
            assert not node.lets_in()
            assert node.stop() == 0
            assert PASSWORD not in node.log()
            assert "Traceback" not in node.log()
        finally:
            node.kill()


def test_a_password_that_is_right_lets_it_in(tmp_path: Path) -> None:
    with nats_server(tmp_path / "nats", LOGIN.format(password=PASSWORD)) as server:
        node = Node(tmp_path / "c1", f"nats://chat:{PASSWORD}@{server.address}")
        try:
            node.start()
            assert node.stop() == 0
            assert PASSWORD not in node.log()
        finally:
            node.kill()


def test_tls_is_not_given_up_for_a_server_that_has_none(tmp_path: Path) -> None:
    with nats_server(tmp_path / "nats") as server:
        node = Node(tmp_path / "c1", f"tls://chat:{PASSWORD}@{server.address}")
        try:
            node.start(wait=False)
            wait_until(lambda: "TLS" in node.log(), node.log)
            assert not node.lets_in()
            assert PASSWORD not in server.log()
        finally:
            node.kill()
