"""Models are added to a running server, and what does not work leaves it as it was."""

import subprocess
from pathlib import Path

import httpx
import pytest

from models_added.folders import EXAMPLE, MANIFEST, PREDICT, added, marked, model, models, said, steps
from servers import Foretell, foretell, until

BROKEN_SETUP = PREDICT.replace('self.mark = "!"', 'self.mark = {}["missing"]')
BROKEN_RUN = PREDICT.replace("return prompt", "raise ValueError('no words today')\n        return prompt")
BROKEN_IMPORT = f"import nothing_like_it\n{PREDICT}"
WEIGHT = '[[weights]]\nname = "w"\nsource = "file:nowhere.bin"\n'


def test_an_added_model_answers_at_once_without_a_restart(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    found = added(model(tmp_path, "atonce"), data)
    assert (found["state"], found["model"]) == ("succeeded", "atonce")
    assert list(steps(found)) == ["reading", "weights", "environment", "loading", "example", "current"]
    assert said(server, "atonce") == "HELLO!"
    shown = models(server)["atonce"]
    assert (shown["added"], shown["ready"], shown["state"]) == (True, True, "warm")
    assert shown["version"] == found["version"]
    assert shown["examples"][0]["title"] == "Hello"


def test_what_runs_does_not_change_with_the_folder_it_came_from(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    folder = model(tmp_path, "kept")
    first = added(folder, data)
    model(tmp_path, "kept", predict=marked("?"))
    assert said(server, "kept") == "HELLO!"
    second = added(folder, data)
    assert said(server, "kept") == "HELLO?"
    assert said(server, f"kept:{first['version']}") == "HELLO!"
    assert said(server, f"vendor/kept:{first['version'][:6]}") == "HELLO!"
    assert "has no version 'ffffff'" in said(server, "kept:ffffff")
    assert "has no version" in said(server, f"kept:{second['version'][:5]}")


@pytest.mark.parametrize(
    ("step", "broken", "words"),
    [
        ("reading", (MANIFEST.replace("type", "typo"), PREDICT), ["'typo' is not a setting"]),
        ("reading", (MANIFEST, "x = "), ["predict.py"]),
        ("reading", (MANIFEST + "[[examples]]\ninput = { x = 1 }", PREDICT), ["examples[1].input.x"]),
        ("weights", (MANIFEST + WEIGHT, PREDICT), ["Weights 'w'", "there is no"]),
        (
            "environment",
            ('requirements = ["tint==9.9"]' + MANIFEST, PREDICT),
            ["tint==9.9: no version", "1.0, 2.0"],
        ),
        (
            "environment",
            ('requirements = ["tint==1.0", "tint==2.0"]' + MANIFEST, PREDICT),
            ["tint==1.0, tint==2.0 cannot be installed together"],
        ),
        ("loading", (MANIFEST, BROKEN_SETUP), ["KeyError", "predict.py, line 6, in setup"]),
        ("loading", (MANIFEST, BROKEN_IMPORT), ["nothing_like_it", "predict.py, line 1"]),
        ("example", (MANIFEST + EXAMPLE, BROKEN_RUN), ["no words today", "line 9, in predict"]),
    ],
)
def test_a_model_that_is_broken_says_where_and_replaces_nothing(
    server: Foretell, tmp_path: Path, data: Path, step: str, broken: tuple[str, str], words: list[str]
) -> None:
    good = added(model(tmp_path / "good", "sound"), data)
    folders = sorted((data / "models" / "sound").iterdir())
    found = added(model(tmp_path / "bad", "sound", manifest=broken[0], predict=broken[1]), data)
    assert found["state"] == "failed"
    assert list(steps(found).items())[-1] == (step, "failed")
    assert all(word in found["error"] for word in words), found["error"]
    assert said(server, "sound") == "HELLO!"
    assert models(server)["sound"]["version"] == good["version"]
    assert [each["id"] for each in models(server)["sound"]["versions"]] == [good["version"]]
    assert sorted((data / "models" / "sound").iterdir()) == folders
    assert not list((data / "models").glob(".adding-*"))


def test_a_broken_model_that_is_new_leaves_no_name(server: Foretell, data: Path, tmp_path: Path) -> None:
    found = added(model(tmp_path, "stillborn", predict=BROKEN_SETUP), data)
    assert found["state"] == "failed"
    assert "stillborn" not in models(server)
    assert not (data / "models" / "stillborn").exists()
    assert "There is no model 'stillborn'" in said(server, "stillborn")
    shown = foretell("models", "logs", "stillborn", data=data)
    assert 'self.mark = {}["missing"]' in shown.stdout
    assert "== loading" in shown.stdout


def test_the_command_line_shows_the_steps_and_what_to_mend(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    good = foretell("models", "add", str(model(tmp_path, "shown")), data=data)
    assert good.returncode == 0
    assert 'Try it: foretell run shown -i prompt="hello"' in good.stdout
    assert [line.split()[1] for line in good.stderr.splitlines()[:6]] == [
        "reading",
        "weights",
        "environment",
        "loading",
        "example",
        "current",
    ]
    bad = foretell("models", "add", str(model(tmp_path, "shown", predict=BROKEN_SETUP)), data=data)
    assert bad.returncode == 1
    assert "✗ loading" in bad.stderr
    assert "KeyError: 'missing'" in bad.stderr
    assert "foretell models logs shown" in bad.stderr
    lines = bad.stderr.splitlines()
    failed = next(number for number, line in enumerate(lines) if line.startswith("✗"))
    assert lines[failed].rstrip() == "✗ loading", "what the step was at when it failed says nothing"
    assert lines[failed + 1].startswith("  Traceback"), "the log of the steps before is not what failed"
    bad = foretell("models", "add", str(model(tmp_path, "shown", predict=BROKEN_RUN)), data=data)
    lines = bad.stderr.splitlines()
    assert lines[lines.index("✗ example      Hello") + 1].startswith("  Traceback"), (
        "that is what the run wrote"
    )
    nowhere = foretell("models", "add", str(tmp_path / "nowhere"), data=data)
    assert (nowhere.returncode, "There is no" in nowhere.stderr) == (1, True)


def test_a_model_without_examples_is_loaded_and_nothing_is_run(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    folder = model(tmp_path, "silent", manifest=MANIFEST, predict=BROKEN_RUN)
    found = added(folder, data)
    assert found["state"] == "succeeded"
    assert "nothing was run; it needs prompt" in found["steps"][-2]["says"]
    assert "no words today" in said(server, "silent")


def test_a_name_that_no_model_can_have_is_refused_before_anything_is_begun(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    ran = foretell("models", "add", str(model(tmp_path)), "--name", "Not So", data=data)
    assert ran.returncode == 1
    assert "'Not So' cannot be a model's name" in ran.stderr
    assert "reading" not in ran.stderr


def test_an_example_whose_output_is_no_file_of_the_folder_is_refused(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    manifest = MANIFEST + '[[examples]]\ninput = { prompt = "x" }\noutput = ["examples/nowhere.png"]\n'
    found = added(model(tmp_path, "unshown", manifest=manifest), data)
    assert "'examples[1].output' names 'examples/nowhere.png'" in found["error"]


def test_a_predictor_that_is_not_there_is_named(server: Foretell, data: Path, tmp_path: Path) -> None:
    folder = model(tmp_path, "misspelt", manifest=MANIFEST.replace("predict.py", "prdict.py"))
    found = added(folder, data)
    assert found["error"] == f"There is no {folder}/prdict.py, where the predictor should be."


def test_trials_are_nobodys_predictions(server: Foretell, data: Path, tmp_path: Path) -> None:
    with server.client() as client:
        before = client.get("/v1/predictions").json()["pagination"]["total"]
        used = client.get("/v1/usage").json()
        added(model(tmp_path, "tried"), data)
        assert client.get("/v1/predictions").json()["pagination"]["total"] == before
        assert client.get("/v1/usage").json()["data"] == used["data"]


def test_models_with_requirements_that_contradict_each_other_run_beside_each_other(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    predict = "import tint\n" + PREDICT.replace("+ self.mark", "+ tint.VERSION")
    for version in ("1.0", "2.0"):
        manifest = f'requirements = ["tint=={version}"]' + MANIFEST + EXAMPLE
        found = added(model(tmp_path, f"tint{version[0]}", manifest=manifest, predict=predict), data)
        assert found["state"] == "succeeded", found["error"]
    assert (said(server, "tint1"), said(server, "tint2")) == ("HELLO1.0", "HELLO2.0")
    assert said(server, "echo") is not None
    assert "Successfully installed tint-1.0" in foretell("models", "logs", "tint1", data=data).stdout


def test_the_log_says_where_the_python_of_the_environment_is(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    folder = model(tmp_path, "own", manifest='requirements = ["tint==1.0"]' + MANIFEST)
    assert added(folder, data)["steps"][2]["says"].startswith("1 requirement, ")
    log = foretell("models", "logs", "own", data=data).stdout
    python = next(line for line in log.splitlines() if line.startswith("Its Python is "))
    ran = subprocess.run([python.removeprefix("Its Python is "), "-c", "import tint"], check=False)
    assert ran.returncode == 0


def test_a_model_takes_the_name_that_it_is_given(server: Foretell, data: Path, tmp_path: Path) -> None:
    found = added(model(tmp_path, "My Own Folder"), data)
    assert "'namespace' must be" in found["error"]
    found = added(model(tmp_path, "My Own Folder"), data, "--name", "me/renamed")
    assert (found["state"], said(server, "me/renamed")) == ("succeeded", "HELLO!")
    assert (data / "models" / "me~renamed").is_dir()


def test_adding_what_is_there_already_changes_nothing(server: Foretell, data: Path, tmp_path: Path) -> None:
    folder = model(tmp_path, "twice")
    first, second = added(folder, data), added(folder, data)
    assert (first["version"], second["state"]) == (second["version"], "succeeded")
    assert len(models(server)["twice"]["versions"]) == 1


def test_an_addition_can_be_ended_and_leaves_nothing(server: Foretell, data: Path, tmp_path: Path) -> None:
    slow = PREDICT.replace('self.mark = "!"', "import time; print('begun', flush=True); time.sleep(600)")
    with server.client() as client:
        body = {"source": str(model(tmp_path, "endless", predict=slow))}
        addition = client.post("/v1/admin/models", json=body).json()
        path = f"/v1/admin/additions/{addition['id']}"
        until_loading(client, path)
        ended = client.delete(path).json()
        assert (ended["state"], steps(ended)["loading"]) == ("canceled", "canceled")
        assert addition["id"] in {each["id"] for each in client.get("/v1/admin/additions").json()["data"]}
        assert client.get("/v1/admin/additions/none").status_code == 404
        until(lambda: "endless" not in loaded(client), about="the end of what was loading")
    assert "endless" not in models(server)
    assert not (data / "models" / "endless").exists() or not list((data / "models" / "endless").iterdir())


def until_loading(client: httpx.Client, path: str) -> None:
    def is_loading() -> bool:
        return "loading" in steps(client.get(path).json()) and "endless" in loaded(client)

    until(is_loading, about="the load")


def loaded(client: httpx.Client) -> set[str]:
    """The models of which a node has a process."""
    nodes = client.get("/v1/admin/nodes").json()["data"]
    return {each["model"] for node in nodes for each in node["replicas"]}


def test_an_operators_deeds_are_written_down(server: Foretell, data: Path, tmp_path: Path) -> None:
    added(model(tmp_path, "deed"), data)
    foretell("models", "remove", "deed", data=data)
    with server.client() as client:
        done = [(each["action"], each["subject"]) for each in client.get("/v1/admin/audit").json()["data"]]
    assert ("model.register", "deed") in done
    assert ("model.remove", "deed") in done
