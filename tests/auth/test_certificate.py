from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mde_files.auth.certificate import CertificateCredential
from mde_files.config import CertificateConfig
from mde_files.errors import InvalidConfigError
from mde_files.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS8 = serialization.PrivateFormat.PKCS8
OPEN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"canary-passphrase")


def certify(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, days: int = 30) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "test")])
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE_KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE, OTHER_CERTIFICATE, CURVE_CERTIFICATE = certify(KEY), certify(OTHER_KEY), certify(CURVE_KEY)
KEY_PEM = KEY.private_bytes(PEM, PKCS8, OPEN)
LOCKED_PEM = KEY.private_bytes(PEM, PKCS8, LOCKED)
CERTIFICATE_PEM = CERTIFICATE.public_bytes(PEM)


def pfx(key: object, certificate: x509.Certificate | None, encryption: object = OPEN) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"n", key, certificate, None, encryption)  # type: ignore[arg-type]


def credential(path: Path, content: bytes, passphrase: str | None = None) -> CertificateCredential:
    path.write_bytes(content)
    return CertificateCredential(CertificateConfig(path, None, None if passphrase is None else Secret(passphrase)))


@pytest.mark.parametrize(
    ("content", "passphrase", "problem"),
    [
        (b"", None, "is neither a PFX nor a PEM file"),
        (b"just some text", None, "is neither a PFX nor a PEM file"),
        (CERTIFICATE_PEM, None, "holds no private key"),
        (KEY_PEM, None, "holds a private key without a certificate"),
        (CERTIFICATE_PEM + LOCKED_PEM, None, "is encrypted, and no passphrase is given"),
        (CERTIFICATE_PEM + LOCKED_PEM, "canary-wrong", "is damaged, or the passphrase does not fit"),
        (CERTIFICATE_PEM + KEY_PEM.replace(b"M", b"N"), None, "is damaged"),
        (CERTIFICATE_PEM.replace(b"M", b"N") + KEY_PEM, None, "is damaged"),
        (OTHER_CERTIFICATE.public_bytes(PEM) + KEY_PEM, None, "belongs to another certificate"),
        (CURVE_CERTIFICATE.public_bytes(PEM) + KEY_PEM, None, "belongs to another certificate"),
        (CURVE_CERTIFICATE.public_bytes(PEM) + CURVE_KEY.private_bytes(PEM, PKCS8, OPEN), None, "has no RSA key"),
        (certify(KEY, days=-2).public_bytes(PEM) + KEY_PEM, None, "expired on 20"),
        (CERTIFICATE.public_bytes(DER), None, "is a certificate without its private key"),
        (pfx(KEY, CERTIFICATE, LOCKED), None, "is encrypted or damaged, and no passphrase is given"),
        (pfx(KEY, CERTIFICATE, LOCKED), "canary-wrong", "is damaged, or the passphrase does not fit"),
        (pfx(KEY, CERTIFICATE)[:-20], None, "is encrypted or damaged"),
        (pfx(KEY, None), None, "holds no private key with its certificate"),
        (pfx(None, CERTIFICATE), None, "holds no private key with its certificate"),
        (pfx(CURVE_KEY, CURVE_CERTIFICATE), None, "has no RSA key"),
    ],
)
def test_unusable_certificate(tmp_path: Path, content: bytes, passphrase: str | None, problem: str) -> None:
    path = tmp_path / "credential"
    with pytest.raises(InvalidConfigError) as caught:
        credential(path, content, passphrase).for_msal()
    assert problem in caught.value.message
    assert caught.value.message.startswith(f"auth.certificate.path: {str(path)!r} ")
    assert caught.value.hint
    assert "canary" not in str(caught.value.as_dict())


def test_file_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "gone.pfx"
    credential_of_gone = CertificateCredential(CertificateConfig(path, None, None))
    with pytest.raises(InvalidConfigError, match="cannot be read: No such file"):
        credential_of_gone.fingerprint()


def test_text_is_named_by_its_own_key() -> None:
    with pytest.raises(InvalidConfigError, match=r"auth\.certificate\.pem holds no private key"):
        CertificateCredential(CertificateConfig(None, Secret(CERTIFICATE_PEM.decode()), None)).for_msal()


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (CERTIFICATE_PEM + KEY_PEM, None),
        (CERTIFICATE_PEM + KEY_PEM, "unneeded"),
        (KEY.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, OPEN) + CERTIFICATE_PEM, None),
        (
            KEY.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, LOCKED) + CERTIFICATE_PEM,
            "canary-passphrase",
        ),
        (OTHER_CERTIFICATE.public_bytes(PEM) + CERTIFICATE_PEM + LOCKED_PEM, "canary-passphrase"),
        (b"Bag Attributes\r\n" + (CERTIFICATE_PEM + KEY_PEM).replace(b"\n", b"\r\n"), None),
        (pfx(KEY, CERTIFICATE, LOCKED), "canary-passphrase"),
        (pfx(KEY, CERTIFICATE), None),
    ],
)
def test_key_and_the_certificate_that_belongs_to_it(tmp_path: Path, content: bytes, passphrase: str | None) -> None:
    loaded = credential(tmp_path / "credential", content, passphrase).for_msal()
    assert loaded == {"private_key": KEY_PEM.decode(), "public_certificate": CERTIFICATE_PEM.decode()}


def test_fingerprint_follows_the_content(tmp_path: Path) -> None:
    path = tmp_path / "credential"
    first = credential(path, pfx(KEY, CERTIFICATE)).fingerprint()
    second = credential(path, pfx(OTHER_KEY, OTHER_CERTIFICATE)).fingerprint()
    text = CertificateCredential(CertificateConfig(None, Secret("text"), None)).fingerprint()
    assert len({first, second, text}) == 3


@given(st.binary(max_size=300) | st.sampled_from([KEY_PEM, LOCKED_PEM, pfx(KEY, CERTIFICATE)]), st.integers(0, 2000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_any_bytes_give_a_clear_error(tmp_path: Path, content: bytes, cut: int) -> None:
    with pytest.raises(InvalidConfigError):
        credential(tmp_path / "credential", b"\x30" + content[:cut], "x").for_msal()
