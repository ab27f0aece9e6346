"""Certificates for tests, which nobody is to trust."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Authority:
    """Signs certificates; its own is in ``file``."""

    def __init__(self, file: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("an authority")
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        made = _builder(self._name, self._name, self._key, timedelta(days=1))
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        made = made.add_extension(usage, critical=True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        self.certificate = made.sign(self._key, hashes.SHA256())
        self.file = file
        file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def sign(self, key_file: Path, certificate_file: Path, *names: str) -> x509.Certificate:
        """Write a new key and a certificate for it; both may be one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = _builder(_name(names[0]), self._name, key, timedelta(days=1)).add_extension(_san(*names), False)
        builder = builder.add_extension(above, False)
        return _write(key_file, certificate_file, key, builder.sign(self._key, hashes.SHA256()))


def write_certificate(
    key_file: Path, certificate_file: Path, *names: str, lasts: timedelta = timedelta(days=1)
) -> x509.Certificate:
    """Write a new key and a certificate that it has signed itself, both as PEM, which may be one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(names[0])
    certificate = _builder(name, name, key, lasts).add_extension(_san(*names), False).sign(key, hashes.SHA256())
    return _write(key_file, certificate_file, key, certificate)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _san(*names: str) -> x509.SubjectAlternativeName:
    found: list[x509.GeneralName] = []
    for name in names:
        general: x509.GeneralName = x509.DNSName(name)
        with suppress(ValueError):
            general = x509.IPAddress(ipaddress.ip_address(name))
        found.append(general)
    return x509.SubjectAlternativeName(found)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + lasts)
    )


def _write(
    key_file: Path, certificate_file: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> x509.Certificate:
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    public = certificate.public_bytes(pem)
    if key_file == certificate_file:
        key_file.write_bytes(secret + public)
    else:
        key_file.write_bytes(secret)
        certificate_file.write_bytes(public)
    return certificate
