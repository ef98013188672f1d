"""Write the names that captions were made of, one a line: the words that the model can be expected to know."""

from __future__ import annotations

import sys
from pathlib import Path

from data import COLOURS, pictures

# Aliases that say how a thing is or what it does ("a sleeping cat" is no sleeping face), or that are no words.
LEFT_OUT = set(
    """angry anguished art astonished back blush boom clap compression confounded confused cool cry cupid dash date
    disappointed divide dizzy end expressionless fearful flags flushed fog foggy free frowning grimacing grin
    grinning hankey harambe hocho hugs hushed information innocent it joy kiss kissing lamp laughing link locked
    loop love mag mega minus multiply name new no notes on pensive persevere placard plus point pouch pout pray
    prohibited punch rage ram relaxed relieved satisfied scream sign sleeping sleepy smile smiley smirk smoking sob
    soon sunny sweat tada thinking tired top triumph unamused unlock unlocked up warning weary wedding wink worried
    yum zap""".split()
)
SHORTEST = 3


def main() -> None:
    names = {name for picture in pictures() for name in picture.names}
    kept = sorted(name for name in names - LEFT_OUT - set(COLOURS) if len(name) >= SHORTEST)
    Path(sys.argv[1]).write_text("\n".join(kept) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
