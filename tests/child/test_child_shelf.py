"""The shelf of misbehaving predictors does, in a child of its own, what each says of itself."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from child.node_end import Child

SHELF = Path(__file__).parents[1] / "node" / "predictors"


def set_up(child: Child, name: str) -> dict[str, Any]:
    folder = child.folder / name
    shutil.copytree(SHELF / name, folder)
    child.send(type="setup", folder=str(folder), predictor="predict.py:Predictor", concurrency=4)
    return child.wait_for(lambda frame: frame["type"] in {"ready", "setup_failed"})


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("exits", "raised", "the predictor called sys.exit(3)"),
        ("raises", "raised", "width and height must be multiples of 8"),
        ("returns_the_wrong_type", "bad_output", "the predictor gave an int where it says str"),
        ("returns_not_a_number", "bad_output", "the output contains nan, which JSON cannot say"),
        (
            "returns_a_huge_value",
            "too_large",
            "the output is 20.0 MB of JSON, more than 16.8 MB; give it as a file",
        ),
        ("yields_then_raises", "raised", "the words ran out"),
    ],
)
def test_a_run_that_fails_in_python_fails_alone(child: Child, name: str, code: str, message: str) -> None:
    assert set_up(child, name)["type"] == "ready"
    for id in "ab":
        failed = child.run(id)
        assert (failed["code"], failed["message"]) == (code, message)


@pytest.mark.parametrize(("name", "status"), [("vanishes", 7), ("segfaults", -signal.SIGSEGV)])
def test_a_run_that_ends_its_process_says_nothing_more(child: Child, name: str, status: int) -> None:
    set_up(child, name)
    child.begin()
    assert child.process.wait(10) == status


def test_a_setup_that_fails_is_told(child: Child) -> None:
    assert set_up(child, "dies_in_setup")["message"] == "RuntimeError: there is no GPU"


@pytest.mark.parametrize(("name", "said"), [("vanishes_in_setup", None), ("hangs_in_setup", "loading\n")])
def test_a_setup_that_never_ends_well_is_left_to_the_node(child: Child, name: str, said: str | None) -> None:
    child.send(type="setup", folder=str(SHELF / name), predictor="predict.py:Predictor")
    if said is None:
        assert child.process.wait(10) == 9
    else:
        child.wait_for_log(said, None)
        assert child.process.poll() is None


@pytest.mark.parametrize("name", ["sleeps_in_c", "swallows_every_cancel", "ignores_sigterm"])
def test_a_run_that_no_cancel_reaches_goes_on_until_it_is_killed(child: Child, name: str) -> None:
    set_up(child, name)
    child.begin(seconds=600)
    child.wait_for(lambda frame: frame["type"] == "log")
    child.send(type="cancel", id="a")
    child.send(type="run", id="b", input={}, folder=str(child.folder))
    child.send(type="cancel", id="b")
    # The child hears and answers all the same: the run that waits behind it is canceled at once.
    assert child.ending("b")["type"] == "canceled"
    assert child.of("canceled", "a") == []
    if name == "ignores_sigterm":
        child.process.terminate()
    child.process.kill()
    assert child.process.wait(10) == -signal.SIGKILL


def test_a_run_that_swallows_one_cancel_yields_to_the_next(child: Child) -> None:
    set_up(child, "swallows_one_cancel")
    child.begin()
    child.wait_for_log("going on\n")
    child.send(type="cancel", id="a")
    assert child.ending()["type"] == "canceled"
    assert "swallowed" in child.log()


def test_grandchildren_keep_neither_the_run_nor_the_link_from_ending(child: Child) -> None:
    set_up(child, "leaves_grandchildren")
    left = [int(pid) for pid in child.run(seconds=60)["value"].split()]
    child.process.kill()
    child.wait_for_hang_up()
    for pid in left:
        os.kill(pid, signal.SIGKILL)


def test_a_flood_of_log_does_not_keep_the_run_from_ending(child: Child) -> None:
    set_up(child, "floods_the_log")
    assert child.run(megabytes=100)["value"] == "finished"
    assert child.ending()["memory_bytes"] < 100e6


def test_a_flood_of_output_arrives_whole(child: Child) -> None:
    set_up(child, "floods_the_output")
    child.run(pieces=20_000)
    assert len(child.values()) == 20_000


def test_files_of_one_name_and_text_with_files_are_handed_over(child: Child, tmp_path: Path) -> None:
    set_up(child, "yields_files")
    child.run(count=3)
    texts = [(tmp_path / "runs/a" / frame["files"][0]["path"]).read_text() for frame in child.of("output")]
    assert texts == ["picture 0", "picture 1", "picture 2"]


def test_text_and_files_come_together(child: Child) -> None:
    set_up(child, "gives_text_and_files")
    done = child.run()
    assert done["value"] == {"text": "two pictures", "pictures": [None, None], "score": 0.5}
    assert [file["at"] for file in done["files"]] == [["pictures", 0], ["pictures", 1]]


@pytest.mark.parametrize("target", ["", "/etc/hostname"])
def test_a_symbolic_link_is_handed_over_as_a_file(child: Child, target: str) -> None:
    set_up(child, "gives_a_symlink")
    (file,) = child.run(target=target)["files"]
    path = child.folder / "runs/a" / file["path"]
    assert path.is_file() and not path.is_symlink()


def test_a_file_from_outside_is_copied_in(child: Child) -> None:
    set_up(child, "gives_a_file_from_outside")
    os.utime(child.folder / "gives_a_file_from_outside" / "predict.py", (1e9, 1e9))
    assert child.run()["files"] == [{"at": [], "path": "out/0-predict.py"}]
    assert (child.folder / "gives_a_file_from_outside" / "predict.py").exists()


def test_a_huge_file_is_moved_and_not_copied(child: Child) -> None:
    set_up(child, "gives_a_huge_file")
    (file,) = child.run(megabytes=10_000)["files"]
    status = (child.folder / "runs/a" / file["path"]).stat()
    assert (status.st_size, status.st_blocks) == (10_000_000_000, 0)


@pytest.mark.parametrize("swap", ["link", "hardlink", "pipe", "folder", "nothing", "parent"])
def test_a_file_can_be_swapped_after_it_was_handed_over(child: Child, swap: str) -> None:
    set_up(child, "swaps_its_file")
    (child.folder / "secret").mkdir()
    (child.folder / "secret" / "target").write_text("secret")
    child.run(swap=swap, target=str(child.folder / "secret" / "target"))
    given = child.folder / "runs/a/out/0-honest.txt"
    assert child.of("done"), child.frames[-1]
    assert not (given.is_file() and given.read_text() == "honest")


def test_frames_can_be_forged(child: Child) -> None:
    set_up(child, "forges_frames")
    assert child.run(kind="traversal")["files"][0]["path"].startswith("../")


def test_memory_is_taken_and_kept(child: Child) -> None:
    set_up(child, "eats_memory")
    assert child.run("a", megabytes=100)["memory_bytes"] > 100e6
    assert child.run("b", megabytes=1)["value"] == "holding 101 MB"


def test_slow_steps_say_how_far_they_are(child: Child) -> None:
    set_up(child, "slow_steps")
    child.run(steps=4, step_seconds=0.03)
    assert child.values() == ["1 ", "2 ", "3 ", "4 "]
    assert [frame["fraction"] for frame in child.of("progress")] == [0.25, 0.5, 0.75, 1.0]


def test_several_runs_are_together_in_an_asynchronous_one(child: Child) -> None:
    assert set_up(child, "takes_several")["concurrency"] == 4
    for id in "abcd":
        child.begin(id, name=id, seconds=0.5)
    assert sorted(child.ending(id)["value"] for id in "abcd") == ["a 4", "b 3", "c 2", "d 1"]


def test_a_secret_does_not_show(child: Child) -> None:
    set_up(child, "takes_a_secret")
    assert child.run(key="hush hush")["value"] == 9
    assert "hush" not in child.log()


def test_an_input_of_every_type_arrives(child: Child, tmp_path: Path) -> None:
    set_up(child, "takes_everything")
    file = tmp_path / "in.txt"
    file.write_text("in")
    got = child.run(
        text="words",
        count=2.0,
        file=str(file),
        files=[str(file)] * 2,
        old_file=str(file),
        key="hush",
        words=["a"],
        box={"width": 1, "height": 2},
        settings={"a": [1]},
        either="x",
    )["value"]
    assert got == {
        "text": "str 'words'",
        "count": "int 2",
        "share": "float 0.5",
        "flag": "bool False",
        "size": "str 'small'",
        "seed": "NoneType None",
        "file": "Path in",
        "files": "Path in, Path in",
        "old_file": "File in",
        "key": "Secret Secret('**********')",
        "words": "str 'a'",
        "box": "dict {'width': 1, 'height': 2}",
        "settings": "dict {'a': [1]}",
        "shape": "str 'round'",
        "either": "str 'x'",
    }


def test_what_is_written_past_python_and_without_a_newline_is_heard(child: Child) -> None:
    set_up(child, "writes_past_python")
    child.run()
    child.hang_up()
    child.process.wait()
    assert child.pipe("stdout") == b"raw out\nfrom a subprocess\n"


def test_a_print_without_a_newline_is_heard_at_once(child: Child) -> None:
    set_up(child, "prints_without_a_newline")
    child.begin(seconds=60)
    child.wait_for_log("10%\r20%")
    child.wait_for_log("warming up")
