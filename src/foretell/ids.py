"""Names given to things: sortable where rows are stored in order, unguessable where they open a door."""

import os
import secrets
import threading
import time

POOL_BYTES = 4_096
"""How many random bytes are asked of the system at once: each time lets other threads in, which costs more."""


class _Pool(threading.local):
    """Random bytes of the system's, each given out once. A process that forks without `exec` must not use it."""

    _bytes = b""
    _at = 0

    def take(self, count: int) -> bytes:
        start = self._at
        self._at = end = start + count
        if end > len(self._bytes):
            self._bytes = os.urandom(max(POOL_BYTES, count))
            start, self._at = 0, count
        return self._bytes[start : self._at]


_pool = _Pool()


def random_bytes(count: int) -> bytes:
    """So many random bytes, for names; what is secret is made of its own."""
    return _pool.take(count)


def new_id() -> str:
    """A UUIDv7 (RFC 9562 §5.7): time-ordered to a quarter of a microsecond (§6.2, method 3), with 62 random bits."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    random = int.from_bytes(random_bytes(8)) >> 2
    number = (milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | random
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def new_token(bits: int = 128) -> str:
    """A URL-safe random word that nobody can guess, of at least `bits` random bits."""
    return secrets.token_urlsafe((bits + 7) // 8)
