"""Versions of models: tried, accepted, gone back to, removed; and additions written step by step."""

from dataclasses import replace

import pytest

from foretell.addition import Addition, State, Step, StepName, Work
from foretell.model import Manifest, Version
from foretell.store import Store

pytestmark = pytest.mark.anyio


def version(id_: str, name: str = "shout") -> Version:
    manifest = Manifest(
        namespace=name,
        name=name,
        type="text",
        description="",
        folder=f"models/{name}/{id_}",
        predictor="p.py:P",
    )
    return Version(
        id=id_, manifest=manifest, input_schema={}, output_schema={}, streaming=False, created_at=1
    )


async def ids(store: Store, name: str | None = "shout") -> list[str]:
    return [each.version.id for each in await store.versions(name)]


async def current(store: Store) -> list[str]:
    return [each.id for each in await store.models()]


async def test_a_version_that_is_tried_can_be_run_and_not_be_asked_for(store: Store) -> None:
    assert await store.try_out(version("one"))
    assert (await ids(store), await current(store)) == ([], [])
    assert await store.version("one") is not None
    await store.accept(version("one"))
    assert (await ids(store), await current(store)) == (["one"], ["one"])
    assert not await store.try_out(version("one")), "it is known to load"
    assert not await store.withdraw("one")
    assert await current(store) == ["one"]


async def test_a_version_that_failed_is_forgotten(store: Store) -> None:
    await store.try_out(version("bad"))
    assert await store.withdraw("bad")
    assert await store.version("bad") is None
    assert not await store.withdraw("bad")


async def test_the_last_current_version_comes_first(store: Store) -> None:
    for id_ in ("one", "two"):
        await store.try_out(version(id_))
        await store.accept(version(id_))
    assert await ids(store) == ["two", "one"]
    assert await store.go_back("shout", "one")
    assert (await ids(store), await current(store)) == (["one", "two"], ["one"])
    assert not await store.go_back("shout", "nothing")
    assert not await store.go_back("other", "two")


async def test_what_is_removed_cannot_be_asked_for_and_is_forgotten_when_nothing_needs_it(
    store: Store,
) -> None:
    for id_ in ("one", "two"):
        await store.try_out(version(id_))
        await store.accept(version(id_))
    await store.remove_versions(["two"])
    assert (await ids(store), await current(store)) == (["one"], [])
    assert [each.id for each in await store.unneeded_versions()] == ["two"]
    assert not await store.go_back("shout", "two")
    await store.forget_version("two")
    assert await store.known_versions() == {"one"}
    await store.forget_version("one")
    assert await store.known_versions() == {"one"}, "it was not removed"


async def test_a_version_is_offline_until_it_is_not(store: Store) -> None:
    await store.register(version("one"))
    await store.set_offline("one", "no package")
    assert (await store.models())[0].offline_reason == "no package"
    await store.set_offline("one", None)
    assert (await store.models())[0].offline_reason is None


def addition(id_: str, model: str = "shout") -> Addition:
    return Addition(
        id=id_,
        work=Work.ADD,
        account_id="a",
        source="/srv/shout",
        created_at=1,
        updated_at=1,
        model=model,
    )


async def test_an_addition_is_written_until_it_has_ended(store: Store) -> None:
    await store.begin_addition(addition("1"))
    step = Step(name=StepName.READING, began_at=5, says="words")
    found = replace(addition("1").with_step(step), log="a\0b\n", version_id="one")
    assert await store.write_addition(found)
    written = await store.addition("1")
    assert written is not None
    assert (written.steps, written.log, written.version_id) == ((step,), "ab\n", "one")
    done = replace(found.with_step(replace(step, state=State.SUCCEEDED)), state=State.SUCCEEDED)
    assert len(done.steps) == 1
    assert await store.write_addition(done)
    assert not await store.write_addition(found), "it has ended"
    assert not await store.cancel_addition("1")


async def test_an_addition_can_be_ended_by_others(store: Store) -> None:
    await store.begin_addition(addition("1"))
    assert await store.cancel_addition("1")
    assert not await store.write_addition(addition("1"))
    found = await store.addition("1")
    assert found is not None
    assert found.state is State.CANCELED
    assert await store.addition("2") is None


async def test_additions_are_found_by_model_and_version_and_when_nobody_works_on_them(store: Store) -> None:
    for id_, model in (("1", "shout"), ("2", "other"), ("3", "shout")):
        await store.begin_addition(addition(id_, model))
    await store.write_addition(replace(addition("3"), version_id="one"))
    assert [each.id for each in await store.additions("shout")] == ["3", "1"]
    assert [each.id for each in await store.additions(version_id="one")] == ["3"]
    assert [each.id for each in await store.additions(limit=1)] == ["3"]
    assert {each.id for each in await store.abandoned_additions(0.0)} == {"1", "2", "3"}
    assert await store.abandoned_additions(60.0) == []
