"""What the local receiver makes of a webhook: whether it is signed, what it says, what it is answered."""

import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import httpx
from rich.text import Text

from foretell.cli.printing import console, print_json
from foretell.cli.saying import harmless
from foretell.errors import Error
from foretell.webhook import TOLERANCE_SECONDS, hex_signature, is_standard

FORWARD_SECONDS = 30.0
# What belongs to one connection, or is written anew for the next.
_NOT_FORWARDED = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}


class Verdict(StrEnum):
    """What is to be thought of one signature."""

    VALID = "valid"
    WRONG = "wrong"
    STALE = "stale"
    MISSING = "missing"
    UNCHECKED = "not checked"


_COLORS = {Verdict.VALID: "green", Verdict.WRONG: "bold red", Verdict.STALE: "bold red"}


@dataclass(frozen=True, slots=True)
class Secrets:
    """What to verify with: keys and secrets of theirs for `X-Skytells-Signature`, `whsec_` ones for the other."""

    raw: tuple[str, ...] = ()
    standard: tuple[str, ...] = ()


def verdicts(
    headers: Mapping[str, str], body: bytes, secrets: Secrets, *, now_seconds: float
) -> dict[str, Verdict]:
    """What is to be thought of a request, by its signature's header; `headers` have names in lower case."""
    return {
        "X-Skytells-Signature": _raw_verdict(headers, body, secrets.raw),
        "webhook-signature": _standard_verdict(headers, body, secrets.standard, now_seconds),
    }


class Receiver:
    """Prints what comes and remembers nothing but how often it still is to fail."""

    def __init__(self, secrets: Secrets, *, forward: str | None, failures: int, prints_json: bool) -> None:
        self._secrets = secrets
        self._forward = forward
        self._failures = failures
        self._print = _print_json if prints_json else _print_line
        self._lock = threading.Lock()

    def take(self, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """The status and the JSON to answer with: 500 at first where that is wished, 401 to what is not signed."""
        found = verdicts(headers, body, self._secrets, now_seconds=time.time())
        status, said = self._answer(headers, body, found)
        with self._lock:
            self._print(headers, body, found, status)
        return status, said

    def _answer(
        self, headers: Mapping[str, str], body: bytes, found: Mapping[str, Verdict]
    ) -> tuple[int, bytes]:
        if self._fails():
            return 500, b'{"error": "This is one of the first, which fail."}'
        if not is_accepted(found):
            return 401, b'{"error": "The signature is not right."}'
        if self._forward is not None:
            return forwarded(self._forward, headers, body)
        return 200, b'{"ok": true}'

    def _fails(self) -> bool:
        with self._lock:
            self._failures -= 1
            return self._failures >= 0


def is_accepted(found: Mapping[str, Verdict]) -> bool:
    """Whether no signature is wrong, and one is valid unless there is nothing to check them with."""
    seen = set(found.values())
    return not seen & {Verdict.WRONG, Verdict.STALE} and (
        Verdict.VALID in seen or seen == {Verdict.UNCHECKED}
    )


def forwarded(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """What `url` answers to the same bytes under the same headers; 502 when it does not."""
    sent = {name: value for name, value in headers.items() if name not in _NOT_FORWARDED}
    try:
        answer = httpx.post(url, content=body, headers=sent, timeout=FORWARD_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        problem = f"It could not be forwarded to {url}: {error or type(error).__name__}."
        return 502, json.dumps({"error": problem}).encode()
    return answer.status_code, answer.content


def _raw_verdict(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]) -> Verdict:
    signature = headers.get("x-skytells-signature", "").encode()
    expected = [hex_signature(body, each.encode()).encode() for each in secrets]
    return _weighed(
        signature, secrets, lambda: any(hmac.compare_digest(signature, each) for each in expected)
    )


def _standard_verdict(
    headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...], now_seconds: float
) -> Verdict:
    name, signatures = headers.get("webhook-id", ""), headers.get("webhook-signature", "")
    timestamp = headers.get("webhook-timestamp", "")
    found = _weighed(
        signatures.encode(),
        secrets,
        lambda: any(is_standard(name, timestamp, body, signatures, each) for each in secrets),
    )
    is_stale = found is Verdict.VALID and abs(now_seconds - int(timestamp)) > TOLERANCE_SECONDS
    return Verdict.STALE if is_stale else found


def _weighed(signature: bytes, secrets: tuple[str, ...], is_right: Callable[[], bool]) -> Verdict:
    if not secrets:
        return Verdict.UNCHECKED
    if not signature:
        return Verdict.MISSING
    try:
        return Verdict.VALID if is_right() else Verdict.WRONG
    except Error:  # a secret that is no base64
        return Verdict.WRONG


def _print_line(headers: Mapping[str, str], body: bytes, found: Mapping[str, Verdict], status: int) -> None:
    told = _told(body)
    facts = [
        datetime.now().astimezone().strftime("%H:%M:%S"),
        headers.get("x-foretell-event", "?"),
        str(told.get("id", "?")),
        str(told.get("status", "?")),
        f"attempt {headers.get('x-foretell-attempt', '?')}",
    ]
    line = Text("  ").join(Text(harmless(each)) for each in facts)
    for name, verdict in found.items():
        line.append(f"  {name}: ").append(verdict.value, _COLORS.get(verdict, "dim"))
    console.print(line.append(f"  → {status}"))


def _print_json(headers: Mapping[str, str], body: bytes, found: Mapping[str, Verdict], status: int) -> None:
    print_json(
        {
            "event": headers.get("x-foretell-event"),
            "delivery": headers.get("webhook-id"),
            "attempt": headers.get("x-foretell-attempt"),
            "signatures": found,
            "answered": status,
            "body": _told(body) or body.decode(errors="replace"),
        },
        flush=True,
    )


def _told(body: bytes) -> dict[str, Any]:
    """What a body says; nothing where it is no JSON object."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
