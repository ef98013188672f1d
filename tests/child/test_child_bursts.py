"""What is yielded faster than it can be sent one by one."""

from child.node_end import Child


def test_what_is_yielded_in_a_burst_comes_whole_and_in_order_with_what_is_said_between(child: Child) -> None:
    child.set_up(
        """
from typing import Iterator
def predict() -> Iterator[str]:
    for number in range(5_000):
        if number % 1_000 == 500:
            print("at", number)
        yield f"{number}\u2028é" if number % 7 else "x" * 3_000
""",
        predictor="predict.py:predict",
    )
    assert child.run()["type"] == "done"
    assert child.values() == [f"{each}\u2028é" if each % 7 else "x" * 3_000 for each in range(5_000)]
    assert child.log() == "".join(f"at {each}\n" for each in range(500, 5_000, 1_000))
    before = len(child.of("output", "a"))
    kinds = [frame["type"] for frame in child.frames]
    assert before == 5_000 and kinds.index("log") > kinds.index("output")
