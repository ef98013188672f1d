"""What an ONNX file takes and gives, read from its protobuf without its weights, which are passed over."""

from collections.abc import Iterator
from dataclasses import dataclass

from foretell.errors import Code, Error
from foretell.families.files import Files

READ_BYTES = 64 * 1024
FIELDS_MAX = 200_000
"""How many parts of a graph are looked at: one is a layer, or a tensor of weights."""
TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "str",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
}
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_VERSION, _GRAPH = 1, 7
_INITIALIZER, _INPUT, _OUTPUT = 5, 11, 12
_NAME = 8
LISTS_NO_WEIGHTS = 4
"""The version of the format from which on inputs are only what is put in."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output. `shape` has None where any number will do, and is None where nothing is said."""

    name: str
    type: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True, slots=True)
class Graph:
    """What goes in and what comes out, in order."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    value: int
    """Of a number: the number. Of bytes: how many there are."""
    start: int


def read_graph(files: Files, path: str) -> Graph:
    """The graph in a `.onnx` file. Error(INVALID_REQUEST) for a file that is none, or takes what is no tensor."""
    message = _Message(files, path)
    try:
        top = list(message.fields(0, files.sizes[path]))
        graphs = [each for each in top if each.number == _GRAPH]
        parts = [part for graph in graphs for part in message.fields(graph.start, graph.start + graph.value)]
        inputs = [message.tensor(each) for each in parts if each.number == _INPUT]
        outputs = [message.tensor(each) for each in parts if each.number == _OUTPUT]
        # Files of before 2019 list their weights among the inputs.
        is_old = any(each.number == _VERSION and each.value < LISTS_NO_WEIGHTS for each in top)
        weights = {message.text(each, _NAME) for each in parts if is_old and each.number == _INITIALIZER}
    except (IndexError, UnicodeDecodeError) as error:
        raise Error(Code.INVALID_REQUEST, f"{path} is damaged, or no ONNX file.") from error
    if not inputs or not outputs:
        raise Error(Code.INVALID_REQUEST, f"{path} is no ONNX file: it has no inputs and outputs.")
    return Graph(tuple(each for each in inputs if each.name not in weights), tuple(outputs))


class _Message:
    """A protobuf message in a file, of which no more is read than is looked at."""

    def __init__(self, files: Files, path: str) -> None:
        self._files = files
        self._path = path
        self._read = b""
        self._read_from = 0

    def fields(self, start: int, end: int) -> Iterator[_Field]:
        """Those between two places. Raises IndexError where they do not end there."""
        at, count = start, 0
        while at < end:
            key, at = self._number(at)
            number, kind = key >> 3, key & 7
            value, at = self._number(at) if kind in (_VARINT, _LENGTH) else (0, at)
            yield _Field(number, value, at)
            at += {_VARINT: 0, _LENGTH: value, _FIXED64: 8, _FIXED32: 4}[self._known(kind)]
            count += 1
            if at > end or count > FIELDS_MAX:
                raise IndexError

    def text(self, message: _Field, number: int) -> str:
        """The text in a field of a message; "" where it has none."""
        for each in self.fields(message.start, message.start + message.value):
            if each.number == number:
                return self._bytes(each.start, each.value).decode()
        return ""

    def tensor(self, message: _Field) -> Tensor:
        """The tensor that a ValueInfoProto describes. Error(INVALID_REQUEST) for a sequence or a map."""
        name = self.text(message, 1)
        found = self._inner(self._inner(message, 2), 1)
        if found is None:
            raise Error(
                Code.INVALID_REQUEST, f"{self._path}: '{name}' is no tensor, and only tensors are taken."
            )
        types = [each.value for each in self._within(found) if each.number == 1]
        return Tensor(
            name, TYPES.get(types[0] if types else 0, "unknown"), self._shape(self._inner(found, 2))
        )

    def _shape(self, message: _Field | None) -> tuple[int | None, ...] | None:
        if message is None:
            return None
        sizes = []
        for dimension in self._within(message):
            said = [each.value for each in self._within(dimension) if each.number == 1]
            sizes.append(said[0] if said and 0 < said[0] < 2**31 else None)
        return tuple(sizes)

    def _inner(self, message: _Field | None, number: int) -> _Field | None:
        found = [each for each in self._within(message) if each.number == number] if message else []
        return found[0] if found else None

    def _within(self, message: _Field) -> Iterator[_Field]:
        return self.fields(message.start, message.start + message.value)

    def _known(self, kind: int) -> int:
        if kind not in (_VARINT, _FIXED64, _LENGTH, _FIXED32):
            raise IndexError
        return kind

    def _number(self, at: int) -> tuple[int, int]:
        """A varint and the place behind it."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self._bytes(at, 1)[0]
            value |= (byte & 0x7F) << shift
            at += 1
            if byte < 0x80:
                return value, at
        raise IndexError

    def _bytes(self, start: int, size: int) -> bytes:
        offset = start - self._read_from
        if not 0 <= offset <= len(self._read) - size:
            self._read = self._files.part(self._path, start, max(size, READ_BYTES))
            self._read_from, offset = start, 0
        return self._read[offset : offset + size]
