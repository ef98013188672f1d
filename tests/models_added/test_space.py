"""What versions take of the disk: freed when nobody needs it, and copied by a backup."""

import shutil
from pathlib import Path

from models_added.folders import EXAMPLE, MANIFEST, PREDICT, added, model, said, wheels
from servers import KEY, foretell, running

OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)


def test_what_no_version_needs_any_more_is_pruned(tmp_path: Path) -> None:
    settings = wheels(tmp_path / "wheels") | {"FORETELL_CACHE": str(tmp_path / "cache")}
    data, environments = tmp_path / "data", tmp_path / "cache" / "environments"
    predict = "import tint\n" + PREDICT
    with running(data, *OPTIONS, **settings) as server:
        for version in ("1.0", "2.0"):
            manifest = f'requirements = ["tint=={version}"]' + MANIFEST + EXAMPLE
            assert added(model(tmp_path, f"t{version[0]}", manifest=manifest, predict=predict), data)[
                "version"
            ]
        assert "Everything is needed." in foretell("models", "prune", data=data, **settings).stdout
        before = {each.name for each in environments.glob("own-*") if each.is_dir()}
        foretell("models", "remove", "t1", data=data, **settings)
        freed = foretell("models", "prune", data=data, **settings).stdout
        after = {each.name for each in environments.glob("own-*") if each.is_dir()}
        (gone,) = before - after
        assert gone in freed
        assert len(after) == 1
        assert said(server, "t2") == "HELLO!"


def test_what_another_servers_model_needs_is_not_pruned(tmp_path: Path) -> None:
    settings = wheels(tmp_path / "wheels") | {"FORETELL_CACHE": str(tmp_path / "cache")}
    mine, others = tmp_path / "mine", tmp_path / "others"
    manifest = 'requirements = ["tint==1.0"]' + MANIFEST + EXAMPLE
    folder = model(tmp_path, "theirs", manifest=manifest, predict="import tint\n" + PREDICT)
    with running(others, *OPTIONS, **settings) as server:
        assert added(folder, others)["version"]
        with running(mine, *OPTIONS, **settings):
            assert "Everything is needed." in foretell("models", "prune", data=mine, **settings).stdout
            assert said(server, "theirs") == "HELLO!"
            server.stop()
            shutil.rmtree(others)
            assert "own-" in foretell("models", "prune", data=mine, **settings).stdout


def test_a_backup_has_the_added_models(tmp_path: Path) -> None:
    data, again = tmp_path / "data", tmp_path / "again"
    with running(data, *OPTIONS):
        added(model(tmp_path, "saved"), data)
        made = foretell("backup", str(tmp_path / "backup"), data=data)
        assert made.returncode == 0, made.stderr
    back = foretell("restore", str(tmp_path / "backup"), data=again)
    assert back.returncode == 0, back.stderr
    with running(again, *OPTIONS) as server:
        assert said(server, "saved") == "HELLO!"
