"""The Skytells dialect: predictions, models, files, streams and errors as its clients read them."""

from foretell.dialects.skytells.errors import error_envelope
from foretell.dialects.skytells.files import render_file
from foretell.dialects.skytells.instants import timestamp
from foretell.dialects.skytells.models import render_model, wire_type
from foretell.dialects.skytells.predictions import TextSoFar, enveloped, render
from foretell.dialects.skytells.streams import stream_comment, stream_event, stream_outputs

__all__ = [
    "TextSoFar",
    "enveloped",
    "error_envelope",
    "render",
    "render_file",
    "render_model",
    "stream_comment",
    "stream_event",
    "stream_outputs",
    "timestamp",
    "wire_type",
]
