"""ONNX files: pictures to pictures, pictures to classes, and whatever else there is as numbers."""

import math
import re
from pathlib import Path, PurePosixPath
from typing import Any

from foretell.families.files import Files
from foretell.families.onnx.graph import Graph, Tensor, read_graph
from foretell.families.recognized import Recognized
from foretell.families.requirements import ONNX

PREDICTOR = Path(__file__).parent / "predictor"
PICTURE_FILE = Path(__file__).parents[2] / "models" / "pictures" / "picture_file.py"
SIDE_MIN = 16
"""Of a tensor that may be a picture, in pixels."""
LABELS = ("labels.txt", "classes.txt", "imagenet_classes.txt", "selected_tags.txt")
MEAN, SPREAD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
"""Of ImageNet's pictures, for which classifiers were trained unless they say otherwise."""
_NUMBERS = {"float16": "number", "float32": "number", "float64": "number", "bool": "boolean", "str": "string"}


def recognize(files: Files) -> Recognized | None:
    """A directory with one ONNX file, or the file itself; None where there is none, or several."""
    paths = [path for path in files.ending_in(".onnx") if path.count("/") <= 1]
    if len(paths) != 1:
        return None
    graph = read_graph(files, paths[0])
    inputs = _named(graph)
    pictures = [each for each in inputs if each["kind"] == "picture"]
    output = _output(graph, has_picture=bool(pictures))
    kind, capability = {
        "picture": ("image", "image-to-image"),
        "classes": ("image", "image-classification"),
        "numbers": ("embedding", "tensors"),
    }[output]
    settings = {"file": paths[0], "inputs": inputs, "output": output, "labels": _labels(files)}
    settings |= _preparation(files, output)
    beside = [path for path in files.sizes if path.startswith(f"{paths[0]}")]
    data = [path for path in files.sizes if path.endswith((".onnx_data", ".onnx.data", ".data"))]
    return Recognized(
        family="onnx",
        type=kind,
        title=files.title,
        description=f"{files.title}, an ONNX graph of {len(graph.inputs)} inputs and {len(graph.outputs)} outputs.",
        capabilities=(capability,),
        requirements=ONNX,
        predictor="predict.py:Graph",
        files=(PREDICTOR / "predict.py", PREDICTOR / "tensors.py", PICTURE_FILE),
        include=tuple(dict.fromkeys([*beside, *data])),
        settings=settings,
        schema={"input": _input_schema(inputs, output), "output": _output_schema(output)},
        example={},
        limits={
            "load_timeout_seconds": 300,
            "run_timeout_seconds": 600,
            "memory_mb": 200 + 2 * math.ceil(sum(files.sizes[each] for each in [*beside, *data]) / 1e6),
        },
        license=files.license,
        weight=files.weight,
    )


def _named(graph: Graph) -> list[dict[str, Any]]:
    """The inputs by names that a caller can write; the only picture is `image`."""
    pictures = [each for each in graph.inputs if _layout(each)]
    named = []
    for each in graph.inputs:
        plain = re.sub(r"\W+", "_", each.name).strip("_").lower() or "input"
        name = "image" if pictures == [each] else plain
        named.append(
            {
                "name": name,
                "tensor": each.name,
                "kind": "picture" if each in pictures else "numbers",
                "layout": _layout(each),
                "type": each.type,
                "shape": list(each.shape) if each.shape is not None else None,
            }
        )
    return named


def _layout(tensor: Tensor) -> str:
    """`NCHW` or `NHWC` of what may be a picture of three colours; "" of anything else."""
    shape = tensor.shape
    if shape is None or len(shape) != 4 or tensor.type not in {"float32", "float16", "uint8"}:
        return ""
    for layout, channel, sides in (("NCHW", 1, shape[2:]), ("NHWC", 3, shape[1:3])):
        if shape[channel] == 3 and all(side is None or side >= SIDE_MIN for side in sides):
            return layout
    return ""


def _output(graph: Graph, *, has_picture: bool) -> str:
    first = graph.outputs[0]
    if has_picture and _layout(first):
        return "picture"
    is_row = first.shape is not None and len(first.shape) == 2 and len(graph.outputs) == 1
    return "classes" if has_picture and is_row else "numbers"


def _labels(files: Files) -> list[str]:
    """What the classes are called, in order; [] where nothing says it."""
    said = files.table("config.json").get("id2label")
    if isinstance(said, dict):
        return [str(said[each]) for each in sorted(said, key=int)]
    for path in files.sizes:
        if PurePosixPath(path).name in LABELS:
            return [
                line.strip()
                for line in files.read(path).decode(errors="replace").splitlines()
                if line.strip()
            ]
    return []


def _preparation(files: Files, output: str) -> dict[str, Any]:
    """How pixels become numbers, as `preprocessor_config.json` says, or as it is usual."""
    said = files.table("preprocessor_config.json")
    usual = (MEAN, SPREAD) if output == "classes" else ([0.0] * 3, [1.0] * 3)
    normalized = said.get("do_normalize", True)
    crop = said.get("crop_size") if said.get("do_center_crop") else None
    return {
        "scale": said.get("rescale_factor", 1 / 255) if said.get("do_rescale", True) else 1.0,
        "mean": said.get("image_mean", usual[0]) if normalized else [0.0] * 3,
        "spread": said.get("image_std", usual[1]) if normalized else [1.0] * 3,
        "is_bgr": bool(said.get("do_flip_channel_order", False)),
        "side": _side(crop) or _side(said.get("size")) or 224,
        "shorter_side": _side(said.get("size")) if crop else 0,
    }


def _side(said: Any) -> int:
    if isinstance(said, dict):
        said = said.get("shortest_edge") or said.get("height") or 0
    return said if isinstance(said, int) else 0


def _input_schema(inputs: list[dict[str, Any]], output: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for each in inputs:
        properties[each["name"]] = _picture() if each["kind"] == "picture" else _tensor(each)
    if output == "picture":
        properties["output_format"] = {
            "type": "string",
            "enum": ["png", "jpg", "webp"],
            "default": "png",
            "description": "The kind of file.",
        }
    if output == "classes":
        properties["top_k"] = {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000,
            "default": 5,
            "description": "How many classes are told, the most likely first.",
        }
    ordered = {
        name: {"title": name.replace("_", " ").title(), **each, "x-order": order}
        for order, (name, each) in enumerate(properties.items())
    }
    return {
        "type": "object",
        "title": "Input",
        "properties": ordered,
        "required": [each["name"] for each in inputs],
        "additionalProperties": False,
    }


def _picture() -> dict[str, Any]:
    return {"type": "string", "format": "uri", "description": "A picture."}


def _tensor(found: dict[str, Any]) -> dict[str, Any]:
    """Lists as deep as the tensor has dimensions."""
    shape = found["shape"] or []
    schema: dict[str, Any] = {"type": _NUMBERS.get(found["type"], "integer")}
    if found["shape"] is None:
        schema = {}
    for size in reversed(shape):
        bounds = {} if size is None else {"minItems": size, "maxItems": size}
        schema = {"type": "array", "items": schema, **bounds}
    sizes = " × ".join("any" if size is None else str(size) for size in shape)
    return {**schema, "description": f"{found['type']}, {sizes or 'one value'}."}


def _output_schema(output: str) -> dict[str, Any]:
    if output == "picture":
        return {"type": "string", "format": "uri", "title": "Output"}
    if output == "numbers":
        return {"type": "object", "title": "Output"}
    one = {
        "type": "object",
        "properties": {"label": {"type": "string"}, "score": {"type": "number"}},
        "required": ["label", "score"],
    }
    return {"type": "array", "items": one, "title": "Output"}
