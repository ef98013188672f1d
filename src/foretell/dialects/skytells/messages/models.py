"""Messages about models, as strict clients of this dialect decode them."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta


class VendorMessage(TypedDict):
    """Who stands behind a model."""

    name: str
    description: str
    image_url: Annotated[str, Meta(description="The address of a picture, or nothing.")]
    verified: bool
    slug: str
    metadata: dict[str, Any] | None


class CriterionMessage(TypedDict):
    """A price that counts where an input has a value."""

    field: Annotated[str, Meta(description="The input that decides.")]
    description: str
    operator: Annotated[Literal["equals"], Meta(description="Always `equals`.")]
    value: Any
    billable_price: Annotated[float, Meta(description="What a unit costs then, in credits.")]
    unit: str


class TermMessage(TypedDict):
    """A part of a price."""

    variable: Annotated[str, Meta(description="The metric that counts.", examples=["tokens_out"])]
    amount: Annotated[float, Meta(description="What `per` of it cost, in credits.")]
    per: Annotated[float, Meta(description="How many cost that.", examples=[1_000_000])]


class FormulaMessage(TypedDict):
    """A price of several parts, which are added up."""

    description: str
    type: Annotated[str, Meta(examples=["linear"])]
    variables: Annotated[list[str], Meta(description="The metrics that its terms count.")]
    terms: list[TermMessage]
    result_key: Annotated[str, Meta(description="What the sum is called.", examples=["credits_used"])]


class PricingMessage(TypedDict):
    """What a run costs."""

    amount: Annotated[float, Meta(description="What a unit costs, in credits; 0 is free.")]
    currency: Annotated[str, Meta(examples=["USD"])]
    unit: Annotated[str, Meta(description="What is counted.", examples=["image", "second", "prediction"])]
    criterias: Annotated[list[CriterionMessage], Meta(description="Prices that depend on inputs.")]
    formula: NotRequired[
        Annotated[FormulaMessage, Meta(description="A price of several parts, in place of `amount`.")]
    ]
    minimum: NotRequired[
        Annotated[
            float, Meta(description="How many units a run is charged at least, where it is charged any.")
        ]
    ]


class Hardware(TypedDict):
    """What a model runs on."""

    type: Annotated[str, Meta(examples=["cpu"])]
    slug: Annotated[str, Meta(examples=["local"])]


class ModelMetadata(TypedDict):
    """More about a model. The server may add other facts."""

    edge_compatible: bool
    openai_compatible: Annotated[bool, Meta(description="Whether it is made for chat alone.")]
    cold_boot: Annotated[
        bool, Meta(description="Whether the first prediction may have to wait for it to load.")
    ]
    deployment_hardware: Hardware
    version: Annotated[str, Meta(description="The hash of its present version.")]
    streaming: Annotated[bool, Meta(description="Whether its output comes piece by piece.")]
    license: Annotated[str, Meta(examples=["Apache-2.0"])]
    offline_reason: Annotated[str | None, Meta(description="Why it cannot run, where it is offline.")]
    alias_of: NotRequired[
        Annotated[
            str, Meta(description="Under another's name: the model that really runs.", examples=["clip"])
        ]
    ]
    runs: NotRequired[
        Annotated[str, Meta(description="Under another's name: what really runs, in a sentence.")]
    ]


class ModelExample(TypedDict):
    """Inputs that show what a model does, and what came of them once."""

    title: str
    input: Annotated[dict[str, Any], Meta(description="Files in it are addresses of this server.")]
    output: Annotated[list[str], Meta(description="Addresses of files, or one text.")]


class Serving(TypedDict):
    """How a model is served."""

    type: Annotated[str, Meta(examples=["prediction_serving"])]
    inference_party: Annotated[str, Meta(examples=["self_hosted"])]


class Model(TypedDict):
    """A model that predictions can run."""

    name: Annotated[str, Meta(description="Its name for people.", examples=["TrueFusion"])]
    description: str
    namespace: Annotated[str, Meta(description="What a create calls it.", examples=["truefusion"])]
    type: Annotated[Literal["image", "video", "audio", "music", "text"], Meta(description="What it makes.")]
    privacy: Literal["public", "private"]
    img_url: str | None
    vendor: VendorMessage
    billable: Annotated[bool, Meta(description="Whether it has a price.")]
    pricing: PricingMessage
    capabilities: Annotated[list[str], Meta(examples=[["text-to-image"]])]
    metadata: ModelMetadata
    status: Annotated[Literal["operational", "offline"], Meta(description="Whether it can run.")]
    service: Serving
    input_schema: NotRequired[
        Annotated[
            dict[str, Any],
            Meta(description="The JSON Schema of its input, where `fields` names `input_schema`."),
        ]
    ]
    output_schema: NotRequired[
        Annotated[
            dict[str, Any],
            Meta(description="The JSON Schema of its output, where `fields` names `output_schema`."),
        ]
    ]
    examples: NotRequired[
        Annotated[list[ModelExample], Meta(description="Examples, where `fields` names `examples`.")]
    ]
