"""The key that seals PDF files: P-256 with a self-signed certificate, one PEM file of mode 0600 in `key_dir`."""

from __future__ import annotations

import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.errors import Misconfigured
from bot.evidence.keys import PASSPHRASE, sync_folder, write_private

SEAL_FILE = "seal.pem"
NAME = "Huizhi evidence seal"
_YEARS = timedelta(days=3653)


def load(folder: Path, now: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """The sealing key and its certificate, made on first use. Raises Misconfigured for a file that cannot be used."""
    path, secret = folder / SEAL_FILE, os.environ.get(PASSPHRASE, "").encode() or None
    try:
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _create(path, secret, now)
        readable = path.stat().st_mode & 0o077
        data = path.read_bytes()
    except OSError as error:
        raise Misconfigured(
            f"封印密钥 {path} 无法读写，请检查 HUIZHI_KEY_DIR 与权限。"
            f" The seal key cannot be used ({error.strerror}); check HUIZHI_KEY_DIR and its permissions."
        ) from error
    if readable:
        raise Misconfigured(
            f"封印密钥 {path} 可被其他用户读取，请执行 chmod 600。"
            " The seal key can be read by other users; run chmod 600 on it, and consider it leaked."
        )
    try:
        key, cert = serialization.load_pem_private_key(data, secret), x509.load_pem_x509_certificate(data)
    except (TypeError, ValueError) as error:
        raise Misconfigured(
            f"封印密钥 {path} 打不开：文件损坏，或与 {PASSPHRASE} 不符。"
            f" The seal key is damaged or does not match {PASSPHRASE}."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != cert.public_key():
        raise Misconfigured(f"封印密钥 {path} 与证书不符。 The seal key and its certificate do not belong together.")
    return key, cert


def _create(path: Path, secret: bytes | None, now: datetime) -> None:
    """Like the log key: a whole file is linked into place, so that processes starting at once share one key."""
    key = ec.generate_private_key(ec.SECP256R1())
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(secret) if secret else serialization.NoEncryption()
    )
    lines = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_private(draft, lines + _self_signed(key, now).public_bytes(serialization.Encoding.PEM))
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another process was first; its key is read by the caller
    finally:
        draft.unlink()
    sync_folder(path.parent)


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"), False
    ) | {"encipher_only": False, "decipher_only": False}
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    # A day early: clocks that run a little behind must not find the certificate "not yet valid".
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + _YEARS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    purpose = x509.KeyUsage(digital_signature=True, content_commitment=True, **usage)
    builder = builder.add_extension(purpose, critical=True)
    known = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return builder.add_extension(known, critical=False).sign(key, hashes.SHA256())
