"""Responses in OpenAI's words: what is asked, what is answered, and the events in between."""

from foretell.dialects.openai.responses import messages
from foretell.dialects.openai.responses.asked import ENDPOINT, check, in_own_words, kept, options
from foretell.dialects.openai.responses.conversation import (
    all_items_of,
    conversation_of,
    input_items_of,
    kept_messages,
    with_instructions,
)
from foretell.dialects.openai.responses.items import check_calls, messages_of, pictures_by_id, referred
from foretell.dialects.openai.responses.names import prediction_of_item, prediction_of_response, response_id
from foretell.dialects.openai.responses.rendering import render
from foretell.dialects.openai.responses.telling import Telling

__all__ = [
    "ENDPOINT",
    "Telling",
    "all_items_of",
    "check",
    "check_calls",
    "conversation_of",
    "in_own_words",
    "input_items_of",
    "kept",
    "kept_messages",
    "messages",
    "messages_of",
    "options",
    "pictures_by_id",
    "prediction_of_item",
    "prediction_of_response",
    "referred",
    "render",
    "response_id",
    "with_instructions",
]
