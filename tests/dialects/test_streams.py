"""Server-sent events as bytes."""

import json

from foretell.dialects.skytells import stream_comment, stream_event, stream_outputs


def test_an_event_is_its_id_its_name_and_one_line_of_json() -> None:
    piece = stream_event("output", {"value": "a\nb\ré"}, "1:7")
    assert piece.decode() == 'id: 1:7\nevent: output\ndata: {"value":"a\\nb\\ré"}\n\n'


def test_no_reader_takes_a_character_of_a_text_for_the_end_of_a_line() -> None:
    """Several libraries break lines as Python's `splitlines` does, at more than the standard for events names."""
    text = "".join(map(chr, [*range(0x100), 0x2028, 0x2029]))
    lines = stream_event("output", {"text": text}, "1:7").decode().splitlines()
    assert len(lines) == 4
    assert json.loads(lines[2].removeprefix("data: ")) == {"text": text}


def test_an_event_without_an_id_moves_no_place() -> None:
    assert stream_event("status", {}) == b"event: status\ndata: {}\n\n"


def test_a_comment_is_skipped_by_readers() -> None:
    assert stream_comment("heartbeat") == b": heartbeat\n\n"


def test_outputs_in_a_row_are_the_same_bytes_as_one_by_one() -> None:
    texts = ["a\nb\ré", "", "\u2028 and \x85", '"quoted"']
    said = [(2, number, {"value": text}) for number, text in enumerate(texts, 7)]
    each = [stream_event("output", data, f"{attempt}:{number}") for attempt, number, data in said]
    assert stream_outputs(said) == b"".join(each)
    assert stream_outputs([]) == b""
