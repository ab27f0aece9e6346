"""What is said of certificates, which are real."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chatd.app.checks import certificates
from chatd.app.checks.result import Result, State
from chatd.tls import pem
from tests.support.certificates import Authority, write_certificate
from tests.support.checks import let_others_in, named, one, question, states

LONG = timedelta(days=365)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tls").mkdir()
    return tmp_path / "tls"


def checked(*words: str) -> list[Result]:
    return list(certificates.check(question(*words or ("--listen", "tls:tls:port=0"))))


def write(folder: Path, *names: str, lasts: timedelta = LONG) -> None:
    write_certificate(folder / "key.pem", folder / "certificate.pem", *names, lasts=lasts)
    (folder / "key.pem").chmod(0o600)


def test_one_that_is_good(folder: Path) -> None:
    write(folder, "chat.example.org")
    results = checked()
    assert states(results) == [State.GOOD] * 3
    assert "for chat.example.org" in one(results, "certificates.names").what


def test_places_without_tls_have_none() -> None:
    assert checked("--port", "0", "--listen", "unix:here") == []


@pytest.mark.parametrize(
    ("lasts", "what"),
    [
        (timedelta(days=29), "expires in 28 days"),
        (timedelta(seconds=-1), "expired on"),
        (timedelta(hours=1), "in 0 days"),
    ],
)
def test_one_that_ends_soon(folder: Path, lasts: timedelta, what: str) -> None:
    write(folder, "a.example", lasts=lasts)
    dates = one(checked(), "certificates.dates")
    assert (dates.state, what in dates.what) == (State.WARNING, True)


def test_one_that_begins_later(folder: Path) -> None:
    write(folder, "a.example")
    (pair,) = pem.read(folder)
    (dates,) = certificates.dates(pair, datetime.now(UTC) - timedelta(days=10))
    assert (dates.state, "valid only from" in dates.what) == (State.WARNING, True)


def test_a_key_of_another(folder: Path) -> None:
    write(folder, "a.example")
    write_certificate(folder / "key.pem", folder.parent / "elsewhere", "a.example")
    (result,) = checked()
    assert (result.state, "belongs to the key" in result.what) == (State.WRONG, True)


def test_none_at_all(tmp_path: Path) -> None:
    (result,) = checked()
    assert (result.state, "no private key" in result.what) == (State.WRONG, True)
    (result,) = checked("--irc", "tls:nowhere:port=0", "--web", "off")
    assert result.state is State.WRONG
    assert result.what == f"tls:nowhere:port=0: no such file or directory: {tmp_path / 'nowhere'}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not")
def test_a_key_that_the_user_may_not_read(folder: Path) -> None:
    write(folder, "a.example")
    asked = question("--listen", "tls:tls:port=0")
    let_others_in(folder)
    os.seteuid(65534)
    try:
        (result,) = certificates.check(asked)
    finally:
        os.seteuid(0)
    assert (result.state, result.what) == (State.WRONG, f"this user cannot read {folder / 'key.pem'}")


def test_a_key_that_everybody_may_read(folder: Path) -> None:
    write(folder, "a.example")
    assert named(checked(), "certificates.secrecy") == []
    (folder / "key.pem").chmod(0o644)
    secrecy = one(checked(), "certificates.secrecy")
    assert (secrecy.state, secrecy.do) == (State.WARNING, f"chmod 600 {folder / 'key.pem'}")


def test_a_name_that_the_page_is_reached_by(folder: Path) -> None:
    write(folder, "chat.example.org", "*.example.net")
    page = ("--port", "0", "--web", "haproxy:tls:tls:port=0", "--web-host")
    assert one(checked(*page, "Chat.example.org"), "certificates.names").state is State.GOOD
    assert one(checked(*page, "www.example.net"), "certificates.names").state is State.GOOD
    result = one(checked(*page, "talk.example.org"), "certificates.names")
    assert result.state is State.WARNING
    assert "not for talk.example.org, which --web-host names" in result.what


def test_the_name_of_the_irc_server(folder: Path) -> None:
    write(folder, "irc.example.org")
    irc = ("--port", "0", "--web", "off", "--irc", "tls:tls:port=0")
    assert one(checked(*irc), "certificates.names").state is State.GOOD
    assert one(checked(*irc, "--irc-name", "irc.example.org"), "certificates.names").state is State.GOOD
    result = one(checked(*irc, "--irc-name", "irc.example.net"), "certificates.names")
    assert (result.state, "which --irc-name names" in result.what) == (State.WARNING, True)


def test_the_name_of_this_machine(folder: Path) -> None:
    write(folder, "somewhere.else.example")
    assert "this machine is named" in one(checked(), "certificates.names").what
    write(folder, socket.gethostname().lower())
    assert "this machine is named" not in one(checked(), "certificates.names").what


def _rsa(folder: Path, bits: int, *, names: bool) -> None:
    key = rsa.generate_private_key(65537, bits)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - LONG).not_valid_after(now + LONG)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("a.example")]), critical=False)
    encoding = serialization.Encoding.PEM
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "a.pem").write_bytes(secret + builder.sign(key, hashes.SHA256()).public_bytes(encoding))
    (folder / "a.pem").chmod(0o600)


def test_a_key_that_is_weak(folder: Path) -> None:
    _rsa(folder, 1024, names=True)
    results = checked()
    # Where OpenSSL does not even serve it, the daemon would not start.
    refused = [each for each in results if each.state is State.WRONG and "OpenSSL refuses it" in each.what]
    weak = [each for each in results if each.state is State.WARNING and "RSA key of 1024 bits" in each.what]
    assert refused or weak
    (pair,) = pem.read(folder)
    (strength,) = certificates.strength(pair)
    assert (strength.state, "1024 bits" in strength.what) == (State.WARNING, True)


def test_one_for_no_name(folder: Path) -> None:
    _rsa(folder, 2048, names=False)
    result = one(checked(), "certificates.names")
    assert (result.state, "for no name" in result.what) == (State.WARNING, True)


def test_what_leads_to_an_authority(folder: Path) -> None:
    authority = Authority(folder.parent / "authority")
    authority.sign(folder / "key.pem", folder / "certificate.pem", "a.example")
    (folder / "key.pem").chmod(0o600)
    chain = one(checked(), "certificates.chain")
    assert (chain.state, "CN=an authority" in chain.what) == (State.WARNING, True)
    (folder / "above.pem").write_bytes(authority.file.read_bytes())
    assert named(checked(), "certificates.chain") == []


def test_the_files_of_an_ssl_endpoint(folder: Path) -> None:
    write(folder, "a.example", lasts=timedelta(days=3))
    listen = "ssl:0:privateKey=tls/key.pem:certKey=tls/certificate.pem"
    assert one(checked("--listen", listen), "certificates.dates").state is State.WARNING
    (folder / "certificate.pem").write_text("none")
    assert states(checked("--listen", listen)) == [State.WRONG]
