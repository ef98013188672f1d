"""Packages from where pip is set to look for them: two majors of pydantic, beside each other and beside none."""

from pathlib import Path

import pytest

from models_added.folders import EXAMPLE, MANIFEST, PREDICT, added, model, said
from servers import KEY, running

pytestmark = [pytest.mark.needs("models"), pytest.mark.timeout(300)]

PREDICTS = {
    "1.10.26": PREDICT.replace("from cog", "from pydantic import BaseModel, VERSION\nfrom cog", 1),
    "2.12.5": PREDICT.replace(
        "from cog", "from pydantic import BaseModel, VERSION, field_validator\nfrom cog", 1
    ),
}


def test_two_majors_of_a_package_run_beside_each_other_and_beside_none(tmp_path: Path) -> None:
    data, cache = tmp_path / "data", {"FORETELL_CACHE": str(tmp_path / "cache")}
    with running(data, "--sandbox", "--port", "0", "--key", KEY, **cache) as server:
        for version, predict in PREDICTS.items():
            manifest = f'requirements = ["pydantic=={version}"]' + MANIFEST + EXAMPLE
            folder = model(
                tmp_path, f"with-{version[0]}", manifest=manifest, predict=predict.replace('"!"', "VERSION")
            )
            found = added(folder, data)
            assert found["state"] == "succeeded", found["error"]
        added(model(tmp_path, "with-none"), data)
        assert [said(server, f"with-{each}") for each in ("1", "2", "none")] == [
            "HELLO1.10.26",
            "HELLO2.12.5",
            "HELLO!",
        ]
