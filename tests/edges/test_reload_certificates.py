"""Certificates at a reload: renewed ones are served at once, and broken ones are said and change nothing."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.threads import deferToThread

from chatd.tls.certificate import fingerprint
from tests.support.certificates import write_certificate
from tests.support.linked_users import until
from tests.support.reloading import Reloadable, running, toml

MEMORY = {"storage": {"journal": '"memory:"'}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the certificate is."""
    made = tmp_path / "tls"
    made.mkdir()
    write_certificate(made / "key.pem", made / "certificate.pem", "localhost")
    return made


def config(folder: Path, **limits: str) -> str:
    return toml(MEMORY, {"listen": {"listen": f'["tls:{folder}:port=0:interface=127.0.0.1"]'}, "limits": limits})


async def served(daemon: Reloadable) -> str:
    """Return the fingerprint of the certificate that a client is shown."""

    def look() -> str:
        return ssl.get_server_certificate(daemon.place)

    pem = await deferToThread(look)
    await until(lambda: not len(daemon.service._connections))
    from cryptography import x509

    return fingerprint(x509.load_pem_x509_certificate(pem.encode()))


@ensureDeferred
async def test_a_renewed_certificate_is_served_and_told(tmp_path: Path, folder: Path) -> None:
    async with running(tmp_path, config(folder)) as daemon:
        old = await served(daemon)
        renewed = write_certificate(folder / "key.pem", folder / "certificate.pem", "localhost")
        assert await daemon.reload() == 0
        (said,) = daemon.said
        assert said.startswith("new certificate for localhost until ")
        assert said.endswith(f"SHA-256 {fingerprint(renewed)}")
        assert await served(daemon) == fingerprint(renewed) != old
        assert await daemon.reload() == 0
        assert daemon.said == ["nothing was changed"]


@pytest.mark.parametrize("how", ["broken", "expired", "gone"])
@ensureDeferred
async def test_one_that_is_of_no_use_changes_nothing(tmp_path: Path, folder: Path, how: str) -> None:
    async with running(tmp_path, config(folder)) as daemon:
        old, limits = await served(daemon), daemon.gateway.hub.limits
        match how:
            case "broken":
                (folder / "certificate.pem").write_text("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
            case "expired":
                write_certificate(folder / "key.pem", folder / "certificate.pem", "localhost", lasts=timedelta(days=-1))
            case _:
                (folder / "certificate.pem").unlink()
        assert await daemon.reload(config(folder, **{"max-rooms": "7"})) == 1
        (said,) = daemon.said
        assert said.startswith("nothing was changed: ")
        assert str(folder) in said
        assert daemon.gateway.hub.limits is limits
        assert await served(daemon) == old
