"""Words: what the reference says of the API as a whole and of each of its sections."""

from foretell.api.limits import EXPOSED

SECTIONS = {
    "Predictions": "A prediction is one run of a model: it is created, it runs, and it ends as `succeeded`, "
    "`failed` or `canceled`. It is durable from the moment in which its creation is answered.",
    "Models": "What predictions can run, each with the schema of its input.",
    "Files": "Files for the inputs of predictions, and the files that predictions make.",
    "Chat": "Chat completions in OpenAI's words. Each is a prediction of a model that chats.",
    "Responses": "OpenAI's Responses, with or without a memory of what was said before.",
    "Embeddings": "Vectors of texts in OpenAI's words.",
    "Images": "Pictures in OpenAI's words.",
    "Audio": "Speech and transcripts in OpenAI's words.",
    "Moderations": "What is wrong with a text, in OpenAI's words.",
    "Keys": "Keys of your own account. A key that may `manage` makes others that can do no more than it.",
    "Account": "Whom your key acts for, and the browsers that are signed in to the dashboard.",
    "Webhooks": "What your webhooks were told and how that went, byte for byte, and telling it again.",
    "Usage": "What was created, and what it cost.",
    "Operator": "Accounts and keys, what went wrong, and what the server runs with; for keys of operators.",
    "Adding models": "Models and their versions on a running server, for keys of operators.",
    "Nodes": "What runs models and what runs there, and letting it stop; for keys of operators.",
    "Server": "Whether the server lives, and what it is.",
}
"""Each section of the reference, in order, and what it is about. Sections named elsewhere come last."""

OVERVIEW = """\
Foretell runs models on your own machine and serves them over HTTP.

**Keys.** Send your key as `x-api-key: KEY` or as `Authorization: Bearer KEY`; where both come, `x-api-key` counts. \
What belongs to another account is answered like what does not exist.

**Answers** are JSON, refusals too, and carry the header `x-request-id`: yours if you send one, else a new one. \
Doubled slashes and a slash at the end of a path are forgiven without a redirect.

**OpenAI's clients** work with the base URL that ends in `/v1`."""

HEADERS = {
    "x-request-id": (
        "The id of the request: yours if you sent one, else a new one.",
        "req_5f1c2b7a90d34e8811aa7c02",
    ),
    "retry-after": ("When to come back, in seconds.", "5"),
    "www-authenticate": ("How to send a key.", "Bearer"),
    "etag": ("What tells this state of the file from others.", '"9f86d081884c7d65"'),
    "content-range": ("Which part of the file this is.", "bytes 0-1023/287418"),
}
"""What each header of an answer says, and an example."""

_LIMITS = {
    "limit-requests": "How many predictions may be created within the window; `-` for no limit.",
    "remaining-requests": "How many more may be created now.",
    "window": "The window, in seconds.",
    "tokens-in": "Not limited: always `-`.",
    "tokens-out": "Not limited: always `-`.",
    "limit-rpm": "How many predictions may be created in a minute.",
    "remaining-rpm": "How many more may be created now.",
    "reset": "When another may be created, in seconds since the epoch.",
    "limit-concurrent": "How many predictions of this model may be live at once.",
    "remaining-concurrent": "How many more may be live now.",
    "limit-streams": "How many callers may wait or follow a stream at once, on this server.",
    "remaining-streams": "How many more may do so now.",
}

LIMIT_HEADERS = {
    name: next(words for ending, words in _LIMITS.items() if name.endswith(ending)) for name in EXPOSED
}
"""What each header says of the caller's limits, in the answer to a create."""
