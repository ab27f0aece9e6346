"""``chatd certificate``: what it makes can be served and verified, and it takes nothing away."""

from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from chatd import __main__
from chatd.app import archive_commands as admin
from chatd.runtime.extras import install_command
from chatd.tls import certificate
from chatd.tls.certificate import fingerprint
from chatd.tls.pem import read

NOW = datetime.now(UTC)


def names(made: x509.Certificate) -> list[str]:
    found = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(each.value) for each in found]


def test_it_makes_a_pair_and_says_how_to_serve_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a b:c" / "tls"
    monkeypatch.setattr("sys.argv", ["chatd", "certificate", str(folder), "chat.example.org", "192.0.2.7", "::1"])
    __main__.main()
    (pair,) = read(folder)
    assert pair.names == ["chat.example.org", "192.0.2.7", "::1"]
    said = capsys.readouterr().out.splitlines()
    assert fingerprint(pair.certificate) in said[1]
    quoted = str(folder).replace(":", "\\:")
    assert said[2] == f"chatd --listen 'tls:{quoted}:port=10320'"
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600


def test_it_is_good_for_ten_years_and_for_strict_clients(tmp_path: Path) -> None:
    made = certificate.write_new(tmp_path, ["chat.example.org"], NOW)
    assert timedelta(days=3649) < made.not_valid_after_utc - NOW <= timedelta(days=3650)
    assert made.not_valid_before_utc < NOW
    context = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    assert context.cert_store_stats()["x509"] == 1
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")


@pytest.mark.parametrize(
    ("name", "as_written"),
    [
        ("Chat.Example.org.", "chat.example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("*.example.org", "*.example.org"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("localhost", "localhost"),
        ("a." * 40 + "example", "a." * 40 + "example"),
    ],
)
def test_a_name_is_a_host_or_an_address(tmp_path: Path, name: str, as_written: str) -> None:
    assert names(certificate.write_new(tmp_path, [name], NOW)) == [as_written]


@pytest.mark.parametrize("there", ["key.pem", "certificate.pem"])
def test_it_overwrites_nothing(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    with pytest.raises(SystemExit) as caught:
        admin.main(["certificate", str(tmp_path), "localhost"])
    assert caught.value.code == f"chatd: {tmp_path / there} already exists; nothing was changed"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(there, "mine")]


@pytest.mark.parametrize("name", ["", "a b", "http://x", "x/y", "a..b", "*", "*.*.x", "x" * 64, "-a", "a:1"])
def test_what_is_no_name_is_one_line_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(SystemExit) as caught:
        admin.main(["certificate", str(tmp_path / "new"), "localhost", "--", name])
    assert str(caught.value.code) == f"chatd: {name!r} is neither a host name nor an IP address"
    assert not (tmp_path / "new").exists()


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as caught:
        admin.main(["certificate", str(tmp_path / "file" / "x"), "localhost"])
    assert "Not a directory" in str(caught.value.code)


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "find_spec", lambda _: None)
    with pytest.raises(SystemExit) as caught:
        admin.main(["certificate", str(tmp_path), "localhost"])
    assert str(caught.value.code).endswith(install_command("tls"))
