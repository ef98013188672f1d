"""Server-sent events as bytes."""

from foretell.dialects.skytells import stream_comment, stream_event


def test_an_event_is_its_id_its_name_and_one_line_of_json() -> None:
    piece = stream_event("output", {"value": "a\nb\r\u2028é"}, "1:7")
    assert piece.decode() == 'id: 1:7\nevent: output\ndata: {"value":"a\\nb\\r\u2028é"}\n\n'


def test_an_event_without_an_id_moves_no_place() -> None:
    assert stream_event("status", {}) == b"event: status\ndata: {}\n\n"


def test_a_comment_is_skipped_by_readers() -> None:
    assert stream_comment("heartbeat") == b": heartbeat\n\n"
