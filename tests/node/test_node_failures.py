"""Every predictor that misbehaves ends in a clear error, and none of them leaves a prediction stuck."""

from pathlib import Path

import pytest

from foretell.prediction import Status
from node.places import Place, place, until

pytestmark = pytest.mark.anyio

PREDICT = """
class Predictor(BasePredictor):
    def predict(self) -> {kind}:
        {body}
"""


def predictor(body: str, kind: str = "str") -> str:
    return PREDICT.format(body=body, kind=kind)


SETUP = """
class Predictor(BasePredictor):
    def setup(self):
        os.write(1, b"reading the weights\\n")  # Python's own last words may be lost
        {body}
    def predict(self) -> str:
        return "never"
"""


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("raise ValueError('the prompt is empty')", "raised", "the prompt is empty"),
        ("sys.exit(3)", "raised", "sys.exit(3)"),
        ("return {1, 2}", "bad_output", ""),
        ("return float('nan')", "bad_output", ""),
        ("return 'x' * (17 * 1024 * 1024)", "too_large", "MB"),
        ("from cog import CancelationException; raise CancelationException()", "raised", ""),
    ],
)
async def test_an_error_of_the_run_fails_it_and_spares_the_replica(
    here: Place, body: str, code: str, words: str
) -> None:
    version = await here.model(predictor(body))
    found = await here.run(version)
    assert found.status is Status.FAILED
    assert found.failure is not None and found.failure.code == code
    assert words in found.failure.message
    again = await here.run(version)
    assert again.failure is not None and again.failure.code == code
    assert again.metrics["load_time"] == 0


async def test_the_traceback_is_in_the_log_and_not_in_the_message(here: Place) -> None:
    found = await here.run(await here.model(predictor("raise ValueError('no')")))
    assert found.failure is not None and "Traceback" not in found.failure.message
    assert "ValueError: no" in await here.logged(found.id)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("os._exit(7)", "exit code 7"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL (out of memory?)"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    ],
)
async def test_a_run_whose_process_dies_is_tried_three_times(here: Place, body: str, words: str) -> None:
    found = await here.run(await here.model(predictor(body)))
    assert found.failure is not None and found.failure.code == "worker_lost"
    assert words in found.failure.message
    assert found.attempt == 3


async def test_a_run_whose_process_died_once_succeeds_at_its_second_attempt(here: Place) -> None:
    flag = here.folders / "flag"
    body = f"if not os.path.exists('{flag}'): open('{flag}', 'w').close(); os._exit(1)\n        return 'well'"
    found = await here.run(await here.model(predictor(body)))
    assert (found.result, found.attempt, found.losses) == ("well", 2, 1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise RuntimeError('no such weights')", "no such weights"),
        ("os._exit(4)", "exit code 4"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("time.sleep(60)", "within 1 seconds"),
        ("sys.exit('enough')", "enough"),
    ],
)
async def test_a_setup_that_fails_fails_who_waits_with_its_log(here: Place, body: str, words: str) -> None:
    version = await here.model(SETUP.format(body=body), settings="[limits]\nload_timeout_seconds = 1\n")
    found = await here.run(version)
    assert found.failure is not None and found.failure.code == "setup_failed"
    assert words in found.failure.message
    assert "reading the weights" in found.failure.message
    assert "reading the weights" in await here.logged(found.id)


async def test_a_model_that_cannot_be_imported_says_why(here: Place) -> None:
    found = await here.run(await here.model("import no_such_module\n" + predictor("return 'never'")))
    assert found.failure is not None and found.failure.code == "setup_failed"
    assert "no_such_module" in found.failure.message


async def test_after_three_failed_loads_whoever_waits_is_told_at_once(here: Place) -> None:
    loads = here.folders / "loads"
    body = f"open('{loads}', 'a').write('x'); raise RuntimeError('broken')"
    version = await here.model(SETUP.format(body=body))
    ids = [await here.create(version) for _ in range(30)]
    found = [await here.ended(each) for each in ids]
    assert {each.failure.code for each in found if each.failure} == {"setup_failed"}
    assert all(each.failure and "broken" in each.failure.message for each in found)
    assert len(loads.read_text()) == 3


async def test_a_run_that_takes_too_long_fails_and_is_stopped(here: Place) -> None:
    body = "while True:\n            try: time.sleep(60)\n            except BaseException: pass"
    version = await here.model(predictor(body), settings="[limits]\nrun_timeout_seconds = 0.3\n")
    found = await here.run(version)
    assert found.failure is not None and found.failure.code == "timeout"
    assert "0.3 seconds" in found.failure.message

    async def stopped() -> bool:
        row = await here.store.get(found.id)
        return row is not None and row.metadata.get("stopped_by") == "terminated"

    await until(stopped)


async def test_a_log_flood_is_capped_and_counted(tmp_path: Path) -> None:
    body = "for _ in range(2000): print('x' * 99)\n        os.write(1, b'y' * 100000)\n        return 'done'"
    async with place(tmp_path, log_bytes_max=10_000) as here:
        found = await here.run(await here.model(predictor(body)))
        text = await here.logged(found.id)
    assert found.result == "done"
    assert len(text) < 10_100
    assert text.endswith("… 290000 bytes dropped\n")


async def test_what_is_written_below_python_is_in_the_log_too(here: Place) -> None:
    found = await here.run(
        await here.model(predictor("subprocess.run(['echo', 'from below']); return 'done'"))
    )
    assert "from below\n" in await here.logged(found.id)


async def test_pipes_held_open_by_a_grandchild_hold_nothing_up(here: Place) -> None:
    body = "subprocess.Popen(['sleep', '60']); os._exit(1)"
    found = await here.run(await here.model(predictor(body)))
    assert found.failure is not None and found.failure.code == "worker_lost"


FILE = "path = '{path}'\n        {make}\n        return Path(path)"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        ("pass", "bad_output"),
        ("os.mkdir(path)", "bad_output"),
        ("os.mkfifo(path)", "bad_output"),
        ("open(path, 'wb').truncate(3_000_000)", "too_large"),
    ],
)
async def test_an_output_that_is_no_plain_file_fails_the_run(tmp_path: Path, make: str, code: str) -> None:
    async with place(tmp_path, output_bytes_max=2_000_000) as here:
        found = await here.run(await here.model(predictor(FILE.format(path="x", make=make), "Path")))
    assert found.failure is not None and found.failure.code == code


@pytest.mark.parametrize("nonsense", ["b'x' * 100", "(20 * 1024 * 1024).to_bytes(4, 'big')", "deep()"])
async def test_a_child_that_breaks_the_protocol_is_stopped(here: Place, nonsense: str) -> None:
    source = """
def deep():
    body = b'{"type":"output","id":"x","value":' + b'[' * 100 + b']' * 100 + b'}'
    return len(body).to_bytes(4, 'big') + body
"""
    source += predictor(f"os.write(int(sys.argv[sys.argv.index('--fd') + 1]), {nonsense}); time.sleep(60)")
    found = await here.run(await here.model(source))
    assert found.failure is not None and found.failure.code == "bad_output"
    assert "The model's process sent" in found.failure.message


async def test_a_run_that_kills_its_process_costs_its_neighbours_no_more_than_a_retry(here: Place) -> None:
    source = """
class Predictor(BasePredictor):
    async def predict(self, deadly: bool) -> str:
        await asyncio.sleep(0.1)
        if deadly:
            os._exit(9)
        return "well"
"""
    version = await here.model(source, settings="concurrency = 6\n")
    ids = [await here.create(version, deadly=each == 2) for each in range(6)]
    found = [await here.ended(each) for each in ids]
    assert [each.result for each in found] == ["well", "well", None, "well", "well", "well"]
    assert found[2].failure is not None and found[2].failure.code == "worker_lost"
    assert max(each.losses for each in found if each.result) == 1
