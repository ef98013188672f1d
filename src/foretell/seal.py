"""Keeping secrets in the database so that the database alone does not give them away."""

import os
from functools import cached_property
from typing import TYPE_CHECKING

from foretell.errors import Code, Error

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

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
        self._secret = secret

    def seal(self, data: bytes) -> bytes:
        """What only the same secret can open; different each time."""
        nonce = os.urandom(NONCE_BYTES)
        return FORM + nonce + self._cipher.encrypt(nonce, data, FORM)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed. Error(UNAVAILABLE) if that was under another secret, or it was altered."""
        # Like `_cipher`: only for what is sealed.
        from cryptography.exceptions import InvalidTag

        nonce, encrypted = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            if sealed[:1] != FORM:
                raise InvalidTag
            return self._cipher.decrypt(nonce, encrypted, FORM)
        except (InvalidTag, ValueError) as error:
            raise Error(
                Code.UNAVAILABLE, "This was sealed under another server's secret, or was altered."
            ) from error

    @cached_property
    def _cipher(self) -> "ChaCha20Poly1305":
        # Only here: it brings a second OpenSSL, 6 MB, which a server without secrets to keep does not need.
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"foretell seal 1").derive(self._secret)
        return ChaCha20Poly1305(key)
