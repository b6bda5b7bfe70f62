"""Ed25519 signatures: whoever has the public key of an office knows that a manifest is that office's.

The forms are those of OpenSSL, so that nobody depends on this program to check them: a key is PEM, a signature is a
file of 64 bytes. A public key is short enough to stand in a list on one line: 32 bytes as Base64.

    openssl genpkey -algorithm ed25519 -out lakthan.pem
    openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in manifest.json -sigfile manifest.sig
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VARIABLE = "LAKTHAN_SIGNING_KEY"
"""Environment variable: the private key itself (PEM), as CI services keep secrets, or the file that it stands in."""
SIZE = 64
"""Bytes of a signature."""


class Unusable(Exception):
    """What was given is no Ed25519 key, or cannot be read."""


def private_key(given: str) -> Ed25519PrivateKey:
    """The private key that *given* is, or that stands in the file of that name. Raises Unusable."""
    try:
        text = given if given.lstrip().startswith("-----BEGIN") else Path(given).read_text(encoding="ascii")
        found = serialization.load_pem_private_key(text.encode("ascii"), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as problem:
        # Never what was given: it may be the key.
        raise Unusable(type(problem).__name__) from None
    if not isinstance(found, Ed25519PrivateKey):
        raise Unusable("Ed25519")
    return found


def configured() -> Ed25519PrivateKey | None:
    """The key that the environment names; None where it names none. Raises Unusable."""
    given = os.environ.get(VARIABLE, "")
    return private_key(given) if given.strip() else None


def new_key() -> bytes:
    """A new private key, as PEM."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public(key: Ed25519PrivateKey) -> str:
    """The public key to *key*, on one line."""
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode("ascii")


def public_key(text: str) -> Ed25519PublicKey:
    """A public key as `public` writes it, or as PEM. Raises Unusable.

    >>> public_key("AAAA")
    Traceback (most recent call last):
    lakthan.signing.Unusable: Ed25519
    """
    try:
        if text.lstrip().startswith("-----BEGIN"):
            found = serialization.load_pem_public_key(text.encode("ascii"))
            if not isinstance(found, Ed25519PublicKey):
                raise Unusable("Ed25519")
            return found
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        raise Unusable("Ed25519") from None


def sign(content: bytes, key: Ed25519PrivateKey) -> bytes:
    """The signature of *content*: the same bytes each time."""
    return key.sign(content)


def holds(content: bytes, signature: bytes, key: Ed25519PublicKey) -> bool:
    """Whether who has the private key to *key* signed just this."""
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True
