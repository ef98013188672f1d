"""Names given to things: sortable where rows are stored in order, unguessable where they open a door."""

import os
import secrets
import time
import uuid


def new_id() -> str:
    """A UUIDv7 (RFC 9562 §5.7): time-ordered to the millisecond, with 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(os.urandom(10))
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))


def new_token(bits: int = 128) -> str:
    """A URL-safe random word that nobody can guess, of at least `bits` random bits."""
    return secrets.token_urlsafe((bits + 7) // 8)
