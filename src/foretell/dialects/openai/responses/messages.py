"""Messages about responses: what may be asked, and what is answered."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import UNSET, Meta, Struct, UnsetType

METADATA_MAX = 16

Items = list[dict[str, Any]]
Truncation = Literal["auto", "disabled"]
Status = Literal["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]
ItemStatus = Literal["in_progress", "completed", "incomplete"]
ShortText = Annotated[str, Meta(max_length=512)]


class TextOptions(Struct):
    """How the answer's text is to be."""

    format: Annotated[
        dict[str, Any] | None,
        Meta(description="`{type: text}`, `{type: json_object}`, or `{type: json_schema, name, schema}`."),
    ] = None
    verbosity: Annotated[Literal["low", "medium", "high"] | None, Meta(description="Ignored.")] = None


class CreateResponse(Struct):
    """What may be asked of a model. Null and absent are the same."""

    model: Annotated[str, Meta(description="A model that chats.", examples=["deepbrain"], min_length=1)]
    input: Annotated[
        str | Items,
        Meta(
            description="What to answer: a text, or a list of messages (`input_text`, `input_image`, "
            "`output_text`), function calls, their outputs, and references to stored items.",
            examples=["Name three colours."],
        ),
    ]
    instructions: Annotated[
        str | None, Meta(description="How to behave. Not carried over to responses that follow.")
    ] = None
    previous_response_id: Annotated[
        str | None, Meta(description="A stored response whose conversation goes on here.")
    ] = None
    store: Annotated[
        bool | None,
        Meta(description="Whether the response can be fetched and continued later; true where left out."),
    ] = None
    background: Annotated[
        bool | None, Meta(description="Answer at once, to be fetched when it is completed.")
    ] = None
    stream: Annotated[bool | None, Meta(description="Answer as server-sent events.")] = None
    tools: Annotated[Items | None, Meta(description="Functions that the model may call.")] = None
    tool_choice: Annotated[
        str | dict[str, Any] | None,
        Meta(description="`auto`, `none`, `required`, or `{type: function, name}`."),
    ] = None
    parallel_tool_calls: Annotated[bool | None, Meta(description="Whether several calls are welcome.")] = None
    text: TextOptions | None = None
    max_output_tokens: Annotated[int, Meta(ge=1, description="The answer's length at most.")] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2, description="How freely words are chosen.")] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1, description="Choose among this share.")] | None = None
    top_logprobs: (
        Annotated[int, Meta(ge=0, le=20, description="How many likely tokens to name at each place.")] | None
    ) = None
    metadata: Annotated[
        dict[Annotated[str, Meta(max_length=64)], ShortText] | None,
        Meta(description=f"Up to {METADATA_MAX} notes of your own."),
    ] = None
    include: Annotated[
        list[str] | None, Meta(description="`message.output_text.logprobs`; others are ignored.")
    ] = None
    truncation: Annotated[
        Truncation | None, Meta(description="Ignored: a conversation that does not fit fails.")
    ] = None
    reasoning: Annotated[dict[str, Any] | None, Meta(description="`effort`, for models that have it.")] = None
    user: Annotated[str | None, Meta(description="Kept, and otherwise ignored.")] = None
    safety_identifier: Annotated[str | None, Meta(description="Kept, and otherwise ignored.")] = None
    prompt_cache_key: Annotated[str | None, Meta(description="Kept, and otherwise ignored.")] = None
    service_tier: Annotated[str | None, Meta(description="Ignored.")] = None
    max_tool_calls: Annotated[int | None, Meta(description="Ignored: there are no built-in tools.")] = None
    stream_options: Annotated[dict[str, Any] | None, Meta(description="Ignored.")] = None
    conversation: Annotated[Any, Meta(description="Not supported: use `previous_response_id`.")] = None
    prompt: Annotated[Any, Meta(description="Not supported: there are no prompt templates.")] = None


class OutputText(TypedDict):
    """Text of the model."""

    type: Literal["output_text"]
    text: str
    annotations: Annotated[list[dict[str, Any]], Meta(description="Always empty.")]
    logprobs: Annotated[
        list[dict[str, Any]], Meta(description="The chance of each token, for models that tell.")
    ]


class Refusal(TypedDict):
    """The model's words about why it does not answer."""

    type: Literal["refusal"]
    refusal: str


class ReasoningText(TypedDict):
    """What the model thought."""

    type: Literal["reasoning_text"]
    text: str


class OutputMessage(TypedDict):
    """What the model says."""

    id: Annotated[str, Meta(examples=["msg_0199f3a2c6b07c3f9d1e5a4b8c7d6e5fout0"])]
    type: Literal["message"]
    role: Literal["assistant"]
    status: ItemStatus
    content: list[OutputText | Refusal]


class FunctionCall(TypedDict):
    """A function that the model wants called."""

    id: Annotated[str, Meta(examples=["fc_0199f3a2c6b07c3f9d1e5a4b8c7d6e5fout0"])]
    type: Literal["function_call"]
    status: ItemStatus
    call_id: Annotated[str, Meta(description="By which its output is told.")]
    name: str
    arguments: Annotated[str, Meta(description="JSON, as the model wrote it.")]


class Reasoning(TypedDict):
    """What a model thought before it answered, where it tells."""

    id: Annotated[str, Meta(examples=["rs_0199f3a2c6b07c3f9d1e5a4b8c7d6e5fout0"])]
    type: Literal["reasoning"]
    status: ItemStatus
    summary: Annotated[list[dict[str, Any]], Meta(description="Always empty.")]
    content: list[ReasoningText]


OutputItem = OutputMessage | FunctionCall | Reasoning


class ResponseError(TypedDict):
    """Why there is no answer."""

    code: Annotated[str, Meta(examples=["server_error"])]
    message: str


class IncompleteDetails(TypedDict):
    """Why the answer ended early."""

    reason: Literal["max_output_tokens", "content_filter"]


class InputTokensDetails(TypedDict):
    """Of the tokens read."""

    cached_tokens: int
    cache_write_tokens: int


class OutputTokensDetails(TypedDict):
    """Of the tokens written."""

    reasoning_tokens: int


class Usage(TypedDict):
    """The tokens it took, as the model counted them; 0 where it does not count."""

    input_tokens: int
    input_tokens_details: InputTokensDetails
    output_tokens: int
    output_tokens_details: OutputTokensDetails
    total_tokens: int


class ContentFilter(TypedDict):
    """What was found in the prompt or in the completion."""

    blocked: bool
    source_type: Literal["prompt", "completion"]
    content_filter_results: Annotated[dict[str, Any], Meta(description="A verdict for each category.")]


class TextShown(TypedDict):
    """How the answer's text was asked to be."""

    format: dict[str, Any]
    verbosity: NotRequired[Literal["low", "medium", "high"]]


class Response(TypedDict):
    """A model's answer, or what is known of it so far."""

    id: Annotated[str, Meta(examples=["resp_0199f3a2c6b07c3f9d1e5a4b8c7d6e5f"])]
    object: Literal["response"]
    created_at: Annotated[int, Meta(description="Seconds since the epoch.")]
    completed_at: Annotated[int | None, Meta(description="Seconds since the epoch, once it is completed.")]
    status: Status
    background: bool
    error: ResponseError | None
    incomplete_details: IncompleteDetails | None
    instructions: str | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    metadata: dict[str, str]
    model: str
    output: list[OutputItem]
    parallel_tool_calls: bool
    previous_response_id: str | None
    prompt_cache_key: str | None
    reasoning: dict[str, Any]
    safety_identifier: str | None
    service_tier: Literal["default"]
    store: bool
    temperature: float | None
    text: TextShown
    tool_choice: str | dict[str, Any]
    tools: list[dict[str, Any]]
    top_logprobs: int
    top_p: float | None
    truncation: Truncation
    usage: Usage | None
    user: str | None
    content_filters: list[ContentFilter]


class DeletedResponse(TypedDict):
    """What is left of a deleted response."""

    id: str
    object: Literal["response"]
    deleted: Literal[True]


class InputItems(TypedDict):
    """A page of what a response was asked with, the conversation before it included."""

    object: Literal["list"]
    data: Annotated[Items, Meta(description="Messages, function calls and their outputs.")]
    first_id: str | None
    last_id: str | None
    has_more: bool


class CreateQuery(Struct):
    """How the answer is to come."""

    stream: Annotated[
        bool | UnsetType, Meta(description="As server-sent events, where the body does not say.")
    ] = UNSET


class GetQuery(Struct):
    """How a response is to be answered."""

    stream: Annotated[
        bool | UnsetType, Meta(description="As server-sent events, from the first or `starting_after`.")
    ] = UNSET
    starting_after: Annotated[
        Annotated[int, Meta(ge=0)] | UnsetType,
        Meta(description="The number of the last event that was read."),
    ] = UNSET


class InputItemsQuery(Struct):
    """Which items are listed."""

    limit: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | UnsetType, Meta(description="How many at most; 20.")
    ] = UNSET
    order: Annotated[Literal["asc", "desc"] | UnsetType, Meta(description="`desc`: newest first.")] = UNSET
    after: Annotated[str | UnsetType, Meta(description="The id after which the page begins.")] = UNSET
