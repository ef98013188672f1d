"""`foretell models` and `foretell check`."""

import json
from pathlib import Path

from servers import Foretell, foretell


def test_models_are_listed_and_shown_with_their_inputs(server: Foretell, data: Path) -> None:
    listed = foretell("models", "list", data=data)
    assert "echo" in listed.stdout
    assert "truefusion" not in listed.stderr
    shown = foretell("models", "show", "echo", data=data)
    assert "repeat" in shown.stdout
    assert foretell("models", "show", "nope", data=data).returncode == 1


def test_a_model_folder_that_cannot_be_read_does_not_keep_the_others_from_serving(tmp_path: Path) -> None:
    broken = tmp_path / "models" / "broken"
    broken.mkdir(parents=True)
    (broken / "model.toml").write_text('name = "Broken"\n')
    listed = foretell(
        "models",
        "list",
        data=tmp_path / "data",
        FORETELL_SANDBOX="1",
        FORETELL_MODELS=str(tmp_path / "models"),
    )
    assert listed.returncode == 0
    assert "echo" in listed.stdout
    checked = foretell(
        "check", data=tmp_path / "data", FORETELL_SANDBOX="1", FORETELL_MODELS=str(tmp_path / "models")
    )
    assert checked.returncode == 1
    assert "predictor" in checked.stdout


def test_what_was_served_before_as_a_built_in_model_is_the_sandboxs_now(tmp_path: Path) -> None:
    before = json.loads(foretell("models", "show", "truefusion", "--json", data=tmp_path).stdout)
    after = json.loads(
        foretell("models", "show", "truefusion", "--json", data=tmp_path, FORETELL_SANDBOX="1").stdout
    )
    assert "sandbox" not in before["capabilities"]
    assert "sandbox" in after["capabilities"]


def test_check_finds_nothing_wrong_with_a_sound_configuration(server: Foretell, data: Path) -> None:
    checked = foretell("check", "--json", data=data, FORETELL_SANDBOX="1")
    found = json.loads(checked.stdout)
    assert checked.returncode == 0, checked.stdout
    assert found["settings"]["data"] == str(data)
    assert {"database", "trust", "isolation", "models"} <= {each["about"] for each in found["findings"]}


def test_check_names_every_problem_and_shows_no_secret(tmp_path: Path) -> None:
    checked = foretell("check", FORETELL_PORT="many", FORETELL_SANDBOX="perhaps")
    assert checked.returncode == 1
    assert "FORETELL_PORT" in checked.stdout
    assert "FORETELL_SANDBOX" in checked.stdout
    hidden = foretell("check", data=tmp_path, FORETELL_SECRET="do not show", FORETELL_SANDBOX="1")
    assert "do not show" not in hidden.stdout
