"""What a model's trial says, and what it leaves behind."""

import re
from pathlib import Path

from models_added.folders import EXAMPLE, MANIFEST, added, model
from servers import Foretell, until

ENDLESS = """
import time
def predict(prompt: str) -> str:
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
"""


def test_a_model_too_slow_for_its_own_limit_is_not_loaded_again_after_its_trial(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    slow = MANIFEST.replace(":Predictor", ":predict") + "[limits]\nrun_timeout_seconds = 0.5\n" + EXAMPLE
    before = {each.pid for each in server.children()}
    found = added(model(tmp_path, "endless", predict=ENDLESS, manifest=slow), data)
    assert found["state"] == "failed" and "longer than 0.5 seconds" in found["error"], found
    until(lambda: {each.pid for each in server.children()} <= before, about="the end of its process")
    added(model(tmp_path, "afterwards"), data)
    assert "endless could not be loaded" not in server.said()
    assert server.said().count("endless is loaded") == 1


def test_a_model_that_is_added_again_unchanged_was_loaded_already(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    folder = model(tmp_path, "twice")
    told = [
        {each["name"]: each["says"] for each in added(folder, data)["steps"]}["loading"] for _ in range(2)
    ]
    assert told[0].startswith("loaded in ")
    assert told[1] == "it was loaded already"


def test_a_model_that_takes_more_memory_than_it_declares_is_told_so_and_works(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    small = MANIFEST + "[limits]\nmemory_mb = 4\n" + EXAMPLE
    found = added(model(tmp_path, "large", manifest=small), data)
    says = {each["name"]: each["says"] for each in found["steps"]}["example"]
    assert re.fullmatch(r"gave text in .* s; its process took \d+ MB, where 'limits.memory_mb' says 4", says)


def test_requirements_without_an_exact_version_are_named(
    server: Foretell, data: Path, tmp_path: Path
) -> None:
    asked = ["tint", "tint>=1.0", "tint==1.*", 'tint==1.0; python_version < "99"']
    found = added(model(tmp_path, "loose", manifest=f"requirements = {asked}" + MANIFEST + EXAMPLE), data)
    assert found["steps"][0]["says"].endswith("depends on the day: tint, tint>=1.0, tint==1.*.")
