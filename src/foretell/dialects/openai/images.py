"""Images: the answers to requests for pictures, whole or in pieces, and what they hold."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta, Struct

Kind = Literal["image_generation", "image_edit"]
_FORMATS = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}


class ImageUsage(TypedDict):
    """What was counted; an image model mostly counts no tokens."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: dict[str, int]


class Picture(TypedDict):
    """A picture: its address, or itself."""

    url: NotRequired[Annotated[str, Meta(description="Where it is; whoever knows the address can fetch it.")]]
    b64_json: NotRequired[Annotated[str, Meta(description="Its bytes in base64.")]]


class PictureList(TypedDict):
    """Pictures, without those that the safety checker withheld."""

    created: Annotated[int, Meta(description="In seconds since the epoch.")]
    data: list[Picture]
    output_format: NotRequired[Literal["png", "jpeg", "webp"]]
    usage: NotRequired[ImageUsage]


class PictureEvent(TypedDict):
    """An unfinished picture, or a finished one with `usage`."""

    type: Annotated[str, Meta(examples=["image_generation.completed"])]
    b64_json: str
    created_at: Annotated[int, Meta(description="In seconds since the epoch.")]
    output_format: str
    background: str
    quality: str
    size: str
    partial_image_index: NotRequired[int]
    usage: NotRequired[ImageUsage]


class ImageGeneration(Struct, kw_only=True):
    """What to draw. Whatever else is sent goes to the model under its own name, such as `seed`."""

    prompt: Annotated[str, Meta(description="What to draw.", examples=["a red apple"])]
    model: Annotated[str, Meta(description="`truefusion` where none is given.")] | None = None
    n: Annotated[int, Meta(ge=1, le=10, description="How many pictures.")] | None = None
    size: (
        Annotated[
            str,
            Meta(
                description="`auto`, or width x height in pixels; the nearest aspect ratio for a model that "
                "takes no size.",
                examples=["512x512"],
            ),
        ]
        | None
    ) = None
    response_format: (
        Annotated[
            Literal["url", "b64_json"],
            Meta(description="`url` where none is given, but `b64_json` for a model called `gpt-image…`."),
        ]
        | None
    ) = None
    output_format: Annotated[str, Meta(description="The kind of file: a choice of the model's.")] | None = (
        None
    )
    output_compression: (
        Annotated[int, Meta(ge=0, le=100, description="The model's `output_quality`.")] | None
    ) = None
    stream: Annotated[bool, Meta(description="Whether to answer in server-sent events.")] | None = None
    partial_images: (
        Annotated[int, Meta(ge=0, le=3, description="How many unfinished pictures a stream may show.")] | None
    ) = None
    background: (
        Annotated[str, Meta(description="`transparent` is refused by models without such a choice.")] | None
    ) = None
    quality: Annotated[str, Meta(description="For models that have it.")] | None = None
    style: Annotated[str, Meta(description="For models that have it.")] | None = None
    moderation: Annotated[str, Meta(description="For models that have it.")] | None = None
    user: Annotated[str, Meta(description="For models that have it.")] | None = None


class ImageEdit(Struct, kw_only=True):
    """Which picture to change and how. Whatever else is sent goes to the model, such as `style` or `scale`."""

    image: Annotated[bytes, Meta(description="The picture: one.")]
    prompt: (
        Annotated[
            str,
            Meta(
                description="For models that take one; others refuse any but the name of a style of theirs."
            ),
        ]
        | None
    ) = None
    model: Annotated[str, Meta(description="Such as `restyle` or `upscale`.")]
    n: int | None = None
    size: str | None = None
    response_format: Literal["url", "b64_json"] | None = None
    output_format: str | None = None
    output_compression: int | None = None
    stream: bool | None = None
    partial_images: int | None = None


def render_pictures(
    created_at: int, pictures: Sequence[Picture], media_types: Sequence[str], metrics: Mapping[str, float]
) -> PictureList:
    """Pictures of one kind or of several; tokens are told where the model counted any."""
    found: PictureList = {"created": created_at // 1_000_000, "data": list(pictures)}
    formats = {_FORMATS.get(each) for each in media_types}
    if len(formats) == 1 and (only := formats.pop()) is not None:
        found["output_format"] = only  # type: ignore[typeddict-item]
    if metrics.get("tokens_in") or metrics.get("tokens_out"):
        found["usage"] = usage(metrics)
    return found


def usage(metrics: Mapping[str, float]) -> ImageUsage:
    """The tokens that the model counted."""
    given, made = int(metrics.get("tokens_in", 0)), int(metrics.get("tokens_out", 0))
    return {
        "input_tokens": given,
        "output_tokens": made,
        "total_tokens": given + made,
        "input_tokens_details": {"text_tokens": given, "image_tokens": 0},
    }


def picture_event(
    kind: Kind, media_type: str, encoded: str, created_at: int, asked: Mapping[str, Any], *, is_whole: bool
) -> PictureEvent:
    """A picture in a stream, without what belongs to whole or to unfinished ones alone."""
    return {
        "type": f"{kind}.{'completed' if is_whole else 'partial_image'}",
        "b64_json": encoded,
        "created_at": created_at // 1_000_000,
        "output_format": _FORMATS.get(media_type, media_type.removeprefix("image/")),
        "background": "auto",
        "quality": "auto",
        "size": str(asked.get("size") or "auto"),
    }
