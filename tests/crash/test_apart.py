"""APIs and nodes as processes of their own, on one Postgres: two of each."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from api.test_stream import EVENTS as STREAMED
from api.test_stream import Reader, Said, path_of
from databases import postgres_database
from predictions import create, end, model, once_each, processing
from servers import KEY, Foretell, Receiver, foretell, running, until

pytestmark = pytest.mark.needs("postgres")
PREDICT = """
from cog import Path

def predict(file: Path) -> str:
    return str(len(file.read_bytes()))
"""

MARKS = """
import time
from cog import ConcatenateIterator, current_scope

def predict(seconds: float) -> ConcatenateIterator[str]:
    (current_scope().folder / "here").touch()
    for _ in range(round(seconds * 10)):
        time.sleep(0.1)
    yield "done"
"""


@dataclass
class Site:
    """Two APIs and two nodes on one database and one data directory."""

    data: Path
    database: str
    apis: list[Foretell]
    nodes: list[Foretell]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    quick = {"FORETELL_LOST_SECONDS": "4", "FORETELL_HEARTBEAT_SECONDS": "1", "FORETELL_SANDBOX": "1"}
    data = tmp_path / "data"
    models = model(tmp_path / "own", "marks", MARKS)
    with postgres_database() as database, ExitStack() as stack:
        api = ("--database", database, "--port", "0", "--key", KEY, "--models", models)
        node = ("--database", database, "--models", models)
        apis = [stack.enter_context(running(data, *api, command="api", **quick)) for _ in range(2)]
        nodes = [stack.enter_context(running(data, *node, command="node", **quick)) for _ in range(2)]
        yield Site(data, database, apis, nodes)


class Leaver(Reader):
    """One who may hang up in the middle."""

    def _read(self) -> None:
        with suppress(httpx.ReadError):
            super()._read()


@contextmanager
def streamed(server: Foretell, prediction_id: str, *, last_event_id: str = "") -> Iterator[Leaver]:
    """What an API tells of a prediction, from its beginning or after an event, while it is read."""
    resumed = {"last-event-id": last_event_id} if last_event_id else {}
    with (
        server.client() as client,
        client.stream("GET", path_of(prediction_id), headers=STREAMED | resumed) as answer,
    ):
        assert answer.status_code == 200
        yield Leaver(answer)


def spoken(said: list[Said]) -> list[str]:
    return [each.data["value"] for each in said if each.name == "output"]


def test_what_one_api_accepts_either_node_runs_and_the_other_api_answers(site: Site) -> None:
    one, other = site.apis
    made = create(one, "echo", {"prompt": "across"})
    ended = end(other, made["id"])
    assert ended["output"] == "across"
    pictures = [create(one, "picture", {"prompt": str(number)}) for number in range(6)]
    for each in pictures:
        (url,) = end(other, each["id"])["output"]
        with other.client() as client:
            assert client.get(f"/files/{url.split('/files/')[1]}").content.startswith(b"\x89PNG")


def test_an_awaiting_caller_hears_of_an_end_on_another_process_at_once(site: Site) -> None:
    body = {"model": "slow", "input": {"seconds": 1}, "await": True}
    with site.apis[0].client() as client:
        client.post("/v1/predict", json=body | {"input": {"seconds": 0.1}})  # loads the model
        began = time.monotonic()
        assert client.post("/v1/predict", json=body).json()["status"] == "succeeded"
        assert time.monotonic() - began < 5


def test_a_cancel_at_the_other_api_stops_the_run(site: Site) -> None:
    one, other = site.apis
    made = create(one, "slow", {"seconds": 600})
    processing(one, made["id"])
    with other.client() as client:
        assert client.post(f"/v1/predictions/{made['id']}/cancel").json()["status"] == "canceled"
    after = [create(one, "slow", {"seconds": 0.1}) for _ in range(4)]
    assert {end(other, each["id"])["status"] for each in after} == {"succeeded"}


def test_a_stream_at_the_other_api_tells_all_of_a_run_and_is_resumed_there_until_the_first_cancels_it(
    site: Site,
) -> None:
    one, other = site.apis
    made = create(one, "slow", {"seconds": 600})
    with streamed(other, made["id"]) as reader:
        reader.until("progress")
        until(lambda: len(spoken(reader.said)) >= 5, about="five words")
    last = next(each.id for each in reversed(reader.said) if each.name == "output")
    assert last is not None
    with streamed(other, made["id"], last_event_id=last) as again:
        until(lambda: len(spoken(again.said)) >= 5, about="more words")
        with one.client() as client:
            assert client.post(f"/v1/predictions/{made['id']}/cancel").json()["status"] == "canceled"
        rest = again.all()
    until_last = [each.id for each in reader.said].index(last) + 1
    heard = spoken(reader.said[:until_last]) + spoken(rest)
    assert heard == [f"{tick / 10} s\n" for tick in range(1, len(heard) + 1)]
    assert any(each.name == "progress" for each in rest)
    assert (rest[-1].name, rest[-1].data["status"]) == ("done", "canceled")
    assert end(other, made["id"])["status"] == "canceled"


def test_a_killed_nodes_predictions_are_run_by_the_other_and_told_of(site: Site, receiver: Receiver) -> None:
    made = [create(site.apis[0], "slow", {"seconds": 5}, receiver) for _ in range(2)]
    for each in made:
        processing(site.apis[0], each["id"])
    victim = next(node for node in site.nodes if node.children())
    children = victim.children()
    victim.kill()
    until(lambda: not any(child.is_running() for child in children), about="the end of its children")
    assert {end(site.apis[1], each["id"])["status"] for each in made} == {"succeeded"}
    until(lambda: len(once_each(receiver)) == 6, about="the webhooks")
    told = sorted(each["headers"]["x-foretell-event"] for each in once_each(receiver))
    assert told == sorted(["started", "processing", "completed"] * 2)


def test_a_node_that_was_frozen_stops_what_others_run_by_then_and_its_late_writes_count_for_nothing(
    site: Site, receiver: Receiver
) -> None:
    made = create(site.apis[0], "marks", {"seconds": 12}, receiver)
    run = site.data / "run"

    def folders(attempt: int) -> list[Path]:
        return list(run.glob(f"*/{made['id']}-{attempt}"))

    until(lambda: folders(1), about="the first attempt")
    (folder,) = folders(1)
    frozen = next(
        node
        for node in site.nodes
        if any(folder.parent in Path(child.cwd()).parents for child in node.children())
    )
    frozen.process.send_signal(signal.SIGSTOP)
    until(lambda: folders(2), about="the second attempt")
    frozen.process.send_signal(signal.SIGCONT)
    until(lambda: not folders(1), about="the end of the first attempt", seconds=6)
    assert folders(2)
    ended = end(site.apis[1], made["id"])
    assert (ended["status"], ended["output"].count("done")) == ("succeeded", 1)
    until(lambda: len(once_each(receiver)) == 3, about="the webhooks")
    again = create(site.apis[0], "echo", {"prompt": "still there"})
    assert end(site.apis[0], again["id"])["status"] == "succeeded"


def test_a_node_by_itself_reaches_no_private_address_for_callers_it_does_not_know(
    site: Site, receiver: Receiver, tmp_path: Path
) -> None:
    models = model(tmp_path / "models", "size", PREDICT)
    options = ("--database", site.database, "--models", models)
    with running(site.data, *options, "--port", "0", "--key", KEY, command="api") as api:
        made = create(api, "size", {"file": receiver.url})
        ended = end(api, made["id"])
    assert ended["status"] == "failed"
    assert "could not be reached" in ended["error"]


def test_the_commands_reach_the_site_by_its_data_directory_and_by_its_database(site: Site) -> None:
    by_directory = foretell("accounts", "list", data=site.data)
    assert "default" in by_directory.stdout, by_directory.stderr
    elsewhere = foretell("accounts", "list", "--database", site.database, data=site.data / "elsewhere")
    assert "default" in elsewhere.stdout, elsewhere.stderr


def test_one_api_without_postgres_says_what_it_needs(tmp_path: Path) -> None:
    for command in ("api", "node"):
        refused = foretell(command, data=tmp_path)
        assert refused.returncode == 1
        assert "Postgres" in refused.stderr
