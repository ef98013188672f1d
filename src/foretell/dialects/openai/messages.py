"""Messages: what bodies and answers of chat and embeddings hold, field by field. Fields not named here are ignored."""

from typing import Any, Literal, NotRequired, TypedDict

from msgspec import Struct


class ChatMessage(Struct, omit_defaults=True):
    """One turn. `content` is text or a list of parts, each `text` or `image_url`."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None


class StreamOptions(Struct):
    """`include_usage` adds a last chunk with the usage and no choices."""

    include_usage: bool | None = None


class ChatBody(Struct):
    """The body of a chat completion."""

    model: str
    messages: list[ChatMessage]
    n: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    functions: list[dict[str, Any]] | None = None
    function_call: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None
    modalities: list[str] | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None


class EmbeddingsBody(Struct):
    """The body of an embeddings request. Integers are tokens of the model's own."""

    model: str
    input: str | list[str | int | list[int]]
    encoding_format: str | None = None
    dimensions: int | None = None


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
