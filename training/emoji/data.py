"""The training pictures: emoji drawn from the Noto Color Emoji font, and the words that describe each."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

import emoji
import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
SIDE = 64
# The font's strikes are 136 x 128 pixels at size 109; the canvas leaves a white margin so that nothing touches the edge.
FONT_SIZE, GLYPH, CANVAS = 109, (136, 128), 146
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
OPENINGS = ("a ", "a ", "the ", "an emoji of a ", "a picture of a ", "a drawing of a ", "a photo of a ")
SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
LEFT_OUT = re.compile(
    r"^flag|button|keycap|o’clock|.thirty$|family|arrow|skin tone|^(man|woman|men|women|person|people) "
    r"|facing right|^couple|^kiss |holding hands|^no |^(england|scotland|wales|zzz|flag.*)$|^input |square$|circle$|mailbox|speaker|pedestrian"
    r"|^(aries|taurus|gemini|cancer|leo|virgo|libra|scorpio|sagittarius|capricorn|aquarius|pisces|ophiuchus)$"
    r"|sign$|symbol|diamond with|^japanese .*|mark$|room$|mobile phone |^fast |banknote|wheelchair|deaf|^copyright|^registered|^trade mark|^ok hand|place medal"
)


@dataclass(frozen=True)
class Picture:
    """One emoji: its 64 x 64 RGB pixels on white, its names (the first is its own), whether it is in the core."""

    names: tuple[str, ...]
    pixels: np.ndarray
    is_core: bool


def pictures(font: Path = FONT) -> list[Picture]:
    """Every emoji that is used, in a fixed order: flags, buttons, clock times and variants of people are left out."""
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
            names = dict.fromkeys([name, *core.get(name, []), *aliases])
            found.append(Picture(tuple(names), pixels, name in core))
    return found


def core_vocabulary(path: Path = VOCABULARY) -> dict[str, list[str]]:
    """Name of an emoji to other words for it, from the vocabulary file."""
    words: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, synonyms = line.partition(":")
            words[plain(name)] = [plain(word) for word in synonyms.split(",") if word.strip()]
    return words


def is_used(symbol: str, name: str, facts: dict, core: dict[str, list[str]]) -> bool:
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


def recoloured(pixels: np.ndarray, colour: str) -> np.ndarray | None:
    """The picture with its main colour replaced; None where no one colour covers most of it."""
    hue, saturation, value = np.moveaxis(
        np.asarray(Image.fromarray(pixels).convert("HSV"), np.float32) / 255, -1, 0
    )
    drawn = (255 - pixels.astype(int)).max(-1) > 20
    coloured = drawn & (saturation > 0.35) & (value > 0.25)
    if coloured.sum() < 0.55 * drawn.sum():
        return None
    histogram, edges = np.histogram(hue[coloured], bins=24, range=(0, 1))
    neighbourhood = histogram + np.roll(histogram, 1) + np.roll(histogram, -1)
    main = edges[neighbourhood.argmax()] + 1 / 48
    near = np.abs((hue - main + 0.5) % 1 - 0.5) < 0.09
    if (near & coloured).sum() < 0.75 * coloured.sum():
        return None
    return painted(np.stack([hue, saturation, value]), pixels, near & (saturation > 0.08), colour)


def painted(hsv: np.ndarray, pixels: np.ndarray, where: np.ndarray, colour: str) -> np.ndarray:
    """The pixels at `where` in the colour's hue, with their shading and their soft edges towards white kept."""
    _, saturation, value = hsv
    hue, saturation_factor, value_factor = COLOURS[colour]
    strength = np.clip(saturation / 0.6, 0, 1)
    shade = np.clip(0.9 * value_factor * value / np.quantile(value[where], 0.9), 0, 0.97)
    new_saturation = strength * np.clip(np.maximum(saturation, 0.75) * saturation_factor, 0, 1)
    new_value = strength * shade + (1 - strength) * value
    new = np.stack([np.full_like(value, hue), new_saturation, new_value], -1)
    image = Image.fromarray((new * 255).astype(np.uint8), "HSV").convert("RGB")
    return np.where(where[..., None], np.asarray(image), pixels)


def caption(names: tuple[str, ...], colour: str | None, chance: random.Random, exact: float) -> str:
    """Words for a picture; `exact` is the share of captions that are the picture's own name and nothing else."""
    name = names[0] if chance.random() < 0.6 else chance.choice(names)
    if colour:
        name = f"{colour} {without_colours(name)}"
    elif chance.random() < exact:
        return names[0]
    return chance.choice(OPENINGS) + name if chance.random() < 0.35 else name


def without_colours(name: str) -> str:
    return " ".join(word for word in name.split() if word not in COLOURS and word != "brown")


def plain(name: str) -> str:
    return name.strip().strip(":").replace("_", " ").replace("-", " ").lower()
