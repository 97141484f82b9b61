"""Keys and certificates made at start: the TLS authority, application certificates, federated assertions."""

from __future__ import annotations

import base64
import hashlib
import ssl
import time
import uuid
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from mde_files.emulator.scenario import FederatedCredential

_KEY_BITS = 2048


class ServerIdentity(NamedTuple):
    """The TLS side of the server and the authority that clients need to trust it."""

    context: ssl.SSLContext
    authority_pem: bytes


def make_server_identity(hosts: list[str]) -> ServerIdentity:
    """Make a new certificate authority and a server certificate for ``hosts``."""
    import trustme

    authority = trustme.CA(organization_name="mde-files emulator")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    return ServerIdentity(context, authority.cert_pem.bytes())


def make_key() -> rsa.RSAPrivateKey:
    """Make a new RSA key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


class ApplicationCertificate:
    """A self-signed certificate with its key, as an application uses it to sign in.

    Attributes:
        private_key_pem: The key alone, not encrypted.
        public_certificate_pem: The certificate alone.
        pem: Certificate and key in one text.
        thumbprint: SHA-1 thumbprint in upper-case hex, as the portal shows it.
    """

    def __init__(self, name: str) -> None:
        self.private_key = make_key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(timezone.utc)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self.private_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365))
            .sign(self.private_key, hashes.SHA256())
        )
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        self.thumbprint = hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()
        self.identifiers = {
            "x5t": _base64url(hashlib.sha1(der, usedforsecurity=False).digest()),
            "x5t#S256": _base64url(hashlib.sha256(der).digest()),
        }

    @cached_property
    def private_key_pem(self) -> str:
        """The private key as PEM text."""
        return self.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @cached_property
    def public_certificate_pem(self) -> str:
        """The certificate as PEM text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def pem(self) -> str:
        """Certificate and private key as one PEM text."""
        return self.public_certificate_pem + self.private_key_pem

    def pfx(self, passphrase: str) -> bytes:
        """Return certificate and private key as PKCS #12, protected by ``passphrase``."""
        return pkcs12.serialize_key_and_certificates(
            b"mde-files", self.private_key, self.certificate, None,
            serialization.BestAvailableEncryption(passphrase.encode()),
        )  # fmt: skip


class FederatedIssuer:
    """An identity provider outside Microsoft Entra ID, such as a Kubernetes cluster."""

    def __init__(self) -> None:
        self.private_key = make_key()

    def assertion(self, credential: FederatedCredential, lifetime_seconds: int = 3600) -> str:
        """Return a signed assertion that the federated credential accepts."""
        import jwt

        now = int(time.time())
        claims = {
            "iss": credential.issuer,
            "sub": credential.subject,
            "aud": credential.audience,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_seconds,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(claims, self.private_key, algorithm="RS256")


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
