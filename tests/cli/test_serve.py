"""`foretell serve`: how it starts, what it says, how it stops."""

import json
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
from pathlib import Path

import httpx

from servers import KEY, SECONDS, Foretell, foretell, running, until


def test_the_first_start_prints_a_key_once_and_a_command_that_works_when_pasted(tmp_path: Path) -> None:
    with running(tmp_path, "--sandbox", "--port", "0") as server:
        key = printed_key(server)
        said = until(lambda: "}'" in server.said() and server.said(), about="the command")
        command = said[said.index("curl ") :].replace("\\\n", " ").strip().splitlines()[0]
        answer = subprocess.run(
            [*shlex.split(command), "-s"], capture_output=True, text=True, timeout=SECONDS, check=True
        )
        assert json.loads(answer.stdout)["status"] == "succeeded"
    with running(tmp_path, "--sandbox", "--port", "0") as again:
        assert again.client(key).get("/v1/models").status_code == 200
        assert again.stop() == 0
        assert "sk-" not in again.said()


def printed_key(server: Foretell) -> str:
    """The key, which is printed a moment after the address."""
    return until(lambda: re.search(r"sk-[a-z0-9]+_[0-9a-f]+", server.said()), about="the key")[0]


def test_the_key_is_printed_by_the_first_server_also_when_a_command_came_before_it(tmp_path: Path) -> None:
    assert foretell("accounts", "list", data=tmp_path).returncode == 0
    with running(tmp_path, "--sandbox", "--port", "0") as server:
        assert printed_key(server)


def test_a_fixed_key_opens_and_no_other_is_made(tmp_path: Path) -> None:
    with running(tmp_path, "--sandbox", "--port", "0", "--key", KEY) as server:
        assert "API key" not in server.said()
        assert server.client().get("/v1/models").status_code == 200
        assert server.client("sk-other").get("/v1/models").status_code == 401


def test_a_fixed_key_that_was_changed_no_longer_opens(tmp_path: Path) -> None:
    with running(tmp_path, "--sandbox", "--port", "0", "--key", "sk-before") as server:
        assert server.client("sk-before").get("/v1/models").status_code == 200
    with running(tmp_path, "--sandbox", "--port", "0", "--key", "sk-after") as server:
        assert server.client("sk-before").get("/v1/models").status_code == 401
        assert server.client("sk-after").get("/v1/models").status_code == 200


def test_what_must_stay_private_is_readable_by_nobody_else(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data / "of-mine", "--sandbox", "--port", "0") as _:
        for name in ("secret", "admin.sock"):
            assert stat.S_IMODE((data / "of-mine" / name).stat().st_mode) == 0o600


def test_a_second_server_on_one_data_directory_is_refused_by_name(tmp_path: Path) -> None:
    with running(tmp_path, "--sandbox", "--port", "0") as server:
        second = foretell("serve", "--sandbox", "--port", "0", data=tmp_path)
        assert second.returncode == 1
        assert str(server.process.pid) in second.stderr
        assert "Traceback" not in second.stderr
        assert server.client("sk-none").get("/healthz").status_code == 200


def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = foretell("serve", "--sandbox", "--port", str(port), data=tmp_path)
    assert ended.returncode == 1
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "foretell.toml"
    file.write_text('port = 70000\ndurability = "sometimes"\n')
    ended = foretell("serve", "--config", str(file), data=tmp_path)
    assert ended.returncode == 1
    assert "port" in ended.stderr
    assert "durability" in ended.stderr


def test_ctrl_c_stops_an_idle_server_in_order(tmp_path: Path) -> None:
    with running(tmp_path, "--sandbox", "--port", "0") as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(SECONDS) == 0
        assert not (tmp_path / "admin.sock").exists()


def test_a_second_ctrl_c_stops_at_once_and_leaves_no_child(tmp_path: Path) -> None:
    with running(tmp_path, "--sandbox", "--port", "0", "--key", KEY) as server:
        begin_slow(server)
        children = server.children()
        server.process.send_signal(signal.SIGINT)
        until(lambda: "Stopping" in server.said(), about="the stop")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(SECONDS) == 130
        until(lambda: not any(each.is_running() for each in children), about="the children's end")


def begin_slow(server: Foretell) -> str:
    body = {"model": "slow", "input": {"seconds": 600}}
    made = server.client().post("/v1/predictions", json=body).json()
    client = server.client()
    until(
        lambda: client.get(f"/v1/predictions/{made['id']}").json()["status"] == "processing", about="the run"
    )
    return str(made["id"])


def test_the_log_tells_which_request_made_a_prediction_and_how_it_ended(tmp_path: Path) -> None:
    with running(tmp_path, "--sandbox", "--port", "0", "--key", KEY) as server:
        body = {"model": "echo", "input": {"prompt": "hello"}, "await": True}
        answer = server.client().post("/v1/predict", json=body, headers={"x-request-id": "req_of_a_test"})
        found = answer.json()["id"]

        def lines() -> list[dict[str, object]]:
            said = [line for line in server.said().splitlines() if line.startswith("{")]
            found_lines = [each for each in map(json.loads, said) if each.get("prediction_id") == found]
            return found_lines if len(found_lines) == 2 else []

        accepted, ended = until(lines, about="the lines")
        assert (accepted["model"], accepted["request_id"]) == ("echo", "req_of_a_test")
        assert (ended["model"], ended["status"]) == ("echo", "succeeded")


def test_on_a_terminal_a_prediction_is_one_line(tmp_path: Path) -> None:
    with running(tmp_path, "--sandbox", "--port", "0", "--key", KEY, FORETELL_LOG_FORMAT="text") as server:
        body = {"model": "echo", "input": {"prompt": "hello"}, "await": True}
        done = server.client().post("/v1/predict", json=body).json()["id"]
        stopped = begin_slow(server)
        server.client().post(f"/v1/predictions/{stopped}/cancel")
        for found, word in ((done, "succeeded"), (stopped, "canceled")):
            until(lambda found=found, word=word: f"{word} {found}" in server.said(), about="the line")
            assert server.said().count(found) == 1


def test_a_data_directory_with_a_long_name_serves_its_operator_too(tmp_path: Path) -> None:
    data = tmp_path / ("d" * 60) / ("e" * 60)
    with running(data, "--sandbox", "--port", "0"):
        listed = foretell("accounts", "list", data=data)
        assert listed.returncode == 0, listed.stderr
        assert "default" in listed.stdout


def test_the_server_answers_over_http_only_where_it_was_told_to(tmp_path: Path) -> None:
    with running(tmp_path, "--sandbox", "--port", "0") as server:
        assert server.address.startswith("http://127.0.0.1:")
        assert httpx.get(f"{server.address}/healthz").status_code == 200
        assert (tmp_path / "admin.sock").stat().st_uid == os.getuid()
