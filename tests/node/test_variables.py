"""What of the server's environment a model sees: what it names, and nothing else."""

from pathlib import Path

import pytest

from foretell.prediction import Status
from node.places import place

pytestmark = pytest.mark.anyio

SEES = """
class Predictor(BasePredictor):
    def predict(self) -> str:
        return " ".join(f"{name}={os.environ.get(name)}" for name in ("FAR_KEY", "OTHER_KEY", "HOME"))
"""


async def test_a_model_sees_the_variables_it_names_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAR_KEY", "far")
    monkeypatch.setenv("OTHER_KEY", "other")
    async with place(tmp_path) as here:
        ended = await here.run(await here.model(SEES, settings='variables = ["FAR_KEY"]\n'))
        assert str(ended.result).startswith("FAR_KEY=far OTHER_KEY=None HOME=")


async def test_a_models_home_is_its_own_whatever_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/of/the/server")
    async with place(tmp_path) as here:
        ended = await here.run(await here.model(SEES, settings='variables = ["HOME"]\n'))
        assert "/home/of/the/server" not in str(ended.result)


async def test_a_variable_that_is_not_set_is_named_when_the_model_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FAR_KEY", raising=False)
    monkeypatch.setenv("EMPTY_KEY", "")
    async with place(tmp_path) as here:
        settings = 'variables = ["FAR_KEY", "EMPTY_KEY"]\n'
        ended = await here.run(await here.model(SEES, settings=settings))
        assert ended.status is Status.FAILED and ended.failure is not None
        assert ended.failure.code == "setup_failed"
        assert "needs FAR_KEY, EMPTY_KEY in the server's environment" in ended.failure.message
