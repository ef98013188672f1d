"""What docs/webhooks.md tells receivers to paste verifies what is genuine, and refuses the rest."""

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from foretell.webhook import RETRY_SECONDS, hex_signature, new_secret, standard_signature

PAGE = (Path(__file__).parents[1] / "docs/webhooks.md").read_text()
KEY, SECRET, FORMER = "sk-abc_def", new_secret(), new_secret()
BODY = '{"id": "1", "input": {"prompt": "ünïcödé 😀"}}'.encode()

Verify = Callable[[dict[str, str], bytes], tuple[bool, bool]]
"""Whether both signatures are right: of the account's secret, of the key."""


def pasted(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def by_python(headers: dict[str, str], body: bytes) -> tuple[bool, bool]:
    names: dict[str, Callable[..., bool]] = {}
    exec(pasted("python"), names)
    return names["is_genuine"](SECRET, headers, body), names["is_signed_with_key"](KEY, headers, body)


def by_javascript(headers: dict[str, str], body: bytes) -> tuple[bool, bool]:
    given = json.dumps([SECRET, KEY, headers, body.hex()])
    script = f"""{pasted("javascript")}
        const [secret, key, headers, hex] = {given};
        const body = Buffer.from(hex, "hex");
        console.log(JSON.stringify([isGenuine(secret, headers, body), isSignedWithKey(key, headers, body)]));"""
    command = ["node", "--input-type=module"]
    answer = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=True)
    first, second = json.loads(answer.stdout)
    return first, second


def headers(*, sent_at: int, secrets: tuple[str, ...] = (SECRET,)) -> dict[str, str]:
    return {
        "webhook-id": "d1",
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(standard_signature("d1", sent_at, BODY, each) for each in secrets),
        "x-skytells-signature": hex_signature(BODY, KEY.encode()),
    }


@pytest.fixture(params=[by_python, pytest.param(by_javascript, marks=pytest.mark.needs("node"))])
def verify(request: pytest.FixtureRequest) -> Verify:
    found: Verify = request.param
    return found


def test_what_is_genuine_is_verified(verify: Verify) -> None:
    assert verify(headers(sent_at=int(time.time())), BODY) == (True, True)


def test_one_of_several_signatures_is_enough(verify: Verify) -> None:
    assert verify(headers(sent_at=int(time.time()), secrets=(FORMER, SECRET)), BODY) == (True, True)


def test_what_was_changed_is_refused(verify: Verify) -> None:
    assert verify(headers(sent_at=int(time.time())), BODY + b" ") == (False, False)


def test_what_is_signed_by_another_is_refused(verify: Verify) -> None:
    assert verify(headers(sent_at=int(time.time()), secrets=(FORMER,)), BODY) == (False, True)


def test_what_is_old_or_from_the_future_is_refused(verify: Verify) -> None:
    for seconds in (-310, 310):
        assert verify(headers(sent_at=int(time.time()) + seconds), BODY) == (False, True)


def test_a_timestamp_that_is_not_the_signed_one_is_refused(verify: Verify) -> None:
    sent = headers(sent_at=int(time.time()))
    sent["webhook-timestamp"] = str(int(sent["webhook-timestamp"]) - 60)
    assert verify(sent, BODY) == (False, True)


def test_the_table_of_retries_is_the_schedule() -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| `completed`, `failed`")]
    seconds = {"s": 1, "min": 60, "h": 3_600}
    told = [int(number) * seconds[unit] for number, unit in re.findall(r"(\d+) (s|min|h)\b", row)]
    assert tuple(told) == RETRY_SECONDS
