"""Previews in the table: the newest alone, until they are forgotten."""

import msgspec
import pytest
from msgspec.structs import replace

from foretell.event import Event, Kind
from foretell.prediction import Hold
from foretell.store import Store
from samples import LANE, new_prediction, said

pytestmark = pytest.mark.anyio


async def begun(store: Store) -> Hold:
    await store.create(new_prediction())
    [taken] = await store.take(LANE, node="n1", count=1)
    assert taken.hold is not None
    await store.begin(taken.hold)
    return taken.hold


def preview(event: Event) -> Event:
    return msgspec.structs.replace(event, kind=Kind.PREVIEW, data={"image": "data:image/png;base64,"})


async def test_a_newer_preview_takes_the_place_of_an_older_one(store: Store) -> None:
    hold = await begun(store)
    one, two, three, four, five = said(hold, *"abcde")
    events = [one, preview(two), three, preview(four), five]
    assert await store.append(hold, events[:3])
    assert await store.events(hold.prediction_id) == events[:3]
    assert await store.append(hold, events[3:])
    assert await store.events(hold.prediction_id) == [one, three, preview(four), five]


async def test_of_previews_said_at_once_the_last_stays(store: Store) -> None:
    hold = await begun(store)
    shown = [preview(each) for each in said(hold, *"abc")]
    for each in shown:
        store.say(each)
    await store.release(hold)
    assert await store.events(hold.prediction_id) == shown[2:]


async def test_forgotten_previews_leave_what_was_said_around_them(store: Store) -> None:
    hold = await begun(store)
    one, two, three = said(hold, *"abc")
    for each in (one, preview(two), three):
        store.say(each)
    await store.forget_previews(hold.prediction_id)
    assert await store.events(hold.prediction_id) == [one, three]
    assert await store.events(hold.prediction_id, after=2) == [three]


async def test_words_about_previews_are_no_previews(store: Store) -> None:
    hold = await begun(store)
    words = said(hold, '[[2,"preview",{"image":', "x")
    odd = msgspec.structs.replace(words[1], data={"value": [[2, "preview", {"image": ""}]]})
    await store.append(hold, [words[0]])
    await store.append(hold, [odd])
    await store.forget_previews(hold.prediction_id)
    assert await store.events(hold.prediction_id) == [words[0], odd]


async def test_who_lost_the_hold_neither_shows_nor_takes_away(store: Store) -> None:
    hold = await begun(store)
    shown = preview(said(hold, "a")[0])
    await store.append(hold, [shown])
    lost = replace(hold, node="n0")
    assert not await store.append(lost, [preview(said(hold, "b", first=2)[0])])
    assert await store.events(hold.prediction_id) == [shown]
