"""TLS: which certificate is served to whom, how one is renewed, and that nothing older than TLS 1.2 is spoken."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from OpenSSL import SSL
from twisted.internet.task import Clock
from twisted.logger import LogEvent, LogLevel, eventAsText, globalLogPublisher

from chatd.app.options import Options, makeService
from chatd.tls.certificate import fingerprint
from chatd.tls.endpoint import LOOK_SECONDS, Certificates
from chatd.tls.pem import MAX_FILE_BYTES, read
from tests.support.certificates import Authority, write_certificate
from tests.support.daemon import Client, Daemon, wait_until

RECENT = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


class Served:
    """The certificates of a directory on a clock turned by hand, and what clients get of them."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        self.clock.advance(time.time())
        self.certificates = Certificates(directory, self.clock, self.clock.seconds)

    def to(self, name: str | None = None) -> list[x509.Certificate]:
        """Return what a new client gets that asks for a name, its own certificate first."""
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        client = SSL.Connection(context, None)
        if name is not None:
            client.set_tlsext_host_name(name.encode())
        client.set_connect_state()
        server = self.certificates.serverConnectionForTLS(None)
        server.set_accept_state()
        for _ in range(10):
            for one, other in ((client, server), (server, client)):
                with suppress(SSL.WantReadError):
                    one.do_handshake()
                with suppress(SSL.WantReadError):
                    other.bio_write(one.bio_read(1 << 16))
        return client.get_peer_cert_chain(as_cryptography=True) or []

    def later(self) -> None:
        self.clock.advance(LOOK_SECONDS)


def prints(certificates: list[x509.Certificate]) -> list[str]:
    return [fingerprint(each) for each in certificates]


@contextmanager
def logged() -> Iterator[list[tuple[LogLevel, str]]]:
    """Collect what is logged."""
    lines: list[tuple[LogLevel, str]] = []

    def observe(event: LogEvent) -> None:
        lines.append((event["log_level"], eventAsText(event, includeTimestamp=False, includeSystem=False)))

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]  # any callable is one
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]  # as above


def write(folder: Path, *names: str) -> x509.Certificate:
    return write_certificate(folder / "key.pem", folder / "certificate.pem", *names)


# Which certificate whom.


def test_each_gets_the_one_for_the_name_it_asks_for(tmp_path: Path) -> None:
    first = write_certificate(tmp_path / "a.pem", tmp_path / "a.pem", "a.example", "192.0.2.1")
    (tmp_path / "live" / "b").mkdir(parents=True)
    live = tmp_path / "live" / "b"
    second = write_certificate(live / "privkey.pem", live / "fullchain.pem", "b.example", "*.B.example")
    served = Served(tmp_path)
    for name in ("a.example", None, "nobody.example", "x.y.b.example", "A.example.", "192.0.2.1"):
        assert served.to(name) == [first], name
    for name in ("b.example", "B.EXAMPLE", "x.b.example"):
        assert served.to(name) == [second], name


def test_one_for_an_address_alone_is_served(tmp_path: Path) -> None:
    made = write(tmp_path, "127.0.0.1")
    assert Served(tmp_path).to() == [made]


def test_what_leads_to_an_authority_is_sent_with_it(tmp_path: Path) -> None:
    above = Authority(tmp_path / "authority.pem")
    stranger = Authority(tmp_path / "stranger.pem")
    made = above.sign(tmp_path / "key.pem", tmp_path / "certificate.pem", "a.example")
    shutil.copy(tmp_path / "certificate.pem", tmp_path / "again.pem")
    assert prints(Served(tmp_path).to()) == prints([made, above.certificate])
    assert stranger.certificate not in Served(tmp_path).to()


def test_of_two_for_one_key_or_name_the_one_that_lasts_longer_is_served(tmp_path: Path) -> None:
    both = tmp_path / "a.pem", tmp_path / "b.pem"
    write_certificate(both[0], both[0], "a.example", lasts=timedelta(hours=1))
    longer = write_certificate(both[1], both[1], "a.example", lasts=timedelta(days=9))
    assert Served(tmp_path).to("a.example") == [longer]


# Renewal.


def test_a_renewed_one_is_taken_up_a_second_later_at_the_earliest(tmp_path: Path) -> None:
    old = write(tmp_path, "a.example")
    served = Served(tmp_path)
    new = write(tmp_path, "b.example")
    assert served.to() == [old]
    served.later()
    with logged() as lines:
        assert served.to() == [new]
        assert served.to("b.example") == [new]
    ((level, line),) = lines
    assert level is LogLevel.info
    assert "new certificate for b.example until" in line
    assert fingerprint(new) in line


def test_files_that_are_replaced_by_others_of_the_same_time_and_size_are_noticed(tmp_path: Path) -> None:
    old = write(tmp_path, "a.example")
    served = Served(tmp_path)
    elsewhere = tmp_path / "new"
    elsewhere.mkdir()
    names = ("key.pem", "certificate.pem")
    while True:  # a signature is a byte longer or shorter now and then
        new = write(elsewhere, "a.example")
        if all((elsewhere / name).stat().st_size == (tmp_path / name).stat().st_size for name in names):
            break
    for path in list(elsewhere.iterdir()):
        shutil.copystat(tmp_path / path.name, path)
        path.replace(tmp_path / path.name)
    served.later()
    assert served.to() == [new] != [old]


def test_links_as_certbot_turns_them_are_followed(tmp_path: Path) -> None:
    live = tmp_path / "live"
    live.mkdir()
    made = []
    for number in (1, 2):
        archive = tmp_path / "archive" / str(number)
        archive.mkdir(parents=True)
        made.append(write(archive, "a.example"))
    for name in ("key.pem", "certificate.pem"):
        (live / name).symlink_to(tmp_path / "archive" / "1" / name)
    served = Served(live)
    for name in ("key.pem", "certificate.pem"):
        (live / name).unlink()
        (live / name).symlink_to(tmp_path / "archive" / "2" / name)
    served.later()
    assert served.to() == [made[1]]


def break_key(folder: Path) -> str:
    (folder / "key.pem").write_bytes((folder / "key.pem").read_bytes()[:-40])
    return "key.pem is damaged"


def break_certificate(folder: Path) -> str:
    lines = (folder / "certificate.pem").read_text().splitlines()
    (folder / "certificate.pem").write_text("\n".join([lines[0], "AAAA", lines[-1]]))
    return "certificate.pem is damaged"


def cut_chain(folder: Path) -> str:
    path = folder / "certificate.pem"
    path.write_bytes(path.read_bytes() + path.read_bytes()[:300])
    return "certificate.pem is damaged: it is not a complete PEM file"


def mismatch(folder: Path) -> str:
    write_certificate(folder / "key.pem", folder / "other", "a.example")
    return "none of the certificates"


def empty(folder: Path) -> str:
    (folder / "certificate.pem").write_text("")
    return "certificate.pem is damaged"


def swell(folder: Path) -> str:
    (folder / "key.pem").write_bytes(b"\n" * MAX_FILE_BYTES + (folder / "key.pem").read_bytes())
    return "key.pem is damaged"


def lock(folder: Path) -> str:
    path = folder / "key.pem"
    key = load_pem_private_key(path.read_bytes(), None)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    return "key.pem is encrypted; replace it with a key without a password"


def expire(folder: Path) -> str:
    write_certificate(folder / "key.pem", folder / "certificate.pem", "a.example", lasts=timedelta(hours=-1))
    return f"certificate.pem expired on {datetime.now(UTC) - timedelta(hours=1):%Y-%m-%d}"


def remove(folder: Path) -> str:
    (folder / "key.pem").unlink()
    return "no private key in"


def remove_all(folder: Path) -> str:
    shutil.rmtree(folder)
    return "No such file or directory"


def block(folder: Path) -> str:
    (folder / "key.pem").unlink()
    (folder / "key.pem").symlink_to("nowhere")
    return "No such file or directory"


@pytest.mark.parametrize(
    "spoil",
    [break_key, break_certificate, cut_chain, mismatch, empty, swell, lock, expire, remove, remove_all, block],
)
def test_what_cannot_be_used_leaves_the_old_one_and_one_line_in_the_log(tmp_path: Path, spoil: Any) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    old = write(folder, "a.example")
    served = Served(folder)
    why = spoil(folder)
    with logged() as lines:
        for _ in range(3):
            served.later()
            assert served.to() == served.to("a.example") == [old]
    ((level, line),) = lines
    assert level is LogLevel.error
    assert why in line
    assert str(folder) in line
    assert "the old one stays" in line
    assert "\n" not in line
    folder.mkdir(exist_ok=True)
    new = write(folder, "a.example")
    served.later()
    assert served.to() == [new]


# What is said at the start.


def refusal(*words: str) -> str:
    options = Options()
    options.parseOptions(words)
    with pytest.raises(SystemExit) as caught:
        makeService(options)
    assert isinstance(caught.value.code, str)  # printed, and the status is 1
    assert "\n" not in caught.value.code
    return caught.value.code


@pytest.mark.parametrize("prefix", ["", "haproxy:", "TLS:"])
def test_a_directory_without_a_certificate_is_one_line(tmp_path: Path, prefix: str) -> None:
    place = "" if prefix == "TLS:" else "tls:"
    missing = refusal("--listen", f"{prefix}{place}{tmp_path}/no:port=0")
    assert f"no such directory: {tmp_path}/no; create it with chatd certificate {tmp_path}/no NAME" in missing
    (tmp_path / "notes.txt").write_text("")
    assert f"no private key in {tmp_path}" in refusal("--listen", f"{prefix}{place}{tmp_path}:port=0")
    write_certificate(tmp_path / "key.pem", tmp_path / "certificate", "a.example")
    assert "none of the certificates in" in refusal("--listen", f"{prefix}{place}{tmp_path}:port=0")


@pytest.mark.parametrize("place", ["tls:", "tls:{}", "tls:{}:", "tls:{}:interface=::1", "tls:{}:port=0:speed=1"])
def test_a_place_that_makes_no_sense_is_one_line(tmp_path: Path, place: str) -> None:
    write(tmp_path, "a.example")
    assert "invalid endpoint" in refusal("--listen", place.format(tmp_path))


def test_an_expired_one_is_served_at_the_start_and_told_of(tmp_path: Path) -> None:
    made = write_certificate(tmp_path / "a.pem", tmp_path / "a.pem", "a.example", lasts=timedelta(hours=-1))
    with logged() as lines:
        assert Served(tmp_path).to() == [made]
    assert [level for level, _ in lines] == [LogLevel.error]
    assert "a.pem expired on" in lines[0][1]


@pytest.mark.parametrize("method", ["sslmethod=TLSv1_METHOD", "TLSv1_1_METHOD"])
def test_ssl_is_not_told_to_speak_what_is_old(tmp_path: Path, method: str) -> None:
    write(tmp_path, "a.example")
    place = f"ssl:0:{tmp_path}/key.pem:{tmp_path}/certificate.pem:{method}"
    assert "versions before TLS 1.2" in refusal("--listen", place)


# The real daemon.


@contextmanager
def encrypted(
    port: int, trusted: Path | None = None, name: str = "localhost", version: ssl.TLSVersion | None = None
) -> Iterator[Client]:
    """Connect over TLS, and verify the certificate if there is one to trust."""
    context = ssl.create_default_context(cafile=None if trusted is None else str(trusted))
    if trusted is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings(action="ignore"):  # that old ones are deprecated is the point
            context.minimum_version = context.maximum_version = version
    with Client(("127.0.0.1", port)) as client:
        client.socket = context.wrap_socket(client.socket, server_hostname=name)
        yield client


def certificate_of(client: Client) -> bytes:
    sock: Any = client.socket
    found = x509.load_der_x509_certificate(sock.getpeercert(binary_form=True))
    return found.fingerprint(hashes.SHA256())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tls"
    made.mkdir()
    return made


def daemon(tmp_path: Path, *options: str, place: str = "tls:tls:port=0:interface=127.0.0.1") -> Daemon:
    return Daemon(tmp_path, "--journal", "memory:", *options, "--listen", place)


def test_a_renewed_certificate_is_served_without_a_restart_and_nobody_is_cut_off(tmp_path: Path, folder: Path) -> None:
    old = write(folder, "localhost")
    shutil.copy(folder / "certificate.pem", tmp_path / "trusted")
    with daemon(tmp_path) as running, encrypted(running.port, tmp_path / "trusted") as before:
        before.join("before", "#den")
        assert certificate_of(before) == old.fingerprint(hashes.SHA256())
        (folder / "key.pem").write_text("half of")
        wait_until(lambda: ask(running, tmp_path / "trusted") and "key.pem is damaged" in running.log(), running.log)
        new = write(folder, "localhost")
        shutil.copy(folder / "certificate.pem", tmp_path / "new")

        def renewed() -> bool:
            with encrypted(running.port) as client:
                return certificate_of(client) == new.fingerprint(hashes.SHA256())

        wait_until(renewed, running.log)
        with encrypted(running.port, tmp_path / "new") as after:
            after.join("after", "#den")
            before.send(b"MSG still here\n")
            after.until(lambda line: line == "MSG before #den still here")
        assert running.log().count("key.pem is damaged") == 1
        assert "Traceback" not in running.log()
        assert running.terminate() == 0


def ask(running: Daemon, trusted: Path) -> bool:
    with encrypted(running.port, trusted):
        return True


@pytest.mark.parametrize(
    "place",
    [
        "tls:tls:port=0:interface=127.0.0.1",
        "ssl:0:privateKey=tls/key.pem:certKey=tls/certificate.pem:interface=127.0.0.1",
    ],
)
def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path, folder: Path, place: str) -> None:
    write(folder, "localhost")
    with daemon(tmp_path, place=place) as running:
        for version in RECENT:
            with encrypted(running.port, version=version) as client:
                client.join("ann", "#den")
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with (
                pytest.raises(ssl.SSLError, match=r"(?i)alert.protocol.version"),
                encrypted(running.port, version=version),
            ):
                pass
        assert "Traceback" not in running.log()


@pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")  # Twisted's own ssl: does
def test_openssl_is_told_so_whatever_its_own_limit_is(tmp_path: Path) -> None:
    write(tmp_path, "localhost")
    options = Options()
    options.parseOptions(["--listen", f"ssl:0:{tmp_path}/key.pem:{tmp_path}/certificate.pem"])
    (place,) = makeService(options)._places
    theirs: Any = place.endpoint
    for context in (Served(tmp_path).certificates._default, theirs._sslContextFactory.getContext()):
        refused = SSL.OP_NO_SSLv3 | SSL.OP_NO_TLSv1 | SSL.OP_NO_TLSv1_1
        assert context.set_options(0) & refused == refused


def test_what_is_no_tls_costs_that_connection_alone_and_does_not_stay(tmp_path: Path, folder: Path) -> None:
    write(folder, "localhost")
    with daemon(tmp_path, "--join-timeout", "1") as running:
        with Client(("127.0.0.1", running.port), may_be_cut=True) as plain:
            plain.send(b"JOIN ann #den\n")
            assert not [line for line in raw(plain) if b"JOIN" in line]
        with Client(("127.0.0.1", running.port)) as silent:
            assert raw(silent) == []
        with encrypted(running.port) as client:
            client.join("ann", "#den")
        assert "Traceback" not in running.log()


def raw(client: Client) -> list[bytes]:
    found = []
    while data := client._receive():
        found.append(data)
    return found


def test_what_the_command_makes_is_served_by_the_line_it_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatd.app import archive_commands as admin

    monkeypatch.chdir(tmp_path)
    admin.main(["certificate", "my:tls", "localhost"])
    line = capsys.readouterr().out.splitlines()[-1]
    place = line.partition("--listen ")[2].strip("'").replace("10320", "0") + ":interface=127.0.0.1"
    with daemon(tmp_path, place=place) as running:
        trusted = tmp_path / "my:tls" / "certificate.pem"
        with encrypted(running.port, trusted) as client:
            client.join("ann", "#den")
        with pytest.raises(ssl.SSLCertVerificationError), encrypted(running.port, trusted, "other"):
            pass


def test_a_chain_is_verified_by_who_trusts_the_authority(tmp_path: Path, folder: Path) -> None:
    above = Authority(tmp_path / "authority.pem")
    above.sign(folder / "key.pem", folder / "certificate.pem", "localhost")
    (pair,) = read(folder)
    assert pair.chain == ()
    with daemon(tmp_path) as running, encrypted(running.port, above.file) as client:
        client.join("ann", "#den")


def test_a_client_may_offer_to_speak_whatever_it_likes(tmp_path: Path, folder: Path) -> None:
    write(folder, "localhost")
    place = "tls:tls:port=0:interface=127.0.0.1"
    with daemon(tmp_path, "--web", place) as running:
        wait_until(lambda: "the page is at https://" in running.log(), running.log)
        lines, page = map(int, re.findall(r"listening on 127\.0\.0\.1:(\d+)", running.log()))
        chosen = {}
        for port, offered in product((lines, page), (["h2", "http/1.1"], ["h2"], ["irc"])):
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(offered)
            with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as client:
                chosen[port, offered[-1]] = client.selected_alpn_protocol()
        assert {key for key, protocol in chosen.items() if protocol} == {(page, "http/1.1")}
        assert "Traceback" not in running.log()
