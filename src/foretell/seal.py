"""Keeping secrets in the database so that the database alone does not give them away."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from foretell.errors import Code, Error

FORM = b"\x01"
"""The first byte of everything sealed: how it was sealed."""
NONCE_BYTES = 12
SECRET_BYTES_MIN = 16


class Seal:
    """Seals and opens under one secret, the server's."""

    def __init__(self, secret: bytes) -> None:
        """Error(INVALID_PARAMETER) for a secret of fewer than 16 bytes."""
        if len(secret) < SECRET_BYTES_MIN:
            raise Error(
                Code.INVALID_PARAMETER, f"The server's secret must have at least {SECRET_BYTES_MIN} bytes."
            )
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"foretell seal 1").derive(secret)
        self._cipher = ChaCha20Poly1305(key)

    def seal(self, data: bytes) -> bytes:
        """What only the same secret can open; different each time."""
        nonce = os.urandom(NONCE_BYTES)
        return FORM + nonce + self._cipher.encrypt(nonce, data, FORM)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed. Error(UNAVAILABLE) if that was under another secret, or it was altered."""
        nonce, encrypted = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            if sealed[:1] != FORM:
                raise InvalidTag
            return self._cipher.decrypt(nonce, encrypted, FORM)
        except (InvalidTag, ValueError) as error:
            raise Error(
                Code.UNAVAILABLE, "This was sealed under another server's secret, or was altered."
            ) from error
