"""Content credentials (C2PA): a signed statement, inside the file, that a trained algorithm made its pictures."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from sdk._version import __version__
from sdk.arguments import instance, read_path, shown
from sdk.errors import ConfigError, MediaNotFound, OutputError
from sdk.media.marking import SOURCE_TYPE
from sdk.registry import require_extra

if TYPE_CHECKING:
    import c2pa
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

TEST_NAME: Final = "talkstyle TEST CERTIFICATE - NOT TRUSTED"

Pem: TypeAlias = str | os.PathLike[str] | bytes
"""A PEM file, or its bytes."""


class Signer:
    """Signs what ``Animation.save`` writes, by the C2PA standard.

    The manifest holds the action ``c2pa.created`` with IPTC's digital source type, and this library's version. It needs
    the extra ``c2pa``.

    Args:
        certificates: The chain, PEM, the signer's own certificate first.
        key: The private key that belongs to it, PEM, not encrypted: P-256, P-384, P-521, Ed25519 or RSA.
        timestamp_url: A time stamping authority (RFC 3161), asked over the network for each file; None asks nobody.

    Raises:
        ComponentUnavailable: The extra is not installed; the hint is the command that installs it.
        MediaNotFound: There is no such file.
        ConfigError: Chain or key cannot be read, do not belong together, or are none that C2PA takes.
    """

    def __init__(self, certificates: Pem, key: Pem, *, timestamp_url: str | None = None) -> None:
        require_extra("c2pa")
        self._certificates = _read(certificates, "certificates")
        self._key = _read(key, "key")
        if timestamp_url is not None:
            instance(timestamp_url, str, "timestamp_url", "Give an address, such as http://timestamp.example.")
        self._timestamp_url = timestamp_url
        self._algorithm, self.name = _examine(self._certificates, self._key)
        self._try()

    def __repr__(self) -> str:
        """Whose it is; never the key."""
        return f"Signer({self.name!r})"

    @classmethod
    def test(cls) -> Signer:
        """A signer for trying things out, with keys made now, whose certificate says that it must not be trusted.

        Raises:
            ComponentUnavailable: The extra ``c2pa`` is not installed.
        """
        require_extra("c2pa")
        return cls(*_test_pair())

    def _try(self) -> None:
        """Sign a tiny picture in memory, without a time stamp: what C2PA refuses is known before the work."""
        import c2pa
        from PIL import Image

        picture, signed = io.BytesIO(), io.BytesIO()
        Image.new("RGB", (2, 2)).save(picture, format="PNG")
        picture.seek(0)
        try:
            with self._builder("a trial", timestamp_url=None) as (builder, signer):
                builder.sign(signer, "image/png", picture, signed)
        except c2pa.C2paError as error:
            hint = "Check that the certificates are in force and allow signing."
            raise ConfigError(f"C2PA refuses certificates and key: {error}", where="certificates", hint=hint) from error

    @contextmanager
    def _builder(self, title: str, *, timestamp_url: str | None) -> Iterator[tuple[c2pa.Builder, c2pa.Signer]]:
        import c2pa

        information = c2pa.C2paSignerInfo(self._algorithm, self._certificates, self._key, timestamp_url)
        with (
            c2pa.Context.from_dict({"builder": {"thumbnail": {"enabled": False}}}) as context,
            c2pa.Signer.from_info(information) as signer,
            c2pa.Builder(_manifest(title), context) as builder,
        ):
            yield builder, signer

    def sign(self, path: Path, *, title: str) -> None:
        """Put a signed manifest, with the work's ``title``, into a finished mp4 or PNG.

        Raises:
            OutputError: It could not be signed.
        """
        import c2pa

        signed = path.with_name(f"{path.stem}-signed{path.suffix}")
        try:
            with self._builder(title, timestamp_url=self._timestamp_url) as (builder, signer):
                builder.sign_file(path, signed, signer)
            signed.replace(path)
        except (c2pa.C2paError, OSError) as error:
            hint = "Check that the certificates are in force and allow signing, and the time stamping address."
            raise OutputError(f"the file could not be signed: {error}", where=title, hint=hint) from error
        finally:
            signed.unlink(missing_ok=True)


SignerInput: TypeAlias = Signer | Literal["test"] | None


def as_signer(value: SignerInput) -> Signer | None:
    """Take a signer, or ``"test"`` for one that nobody trusts; errors as for ``Signer``."""
    if value is None or isinstance(value, Signer):
        return value
    if isinstance(value, str) and value == "test":
        return Signer.test()
    hint = 'Give sdk.Signer(certificates, key), or "test" for one that nobody trusts.'
    raise ConfigError(f"{shown(value)} is not a signer", where="signer", hint=hint)


def _manifest(title: str) -> dict[str, Any]:
    generator = {"name": "talkstyle", "version": __version__}
    action = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE, "softwareAgent": generator}
    return {
        "claim_generator_info": [generator],
        "title": title,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }


def _read(pem: Pem, name: str) -> bytes:
    if isinstance(pem, bytes):
        return pem
    try:
        return read_path(pem, name).read_bytes()
    except FileNotFoundError as error:
        raise MediaNotFound("there is no such file", where=str(pem), hint="Check the path.") from error
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", where=str(pem)) from error
    except ValueError as error:  # a null character
        raise ConfigError(f"this is no path: {error}", where=repr(pem)) from error


def _examine(certificates: bytes, key: bytes) -> tuple[str, str]:
    """The signature's algorithm, by the key's kind, and the name of the certificate's owner."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        chain = x509.load_pem_x509_certificates(certificates)
    except ValueError as error:
        raise ConfigError(f"the certificates are no PEM: {error}", where="certificates") from error
    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it is encrypted
        hint = "Give PEM (PKCS 8) without a passphrase."
        raise ConfigError(f"the key cannot be read: {error}", where="key", hint=hint) from error
    if private.public_key() != chain[0].public_key():
        hint = "The signer's own certificate comes first in the chain."
        raise ConfigError("the key does not belong to the first certificate", where="key", hint=hint)
    names = [str(part.value) for part in chain[0].subject]
    return _algorithm(private), ", ".join(names)


def _algorithm(key: PrivateKeyTypes) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size in (256, 384, 521):
        return {256: "es256", 384: "es384", 521: "es512"}[key.curve.key_size]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    hint = "Use P-256, Ed25519 or RSA."
    raise ConfigError(f"C2PA knows no keys of the kind {type(key).__name__}", where="key", hint=hint)


def _test_pair() -> tuple[bytes, bytes]:
    """A certificate with its issuer's, and its key, both made now; the issuer's key is forgotten at once."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.now(UTC)
    issuer, subject = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def name(text: str) -> x509.Name:
        organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, TEST_NAME)
        return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def certificate(role: str, key: ec.EllipticCurvePrivateKey, *, signs_others: bool) -> Certificate:
        other_uses = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        uses = x509.KeyUsage(
            digital_signature=not signs_others,
            key_cert_sign=signs_others,
            crl_sign=signs_others,
            **dict.fromkeys((*other_uses, "encipher_only", "decipher_only"), False),
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(role))
            .issuer_name(name("test issuer"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=signs_others, path_length=None), critical=True)
            .add_extension(uses, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)
        )
        if not signs_others:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])  # among those that C2PA allows
            builder = builder.add_extension(usage, critical=False)
        return builder.sign(issuer, hashes.SHA256())

    chain = [certificate("test signer", subject, signs_others=False)]
    chain.append(certificate("test issuer", issuer, signs_others=True))
    pem = b"".join(each.public_bytes(Encoding.PEM) for each in chain)
    return pem, subject.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
