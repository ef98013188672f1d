"""Where replicas go: decided over every mix of machines and models, without any."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from foretell.hardware import Gpu
from foretell.node.placing import Need, Placed, Plan, Room, plan, why_never


def room(*gpus_mb: int, memory_mb: int = 1_000) -> Room:
    return Room(
        memory_mb=memory_mb,
        gpus=tuple(
            Gpu(handle=str(index), name=f"Card {each} MB", memory_mb=each)
            for index, each in enumerate(gpus_mb)
        ),
    )


def need(gpu: float = 0.0, gpu_memory_mb: int = 0, *, memory_mb: int = 100, **more: int) -> Need:
    return Need(memory_mb=memory_mb, gpu=gpu, gpu_memory_mb=gpu_memory_mb, **more)


def placed(
    name: str, wants: Need, *gpus: int, used: float = 0.0, idle: bool = True, leaving: bool = False
) -> Placed:
    return Placed(id=name, need=wants, gpus=gpus, used_seconds=used, is_idle=idle, is_leaving=leaving)


def test_the_smallest_gpu_that_fits_is_taken() -> None:
    assert plan(room(80, 16, 24), need(1, 20), []) == Plan(fits=True, gpus=(2,))
    assert plan(room(80, 16, 24), need(1), []) == Plan(fits=True, gpus=(1,))


def test_several_gpus_are_taken_together_or_not_at_all() -> None:
    assert plan(room(16, 16, 24), need(2, 16), []) == Plan(fits=True, gpus=(0, 1))
    there = [placed("a", need(1), 0, idle=False), placed("b", need(1), 1, idle=False)]
    assert plan(room(16, 16, 24), need(2, 16), there) == Plan(fits=False)


def test_halves_share_a_gpu_and_a_third_has_no_place_there() -> None:
    half = need(0.5)
    there = [placed("a", half, 0, idle=False)]
    assert plan(room(16), half, there) == Plan(fits=True, gpus=(0,))
    there.append(placed("b", half, 0, idle=False))
    assert plan(room(16), half, there) == Plan(fits=False)


def test_a_share_goes_to_the_gpu_that_has_one_on_it_already() -> None:
    assert plan(room(16, 16), need(0.5), [placed("a", need(0.5), 1, idle=False)]).gpus == (1,)


def test_a_whole_gpu_is_not_given_where_a_share_is_taken() -> None:
    assert plan(room(16), need(1), [placed("a", need(0.1), 0, idle=False)]) == Plan(fits=False)


def test_models_that_only_say_how_much_memory_they_take_share_a_gpu_until_it_is_full() -> None:
    there = [placed("a", need(0, 10), 0, idle=False)]
    assert plan(room(16), need(0, 6), there).fits
    assert not plan(room(16), need(0, 7), there).fits


def test_what_was_measured_counts_where_it_is_more_than_was_declared() -> None:
    there = [placed("a", need(0, 4, gpu_measured_mb=12), 0, idle=False)]
    assert plan(room(16), need(0, 4), there).fits
    assert not plan(room(16), need(0, 5), there).fits


def test_memory_and_gpus_have_to_be_free_at_the_same_time() -> None:
    there = [placed("a", need(memory_mb=950), idle=False)]
    assert plan(room(16), need(1), there) == Plan(fits=False)


def test_a_model_without_a_gpu_is_spared_where_only_a_gpu_is_wanted() -> None:
    there = [placed("old", need(), used=1), placed("new", need(1), 0, used=2)]
    assert plan(room(16), need(1), there) == Plan(fits=False, unload=("new",))


def test_a_gpu_set_aside_is_given_to_nobody() -> None:
    assert plan(room(16, 24), need(1), [], aside={0}).gpus == (1,)
    assert plan(room(16), need(1), [], aside={0}) == Plan(fits=False)


def test_a_class_of_hardware_is_found_among_gpus_of_several_kinds() -> None:
    machine = Room(
        memory_mb=1_000,
        gpus=(
            Gpu(handle="0", name="Tesla T4", memory_mb=16),
            Gpu(handle="1", name="NVIDIA H100 80GB", memory_mb=80),
        ),
    )
    assert plan(machine, replace(need(1), hardware="h100"), []).gpus == (1,)
    assert plan(machine, replace(need(1), hardware="t4"), []).gpus == (0,)


def test_what_never_fits_is_told_with_what_there_is() -> None:
    assert why_never(room(16), need(1, 16)) is None
    assert why_never(room(), need(1)) == "it wants 1 GPU, and here there is none"
    assert (
        why_never(room(16, 24), need(2, 24))
        == "it wants 2 GPUs with 24 MB each, and here there are only Card 16 MB (16 MB), Card 24 MB (24 MB)"
    )
    assert why_never(room(16), need(0.5, 20)) == (
        "it wants 0.5 of a GPU with 20 MB, and here there is only Card 16 MB (16 MB)"
    )
    assert (
        why_never(room(), need(memory_mb=2_000))
        == "it wants 2,000 MB of memory, and the models here have 1,000 MB"
    )


ROOMS = st.builds(
    lambda gpus, memory_mb: room(*gpus, memory_mb=memory_mb),
    st.lists(st.sampled_from([8, 16, 24, 80]), max_size=4),
    st.integers(100, 1_000),
)
NEEDS = st.builds(
    lambda gpu, gpu_memory_mb, memory_mb, measured_mb: need(
        gpu, gpu_memory_mb, memory_mb=memory_mb, gpu_measured_mb=measured_mb
    ),
    st.sampled_from([0.0, 0.0, 0.25, 0.333, 0.5, 0.9, 1.0, 2.0, 3.0]),
    st.sampled_from([0, 0, 4, 8, 16, 24]),
    st.integers(1, 600),
    st.sampled_from([0, 0, 5, 100]),
)
STEPS = st.lists(st.tuples(NEEDS, st.booleans(), st.booleans()), max_size=14)


def is_overcommitted(machine: Room, there: Sequence[Placed]) -> bool:
    if sum(each.need.memory_mb for each in there) > machine.memory_mb:
        return True
    for index, gpu in enumerate(machine.gpus):
        on_it = [each for each in there if index in each.gpus]
        claims = [each.need.claim(gpu) for each in on_it]
        if sum(share for share, _ in claims) > 1_000 or sum(mb for _, mb in claims) > gpu.memory_mb:
            return True
        if len(on_it) > 1 and any(each.need.gpu >= 1 for each in on_it):
            return True
    return False


@given(ROOMS, STEPS)
def test_nothing_is_ever_given_twice_and_nothing_busy_is_sent_away(
    machine: Room, steps: list[tuple[Need, bool, bool]]
) -> None:
    there: list[Placed] = []
    for number, (wants, idle, leaves_slowly) in enumerate(steps):
        found = plan(machine, wants, there)
        busy = {each.id for each in there if not each.is_idle or each.is_leaving}
        assert not busy & set(found.unload)
        assert not (found.fits and found.unload)
        if found.unload and leaves_slowly:
            there = [replace(each, is_leaving=each.is_leaving or each.id in found.unload) for each in there]
        elif found.unload:
            there = [each for each in there if each.id not in found.unload]
            found = plan(machine, wants, [each for each in there if not each.is_leaving])
            assert found.fits, "those who were sent away were enough"
            continue
        if found.fits:
            assert len(found.gpus) == wants.count == len(set(found.gpus))
            there.append(placed(str(number), wants, *found.gpus, used=number, idle=idle))
        assert not is_overcommitted(machine, there)


@given(ROOMS, NEEDS, STEPS)
def test_whoever_fits_in_the_empty_machine_gets_in_once_the_others_are_idle(
    machine: Room, wants: Need, steps: list[tuple[Need, bool, bool]]
) -> None:
    there: list[Placed] = []
    for number, (other, _, _) in enumerate(steps):
        found = plan(machine, other, there)
        if found.fits:
            there.append(placed(str(number), other, *found.gpus, used=-number))
    found = plan(machine, wants, there)
    if why_never(machine, wants) is not None:
        assert found == Plan(fits=False)
        return
    left = [each for each in there if each.id not in found.unload]
    assert plan(machine, wants, left).fits


@given(ROOMS, NEEDS, STEPS)
def test_nobody_is_sent_away_who_could_have_stayed(
    machine: Room, wants: Need, steps: list[tuple[Need, bool, bool]]
) -> None:
    there: list[Placed] = []
    for number, (other, idle, _) in enumerate(steps):
        found = plan(machine, other, there)
        if found.fits:
            there.append(placed(str(number), other, *found.gpus, used=number, idle=idle))
    sent = plan(machine, wants, there).unload
    for spared in sent:
        left = [each for each in there if each.id == spared or each.id not in sent]
        assert not plan(machine, wants, left).fits
