"""Messages: what bodies and answers of chat and embeddings hold, field by field. Fields not named here are ignored."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta, Struct

Objects = list[dict[str, Any]]


class ChatMessage(Struct, omit_defaults=True):
    """One turn."""

    role: Annotated[str, Meta(description="`system` (or `developer`), `user`, `assistant` or `tool`.")]
    content: Annotated[
        str | Objects | None,
        Meta(
            description="Text, or a list of parts: `{type: text, text}`, `{type: image_url, image_url: {url}}`."
        ),
    ] = None
    name: Annotated[str | None, Meta(description="Who speaks, for models that care.")] = None
    tool_calls: Annotated[Objects | None, Meta(description="What an assistant's turn called.")] = None
    tool_call_id: Annotated[str | None, Meta(description="Which call a tool's turn answers.")] = None
    reasoning_content: Annotated[str | None, Meta(description="For models that read their own.")] = None


class StreamOptions(Struct):
    """What a stream says besides."""

    include_usage: Annotated[
        bool | None, Meta(description="Whether a last chunk without choices has the usage.")
    ] = None


class ChatBody(Struct):
    """What is asked of a chat model. Null and absent are the same; what is not named here is ignored."""

    model: Annotated[str, Meta(description="A model that chats, such as `deepbrain`.")]
    messages: Annotated[list[ChatMessage], Meta(description="The talk so far, at least one message.")]
    n: Annotated[int | None, Meta(description="How many answers, 1 to 8: each is a prediction.")] = None
    stream: Annotated[bool | None, Meta(description="Answer in server-sent events.")] = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[
        int | None,
        Meta(description="The answer's length at most; as long as the model can, if that is less."),
    ] = None
    max_completion_tokens: Annotated[int | None, Meta(description="Newer word for `max_tokens`.")] = None
    temperature: Annotated[float | None, Meta(description="How freely words are chosen.")] = None
    top_p: Annotated[float | None, Meta(description="Share of likeliest words to choose among.")] = None
    seed: Annotated[int | None, Meta(description="Same seed, same answer; further choices count up.")] = None
    stop: Annotated[str | list[str] | None, Meta(description="End before any of these.")] = None
    frequency_penalty: Annotated[float | None, Meta(description="Above 0, against repetition.")] = None
    presence_penalty: Annotated[float | None, Meta(description="Above 0, for new words.")] = None
    tools: Annotated[Objects | None, Meta(description="Functions that the model may call.")] = None
    tool_choice: Annotated[
        str | dict[str, Any] | None,
        Meta(description="`auto`, `none`, `required`, or `{type: function, function: {name}}`."),
    ] = None
    parallel_tool_calls: Annotated[bool | None, Meta(description="Whether several calls are welcome.")] = None
    functions: Annotated[Objects | None, Meta(description="Refused: use `tools`.")] = None
    function_call: Annotated[str | dict[str, Any] | None, Meta(description="Refused: use `tool_choice`.")] = (
        None
    )
    response_format: Annotated[
        dict[str, Any] | None,
        Meta(
            description="`{type: text}`, `{type: json_object}`, or `{type: json_schema, json_schema: {schema}}`."
        ),
    ] = None
    logprobs: Annotated[bool | None, Meta(description="Say how likely each token was.")] = None
    top_logprobs: Annotated[int | None, Meta(description="How many likely others to name.")] = None
    logit_bias: Annotated[dict[str, float] | None, Meta(description="For models that have it.")] = None
    modalities: Annotated[list[str] | None, Meta(description="Text alone can be had.")] = None
    reasoning_effort: Annotated[str | None, Meta(description="For models that have it.")] = None
    verbosity: Annotated[str | None, Meta(description="For models that have it.")] = None


class EmbeddingsBody(Struct):
    """What is asked of an embedding model."""

    model: Annotated[str, Meta(description="An embedding model, such as `embed`.")]
    input: Annotated[
        str | list[str | int | list[int]],
        Meta(description="A text, up to 2,048 texts, or the same as tokens of the model's own."),
    ]
    encoding_format: Annotated[
        str | None, Meta(description="`float`, or `base64` of little-endian 32-bit floats.")
    ] = None
    dimensions: Annotated[
        int | None, Meta(description="Keep as many, and make the vectors of length 1 again.")
    ] = None


class FunctionCall(TypedDict):
    """What the model wants called; `arguments` is JSON as the model wrote it."""

    name: str
    arguments: str


class ToolCall(TypedDict):
    """One call, to be answered by a message of role `tool` with its id."""

    id: str
    type: str
    function: FunctionCall


class Severity(TypedDict):
    """How much of one kind of harm was found: safe, low, medium, high, or not evaluated."""

    filtered: bool
    severity: str


class Detection(TypedDict):
    """Whether something was found. `status` is there where nobody looked."""

    filtered: bool
    detected: bool
    status: NotRequired[str]


class OutputFilter(TypedDict):
    """What moderation says of an answer."""

    hate: Severity
    self_harm: Severity
    sexual: Severity
    violence: Severity
    protected_material_code: Detection
    protected_material_text: Detection


class PromptFilter(TypedDict):
    """What moderation says of a prompt."""

    hate: Severity
    self_harm: Severity
    sexual: Severity
    violence: Severity
    jailbreak: Detection


class PromptFilterResult(TypedDict):
    """What moderation says of the prompt of this number."""

    prompt_index: int
    content_filter_results: PromptFilter


class PromptTokensDetails(TypedDict):
    """Kinds of prompt tokens that our models do not have."""

    cached_tokens: int
    audio_tokens: int


class CompletionTokensDetails(TypedDict):
    """Kinds of answer tokens that our models do not have."""

    reasoning_tokens: int
    audio_tokens: int
    accepted_prediction_tokens: int
    rejected_prediction_tokens: int


class Usage(TypedDict):
    """Tokens read and written; 0 where the model does not count them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails
    completion_tokens_details: CompletionTokensDetails


class AnswerMessage(TypedDict):
    """The answer."""

    role: Literal["assistant"]
    content: str | None
    refusal: str | None
    tool_calls: NotRequired[list[ToolCall]]
    reasoning_content: NotRequired[str]
    annotations: list[dict[str, Any]]


class Choice(TypedDict):
    """One of the answers."""

    index: int
    message: AnswerMessage
    logprobs: dict[str, Any] | None
    finish_reason: str
    content_filter_results: OutputFilter


class ChatCompletion(TypedDict):
    """The answers to a talk. `system_fingerprint` is the version of the model."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    system_fingerprint: str
    service_tier: Literal["default"]
    prompt_filter_results: list[PromptFilterResult]


class ChunkChoice(TypedDict):
    """What one answer goes on with. The last has a `finish_reason` and what moderation says."""

    index: int
    delta: dict[str, Any]
    logprobs: dict[str, Any] | None
    finish_reason: str | None
    content_filter_results: NotRequired[OutputFilter]


class ChatChunk(TypedDict):
    """One line of a streamed answer. After the last one comes `[DONE]`."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: NotRequired[Usage | None]
    system_fingerprint: str
    service_tier: Literal["default"]
    prompt_filter_results: NotRequired[list[PromptFilterResult]]


class Embedding(TypedDict):
    """One vector: numbers, or base64 of little-endian 32-bit floats."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingsUsage(TypedDict):
    """Tokens read."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(TypedDict):
    """The vectors, in the order of the inputs."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: EmbeddingsUsage
