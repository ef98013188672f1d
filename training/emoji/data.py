"""The training pictures: emoji drawn from the Noto Color Emoji font, and the words that describe each."""

from __future__ import annotations

import random
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import emoji
import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
SIDE = 64
# The font's pictures are 136 x 128 pixels at size 109; the white margin keeps them off the edge.
FONT_SIZE, GLYPH, CANVAS = 109, (136, 128), 146
FIRST_WORD = 3
VOCABULARY = Path(__file__).with_name("vocabulary.txt")

# Hue in turns of the colour circle, and a factor on saturation and on value.
COLOURS = {
    "red": (0.99, 1.0, 1.0),
    "orange": (0.085, 1.0, 1.05),
    "yellow": (0.135, 1.0, 1.2),
    "green": (0.33, 0.8, 0.85),
    "blue": (0.6, 0.9, 1.0),
    "purple": (0.77, 0.75, 0.9),
    "pink": (0.92, 0.55, 1.15),
    "black": (0.0, 0.0, 0.3),
}
OPENINGS = (
    *("a ", "a ", "a ", "the ", "an emoji of a ", "a picture of a ", "a drawing of a ", "a photo of a "),
    *("a painting of a ", "a watercolor of a ", "an illustration of a ", "an icon of a ", "a sticker of a "),
    *("a render of a ", "draw a ", "a close up of a ", "a portrait of a "),
)
ADJECTIVES = (
    *("cute", "small", "big", "beautiful", "shiny", "simple", "detailed", "realistic", "cartoon", "colorful"),
    *("lovely", "old", "new", "funny", "tiny", "giant", "little", "pretty"),
)
ENDINGS = (
    *(
        " on a white background",
        " in the forest",
        " at night",
        " in the snow",
        " on a table",
        " on the beach",
    ),
    *(
        " in the sky",
        " on a hill",
        " in the garden",
        " in a field",
        " in space",
        " by the sea",
        " on the grass",
    ),
    *(", highly detailed", ", 4k", ", digital art", ", watercolor", ", minimal", ", vector art", ", photo"),
    *(" sitting on a sofa", " in a city", " in the rain", " at sunset", " on the moon", " in a room"),
)
SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
ZODIAC = "aries|taurus|gemini|cancer|leo|virgo|libra|scorpio|sagittarius|capricorn|aquarius|pisces|ophiuchus"
LEFT_OUT = re.compile(
    r"^(man|woman|men|women|person|people) |^couple|^kiss |family|holding hands|skin tone|deaf|wheelchair"
    r"|^flag|^(england|scotland|wales|zzz|flag.*)$|place medal|banknote|mailbox|speaker|pedestrian|arrow"
    r"|button|keycap|o’clock|.thirty$|facing right|^no |^input |^japanese |^fast |mobile phone |diamond with"
    r"|square$|circle$|sign$|mark$|room$|symbol|^copyright|^registered|^ok hand"
    rf"|^({ZODIAC})$"
)


@dataclass(frozen=True)
class Picture:
    """One emoji: its 64 x 64 RGB pixels on white, its names (its own first), and how often it is shown.

    `frequency` is 0 outside of the core vocabulary, 1 in it, FIRST_WORD for the words that are starred there.
    """

    names: tuple[str, ...]
    pixels: np.ndarray
    frequency: int


def pictures(font: Path = FONT) -> list[Picture]:
    """Every emoji that is used, in a fixed order; flags, buttons, clocks and kinds of people are left out."""
    core = core_vocabulary()
    drawing_font = ImageFont.truetype(str(font), FONT_SIZE)
    found = []
    for symbol, facts in emoji.EMOJI_DATA.items():
        name = plain(facts["en"])
        if not is_used(symbol, name, facts, core):
            continue
        pixels = draw(symbol, drawing_font)
        if pixels is not None:
            aliases = [plain(alias) for alias in facts.get("alias", [])]
            frequency, synonyms = core.get(name, (0, []))
            names = dict.fromkeys([name, *synonyms, *aliases])
            found.append(Picture(tuple(names), pixels, frequency))
    return found


def core_vocabulary(path: Path = VOCABULARY) -> dict[str, tuple[int, list[str]]]:
    """Name of an emoji to how often it is shown and to other words for it, from the vocabulary file."""
    words: dict[str, tuple[int, list[str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, synonyms = line.removeprefix("* ").partition(":")
            frequency = FIRST_WORD if line.startswith("* ") else 1
            words[plain(name)] = frequency, [plain(word) for word in synonyms.split(",") if word.strip()]
    return words


def is_used(symbol: str, name: str, facts: dict, core: Collection[str]) -> bool:
    if facts.get("status") != emoji.STATUS["fully_qualified"] or SKIN_TONE.search(symbol):
        return False
    is_flag = all(0x1F1E6 <= ord(character) <= 0x1F1FF for character in symbol)
    return name in core or not (is_flag or LEFT_OUT.search(name))


def draw(symbol: str, font: ImageFont.FreeTypeFont) -> np.ndarray | None:
    """The picture on white, or None where the font has no single glyph for the symbol."""
    left, _, right, _ = font.getbbox(symbol)
    if right - left > GLYPH[0] + 14:
        return None
    glyph = Image.new("RGBA", GLYPH, (255, 255, 255, 0))
    ImageDraw.Draw(glyph).text((0, 0), symbol, font=font, embedded_color=True)
    if np.asarray(glyph)[..., 3].sum() < 1000:
        return None
    canvas = Image.new("RGB", (CANVAS, CANVAS), "white")
    canvas.paste(glyph, ((CANVAS - GLYPH[0]) // 2, (CANVAS - GLYPH[1]) // 2), glyph)
    return np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def recoloured(pixels: np.ndarray, colour: str) -> np.ndarray:
    """The picture with its main colour replaced; where no colour covers most of it, all of it is tinted."""
    hsv = np.moveaxis(np.asarray(Image.fromarray(pixels).convert("HSV"), np.float32) / 255, -1, 0)
    main = main_hue(hsv, drawn=(255 - pixels.astype(int)).max(-1) > 20)
    where = in_front(pixels) if main is None else near(hsv[0], main) & (hsv[1] > 0.08)
    strength = np.ones_like(hsv[0]) if main is None else np.clip(hsv[1] / 0.6, 0, 1)
    return np.where(where[..., None], painted(hsv, where, strength, colour), pixels)


def main_hue(hsv: np.ndarray, drawn: np.ndarray) -> float | None:
    """The hue of most of what is drawn, in turns of the colour circle; None where there is no such hue."""
    hue, saturation, value = hsv
    coloured = drawn & (saturation > 0.35) & (value > 0.25)
    if coloured.sum() < 0.55 * drawn.sum():
        return None
    histogram, edges = np.histogram(hue[coloured], bins=24, range=(0, 1))
    neighbourhood = histogram + np.roll(histogram, 1) + np.roll(histogram, -1)
    main = float(edges[neighbourhood.argmax()] + 1 / 48)
    return main if (near(hue, main) & coloured).sum() >= 0.75 * coloured.sum() else None


def near(hue: np.ndarray, main: float) -> np.ndarray:
    return np.abs((hue - main + 0.5) % 1 - 0.5) < 0.09


def in_front(pixels: np.ndarray) -> np.ndarray:
    """Where the picture is not its white ground."""
    filled = Image.fromarray(pixels)
    for corner in ((0, 0), (SIDE - 1, 0), (0, SIDE - 1), (SIDE - 1, SIDE - 1)):
        ImageDraw.floodfill(filled, corner, (255, 0, 255), thresh=40)
    return (np.asarray(filled) != (255, 0, 255)).any(-1)


def painted(hsv: np.ndarray, where: np.ndarray, strength: np.ndarray, colour: str) -> np.ndarray:
    """The picture in the colour's hue, with its shading, and with soft edges where the strength is small."""
    _, saturation, value = hsv
    hue, saturation_factor, value_factor = COLOURS[colour]
    shade = np.clip(0.9 * value_factor * value / np.quantile(value[where], 0.9), 0, 0.97)
    new_saturation = strength * np.clip(np.maximum(saturation, 0.75) * saturation_factor, 0, 1)
    new_value = strength * shade + (1 - strength) * value
    new = np.stack([np.full_like(value, hue), new_saturation, new_value], -1)
    return np.asarray(Image.fromarray((new * 255).astype(np.uint8), "HSV").convert("RGB"))


def caption(names: tuple[str, ...], colour: str | None, chance: random.Random, exact: float) -> str:
    """Words for a picture; `exact` is the share of captions that are its own name and nothing else."""
    name = names[0] if chance.random() < 0.6 else chance.choice(names)
    if colour:
        name = f"{colour} {without_colours(name)}"
    elif chance.random() < exact:
        return names[0]
    if chance.random() < 0.4:
        return adorned(name, chance)
    return chance.choice(OPENINGS) + name if chance.random() < 0.4 else name


def adorned(name: str, chance: random.Random) -> str:
    """The name among words that people write and that the pictures do not show: they should not disturb."""
    opening = chance.choice(OPENINGS) if chance.random() < 0.7 else ""
    adjective = chance.choice(ADJECTIVES) + " " if chance.random() < 0.4 else ""
    ending = chance.choice(ENDINGS) if chance.random() < 0.6 else ""
    return f"{opening}{adjective}{name}{ending}"


def without_colours(name: str) -> str:
    return " ".join(word for word in name.split() if word not in COLOURS and word != "brown")


def plain(name: str) -> str:
    return name.strip().strip(":").replace("_", " ").replace("-", " ").lower()
