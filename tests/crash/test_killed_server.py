"""What survives when the server is killed in the middle of everything: real processes, real signals."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from predictions import create, end, is_alive, once_each, processing, statuses
from servers import KEY, Receiver, running, until

OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)


def test_a_prediction_whose_server_is_killed_in_mid_run_runs_again_and_ends_once(
    tmp_path: Path, receiver: Receiver
) -> None:
    with running(tmp_path, *OPTIONS) as server:
        made = create(server, "slow", {"seconds": 3}, receiver)
        processing(server, made["id"])
        until(lambda: "started" in receiver.statuses(made["id"]), about="the first webhook")
        server.kill()
    with running(tmp_path, *OPTIONS) as server:
        ended = end(server, made["id"])
        assert ended["status"] == "succeeded"
        assert ended["output"].endswith("done\n")
        assert ended["output"].count("0.1 s") == 1
        until(lambda: len(once_each(receiver)) == 3, about="the webhooks", seconds=15)
        events = [each["headers"]["x-foretell-event"] for each in once_each(receiver)]
        assert events == ["started", "processing", "completed"]


def test_predictions_that_were_acknowledged_before_a_kill_are_all_run_after_it(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS) as server:
        first = create(server, "slow", {"seconds": 600})
        processing(server, first["id"])
        waiting = [create(server, "echo", {"prompt": str(number)})["id"] for number in range(50)]
        server.kill()
    with running(tmp_path, *OPTIONS) as server:
        outputs = [end(server, each)["output"] for each in waiting]
        assert outputs == [str(number) for number in range(50)]
        canceled = server.client().post(f"/v1/predictions/{first['id']}/cancel").json()
        assert canceled["status"] == "canceled"


def test_a_webhook_that_was_owed_when_the_server_was_killed_is_sent_by_the_next(tmp_path: Path) -> None:
    nobody = Receiver()
    nobody.close()
    with running(tmp_path, *OPTIONS) as server:
        made = create(server, "echo", {"prompt": "tell me"}, nobody)
        end(server, made["id"])
        server.kill()
    later = Receiver(port=nobody.port)
    try:
        with running(tmp_path, *OPTIONS):
            until(lambda: "succeeded" in later.statuses(made["id"]), about="the webhook")
    finally:
        later.close()


def test_killing_the_server_leaves_no_child_behind(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS) as server:
        made = create(server, "slow", {"seconds": 600})
        processing(server, made["id"])
        children = server.children()
        assert children
        server.kill()
        until(lambda: not any(is_alive(each) for each in children), about="the children's end")


def test_a_stop_under_load_lets_runs_end_and_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS) as server:
        short = create(server, "slow", {"seconds": 2})
        processing(server, short["id"])
        waiting = [create(server, "slow", {"seconds": 0.1})["id"] for _ in range(20)]
        children = server.children()
        assert server.stop() == 0
        assert not any(is_alive(each) for each in children)
    with running(tmp_path, *OPTIONS) as server:
        assert end(server, short["id"])["status"] == "succeeded"
        assert {end(server, each)["status"] for each in waiting} == {"succeeded"}


def test_a_run_that_outlasts_a_graceful_stop_goes_back_to_the_queue_without_a_loss(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS, FORETELL_SHUTDOWN_SECONDS="0.5") as server:
        long = create(server, "slow", {"seconds": 600})
        processing(server, long["id"])
        assert server.stop() == 0
    with running(tmp_path, *OPTIONS) as server:
        processing(server, long["id"])
        assert server.client().post(f"/v1/predictions/{long['id']}/cancel").json()["status"] == "canceled"


def test_a_caller_who_awaits_while_the_server_stops_is_answered(tmp_path: Path) -> None:
    body = {"model": "slow", "input": {"seconds": 2}, "await": True}
    with running(tmp_path, *OPTIONS) as server, ThreadPoolExecutor() as pool:
        answer = pool.submit(server.client().post, "/v1/predict", json=body)
        with server.client() as client:
            until(lambda: statuses(client) == ["processing"], about="the run")
        assert server.stop() == 0
        assert answer.result().json()["status"] == "succeeded"


def test_a_model_that_takes_its_server_down_three_times_is_given_up(tmp_path: Path) -> None:
    made: dict[str, Any] = {}
    for _ in range(3):
        with running(tmp_path, *OPTIONS) as server:
            made = made or create(server, "slow", {"seconds": 600})
            processing(server, made["id"])
            server.kill()
    with running(tmp_path, *OPTIONS) as server:
        ended = end(server, made["id"])
        assert ended["status"] == "failed"
        assert ended["error_id"] == "worker_lost"
