"""Prices and limits on real servers: set in a file, kept over restarts, the same for every process."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from databases import postgres_database
from servers import KEY, Foretell, foretell, running, until

BODY = {"model": "truefusion", "input": {"prompt": "a fox", "num_outputs": 3}, "await": True}


def settings(folder: Path, text: str) -> Path:
    file = folder / "foretell.toml"
    file.write_text(text)
    return file


def sandbox(data: Path, file: Path) -> Any:
    return running(data, "--sandbox", "--key", KEY, "--port", "0", "--config", str(file))


def charged(server: Foretell, body: dict[str, Any]) -> float:
    with server.client() as client:
        made = client.post("/v1/predict", json=body).json()
    assert made["status"] == "succeeded", made
    return float(made["metadata"]["billing"]["credits_used"])


def test_a_price_in_the_settings_is_shown_and_charged_and_changes_with_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    file = settings(tmp_path, '[prices]\ntruefusion = { amount = 0.1, unit = "image" }\n')
    with sandbox(data, file) as server:
        assert charged(server, BODY) == 0.3
        with server.client() as client:
            shown = client.get("/v1/model/flux-fast").json()
            assert (shown["billable"], shown["pricing"]["amount"]) == (True, 0.1)
            long = client.post("/v1/predict", json={"model": "slow", "input": {"seconds": 0}}).json()
        assert server.stop() == 0
    settings(tmp_path, "[prices]\ntruefusion = { amount = 2 }\nslow = { amount = 7 }\n")
    with sandbox(data, file) as server:
        assert charged(server, BODY) == 2

        def ended() -> dict[str, Any] | None:
            found = server.client().get(f"/v1/predictions/{long['id']}").json()
            return found if found["completed_at"] else None

        # It was created while that was free.
        assert until(ended, about="the end of what the first server took")["metadata"]["billing"] == {
            "credits_used": 0
        }


def test_a_price_that_makes_no_sense_stops_the_start_and_the_check(tmp_path: Path) -> None:
    file = settings(tmp_path, '[prices]\ntruefusion = { amount = 1, unit = "furlong" }\n')
    server = Foretell(tmp_path / "data", "--sandbox", "--port", "0", "--config", str(file))
    assert server.process.wait(60) != 0
    assert "'prices.truefusion.unit' must be one of" in server.said()
    assert "Traceback" not in server.said()
    checked = foretell("check", data=tmp_path / "data", FORETELL_CONFIG=str(file))
    assert checked.returncode != 0
    assert "'prices.truefusion.unit' must be one of" in checked.stdout + checked.stderr


def test_a_price_for_a_model_that_is_not_there_is_told_and_the_server_starts(tmp_path: Path) -> None:
    file = settings(tmp_path, '[names]\npainter = "truefusoin"\n')
    with sandbox(tmp_path / "data", file) as server:
        assert "did you mean 'truefusion'?" in server.said()


@pytest.fixture
def apis(tmp_path: Path) -> Iterator[list[Foretell]]:
    """Two APIs on one Postgres, with prices in their environment."""
    prices = {"FORETELL_SANDBOX": "1", "FORETELL_PRICES": "truefusion = { amount = 5 }"}
    with postgres_database() as database, ExitStack() as stack:
        options = ("--database", database, "--port", "0", "--key", KEY)
        yield [
            stack.enter_context(running(tmp_path / name, *options, command="api", **prices))
            for name in ("one", "two")
        ]


@pytest.mark.needs("postgres")
def test_a_command_beside_servers_leaves_their_prices_and_their_key_alone(
    apis: list[Foretell], tmp_path: Path
) -> None:
    database = str(apis[0].process.args[apis[0].process.args.index("--database") + 1])  # type: ignore[index,union-attr]
    listed = foretell("keys", "list", "--database", database, data=tmp_path / "elsewhere")
    assert "configuration" in listed.stdout
    with apis[1].client() as client:
        assert client.get("/v1/model/truefusion").json()["pricing"]["amount"] == 5
        assert client.get("/v1/admin/keys").json()["data"][0]["revoked_at"] is None


@pytest.mark.needs("postgres")
def test_two_apis_at_once_let_exactly_as_many_through_as_are_allowed(apis: list[Foretell]) -> None:
    with apis[0].client() as first, apis[1].client() as second, ThreadPoolExecutor(16) as threads:
        first.patch("/v1/admin/accounts/default", json={"requests_per_minute": 20, "concurrency_max": 15})
        until(
            lambda: second.get("/v1/admin/accounts").json()["data"][0]["requests_per_minute"] == 20,
            about="the limit at the other API",
        )

        def create(number: int) -> int:
            client, model = (first, second)[number % 2], ("truefusion", "echo")[number // 2 % 2]
            return client.post("/v1/predictions", json={"model": model, "input": {"prompt": "x"}}).status_code

        statuses = list(threads.map(create, range(80)))
    assert (statuses.count(200), statuses.count(429)) == (20, 60)
