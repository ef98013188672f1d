"""`foretell webhooks`: the inbox from the shell, and the receiver for those who write one."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretell.webhook import hex_signature, standard_signature
from servers import FORETELL, KEY, SECONDS, Foretell, Receiver, clean_environment, foretell, until

SECRET = "whsec_" + "QUFB" * 8


class Listening:
    """`foretell webhooks listen`, and what it prints."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._printed, self._said = folder / "printed", folder / "said"
        with self._printed.open("wb") as printed, self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [FORETELL, "webhooks", "listen", "--port", "0", *options],
                stdout=printed,
                stderr=said,
                env=clean_environment(),
            )

    def ready(self) -> "Listening":
        def found() -> str | None:
            assert self.process.poll() is None, self.said()
            match = re.search(r"Listening at (http://\S+)", self.said())
            return match and match[1]

        self.url = until(found, about="the listener")
        return self

    def said(self) -> str:
        return self._said.read_text()

    def printed(self) -> str:
        return self._printed.read_text()

    def lines(self, count: int) -> list[str]:
        """What it printed, once that is so many lines."""

        def found() -> list[str] | None:
            lines = self.printed().splitlines()
            return lines if len(lines) >= count else None

        return until(found, about=f"{count} lines")

    def interrupted(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS)


@contextmanager
def listening(folder: Path, *options: str) -> Iterator[Listening]:
    found = Listening(folder, *options)
    try:
        yield found.ready()
    finally:
        if found.process.poll() is None:
            found.process.kill()
            found.process.wait(SECONDS)


def ended(server: Foretell, url: str, *events: str) -> str:
    """The id of a prediction that has succeeded, and tells a URL so."""
    wanted = {"model": "echo", "input": {"prompt": "ünïcödé"}, "await": True}
    hook = {"url": url, "events": list(events or ("completed",))}
    with server.client() as client:
        return str(client.post("/v1/predict", json=wanted | {"webhook": hook}).json()["id"])


def listed(data: Path, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        foretell("webhooks", "deliveries", "--json", *options, data=data).stdout
    )
    return found


def in_state(data: Path, prediction_id: str, state: str, *, attempts: int) -> dict[str, Any]:
    """The prediction's only delivery, once it is in that state after so many attempts."""

    def found() -> dict[str, Any] | None:
        (delivery,) = listed(data, "--prediction", prediction_id)
        return delivery if (delivery["state"], len(delivery["attempts"])) == (state, attempts) else None

    return until(found, about=f"{state} after {attempts}")


def signed(body: bytes, *, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    """The headers of a delivery."""
    now = int(time.time()) if at is None else at
    return {
        "x-skytells-signature": hex_signature(body, KEY.encode()),
        "webhook-id": "d1",
        "webhook-timestamp": str(now),
        "webhook-signature": standard_signature("d1", now, body, secret),
        "x-foretell-event": "completed",
        "x-foretell-attempt": "1",
    }


def test_what_comes_is_printed_with_both_verdicts_and_ctrl_c_ends_it(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    with listening(tmp_path, "--key", KEY, "--data", str(data)) as listener:
        prediction_id = ended(server, listener.url, "started", "completed")
        lines = listener.lines(2)
        assert ["started" in lines[0], "completed" in lines[1], "succeeded" in lines[1]] == [True] * 3
        for line in lines:
            assert prediction_id in line
            assert "X-Skytells-Signature: valid  webhook-signature: valid  → 200" in line
        assert listener.interrupted() == 0
        assert "Traceback" not in listener.said() + listener.printed()


def test_the_first_fail_as_wished_and_the_retry_gets_through(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    with listening(tmp_path, "--key", KEY, "--fail-first", "1") as listener:
        prediction_id = ended(server, listener.url)
        first, second = listener.lines(2)
        assert ("attempt 1" in first, first.endswith("→ 500")) == (True, True)
        assert ("attempt 2" in second, second.endswith("→ 200")) == (True, True)
        found = in_state(data, prediction_id, "delivered", attempts=2)
        assert [each["status"] for each in found["attempts"]] == [500, 200]
        assert "one of the first" in found["attempts"][0]["answer"]


def test_json_shows_what_was_said_and_what_is_thought_of_it(server: Foretell, tmp_path: Path) -> None:
    with listening(tmp_path, "--key", "sk-wrong", "--json") as listener:
        prediction_id = ended(server, listener.url)

        def found() -> dict[str, Any] | None:
            try:
                return dict(json.loads(listener.printed()))
            except ValueError:
                return None

        shown = until(found, about="a whole document")
        assert listener.printed().startswith('{\n  "')
    assert (shown["event"], shown["answered"], shown["body"]["id"]) == ("completed", 401, prediction_id)
    assert shown["body"]["output"] == "ünïcödé"
    assert shown["signatures"] == {"X-Skytells-Signature": "wrong", "webhook-signature": "not checked"}


@pytest.mark.parametrize(
    ("change", "verdict", "status"),
    [
        (lambda headers: {}, "webhook-signature: valid", 200),
        (lambda headers: {"webhook-signature": "v1,AAAA " + headers["webhook-signature"]}, "valid", 200),
        (lambda headers: {"webhook-signature": "v1,AAAA"}, "webhook-signature: wrong", 401),
        (lambda headers: {"webhook-timestamp": "soon"}, "webhook-signature: wrong", 401),
        (lambda headers: {"webhook-id": "another"}, "webhook-signature: wrong", 401),
        (lambda headers: signed(b"{}", at=1_700_000_000), "webhook-signature: stale", 401),
        (lambda headers: {"x-skytells-signature": "0" * 64}, "X-Skytells-Signature: wrong", 401),
        (lambda headers: {"x-skytells-signature": ""}, "X-Skytells-Signature: missing", 200),
        (lambda headers: {"x-skytells-signature": "", "webhook-signature": ""}, "missing", 401),
    ],
    ids=["right", "one of two", "wrong", "no time", "another id", "old", "wrong key", "no key", "unsigned"],
)
def test_only_what_is_signed_is_accepted(
    one_listener: Listening, change: Callable[[dict[str, str]], dict[str, str]], verdict: str, status: int
) -> None:
    before = len(one_listener.printed().splitlines())
    headers = signed(b"{}")
    answer = httpx.post(one_listener.url, content=b"{}", headers=headers | change(headers))
    assert answer.status_code == status
    assert verdict in one_listener.lines(before + 1)[-1]


def test_what_is_no_webhook_does_no_harm(one_listener: Listening) -> None:
    before = len(one_listener.printed().splitlines())
    assert httpx.get(one_listener.url).status_code == 501
    rude = b"\xff\x00 [bold]not JSON"
    answer = httpx.post(one_listener.url, content=rude, headers={"x-foretell-event": "a\x1b[2J"})
    assert answer.status_code == 401
    line = one_listener.lines(before + 1)[-1]
    assert "\x1b[2J" not in line
    assert httpx.post(one_listener.url, content=b"{}", headers=signed(b"{}")).status_code == 200


def test_what_comes_is_sent_on_as_it_came_and_answered_as_there(server: Foretell, tmp_path: Path) -> None:
    application = Receiver()
    application.refuses = True
    options = ("--key", KEY, "--forward", application.url)
    with listening(tmp_path, *options) as listener:
        prediction_id = ended(server, listener.url)
        assert listener.lines(1)[0].endswith("→ 500")
        application.refuses = False
        assert listener.lines(2)[1].endswith("→ 200")
        (came,) = application.got
        assert came["body"]["id"] == prediction_id
        assert came["headers"]["x-skytells-signature"] == hex_signature(came["raw"], KEY.encode())
        application.close()
        answer = httpx.post(listener.url, content=b"{}", headers=signed(b"{}"))
        assert (answer.status_code, "could not be forwarded" in answer.text) == (502, True)


def test_deliveries_are_shown_and_sent_again_from_the_shell(server: Foretell, data: Path) -> None:
    receiver = Receiver()
    prediction_id = ended(server, receiver.url)
    delivery = in_state(data, prediction_id, "delivered", attempts=1)
    shown = foretell("webhooks", "show", delivery["id"], data=data).stdout
    assert receiver.got[0]["headers"]["x-skytells-signature"] in shown
    assert receiver.got[0]["raw"].decode() in shown
    assert (
        foretell("webhooks", "redeliver", delivery["id"], data=data).stderr == "1 delivery is sent again.\n"
    )
    in_state(data, prediction_id, "delivered", attempts=2)
    first, second = receiver.got
    assert first["raw"] == second["raw"]
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    (endpoint,) = [
        each
        for each in json.loads(foretell("webhooks", "endpoints", "--json", data=data).stdout)
        if each["url"] == receiver.url
    ]
    assert endpoint["state"] == "active"
    assert foretell("webhooks", "resume", endpoint["id"], data=data).returncode == 0
    assert foretell("webhooks", "redeliver", "--failed", "--to", receiver.url, data=data).stderr.startswith(
        "0 "
    )
    receiver.close()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("redeliver",), "--failed"),
        (("redeliver", "x", "--failed"), "--failed"),
        (("redeliver", "x", "--since", "2026-01-01"), "--failed"),
        (("redeliver", "nobody"), "no such delivery"),
        (("show", "nobody"), "no such delivery"),
        (("resume", "nobody"), "no such endpoint"),
        (("deliveries", "--since", "soon"), "'since' must be"),
        (("secret", "--overlap", "2"), "--rotate"),
    ],
)
def test_wrong_wishes_are_refused_in_a_sentence(
    server: Foretell, data: Path, words: tuple[str, ...], sentence: str
) -> None:
    refused = foretell("webhooks", *words, data=data)
    assert refused.returncode in {1, 2}
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_while_secrets_overlap_receivers_with_either_accept(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    old = foretell("webhooks", "secret", data=data).stdout.strip()
    rotated = foretell("webhooks", "secret", "--rotate", "--overlap", "1", data=data)
    assert "signs as well until" in rotated.stderr
    new = rotated.stdout.strip()
    for number, secret in enumerate((old, new)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with listening(folder, "--secret", secret) as listener:
            ended(server, listener.url)
            assert "webhook-signature: valid" in listener.lines(1)[0]


@pytest.fixture(scope="module")
def one_listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    """A listener that several tests send to."""
    with listening(tmp_path_factory.mktemp("listener"), "--key", KEY, "--secret", SECRET) as found:
        yield found
