"""Going back to a version, taking versions away, testing, and what a restart makes of it all."""

import json
from pathlib import Path

from models_added.folders import EXAMPLE, MANIFEST, PREDICT, added, marked, model, models, said
from servers import KEY, Foretell, foretell, running, until

LEAVES_SOON = "[limits]\nidle_seconds = 0.5\n"


def two(root: Path, data: Path, name: str) -> tuple[str, str]:
    """The ids of two versions of a model, the second the current one."""
    first = added(model(root, name), data)
    second = added(model(root, name, predict=marked("?")), data)
    return first["version"], second["version"]


def test_a_model_goes_back_to_the_version_before(server: Foretell, data: Path, tmp_path: Path) -> None:
    first, second = two(tmp_path, data, "back")
    assert foretell("models", "rollback", "back", data=data).stdout == f"back is now {first}.\n"
    assert said(server, "back") == "HELLO!"
    assert foretell("models", "rollback", "back", second[:8], data=data).returncode == 0
    assert said(server, "back") == "HELLO?"
    refused = foretell("models", "rollback", "back", "ffffffff", data=data)
    assert (refused.returncode, first in refused.stderr) == (1, True)
    assert "no earlier version" in foretell("models", "rollback", "echo", data=data).stderr


def test_a_version_that_is_taken_away_cannot_be_asked_for(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    first, second = two(tmp_path, data, "less")
    refused = foretell("models", "remove", f"less:{second}", data=data)
    assert (refused.returncode, "roll back first" in refused.stderr) == (1, True)
    assert foretell("models", "remove", f"less:{first}", data=data).returncode == 0
    assert "has no version" in said(server, f"less:{first}")
    assert said(server, "less") == "HELLO?"
    gone = data / "models" / "less" / first
    until(lambda: not gone.exists(), about="the end of the folder")
    assert foretell("models", "remove", "less", data=data).returncode == 0
    assert "There is no model 'less'" in said(server, "less")


def test_what_was_accepted_before_a_model_was_removed_still_runs(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    waiting = PREDICT.replace(
        "return prompt",
        f"import os, time\n        while not os.path.exists({str(gate)!r}): time.sleep(0.02)\n        return prompt",
    )
    found = added(model(tmp_path, "leaving", predict=waiting, manifest=MANIFEST), data)
    with server.client() as client:
        body = {"model": "leaving", "input": {"prompt": "last words"}}
        made = client.post("/v1/predict", json=body).json()
        path = f"/v1/predictions/{made['id']}"
        until(lambda: client.get(path).json()["status"] == "processing", about="the run")
        assert foretell("models", "remove", "leaving", data=data).returncode == 0
        assert client.post("/v1/predict", json=body).status_code == 404
        assert (data / "models" / "leaving" / found["version"]).is_dir()
        gate.touch()
        until(lambda: client.get(path).json()["status"] == "succeeded", about="the end of the run")
        assert client.get(path).json()["output"] == "LAST WORDS!"
    until(
        lambda: not (data / "models" / "leaving" / found["version"]).exists(), about="the end of the folder"
    )


def test_what_was_not_added_is_not_removed(server: Foretell, data: Path) -> None:
    refused = foretell("models", "remove", "echo", data=data)
    assert (refused.returncode, "was not added" in refused.stderr) == (1, True)


def test_a_built_in_model_answers_again_when_what_took_its_name_is_removed(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    added(model(tmp_path, "echo"), data)
    assert said(server, "echo") == "HELLO!"
    foretell("models", "remove", "echo", data=data)
    assert not models(server)["echo"]["added"]
    assert said(server, "echo") == "hello"


def test_every_example_is_tested_and_has_to_give_what_it_shows(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    more = '[[examples]]\ntitle = "Bye"\ninput = { prompt = "bye" }\noutput = "BYE!"\n'
    added(model(tmp_path, "tested", manifest=MANIFEST + EXAMPLE + more), data)
    ran = foretell("models", "test", "tested", data=data)
    assert (ran.returncode, "Hello: text" in ran.stderr, "Bye: text" in ran.stderr) == (0, True, True)
    wrong = more.replace('output = "BYE!"', 'output = "examples/bye.png"')
    added(model(tmp_path, "tested", manifest=MANIFEST + EXAMPLE + wrong), data)
    ran = foretell("models", "test", "tested", data=data)
    assert ran.returncode == 1
    assert "1 of 2 examples failed" in ran.stderr
    assert "Bye: it gave text, and the example shows image" in ran.stderr
    added(model(tmp_path, "untold", manifest=MANIFEST), data)
    assert "no [[examples]]" in foretell("models", "test", "untold", data=data).stderr


def test_an_example_of_a_test_keeps_its_name_however_long_its_model_loads(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    slow = PREDICT.replace('self.mark = "!"', "import time; time.sleep(1.5); self.mark = '!'")
    added(model(tmp_path, "late", manifest=MANIFEST + EXAMPLE + LEAVES_SOON, predict=slow), data)
    until(lambda: models(server)["late"]["state"] == "cold", about="the model has left")
    ran = foretell("models", "test", "late", data=data)
    assert "✓ example      Hello: text" in ran.stderr


def test_a_version_that_is_not_current_can_be_tested(server: Foretell, data: Path, tmp_path: Path) -> None:
    first, second = two(tmp_path, data, "older")
    ran = foretell("models", "test", f"older:{first[:8]}", "--json", data=data)
    assert (json.loads(ran.stdout)["version"], ran.returncode) == (first, 0), ran.stderr
    ran = foretell("models", "test", "older", "--json", data=data)
    assert json.loads(ran.stdout)["version"] == second
    short = foretell("models", "test", f"older:{first[:4]}", data=data)
    assert "at least 6 characters" in short.stderr
    assert "at least 6 characters" in foretell("run", f"older:{first[:4]}", data=data).stderr


def test_versions_and_examples_are_shown(server: Foretell, data: Path, tmp_path: Path) -> None:
    first, second = two(tmp_path, data, "seen")
    shown = foretell("models", "show", "seen", data=data).stdout
    assert all(words in shown for words in (first, second, "current", "Hello", "prompt", 'prompt="hello"'))
    told = json.loads(foretell("models", "show", "seen", "--json", data=data).stdout)
    assert [each["id"] for each in told["versions"]] == [second, first]
    assert told["examples"][0]["title"] == "Hello"
    listed = foretell("models", "list", data=data).stdout
    line = next(line for line in listed.splitlines() if line.startswith("seen"))
    assert all(words in line for words in ("2", "warm", " B"))
    public = json.loads(foretell("models", "list", "--json", data=data).stdout)
    assert "seen" in {each["namespace"] for each in public}


def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    data, options = tmp_path / "data", ("--sandbox", "--port", "0", "--key", KEY)
    with running(data, *options) as server:
        first, second = two(tmp_path, data, "stays")
        foretell("models", "rollback", "stays", data=data)
        assert server.stop() == 0
    model(tmp_path, "stays", predict="this is no longer Python")
    with running(data, *options) as server:
        assert said(server, "stays") == "HELLO!"
        assert said(server, f"stays:{second}") == "HELLO?"
        assert models(server)["stays"]["version"] == first
        assert server.stop() == 0
    (tmp_path / "elsewhere").mkdir()
    data.rename(tmp_path / "elsewhere" / "data")
    with running(tmp_path / "elsewhere" / "data", *options) as server:
        assert said(server, "stays") == "HELLO!", "a data directory may be moved"


def test_an_added_model_wins_over_a_folder_of_its_name_which_is_told(tmp_path: Path) -> None:
    data, options = tmp_path / "data", ("--sandbox", "--port", "0", "--key", KEY)
    with running(data, *options):
        added(model(tmp_path / "one", "both"), data)
    model(tmp_path / "own", "both", predict=marked("#"))
    with running(data, *options, "--models", str(tmp_path / "own")) as server:
        assert said(server, "both") == "HELLO!"
        assert "foretell models remove both" in server.said()
        foretell("models", "remove", "both", data=data, FORETELL_MODELS=str(tmp_path / "own"))
        assert said(server, "both") == "HELLO#"


def test_a_model_is_added_without_a_server_and_there_when_one_starts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    found = added(model(tmp_path, "early"), data, FORETELL_SANDBOX="1")
    assert found["state"] == "succeeded"
    with running(data, "--sandbox", "--port", "0", "--key", KEY) as server:
        assert said(server, "early") == "HELLO!"
