"""Several runs in one call of the predictor: each has its own value, words and end."""

from child.node_end import Child

CODE = """
import os, time
import foretell
from cog import BasePredictor, Path
class Predictor(BasePredictor):
    def predict(self, word: str, flag: str = "") -> str:
        return word.upper()
    def predict_batch(self, inputs: list[dict]) -> list[str]:
        print(f"{len(inputs)} together")
        for index, each in enumerate(inputs):
            with foretell.member(index):
                print("mine", each["word"])
                foretell.progress((index + 1) / 10)
                foretell.metric("letters", len(each["word"]))
        if any(each["word"] == "raise" for each in inputs):
            raise RuntimeError("not like this")
        for each in inputs:
            if each["flag"]:
                open(each["flag"], "w").close()
                while True:
                    time.sleep(0.01)
        return [ValueError("a bad word") if each["word"] == "bad" else each["word"].upper() for each in inputs]
"""
FILES = """
from cog import BasePredictor, Path
class Predictor(BasePredictor):
    def predict(self, word: str) -> Path:
        raise RuntimeError("never alone")
    def predict_batch(self, inputs):
        paths = [Path(f"{each['word']}.txt") for each in inputs]
        for path, each in zip(paths, inputs):
            path.write_text(each["word"])
        return paths
"""


def test_each_member_of_a_batch_gets_its_own_value_in_the_order_of_the_inputs(child: Child) -> None:
    child.set_up(CODE)
    ids = child.begin_together({"word": "one"}, {"word": "two"}, {"word": "three"})
    assert [child.ending(each)["value"] for each in ids] == ["ONE", "TWO", "THREE"]


def test_what_is_said_within_a_member_is_its_own_and_the_rest_is_everybodys(child: Child) -> None:
    child.set_up(CODE)
    ids = child.begin_together({"word": "one"}, {"word": "four"})
    for each in ids:
        child.ending(each)
    assert [child.log(each) for each in ids] == ["2 together\nmine one\n", "2 together\nmine four\n"]
    assert [child.of("metric", each)[0]["value"] for each in ids] == [3, 4]
    assert [child.of("progress", each)[-1]["fraction"] for each in ids] == [0.1, 0.2]


def test_the_time_of_a_batch_is_shared_out_among_its_members(child: Child) -> None:
    source = """
import time
from cog import BasePredictor
class Predictor(BasePredictor):
    def predict(self) -> str:
        return ""
    def predict_batch(self, inputs):
        time.sleep(0.1)
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
        return ["" for _ in inputs]
"""
    child.set_up(source)
    endings = [child.ending(each) for each in child.begin_together({}, {}, {}, {})]
    assert sum(each["run_seconds"] for each in endings) >= 0.3
    assert max(each["run_seconds"] for each in endings) < 2 * min(each["run_seconds"] for each in endings)
    assert max(each["cpu_seconds"] for each in endings) < 2 * min(each["cpu_seconds"] for each in endings)


def test_an_exception_that_is_returned_fails_that_member_alone(child: Child) -> None:
    child.set_up(CODE)
    good, bad = (child.ending(each) for each in child.begin_together({"word": "one"}, {"word": "bad"}))
    assert good["type"] == "done" and good["value"] == "ONE"
    assert (bad["type"], bad["code"], bad["message"]) == ("failed", "raised", "a bad word")


def test_a_value_of_the_wrong_type_fails_that_member_alone(child: Child) -> None:
    child.set_up(CODE.replace("return [ValueError", "return [7 if each['word'] == 'seven' else ValueError"))
    good, bad = (child.ending(each) for each in child.begin_together({"word": "one"}, {"word": "seven"}))
    assert good["value"] == "ONE" and bad["code"] == "bad_output"


def test_an_exception_of_the_whole_batch_is_told_to_each_member_as_such(child: Child) -> None:
    child.set_up(CODE)
    endings = [child.ending(each) for each in child.begin_together({"word": "one"}, {"word": "raise"})]
    assert [each["code"] for each in endings] == ["batch", "batch"]
    assert "not like this" in endings[0]["message"] and "predict_batch" in endings[0]["traceback"]
    assert child.run("afterwards", word="one")["value"] == "ONE"


def test_outputs_that_are_not_one_for_each_input_count_as_an_exception_of_the_batch(child: Child) -> None:
    child.set_up(CODE.replace("return [ValueError", "return ['one too many'] + [ValueError"))
    endings = [child.ending(each) for each in child.begin_together({"word": "one"}, {"word": "two"})]
    assert [each["code"] for each in endings] == ["batch", "batch"]
    assert "3 outputs for 2 inputs" in endings[0]["message"]


def test_a_batch_goes_on_until_the_last_of_its_members_is_canceled(child: Child) -> None:
    child.set_up(CODE)
    flag = child.folder / "flag"
    first, second = child.begin_together({"word": "one", "flag": ""}, {"word": "two", "flag": str(flag)})
    child.wait_until(flag.exists)
    child.send(type="cancel", id=first)
    child.send(type="cancel", id=second)
    assert child.ending(first)["type"] == "canceled" == child.ending(second)["type"]
    assert child.run("afterwards", word="one")["value"] == "ONE"


def test_a_canceled_member_does_not_keep_its_neighbours_from_their_values(child: Child) -> None:
    child.set_up(CODE.replace("while True:", "while not os.path.exists(each['flag'] + '-on'):"))
    flag = child.folder / "flag"
    first, second = child.begin_together({"word": "one", "flag": str(flag)}, {"word": "two", "flag": ""})
    child.wait_until(flag.exists)
    child.send(type="cancel", id=first)
    (child.folder / "flag-on").touch()
    assert child.ending(second)["value"] == "TWO"
    assert child.ending(first)["type"] == "canceled"


def test_each_member_gives_its_files_from_a_folder_of_its_own(child: Child) -> None:
    child.set_up(FILES)
    for run_id, word in zip(
        child.begin_together({"word": "one"}, {"word": "two"}), ("one", "two"), strict=True
    ):
        (file,) = child.ending(run_id)["files"]
        assert (child.folder / "runs" / run_id / file["path"]).read_text() == word


def test_member_changes_nothing_in_a_run_that_is_alone(child: Child) -> None:
    child.set_up(
        CODE.replace("return word.upper()", "foretell.member(0).__enter__(); print('so'); return ''")
    )
    child.run("a", word="one")
    assert child.log("a") == "so\n"
