"""The routes of responses: created, read, continued, canceled and deleted."""

from foretell.api.openai.responses.creating import create
from foretell.api.openai.responses.ending import cancel, delete
from foretell.api.openai.responses.reading import get, input_items

__all__ = ["cancel", "create", "delete", "get", "input_items"]
