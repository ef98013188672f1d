"""Models, accounts, keys, and the replicas of nodes come back as they were written."""

from dataclasses import replace

import pytest

from foretell.account import Key, Role, key_digest, new_key
from foretell.errors import Code, Error
from foretell.model import Limits, Manifest, Pricing, Vendor, Version, Weight
from foretell.store import Readiness, ReplicaState, Store
from samples import Clock, new_prediction

pytestmark = pytest.mark.anyio

VERSION = Version(
    id="v1",
    manifest=Manifest(
        namespace="echo",
        name="Echo",
        type="text",
        description="Says it again.",
        folder="/models/echo",
        predictor="predict.py:Predictor",
        aliases=("parrot",),
        weights=(Weight(name="w", source="file:w", sha256="00", size_bytes=3),),
        vendor=Vendor(name="Us"),
        pricing=Pricing(amount=0.5, unit="second"),
        limits=Limits(memory_mb=64),
    ),
    input_schema={"type": "object", "properties": {"text": {"type": "string"}}},
    output_schema={"type": "string"},
    streaming=True,
    created_at=5,
)


async def key_of(store: Store, account_id: str) -> tuple[Key, str]:
    key_id, raw = new_key()
    key = Key(
        id=key_id, account_id=account_id, name="ci", sha256=key_digest(raw), last4=raw[-4:], created_at=7
    )
    await store.create_key(key)
    return key, raw


async def test_a_version_comes_back_as_it_was_registered(store: Store) -> None:
    with store.notices.subscribe("models") as told:
        await store.register(VERSION)
        assert await told.wait(5)
    assert await store.version("v1") == VERSION
    assert await store.models() == [VERSION]
    assert await store.version("v2") is None


async def test_a_newer_version_takes_over_and_the_older_stays_readable(store: Store) -> None:
    newer, trial = replace(VERSION, id="v2", offline_reason="no wheel"), replace(VERSION, id="v3")
    for version in (VERSION, newer):
        await store.register(version)
    await store.register(trial, current=False)
    await store.register(newer)
    assert await store.models() == [newer]
    assert await store.version("v1") == VERSION
    assert await store.version("v3") == trial


async def test_accounts_are_found_by_name_and_by_id_and_names_are_theirs_alone(store: Store) -> None:
    ann = await store.create_account("ann", Role.OPERATOR)
    ben = await store.create_account("ben", Role.MEMBER)
    assert await store.account("ann") == await store.account(ann.id) == ann
    assert await store.accounts() == [ann, ben]
    assert await store.account("cat") is None
    with pytest.raises(Error) as caught:
        await store.create_account("ann", Role.MEMBER)
    assert caught.value.code is Code.CONFLICT


async def test_a_key_is_found_by_its_id_and_by_its_digest(store: Store) -> None:
    account = await store.create_account("ann", Role.MEMBER)
    key, raw = await key_of(store, account.id)
    assert await store.key(key.id) == await store.key_by_digest(key_digest(raw)) == key
    assert await store.keys(account.id) == await store.keys(None) == [key]
    assert await store.keys("nobody") == []
    assert await store.key("nothing") is None
    assert await store.key_by_digest("nothing") is None


async def test_a_revoked_key_is_told_of_and_its_sealed_copy_is_gone_for_good(store: Store) -> None:
    account = await store.create_account("ann", Role.MEMBER)
    key, _ = await key_of(store, account.id)
    await store.seal_key(key.id, b"\x00sealed")
    await store.seal_key(key.id, b"again")
    assert await store.sealed_key(key.id) == b"\x00sealed"
    with store.notices.subscribe("keys") as told:
        revoked = await store.revoke_key(key.id)
        assert await told.wait(5)
    assert revoked is not None
    assert revoked.revoked_at is not None
    await store.seal_key(key.id, b"late")
    assert await store.sealed_key(key.id) is None
    assert await store.revoke_key(key.id) == revoked
    assert await store.revoke_key("nothing") is None


async def test_a_secret_of_a_keys_own_signs_in_its_place_until_it_is_taken_away_or_the_key_is_revoked(
    store: Store,
) -> None:
    account = await store.create_account("ann", Role.MEMBER)
    key, _ = await key_of(store, account.id)
    await store.seal_key(key.id, b"the key")
    assert await store.signing_secret(key.id) == b"the key"
    await store.set_key_secret(key.id, b"\x00its own")
    assert await store.signing_secret(key.id) == await store.key_secret(key.id) == b"\x00its own"
    await store.set_key_secret(key.id, None)
    assert (await store.signing_secret(key.id), await store.key_secret(key.id)) == (b"the key", None)
    await store.set_key_secret(key.id, b"again")
    await store.revoke_key(key.id)
    await store.set_key_secret(key.id, b"late")
    assert await store.signing_secret(key.id) is None
    assert await store.key_secret(key.id) is None


async def test_the_last_use_of_a_key_is_known_to_the_minute(store: Store, clock: Clock) -> None:
    account = await store.create_account("ann", Role.MEMBER)
    key, _ = await key_of(store, account.id)
    seen = []
    for seconds in (0, 30, 31, 61):
        clock.pass_seconds(seconds)
        await store.touch_key(key.id)
        found = await store.key(key.id)
        assert found is not None
        seen.append(found.last_used_at)
    assert seen[0] is not None
    assert seen[0] == seen[1]
    assert seen[1] < (seen[2] or 0) < (seen[3] or 0)


async def test_an_accounts_webhook_secret_can_be_set_and_changed(store: Store) -> None:
    account = await store.create_account("ann", Role.MEMBER)
    assert await store.webhook_secret(account.id) is None
    for secret in (b"one", b"two"):
        await store.set_webhook_secret(account.id, secret)
        assert await store.webhook_secret(account.id) == (secret, None)


async def test_one_replica_of_a_version_is_on_its_way_on_a_node(store: Store) -> None:
    first = ReplicaState(id="r1", version_id="v1", node="n1", state=Readiness.WANTED)
    assert await store.replica(first)
    assert not await store.replica(replace(first, id="r2"))
    assert await store.replica(replace(first, id="r3", node="n2"))
    ready = replace(first, state=Readiness.READY, pid=7, memory_mb=100, fraction=1.0)
    assert await store.replica(replace(first, state=Readiness.LOADING, fraction=0.5))
    assert await store.replica(ready)
    assert await store.replica(replace(first, id="r2"))
    assert await store.replicas("n1") == [ready, replace(first, id="r2")]
    assert len(await store.replicas()) == 3


async def test_a_retired_name_means_nothing_and_its_versions_stay_readable(store: Store) -> None:
    await store.register(VERSION)
    with store.notices.subscribe("models") as told:
        await store.retire(["echo", "nobody"])
        assert await told.wait(5)
    assert await store.models() == []
    assert await store.version("v1") == VERSION


async def test_what_a_dialect_asked_beside_the_input_is_kept_with_the_prediction(store: Store) -> None:
    asked = {"endpoint": "responses", "store": True, "metadata": {"é": "…"}}
    created = await store.create(new_prediction(request=asked))
    found = await store.get(created.id)
    assert found is not None and created.request == found.request == asked
    assert (await store.create(new_prediction())).request is None
