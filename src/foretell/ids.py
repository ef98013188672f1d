"""Names given to things: sortable where rows are stored in order, unguessable where they open a door."""

import os
import secrets
import time
import uuid


def new_id() -> str:
    """A UUIDv7 (RFC 9562 §5.7): time-ordered to a quarter of a microsecond (§6.2, method 3), with 62 random bits."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    random = int.from_bytes(os.urandom(8)) >> 2
    number = (milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | random
    return str(uuid.UUID(int=number))


def new_token(bits: int = 128) -> str:
    """A URL-safe random word that nobody can guess, of at least `bits` random bits."""
    return secrets.token_urlsafe((bits + 7) // 8)
