"""Write the words that the model can be expected to know, one a line: a name, or "other word: name".

Where several pictures go by a word, the one that is shown most often is meant.
"""

from __future__ import annotations

import sys
from pathlib import Path

from data import COLOURS, pictures

# Aliases that say how a thing is or what it does ("a sleeping cat" is no sleeping face), or nothing at all.
LEFT_OUT = set(
    """angry anguished art astonished back blush boom clap compression confounded confused cool cry
    cupid dash date disappointed divide dizzy end expressionless fearful flags flushed fog foggy
    free frowning grimacing grin grinning hankey harambe hocho hugs hushed information innocent it
    joy kiss kissing laughing link locked loop love mag mega minus multiply name new no notes on
    pensive persevere placard plus point pouch pout pray prohibited punch rage ram relaxed relieved
    satisfied scream sign sleeping sleepy smile smiley smirk smoking sob soon sunny sweat tada
    thinking tired top triumph unamused unlock unlocked up warning weary wedding wink worried yum
    zap""".split()
)
SHORTEST = 3


def main() -> None:
    shown = sorted(pictures(), key=lambda picture: -picture.frequency)
    meant = {picture.names[0]: picture.names[0] for picture in shown if picture.frequency}
    for picture in shown:
        for name in picture.names:
            meant.setdefault(name, picture.names[0])
    kept = sorted(name for name in meant.keys() - LEFT_OUT - set(COLOURS) if len(name) >= SHORTEST)
    lines = [name if meant[name] == name else f"{name}: {meant[name]}" for name in kept]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
