"""TrueFusion draws what it is asked for: the shipped weights, sampled by the shipped code."""

import sys
from itertools import pairwise
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "src" / "foretell" / "models"
sys.path[:0] = [str(MODELS / name) for name in ("truefusion", "upscale", "pictures")]

for requirement in ("numpy", "onnxruntime", "tokenizers"):
    pytest.importorskip(requirement)

import numpy as np  # noqa: E402 - only where the model's requirements are installed
from emoji_diffusion import Diffusion, noise, schedule  # noqa: E402
from lexicon import Lexicon  # noqa: E402

COLOUR_NAMES = ("red", "green", "blue")


@pytest.fixture(scope="module")
def diffusion() -> Diffusion:
    return Diffusion.open(lambda name: MODELS / "truefusion" / "weights" / name)


def drawn(diffusion: Diffusion, prompt: str, *, seed: int = 3, steps: int = 12, **more) -> np.ndarray:
    return diffusion.generate(prompt, steps=steps, noise=noise(seed), **more)


def middle(picture: np.ndarray) -> np.ndarray:
    """The mean colour of the middle of a picture."""
    height, width, _ = picture.shape
    inner = picture[height * 3 // 8 : height * 5 // 8, width * 3 // 8 : width * 5 // 8]
    return inner.mean((0, 1))


@pytest.mark.parametrize("colour", COLOUR_NAMES)
def test_a_heart_has_the_colour_it_was_asked_in_and_a_white_ground(diffusion: Diffusion, colour: str) -> None:
    picture = drawn(diffusion, f"{colour} heart")
    assert COLOUR_NAMES[int(middle(picture).argmax())] == colour
    assert np.ptp(middle(picture)) > 0.25
    assert picture[:4].mean() > 0.9


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_picture(diffusion: Diffusion) -> None:
    first, again, other = (drawn(diffusion, "butterfly", seed=seed) for seed in (7, 7, 8))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_a_picture_has_three_colours_from_0_to_1_at_the_native_size(diffusion: Diffusion) -> None:
    picture = drawn(diffusion, "star", steps=2)
    assert picture.shape == (64, 64, 3)
    assert 0 <= picture.min() <= picture.max() <= 1


def test_each_step_is_told_once_and_in_order(diffusion: Diffusion) -> None:
    told: list[int] = []
    drawn(diffusion, "star", steps=5, on_step=lambda done, latents: told.append(done))
    assert told == [1, 2, 3, 4, 5]


def test_a_negative_prompt_changes_the_picture(diffusion: Diffusion) -> None:
    plain, away = drawn(diffusion, "heart"), drawn(diffusion, "heart", negative_prompt="red heart")
    assert np.abs(plain - away).mean() > 0.01


def test_without_guidance_the_prompt_alone_decides(diffusion: Diffusion) -> None:
    one = drawn(diffusion, "heart", guidance=1.0, negative_prompt="star")
    assert np.allclose(one, drawn(diffusion, "heart", guidance=1.0), atol=1e-3)


def test_a_prompt_of_any_length_and_script_is_drawn(diffusion: Diffusion) -> None:
    for prompt in ("", "red apple " * 100, "красное яблоко 🍎", "<|endoftext|> heart"):
        assert np.isfinite(drawn(diffusion, prompt, steps=2)).all()


@pytest.mark.parametrize(
    ("prompt", "understood"),
    [
        ("A cute cat sitting on a sofa", "cat face"),
        ("a small golden bird, highly detailed", "yellow bird"),
        ("green apple", "green apple"),
        ("an apple", "red apple"),
        ("a blue apple", "blue apple"),
        ("a car", "automobile"),
        ("a photo of two red buses", "red bus"),
        ("smiling face with heart-eyes", "smiling face with heart eyes"),
        ("the quarterly report", "the quarterly report"),
        ("", ""),
    ],
)
def test_of_a_prompt_the_known_thing_and_its_colour_are_understood(prompt: str, understood: str) -> None:
    assert Lexicon(MODELS / "truefusion" / "lexicon.txt").understood(prompt) == understood


def test_what_is_to_be_avoided_is_a_known_thing_or_a_colour_or_nothing() -> None:
    lexicon = Lexicon(MODELS / "truefusion" / "lexicon.txt")
    avoided = [lexicon.avoided(text) for text in ("a big dog", "too much red", "blurry, bad quality", "")]
    assert avoided == ["dog face", "red", "", ""]


def test_a_prompt_in_whole_sentences_draws_what_its_known_words_draw(diffusion: Diffusion) -> None:
    plain = drawn(diffusion, "blue heart", steps=4)
    assert drawn(diffusion, "A photo of a beautiful blue heart!", steps=4).tobytes() == plain.tobytes()


def test_a_schedule_of_any_length_goes_from_noise_to_picture() -> None:
    for steps in (1, 2, 25, 100):
        points = schedule(steps)
        assert len(points) == steps + 1
        assert points[0].noise > 0.99
        assert (points[-1].picture, points[-1].noise) == (1.0, 0.0)
        assert all(before.noise > after.noise for before, after in pairwise(points))


@pytest.fixture(scope="module")
def size():
    for requirement in ("ncnn", "PIL"):
        pytest.importorskip(requirement)
    from painter import size

    return size


def test_width_and_height_win_over_the_aspect_ratio(size) -> None:
    assert size(768, 768, "16:9", side_max=1024) == (768, 768)


def test_one_side_and_the_aspect_ratio_give_the_other_side(size) -> None:
    assert size(640, None, "4:3", side_max=1024) == (640, 480)
    assert size(None, 480, "4:3", side_max=1024) == (640, 480)


@pytest.mark.parametrize("ratio", ["1:1", "16:9", "4:3", "3:2", "2:3", "3:4", "9:16", "21:9"])
def test_an_aspect_ratio_alone_gives_about_a_quarter_of_a_megapixel(size, ratio: str) -> None:
    width, height = size(None, None, ratio, side_max=1024)
    across, down = map(int, ratio.split(":"))
    assert width / height == pytest.approx(across / down, rel=0.05)
    assert width * height == pytest.approx(512 * 512, rel=0.05)


def test_a_side_that_would_be_too_long_is_refused_in_words(size) -> None:
    with pytest.raises(ValueError, match="576×1024; a side can have at most 1000 pixels"):
        size(576, None, "9:16", side_max=1000)


def test_a_seed_poses_a_picture_and_another_seed_poses_it_otherwise(size) -> None:
    from painter import posed
    from PIL import Image

    picture = Image.new("RGB", (200, 200), "white")
    picture.paste("red", (40, 40, 160, 160))
    one, again, other = (posed(picture, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.tobytes() == again.tobytes()
    assert np.abs(np.asarray(one, int) - np.asarray(other, int)).mean() > 2
    assert one.getpixel((0, 0)) == (255, 255, 255)
    assert one.getpixel((100, 100)) == (255, 0, 0)


def test_things_joined_by_and_are_told_apart_and_one_thing_is_left_whole() -> None:
    from arrangement import things

    assert things("a cat and a blue dog") == ["a cat", "a blue dog"]
    assert things("a sun, a tree, and a house") == ["a sun", "a tree", "a house"]
    assert things("a cat and a dog, digital art") == ["a cat", "a dog, digital art"]
    assert things("a cat next to a dog & a mouse") == ["a cat", "a dog", "a mouse"]
    for whole in (
        "a red fox",
        "fork and knife",
        "a sandcastle",
        "a red and blue heart",
        "",
        "and",
        "a and " * 20,
    ):
        assert things(whole) == [whole]


@pytest.mark.parametrize(
    ("count", "width", "height"), [(1, 300, 100), (2, 512, 512), (3, 900, 200), (5, 640, 480)]
)
def test_places_lie_within_the_picture_and_do_not_overlap(count: int, width: int, height: int) -> None:
    from arrangement import places

    covered = np.zeros((height, width), int)
    found = places(count, width, height)
    for left, top, side in found:
        assert 0 <= left <= left + side <= width
        assert 0 <= top <= top + side <= height
        covered[top : top + side, left : left + side] += 1
    assert len(found) == count
    assert covered.max() == 1
