"""Server-sent events of what a run says beside its output."""

from api.test_stream import EVENTS, path_of, stream
from foretell.event import Kind
from served_api import Api
from servers import until

CALL = {"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "f", "arguments": "{}"}}]}
IMAGE = "data:image/png;base64,iVBORw0KGgo="


def test_deltas_come_between_the_pieces_of_text(either_api: Api) -> None:
    api = either_api
    prediction_id = api.create("deepbrain")["id"]
    with stream(api, path_of(prediction_id), **EVENTS) as reader:
        hold = api.begin(prediction_id)
        api.say(hold, 1, Kind.OUTPUT, value="Let me see.")
        api.say(hold, 2, Kind.DELTA, delta=CALL)
        api.say(hold, 3, Kind.DELTA, delta={"finish_reason": "tool_calls"})
        assert reader.until("delta").data == {"delta": CALL}
        api.succeed(hold, "Let me see.")
        said = [(each.name, each.id) for each in reader.all() if each.name in {"output", "delta"}]
    assert said == [("output", "1:1"), ("delta", "1:2"), ("delta", "1:3")]


def test_a_preview_is_shown_and_a_reader_who_comes_back_misses_nothing_else(either_api: Api) -> None:
    api = either_api
    prediction_id = api.create("truefusion")["id"]
    with stream(api, path_of(prediction_id), **EVENTS) as reader:
        hold = api.begin(prediction_id)
        api.say(hold, 1, Kind.LOG, source="stdout", text="seed: 7\n")
        api.say(hold, 2, Kind.PREVIEW, image=IMAGE)
        found = reader.until("preview")
        assert (found.data, found.id) == ({"image": IMAGE}, "1:2")
        api.say(hold, 3, Kind.LOG, source="stdout", text="drawn\n")
        until(lambda: any(each.id == "1:3" for each in reader.said), about="the log")
        api.run(api.store.forget_previews(prediction_id))
        with stream(api, path_of(prediction_id), **EVENTS, **{"last-event-id": "1:2"}) as again:
            api.succeed(hold, "a picture")
            later = [(each.name, each.id) for each in again.all() if each.id]
        assert reader.all()[-1].name == "done"
    assert later == [("log", "1:3"), ("done", "1:end")]
    with stream(api, path_of(prediction_id), **EVENTS) as afterwards:
        said = [each.id for each in afterwards.all() if each.id]
    assert said == ["1:1", "1:3", "1:end"]
