"""Pipelines of diffusers on a real server: tiny and untrained, so that what they draw is noise, but ruled noise."""

import io
import json
import time
from base64 import b64encode
from pathlib import Path

import pytest

from families.running import create, events, fetched, finished, pixels, run, uri
from servers import Foretell, until

for requirement in ("av", "numpy", "PIL"):
    pytest.importorskip(requirement)

import av  # noqa: E402 - only where the families' environment is
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

pytestmark = [pytest.mark.needs("families"), pytest.mark.timeout(300)]
CANCEL_SECONDS = 10.0
QUICK = {"prompt": "a red fox", "steps": 3, "seed": 1, "safety_checker": False}
PICTURE = Image.fromarray(np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8))


@pytest.mark.parametrize("model", ["tiny-sd", "tiny-flux"])
def test_a_seed_gives_the_same_picture_again_and_another_seed_another(server: Foretell, model: str) -> None:
    given = {**QUICK, "width": 64, "height": 64}
    first, again = run(server, model, **given), run(server, model, **given)
    assert (pixels(first) == pixels(again)).all()
    assert (pixels(first) != pixels(run(server, model, **{**given, "seed": 2}))).any()


def test_the_prompt_and_what_it_is_to_keep_away_from_count(server: Foretell) -> None:
    first = pixels(run(server, "tiny-sd", **QUICK))
    assert (first != pixels(run(server, "tiny-sd", **{**QUICK, "prompt": "a blue house"}))).any()
    assert (first != pixels(run(server, "tiny-sd", **QUICK, negative_prompt="fog"))).any()
    assert (first != pixels(run(server, "tiny-sd", **QUICK, guidance_scale=1.5))).any()


def test_several_pictures_have_the_next_seeds(server: Foretell) -> None:
    several = run(server, "tiny-sd", **QUICK, num_outputs=2)
    second = run(server, "tiny-sd", **{**QUICK, "seed": 2})
    assert len(several["output"]) == 2
    assert (pixels(several, 1) == pixels(second)).all()


def test_the_picture_has_the_size_and_the_form_that_were_asked_for(server: Foretell) -> None:
    wide = run(server, "tiny-sd", **QUICK, width=128, height=64, output_format="webp")
    assert Image.open(io.BytesIO(fetched(wide))).format == "WEBP"
    assert pixels(wide).shape == (64, 128, 3)
    assert pixels(run(server, "tiny-sd", **QUICK, aspect_ratio="16:9")).shape == (48, 80, 3)


def test_each_scheduler_draws_and_an_unknown_one_is_refused_with_the_list(server: Foretell) -> None:
    with server.client() as client:
        shape = client.get("/v1/models/tiny-sd", params={"fields": "input_schema"}).json()["input_schema"][
            "properties"
        ]["scheduler"]
        refused = client.post(
            "/v1/predict", json={"model": "tiny-sd", "input": {"prompt": "x", "scheduler": "best"}}
        )
    assert refused.status_code == 422
    assert all(name in refused.json()["error"]["message"] for name in shape["enum"])
    drawn = {name: fetched(run(server, "tiny-sd", **QUICK, scheduler=name)) for name in shape["enum"]}
    assert len(set(drawn.values())) > len(drawn) // 2
    assert drawn["default"] == drawn["ddim"], "which is this pipeline's own"
    assert fetched(run(server, "tiny-flux", **QUICK, width=64, height=64, scheduler="unipc"))


def test_steps_and_unfinished_pictures_are_heard_on_the_stream(server: Foretell) -> None:
    made = create(server, "tiny-sd", **{**QUICK, "steps": 80, "width": 192, "height": 192})
    said = events(server, made["id"])
    told = [data["progress"] for name, data in said if name == "progress"]
    assert len(set(told)) > 3, told
    assert told == sorted(told)
    steps = [(data["done"], data["of"], data["unit"]) for name, data in said if data.get("of")]
    assert len(steps) > 3 and {each[1:] for each in steps} == {(80, "step")}, steps
    shown = [data for name, data in said if name == "preview"]
    assert shown, [name for name, _ in said]
    assert "data:image/jpeg;base64," in json.dumps(shown[0])


def test_nobody_sees_unfinished_pictures_of_what_is_to_be_checked(server: Foretell) -> None:
    made = create(server, "tiny-sd", **{**QUICK, "steps": 30, "safety_checker": True})
    assert [name for name, _ in events(server, made["id"]) if name == "preview"] == []


def test_a_cancel_in_the_middle_ends_it_between_two_steps_and_the_model_goes_on(server: Foretell) -> None:
    run(server, "tiny-sd", **QUICK)
    made = create(server, "tiny-sd", **{**QUICK, "steps": 200, "width": 256, "height": 256, "num_outputs": 8})

    def is_drawing() -> bool:
        with server.client() as client:
            return client.get(f"/v1/predictions/{made['id']}").json()["metrics"].get("progress", 0) > 0

    until(is_drawing, about="its first steps")
    pids = {child.pid for child in server.children()}
    before = time.monotonic()
    with server.client() as client:
        client.post(f"/v1/predictions/{made['id']}/cancel")
    assert finished(server, made["id"])["status"] in ("canceled", "cancelled")
    run(server, "tiny-sd", **QUICK)
    assert time.monotonic() - before < CANCEL_SECONDS
    assert pids <= {child.pid for child in server.children()}, "no process had to be killed for it"


@pytest.mark.parametrize("model", ["tiny-sd", "tiny-flux"])
def test_a_picture_to_start_from_is_kept_the_more_the_less_strength_there_is(
    server: Foretell, model: str
) -> None:
    given = {**QUICK, "steps": 10, "image": uri(PICTURE)}
    little, much = (pixels(run(server, model, **given, strength=strength)) for strength in (0.1, 1.0))
    assert little.shape == (64, 64, 3)
    assert (little != much).any()
    again = pixels(run(server, model, **given, strength=0.1))
    assert (little == again).all()
    upside_down = {**given, "image": uri(PICTURE.rotate(180))}
    assert (pixels(run(server, model, **upside_down, strength=0.1)) != little).any()


def test_only_what_the_mask_shows_is_drawn_anew(server: Foretell) -> None:
    mask = Image.new("L", PICTURE.size)
    mask.paste(255, (0, 0, 32, 64))
    given = {**QUICK, "image": uri(PICTURE), "mask": uri(mask), "strength": 1.0}
    changed = pixels(run(server, "tiny-sd", **given)) != np.asarray(PICTURE)
    assert changed[:, :31].any()
    assert not changed[:, 33:].any()


def test_a_mask_without_a_picture_is_refused_in_words(server: Foretell) -> None:
    ended = finished(server, create(server, "tiny-sd", **QUICK, mask=uri(PICTURE))["id"])
    assert "A mask needs the image" in json.dumps(ended["error"])


def test_a_lora_changes_the_picture_by_its_scale_and_leaves_no_trace(server: Foretell, tiny: Path) -> None:
    (file,) = (tiny / "lora").glob("*.safetensors")
    lora = "data:application/octet-stream;base64," + b64encode(file.read_bytes()).decode()
    plain = pixels(run(server, "tiny-sd", **QUICK))
    strong, weak = (
        pixels(run(server, "tiny-sd", **QUICK, lora=lora, lora_scale=scale)) for scale in (4.0, 2.0)
    )
    assert (strong != plain).any()
    assert (strong != weak).any()
    assert (pixels(run(server, "tiny-sd", **QUICK)) == plain).all()


def test_a_lora_of_another_model_is_refused_in_words(server: Foretell, tiny: Path) -> None:
    file = tiny / "stable_diffusion" / "unet" / "diffusion_pytorch_model.safetensors"
    for found in (file.read_bytes(), b"no tensors at all"):
        lora = "data:application/octet-stream;base64," + b64encode(found).decode()
        ended = finished(server, create(server, "tiny-sd", **QUICK, lora=lora)["id"])
        assert "The LoRA does not fit this model" in json.dumps(ended["error"])
    assert run(server, "tiny-sd", **QUICK)


def test_a_film_has_the_frames_and_the_pace_that_were_asked_for(server: Foretell) -> None:
    made = run(
        server, "tiny-wan", prompt="a red fox", steps=2, seed=1, width=64, height=48, num_frames=9, fps=8
    )
    with av.open(io.BytesIO(fetched(made))) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (64, 48, 8)
        assert sum(1 for _ in film.decode(video=0)) == 9
    assert made["metrics"]["video_seconds"] == pytest.approx(9 / 8, abs=0.01)


def test_a_film_of_so_many_seconds_has_the_nearest_number_of_frames(server: Foretell) -> None:
    made = run(
        server,
        "tiny-wan",
        prompt="a red fox",
        steps=1,
        seed=1,
        width=32,
        height=32,
        duration_seconds=1.0,
        fps=10,
    )
    with av.open(io.BytesIO(fetched(made))) as film:
        assert sum(1 for _ in film.decode(video=0)) == 9


def frames(prediction: dict) -> list[np.ndarray]:
    with av.open(io.BytesIO(fetched(prediction))) as film:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]


def test_a_film_may_begin_with_a_picture(server: Foretell) -> None:
    given = {"prompt": "a red fox", "steps": 2, "seed": 1, "width": 64, "height": 64, "num_frames": 9}
    plain, begun = (
        frames(run(server, "tiny-ltx", **given, **more)) for more in ({}, {"image": uri(PICTURE)})
    )
    assert (len(plain), len(begun)) == (9, 9)
    assert any((one != other).any() for one, other in zip(plain, begun, strict=True))


def test_a_picture_becomes_a_film_without_words(server: Foretell) -> None:
    given = {"image": uri(PICTURE), "steps": 2, "seed": 1, "width": 64, "height": 64, "num_frames": 3}
    found = frames(run(server, "tiny-motion", **given))
    assert [frame.shape for frame in found] == [(64, 64, 3)] * 3


@pytest.mark.parametrize("output_format", ["wav", "mp3", "flac"])
def test_a_sound_is_as_long_and_in_the_form_that_was_asked_for(server: Foretell, output_format: str) -> None:
    given = {"prompt": "rain", "steps": 2, "seed": 1, "seconds": 0.2, "output_format": output_format}
    made = run(server, "tiny-sound", **given)
    with av.open(io.BytesIO(fetched(made))) as sound:
        assert sound.format.name == output_format
        samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in sound.decode(audio=0)])
    assert samples.astype(float).std() > 0, "it is not silent"
    assert made["metrics"]["audio_seconds"] == pytest.approx(0.2, abs=0.01)
    again = run(server, "tiny-sound", **given)
    assert fetched(again) == fetched(made)
