"""Revocation is not looked up, and said so; whoever has the authority's list checks it with openssl alone."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.evidence.tokens import make_request, read_response
from tests.evidence import tsa

NOTE = b"acme.example/hr-log/1\n1\nroot\n"


def revocation_list(folder: Path, *, revoked: bool) -> bytes:
    """The issuing authority's list, PEM: with its time-stamp certificate on it, or empty."""
    issuer = x509.load_pem_x509_certificate((folder / "issuing.pem").read_bytes())
    signer = x509.load_pem_x509_certificate((folder / "tsa.pem").read_bytes())
    key = serialization.load_pem_private_key((folder / "issuing.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    now = datetime.now(UTC)
    made = x509.CertificateRevocationListBuilder(issuer.subject, now - timedelta(hours=1), now + timedelta(days=7))
    if revoked:
        entry = x509.RevokedCertificateBuilder(signer.serial_number, now - timedelta(minutes=5)).build()
        made = made.add_revoked_certificate(entry)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("revoked", [False, True])
def test_openssl_checks_the_list_as_the_readme_says(tmp_path: Path, revoked: bool) -> None:
    with tsa.authority(tmp_path / "tsa") as made:
        roots = made.roots_path.read_bytes()
        digest = hashlib.sha256(NOTE).digest()
        token = read_response(tsa.reply(tmp_path / "tsa", "healthy", make_request(digest, 5)), digest, 5, roots)
    (tmp_path / "t.tst").write_bytes(token.token)
    (tmp_path / "c.note").write_bytes(NOTE)
    (tmp_path / "chain.pem").write_bytes(token.chain_pem)
    (tmp_path / "trusted.pem").write_bytes(roots + revocation_list(tmp_path / "tsa", revoked=revoked))
    command = ["openssl", "ts", "-verify", "-token_in", "-in", "t.tst", "-data", "c.note", "-crl_check"]
    files = ["-CAfile", "trusted.pem", "-untrusted", "chain.pem"]
    done = subprocess.run([*command, *files], cwd=tmp_path, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert ("Verification: OK" in said, "certificate revoked" in said) == (not revoked, revoked), said


@pytest.mark.parametrize(("name", "words"), [("README.zh.txt", "吊销"), ("README.en.txt", "revocation")])
def test_the_readme_says_that_it_was_not_checked_and_how_to(name: str, words: str) -> None:
    text = resources.files("bot.evidence").joinpath(name).read_text(encoding="utf-8")
    assert words in text and "-crl_check" in text and "tokens.txt" in text
