"""What an ONNX file takes and gives is told from its graph, past the weights."""

from pathlib import Path

import pytest

from families.places import listing
from families.test_recognition import refused, written
from foretell import families
from foretell.families import Files


@pytest.mark.parametrize(
    "text", [b"", b"\x08\x07", b"\x3a\xff\xff\xff\xff\x0f", b"\x00" * 50, b"\xff" * 50, b"\x3a\x02\x0a"]
)
def test_a_damaged_onnx_file_is_refused(text: bytes) -> None:
    assert "model.onnx" in refused(listing({}, {"model.onnx": text}))


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name: str, kind: int, *sizes: int | str) -> bytes:
    dimensions = b"".join(
        field(1, field(1, s) if isinstance(s, int) else field(2, s.encode())) for s in sizes
    )
    return field(1, name.encode()) + field(2, field(1, field(1, kind) + field(2, dimensions)))


def test_an_onnx_file_is_read_past_its_weights_without_reading_them(tmp_path: Path) -> None:
    weights = field(8, b"layer.weight") + field(9, bytes(5_000_000))
    graph = field(5, weights) + field(11, tensor("pixels", 1, "n", 3, 224, 224))
    graph += field(11, tensor("layer.weight", 1, 4)) + field(12, tensor("logits", 1, "n", 2))
    text = field(1, 3) + field(7, graph)
    asked: list[int] = []

    def part(_path: str, start: int, size: int) -> bytes:
        asked.append(size)
        return text[start : start + size]

    labelled = {"config.json": b'{"id2label": {"1": "dog", "0": "cat"}}'}
    files = Files(
        sizes={"model.onnx": len(text), "config.json": len(labelled["config.json"])},
        part=lambda path, start, size: labelled[path] if path in labelled else part(path, start, size),
    )
    found = families.recognize(files)
    assert sum(asked) < 500_000
    assert [each["name"] for each in found.settings["inputs"]] == ["image"], "no weights among the inputs"
    assert found.settings["labels"] == ["cat", "dog"]
    version = written(found, tmp_path)
    assert version.input_schema["properties"]["image"]["format"] == "uri"
    assert version.manifest.capabilities == ("image-classification",)
