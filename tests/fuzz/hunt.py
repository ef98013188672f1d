"""One target under the fuzzer: `python -m fuzz.hunt TARGET [libFuzzer's options]`."""

import logging
import sys

import atheris


def main() -> None:
    name = sys.argv.pop(1)
    logging.disable()  # refusals are logged, and there are millions of them
    # Only our code tells new ways; what it is made of has its own fuzzers.
    with atheris.instrument_imports(include=["foretell", "imagesize", "python_multipart", "tinytag"]):
        from fuzz.targets import TARGETS

        bite = TARGETS[name]()
    atheris.Setup(sys.argv, bite)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
