"""A server that is killed while it purges or erases goes on with that at its next start: no trace stays."""

from pathlib import Path

import httpx

from databases import direct_to
from foretell.config import Config
from predictions import create, end
from servers import KEY, running, until

OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)
SECRET = "the rain in Spain stays mainly in the plain"
PREDICTIONS = 100
KEPT_SECONDS = {f"FORETELL_KEEP_{part}_SECONDS": "3" for part in ("OUTPUTS", "INPUTS", "LOGS")}


def traces(data: Path) -> list[str]:
    """The files in a data directory in which the secret can be read."""
    return [
        str(path.relative_to(data))
        for path in data.rglob("*")
        if path.is_file() and not path.name.startswith("said-") and SECRET.encode() in path.read_bytes()
    ]


def left(data: Path) -> int:
    with direct_to(Config(data=str(data))) as direct:
        found: int = direct("SELECT COUNT(*) FROM purges")[0][0]
        return found


def test_a_purge_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS, **KEPT_SECONDS) as server:
        made = [
            create(server, "echo", {"prompt": f"{SECRET} {number}"})["id"] for number in range(PREDICTIONS)
        ]
        for each in made:
            end(server, each)
        assert traces(tmp_path)
        until(lambda: 0 < left(tmp_path) < 3 * PREDICTIONS, about="the first step of the purge")
        server.kill()
    with running(tmp_path, *OPTIONS, **KEPT_SECONDS) as server, server.client() as client:
        until(lambda: left(tmp_path) == 0, about="the last step of the purge")
        until(lambda: not traces(tmp_path), about="the end of every trace", seconds=20)
        for each in made:
            found = client.get(f"/v1/predictions/{each}").json()
            assert (found["status"], found["output"], found["input"]) == ("succeeded", None, {})
            assert found["data_removed"]
        assert client.get("/v1/predictions").json()["pagination"]["total"] == PREDICTIONS


def test_what_was_deleted_before_a_kill_is_erased_after_it(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS) as server, server.client() as client:
        bytes_of = {"file": ("a.txt", SECRET.encode())}
        uploads = [client.post("/v1/files", files=bytes_of).json()["id"] for _ in range(20)]
        picture = create(server, "truefusion", {"prompt": SECRET})["id"]
        path = httpx.URL(end(server, picture)["output"][0]).path
        assert client.get(path).status_code == 200
        assert traces(tmp_path)
        for each in uploads:
            assert client.delete(f"/v1/files/{each}").status_code == 200
        assert client.delete(f"/v1/predictions/{picture}").status_code == 200
        server.kill()
    with running(tmp_path, *OPTIONS) as server, server.client() as client:
        until(lambda: not traces(tmp_path), about="the end of every trace", seconds=20)
        blobs = tmp_path / "blobs"
        until(
            lambda: not [each for each in blobs.rglob("*") if each.is_file()], about="the end of every blob"
        )
        assert client.get(path).status_code == 404
