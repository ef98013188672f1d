"""`foretell run` and `foretell predictions`: a prediction's life from the shell."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import psutil

from predictions import is_alive
from servers import FORETELL, KEY, SECONDS, Foretell, clean_environment, foretell, until


def test_a_text_is_printed(server: Foretell, data: Path) -> None:
    ran = foretell("run", "echo", "-i", "prompt=hello there", data=data)
    assert (ran.returncode, ran.stdout) == (0, "hello there\n")


def test_numbers_are_sent_as_numbers(server: Foretell, data: Path) -> None:
    ran = foretell("run", "echo", "-i", "prompt=ha", "-i", "repeat=3", data=data)
    assert ran.stdout == "hahaha\n"


def test_a_terminal_shows_which_step_of_how_many_it_is_at(server: Foretell, data: Path) -> None:
    ours, theirs = pty.openpty()
    command = [FORETELL, "run", "slow", "-i", "seconds=2", "-o", os.devnull, "--data", str(data)]
    settings = clean_environment(TERM="xterm", COLUMNS="120")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=settings)
    os.close(theirs)
    assert re.search(rb"step \d+ of 20", all_from(ours))
    assert process.wait(SECONDS) == 0


def all_from(descriptor: int) -> bytes:
    """What a program has written to a terminal by the time it ends."""
    found = b""
    with contextlib.suppress(OSError), os.fdopen(descriptor, "rb", buffering=0) as terminal:
        while piece := terminal.read(65_536):
            found += piece
    return found


def test_a_text_can_come_from_a_file(server: Foretell, data: Path, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("from a file")
    ran = foretell("run", "echo", "-i", f"prompt=@{tmp_path / 'words'}", data=data)
    assert ran.stdout == "from a file\n"


def test_a_picture_is_saved_where_it_is_wanted(server: Foretell, data: Path, tmp_path: Path) -> None:
    ran = foretell("run", "picture", "-i", "prompt=a fox", "-o", str(tmp_path / "fox.png"), data=data)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "fox.png").read_bytes().startswith(b"\x89PNG")


def test_several_pictures_are_saved_beside_each_other(server: Foretell, data: Path, tmp_path: Path) -> None:
    options = ["-i", "prompt=a fox", "-i", "num_outputs=2", "-o", str(tmp_path / "fox.png")]
    assert foretell("run", "picture", *options, data=data).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fox-1.png", "fox-2.png"]


def test_a_failure_is_told_in_the_models_words_and_by_the_exit_code(server: Foretell, data: Path) -> None:
    ran = foretell("run", "fail", "-i", "message=out of ink", data=data)
    assert ran.returncode == 1
    assert "out of ink" in ran.stderr


def test_square_brackets_of_others_are_printed_as_they_are(server: Foretell, data: Path) -> None:
    told = "[/bold] in [red]model[1]"
    assert told in foretell("run", "fail", "-i", f"message={told}", data=data).stderr
    assert foretell("run", "echo", "-i", f"prompt={told}", data=data).stdout == f"{told}\n"
    listed = foretell("predictions", "list", data=data).stdout
    assert listed.count(told) == 2


def test_wrong_inputs_are_all_named(server: Foretell, data: Path) -> None:
    ran = foretell("run", "echo", "-i", "repeat=5000", "-i", "promt=x", data=data)
    assert ran.returncode == 1
    assert "repeat" in ran.stderr
    assert "promt" in ran.stderr


def test_an_input_without_a_value_is_wrong_usage(server: Foretell, data: Path) -> None:
    assert foretell("run", "echo", "-i", "prompt", data=data).returncode == 2


def test_a_server_elsewhere_is_reached_by_its_address_and_key(server: Foretell, tmp_path: Path) -> None:
    where = {"FORETELL_URL": server.address, "FORETELL_KEY": KEY, "FORETELL_DATA": str(tmp_path)}
    assert foretell("run", "echo", "-i", "prompt=far away", **where).stdout == "far away\n"
    assert foretell("run", "echo", "-i", "prompt=x", **where | {"FORETELL_KEY": "sk-wrong"}).returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_no_server_is_needed(tmp_path: Path) -> None:
    ran = foretell("run", "echo", "-i", "prompt=alone", data=tmp_path, FORETELL_SANDBOX="1")
    assert (ran.returncode, ran.stdout) == (0, "alone\n"), ran.stderr


def test_an_address_where_nobody_answers_is_a_sentence() -> None:
    ran = foretell("run", "echo", "-i", "prompt=x", FORETELL_URL="http://127.0.0.1:9")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert "reach" in ran.stderr


def test_ctrl_c_cancels_what_it_started(server: Foretell, data: Path) -> None:
    command = [FORETELL, "run", "slow", "-i", "seconds=600", "--data", str(data)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
    ) as ran:
        assert ran.stdout is not None
        assert ran.stdout.read(3) == "0.1"
        ran.send_signal(signal.SIGINT)
        _, complaint = ran.communicate(timeout=SECONDS)
    assert ran.returncode == 130
    assert "Traceback" not in complaint
    until(lambda: predictions(data, "--model", "slow")[0]["status"] == "canceled", about="the cancel")


def test_ctrl_c_without_a_server_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [FORETELL, "run", "slow", "-i", "seconds=600", "--data", str(tmp_path)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options, env=clean_environment(FORETELL_SANDBOX="1")) as ran:  # type: ignore[call-overload]
        assert ran.stdout.read(3) == "0.1"
        children = psutil.Process(ran.pid).children()
        ran.send_signal(signal.SIGINT)
        _, complaint = ran.communicate(timeout=SECONDS)
    assert (ran.returncode, complaint) == (130, "")
    assert not any(is_alive(each) for each in children)
    listed = foretell("predictions", "list", "--json", data=tmp_path, FORETELL_SANDBOX="1")
    assert json.loads(listed.stdout)[0]["status"] == "canceled"


def test_predictions_are_listed_shown_watched_and_deleted(server: Foretell, data: Path) -> None:
    ended = json.loads(foretell("run", "echo", "-i", "prompt=look", "--json", data=data).stdout)
    assert ended["id"] in [each["id"] for each in predictions(data, "--status", "succeeded")]
    shown = foretell("predictions", "show", ended["id"], data=data)
    assert "look" in shown.stdout
    assert foretell("predictions", "watch", ended["id"], data=data).returncode == 0
    assert foretell("predictions", "delete", ended["id"], data=data).returncode == 0
    assert foretell("predictions", "show", ended["id"], data=data).returncode == 1


def test_a_running_prediction_is_canceled(server: Foretell, data: Path) -> None:
    made = server.client().post("/v1/predictions", json={"model": "slow", "input": {"seconds": 600}}).json()
    assert foretell("predictions", "cancel", made["id"], data=data).returncode == 0
    watched = foretell("predictions", "watch", made["id"], "--json", data=data)
    assert watched.returncode == 1
    assert json.loads(watched.stdout)["status"].startswith("cancel")


def predictions(data: Path, *options: str) -> list[dict[str, str]]:
    listed = foretell("predictions", "list", "--json", *options, data=data)
    assert listed.returncode == 0, listed.stderr
    found: list[dict[str, str]] = json.loads(listed.stdout)
    return found
