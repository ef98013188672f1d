"""The node's small parts, each by itself."""

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from foretell.node.bell import Bell
from foretell.node.breaker import COOL_DOWN_SECONDS, Breaker
from foretell.node.channel import WAITING_MAX, Channel
from foretell.node.frames import Done, Frame, Items, Log, Output
from foretell.node.link import FRAME_BYTES_MAX, BrokenLink, Link, open_link
from foretell.node.load import step
from foretell.node.tail import KEPT_CHARACTERS, Tail
from foretell.node.trouble import LoadFailed, ReplicaGone
from node.places import until

pytestmark = pytest.mark.anyio


def test_three_failed_loads_keep_a_model_from_loading_until_it_has_cooled_down() -> None:
    breaker, failure = Breaker(), LoadFailed("no")
    for now in (0.0, 1.0, 2.0):
        assert breaker.open_for(now) is None
        breaker.failed(failure, now)
    assert breaker.open_for(2.0) is failure
    assert breaker.open_for(2.0 + COOL_DOWN_SECONDS) is None
    breaker.failed(failure, 40.0)
    assert breaker.open_for(41.0) is failure
    breaker.loaded()
    assert breaker.open_for(41.0) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Collecting torch==2.13.0 (from -r /srv/secret/list.txt (line 1))", "Collecting torch==2.13.0"),
        (
            "  Downloading https://me:pass@wheels.example/torch-2.13.0.whl (900 MB)",
            "Downloading torch-2.13.0.whl (900 MB)",
        ),
        ("Processing /srv/wheels/colour-1.0-py3-none-any.whl", "Processing colour-1.0-py3-none-any.whl"),
        ("Building wheel for slow (pyproject.toml): started", "Building slow"),
        ("Installing collected packages: colour, shape", "Installing colour, shape"),
        ("Looking in indexes: https://me:pass@wheels.example/simple", ""),
        ("", ""),
    ],
)
def test_those_who_wait_are_told_what_is_installed_and_not_where_from(line: str, said: str) -> None:
    assert step(line) == said


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_bell_that_is_to_ring_later_can_still_be_rung_sooner(run: Callable[..., None]) -> None:
    async def rung() -> None:
        bell = Bell()
        bell.ring_within(3600.0)
        bell.ring_within(0.0)
        bell.ring_within(3600.0)
        async with asyncio.timeout(20):
            await bell.wait(600.0)

    run(rung())


async def ends() -> tuple[Link, socket.socket]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(True)
    return await open_link(ours), theirs


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


async def test_frames_arrive_whole_however_they_were_cut() -> None:
    link, theirs = await ends()
    data = framed(b'{"type":"log","id":"a","source":"stdout","text":"hi"}') + framed(
        b'{"type":"done","id":"a"}'
    )
    for byte in data:
        theirs.send(bytes([byte]))
        await asyncio.sleep(0)
    theirs.close()
    found = await heard(link)
    assert found == [Log("a", "stdout", "hi"), Done("a")]
    link.close()


async def test_what_comes_behind_a_frame_that_makes_it_wait_waits_in_order() -> None:
    link, theirs = await ends()
    full, found = asyncio.Event(), []
    until_third = asyncio.Event()

    async def room() -> None:
        await full.wait()

    def hear(frame: Frame) -> Coroutine[Any, Any, None] | None:
        found.append(frame)
        if len(found) == 3:
            until_third.set()
        return room() if len(found) == 1 else None

    listening = asyncio.create_task(link.listen(hear))
    await asyncio.sleep(0)
    for number in range(3):
        theirs.send(framed(f'{{"type":"log","id":"a","source":"stdout","text":"{number}"}}'.encode()))
    await until(lambda: link.arrivals and found)
    assert len(found) == 1
    full.set()
    await until_third.wait()
    assert [each.text for each in found] == ["0", "1", "2"]
    theirs.close()
    await asyncio.wait_for(listening, 2)
    link.close()


async def heard(link: Link) -> list[Frame]:
    """All that comes until the other side goes."""
    found: list[Frame] = []
    await asyncio.wait_for(link.listen(found.append), 2)
    return found


async def test_what_is_sent_in_one_turn_goes_out_together_and_in_order() -> None:
    link, theirs = await ends()
    for number in range(3):
        link.send({"type": "run", "id": str(number)})
    await asyncio.sleep(0.01)
    data, found = theirs.recv(65_536), []
    while data:
        (size,) = struct.unpack(">I", data[:4])
        found.append(json.loads(data[4 : 4 + size])["id"])
        data = data[4 + size :]
    assert found == ["0", "1", "2"]
    theirs.close()
    link.send({"type": "stop"})
    await asyncio.sleep(0.01)
    link.close()


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", FRAME_BYTES_MAX + 1),
        framed(b"not json"),
        framed(b"[]"),
        framed(b'{"type":"unheard of"}'),
        framed(b'{"type":"progress","id":"a","fraction":"much"}'),
        framed(b'{"type":"output","id":"a","value":' + b"[" * 70 + b"]" * 70 + b"}"),
        framed(b'{"type":"output","id":"a","value":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        framed(
            b'{"type":"output","id":"a","files":'
            + json.dumps([{"at": [], "path": "x"}] * 1001).encode()
            + b"}"
        ),
        framed(b'{"type":"items","id":"a","values":' + json.dumps([0] * 1001).encode() + b"}"),
        framed(b'{"type":"items","id":"a","values":[1,' + b"[" * 70 + b"]" * 70 + b"]}"),
    ],
)
async def test_what_is_not_a_frame_breaks_the_link(data: bytes) -> None:
    link, theirs = await ends()
    theirs.setblocking(False)
    theirs.send(data)
    with pytest.raises(BrokenLink):
        await heard(link)
    link.close()
    theirs.close()


async def put(channel: Channel, frame: Frame) -> None:
    """As who hears a child does."""
    channel.push(frame)
    if channel.is_full:
        await channel.room()


async def test_a_channel_counts_each_item_of_those_that_come_together() -> None:
    channel = Channel()
    async with asyncio.timeout(2):
        await put(channel, Items("a", [1] * 600))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await put(channel, Items("a", [2] * 600))
    assert await channel.receive() == Items("a", [1] * 600)
    assert await channel.receive() == Items("a", [2] * 600)
    async with asyncio.timeout(2):
        await put(channel, Items("a", [3]))


async def test_a_channel_holds_back_who_says_more_than_is_heard() -> None:
    channel = Channel()
    frame = Output("a", 1)

    async def say() -> None:
        for _ in range(2 * WAITING_MAX):
            await put(channel, frame)

    saying = asyncio.create_task(say())
    await asyncio.sleep(0.01)
    assert not saying.done() and len(channel.waiting()) == WAITING_MAX
    for _ in range(WAITING_MAX):
        assert await channel.receive() is frame
    await asyncio.wait_for(saying, 2)


async def test_a_channels_end_comes_after_what_was_said_before() -> None:
    channel = Channel()
    await put(channel, Output("a", 1))
    channel.end(ReplicaGone())
    await put(channel, Output("a", 2))
    assert await channel.receive() == Output("a", 1)
    with pytest.raises(ReplicaGone):
        await channel.receive()


def test_only_the_end_of_a_long_text_is_kept() -> None:
    tail = Tail()
    for _ in range(100):
        tail.add("x" * 1_000)
    tail.add("end")
    assert len(tail.text()) == KEPT_CHARACTERS and tail.text().endswith("xend")
