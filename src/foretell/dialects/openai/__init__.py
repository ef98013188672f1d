"""The OpenAI dialect: models and errors as its clients read them; each family of routes has a file of its own."""

from foretell.dialects.openai.errors import FINAL, error_envelope, refused, wrong_body
from foretell.dialects.openai.files import render_deleted_file, render_file, render_files
from foretell.dialects.openai.models import render_model, render_models

__all__ = [
    "FINAL",
    "error_envelope",
    "refused",
    "render_deleted_file",
    "render_file",
    "render_files",
    "render_model",
    "render_models",
    "wrong_body",
]
