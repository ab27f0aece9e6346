"""Keys and certificates out of the PEM files of a directory: which belongs to which, and what is wrong with them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

MAX_FILE_BYTES = 1024 * 1024
MAX_CHAIN = 10
"""How many certificates are sent with a server's own at most."""
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)

State = tuple[tuple[str, int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A key, the certificate for it, and those that lead from there to an authority. ``path`` is the certificate's."""

    path: Path
    key: CertificateIssuerPrivateKeyTypes
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    @property
    def names(self) -> list[str]:
        """The host names, in lower case, and addresses that it is made out for. Raise `ValueError` as `read`."""
        try:
            found = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return []
        except ValueError:
            raise ValueError(f"{self.path} is damaged: cannot read the names in its certificate") from None
        addresses = [str(address) for address in found.get_values_for_type(x509.IPAddress)]
        return [name.lower() for name in found.get_values_for_type(x509.DNSName)] + addresses

    @property
    def until(self) -> datetime:
        """When it expires."""
        return self.certificate.not_valid_after_utc


def state(directory: Path) -> State:
    """Return what is another if any of the files is: cheap enough to be asked for often. Raise `OSError`."""
    found = []
    for path in files(directory):
        now = path.stat()
        found.append((str(path), now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns))
    return tuple(found)


def read(directory: Path) -> list[Pair]:
    """Return the pairs in the ``*.pem`` files under a directory, in the order of the files' names; at least one.

    Files may hold keys, certificates or both, in any order. Raise `OSError` for what cannot be read, and `ValueError`
    with a sentence that names the file for what is broken or does not belong together.
    """
    return read_files(directory, files(directory))


def read_files(where: Path, paths: Iterable[Path]) -> list[Pair]:
    """Do the same with those files alone; ``where`` is what a sentence says that they are in."""
    keys: list[tuple[Path, CertificateIssuerPrivateKeyTypes]] = []
    certificates: list[tuple[Path, x509.Certificate]] = []
    for path in paths:
        for label, block in _blocks(path):
            try:
                if label == "CERTIFICATE":
                    certificates.append((path, x509.load_pem_x509_certificate(block)))
                elif label.endswith("PRIVATE KEY"):
                    # It is only ever used as what signs a handshake; a kind that cannot is refused by OpenSSL.
                    keys.append((path, load_pem_private_key(block, None)))  # type: ignore[arg-type]
            except TypeError:
                raise ValueError(f"{path} is encrypted; replace it with a key without a password") from None
            except (ValueError, UnsupportedAlgorithm):
                raise ValueError(f"{path} is damaged: its {label} is invalid") from None
    if not keys:
        raise ValueError(f"no private key in {where}; put one there as *.pem")
    return [_pair(where, path, key, certificates) for path, key in keys]


def _pair(
    directory: Path,
    path: Path,
    key: CertificateIssuerPrivateKeyTypes,
    certificates: Sequence[tuple[Path, x509.Certificate]],
) -> Pair:
    public = _bytes(key)
    own = [(path, each) for path, each in certificates if _bytes(each) == public]
    if not own:
        raise ValueError(f"none of the certificates in {directory} belongs to the key in {path}")
    where, newest = max(own, key=lambda found: found[1].not_valid_after_utc)
    chain: list[x509.Certificate] = []
    last, others = newest, [each for _, each in certificates if _bytes(each) != public]
    while len(chain) < MAX_CHAIN and last.issuer != last.subject:
        above = next((each for each in others if each.subject == last.issuer and each not in chain), None)
        if above is None:
            break
        chain.append(last := above)
    return Pair(where, key, newest, tuple(chain))


def _bytes(held: CertificateIssuerPrivateKeyTypes | x509.Certificate) -> bytes:
    return held.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def files(directory: Path) -> Iterator[Path]:
    """Yield the PEM files under a directory, always in the same order. Raise `OSError` if it cannot be looked into."""

    def fail(error: OSError) -> None:
        raise error

    for folder, folders, names in os.walk(directory, onerror=fail):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".pem"))


def _blocks(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what is in a PEM file: what each piece says it is, and the piece. Raise as `read`."""
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    blocks = list(_BLOCK.finditer(content))
    if len(content) > MAX_FILE_BYTES or not blocks or len(blocks) != content.count(b"-----BEGIN "):
        raise ValueError(f"{path} is damaged: it is not a complete PEM file")
    for block in blocks:
        yield block[1].decode("ascii"), block[0]
