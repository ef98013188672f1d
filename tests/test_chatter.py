"""Lines about single predictions: all of few, some of many, and none of them forgotten in the count."""

from foretell.chatter import Chatter


def test_every_line_of_few_is_said() -> None:
    chatter = Chatter(lines_max=10)
    assert [chatter.unsaid() for _ in range(10)] == [0] * 10


def test_of_many_lines_some_are_said_and_all_are_counted() -> None:
    chatter = Chatter(lines_max=10)
    told = [chatter.unsaid() for _ in range(1_000)]
    said = [each for each in told if each is not None]
    # A second may have ended meanwhile.
    assert 10 <= len(said) < 200
    last = max(place for place, each in enumerate(told) if each is not None)
    assert len(said) + sum(said) == last + 1
