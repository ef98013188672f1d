"""APIs and nodes apart, on Postgres: a model that is added at one machine runs on another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import postgres_database
from models_added.folders import EXAMPLE, MANIFEST, PREDICT, added, model, models, said
from servers import KEY, foretell, running

pytestmark = pytest.mark.needs("postgres")

WITH_WEIGHTS = PREDICT.replace(
    'self.mark = "!"', "import foretell; self.mark = foretell.weights('mark').read_text()"
)


@pytest.fixture
def database() -> Iterator[str]:
    with postgres_database() as address:
        foretell("migrate", "--database", address)
        yield address


def test_a_node_on_another_machine_fetches_what_an_api_was_given(database: str, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("~")
    weight = f'[[weights]]\nname = "mark"\nsource = "file:{tmp_path / "outside.txt"}"\n'
    folder = model(tmp_path, "apart", predict=WITH_WEIGHTS, manifest=MANIFEST + EXAMPLE + weight)
    (tmp_path / "bucket").mkdir()
    one, other = tmp_path / "one", tmp_path / "other"
    for data in (one, other):
        # Machines that run models together share their files; here by a directory.
        data.mkdir()
        (data / "blobs").symlink_to(tmp_path / "bucket")
        (data / "secret").write_text("the same on all machines, and long enough")
    shared = {"FORETELL_SANDBOX": "1"}
    with running(one, "--database", database, "--port", "0", "--key", KEY, command="api", **shared) as api:
        nobody = added(folder, one, "--database", database)
        assert "No node is running" in nobody["error"]
        with running(other, "--database", database, command="node", **shared) as node:
            found = added(folder, one, "--database", database)
            assert found["state"] == "succeeded", found["error"]
            assert said(api, "apart") == "HELLO~"
            assert (other / "models" / "apart" / found["version"] / "predict.py").is_file()
            assert models(api)["apart"]["state"] == "warm"
            broken = model(tmp_path, "apart", predict=PREDICT.replace('"!"', "{}[1]"))
            bad = added(broken, one, "--database", database)
            assert "KeyError" in bad["error"]
            assert said(api, "apart") == "HELLO~"
            node.stop()
