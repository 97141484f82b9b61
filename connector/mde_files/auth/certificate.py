"""Reads the certificate an application signs in with: PFX or PEM, from a file or as text."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

    from mde_files.config import CertificateConfig

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_PRIVATE_KEY = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
_ONE_LINE_PEM = re.compile(rb"(-----BEGIN [A-Z0-9 ]+-----)(.*?)(-----END [A-Z0-9 ]+-----)", re.DOTALL)
_MAX_BYTES = 1_048_576
_MAKE_HINT = "Give a PFX file, or a PEM file with both the certificate and its private key."
_ENCRYPTED_HINT = "Set auth.certificate.passphrase (MDE_FILES_AUTH__CERTIFICATE__PASSPHRASE)."


class CertificateCredential:
    """A certificate with its private key; signs assertions with SHA-256 (PS256, ``x5t#S256``), never SHA-1."""

    def __init__(self, config: CertificateConfig) -> None:
        self._passphrase = config.passphrase
        self._path = config.path
        self._pem = config.pem
        self._place = "auth.certificate.pem" if self._path is None else f"auth.certificate.path: {str(self._path)!r}"

    def fingerprint(self) -> bytes:
        """Return certificate and key as they are stored. The passphrase stays out: it would be easy to guess from."""
        if self._path is None:
            return b"" if self._pem is None else self._pem.reveal().encode()
        try:
            with self._path.open("rb") as file:
                return file.read(_MAX_BYTES)
        except OSError as error:
            raise self._wrong(f"cannot be read: {error.strerror}", "Check the path and its permissions.") from None

    def for_msal(self) -> Mapping[str, Any]:
        """Return key and certificate as MSAL takes them, checked to belong together and to be valid today."""
        from cryptography.hazmat.primitives import serialization

        content = self.fingerprint()
        key, certificates = self._from_pem(content) if b"-----BEGIN" in content else self._from_pfx(content)
        certificate = self._matching(key, certificates)
        return {
            "private_key": key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode("ascii"),
            "public_certificate": certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        }

    def secrets(self) -> tuple[str, ...]:
        """Return nothing: assertions are signed with the key, which is never sent."""
        return ()

    def _from_pem(self, content: bytes) -> tuple[RSAPrivateKey, list[Certificate]]:
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization

        content = _with_line_breaks(content)
        found = _PRIVATE_KEY.search(content)
        if found is None:
            raise self._wrong("holds no private key", _MAKE_HINT)
        blocks = [block.group() for block in _CERTIFICATE.finditer(content)]
        if not blocks:
            raise self._wrong("holds a private key without a certificate", _MAKE_HINT)
        encrypted = b"ENCRYPTED" in found.group()
        if encrypted and self._passphrase is None:
            raise self._wrong("is encrypted, and no passphrase is given", _ENCRYPTED_HINT)
        try:
            key = serialization.load_pem_private_key(found.group(), self._password() if encrypted else None)
            certificates = [x509.load_pem_x509_certificate(block) for block in blocks]
        except Exception:  # noqa: BLE001 - several libraries' errors for damaged bytes
            problem = "is damaged, or the passphrase does not fit" if encrypted else "is damaged"
            raise self._wrong(problem, _ENCRYPTED_HINT if encrypted else _MAKE_HINT) from None
        return self._rsa(key), certificates

    def _from_pfx(self, content: bytes) -> tuple[RSAPrivateKey, list[Certificate]]:
        from cryptography.hazmat.primitives.serialization import pkcs12

        try:
            key, certificate, _ = pkcs12.load_key_and_certificates(content, self._password())
        except Exception:  # noqa: BLE001 - several libraries' errors for damaged bytes
            raise self._unreadable_pfx(content) from None
        if key is None or certificate is None:
            raise self._wrong("holds no private key with its certificate", _MAKE_HINT)
        return self._rsa(key), [certificate]

    def _unreadable_pfx(self, content: bytes) -> InvalidConfigError:
        from cryptography import x509

        try:
            x509.load_der_x509_certificate(content)
        except ValueError:
            pass
        else:
            return self._wrong("is a certificate without its private key", _MAKE_HINT)
        if not content.startswith(b"\x30"):
            return self._wrong("is neither a PFX nor a PEM file", _MAKE_HINT)
        if self._passphrase is None:
            return self._wrong("is encrypted or damaged, and no passphrase is given", _ENCRYPTED_HINT)
        return self._wrong("is damaged, or the passphrase does not fit", _ENCRYPTED_HINT)

    def _password(self) -> bytes | None:
        return None if self._passphrase is None else self._passphrase.reveal().encode()

    def _rsa(self, key: object) -> RSAPrivateKey:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        if not isinstance(key, RSAPrivateKey):
            raise self._wrong("has no RSA key", "Microsoft Entra ID takes certificates with RSA keys only.")
        return key

    def _matching(self, key: RSAPrivateKey, certificates: list[Certificate]) -> Certificate:
        numbers = key.public_key().public_numbers()
        for certificate in certificates:
            public = certificate.public_key()
            if getattr(public, "public_numbers", lambda: None)() == numbers:
                break
        else:
            raise self._wrong("holds a private key that belongs to another certificate", _MAKE_HINT)
        if certificate.not_valid_after_utc < datetime.now(timezone.utc):
            day = certificate.not_valid_after_utc.date().isoformat()
            raise self._wrong(f"expired on {day}", "Make a new certificate and upload it to the app registration.")
        return certificate

    def _wrong(self, problem: str, hint: str) -> InvalidConfigError:
        return InvalidConfigError(f"{self._place} {problem}.", hint=hint)


def _with_line_breaks(content: bytes) -> bytes:
    r"""Undo what one-line settings do to PEM text: line breaks written as ``\n`` or turned into spaces."""
    content = content.replace(b"\\r", b"").replace(b"\\n", b"\n")
    return _ONE_LINE_PEM.sub(
        lambda found: found[0] if b"\n" in found[2] else b"\n".join([found[1], *found[2].split(), found[3]]) + b"\n",
        content,
    )
