"""A self-signed certificate to start with, and the fingerprint by which people compare certificates."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import idna
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from chatd.runtime.files import make_folder, make_own

KEY_FILE, CERTIFICATE_FILE = "key.pem", "certificate.pem"
VALID_DAYS = 3650
"""How long one is good: ten years, as every change of it is a warning to all who have accepted it."""
_MAX_COMMON_NAME = 64
_BEFORE = timedelta(hours=1)
"""How far a client's clock may be behind."""


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate as ``openssl x509 -fingerprint -sha256`` writes it, ``AB:CD:...``."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def write_new(directory: Path, names: Sequence[str], now: datetime) -> x509.Certificate:
    """Make a key (EC, P-256) and a self-signed certificate, write both to a directory, and return the certificate.

    ``names`` are host names, ``*.example.org`` among them, and IP addresses; at least one. The directory is made if it
    does not exist; the key is readable by its owner alone. Raise `ValueError` for what is not a name, `FileExistsError`
    if one of the files exists, and any other `OSError` if they cannot be written; then neither was.
    """
    alternatives = [_general_name(name) for name in names]
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(key, names[0], alternatives, now)
    make_folder(directory)
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file = directory / KEY_FILE
    _write(key_file, secret, 0o600)
    try:
        _write(directory / CERTIFICATE_FILE, certificate.public_bytes(pem), 0o644)
    except BaseException:
        key_file.unlink()
        raise
    return certificate


def _general_name(name: str) -> x509.GeneralName:
    with suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name.removeprefix("[").removesuffix("]")))
    wildcard, host = ("*.", name[2:]) if name.startswith("*.") else ("", name)
    try:
        return x509.DNSName(wildcard + idna.encode(host.removesuffix("."), uts46=True).decode("ascii"))
    except (idna.IDNAError, ValueError):
        raise ValueError(f"{name!r} is neither a host name nor an IP address") from None


def _signed(
    key: ec.EllipticCurvePrivateKey, name: str, alternatives: Sequence[x509.GeneralName], now: datetime
) -> x509.Certificate:
    common = name if len(name) <= _MAX_COMMON_NAME else "chatd"
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file that must not be there yet; leave nothing of it if that fails."""
    descriptor = make_own(path, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
    except BaseException:
        path.unlink()
        raise
