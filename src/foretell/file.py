"""Files: outputs of predictions, inputs, and uploads."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """Why a file is kept."""

    OUTPUT = "output"
    UPLOAD = "upload"
    VALUE = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A stored file. `id` is an unguessable 128-bit token; `name` is unique per file, with its extension."""

    id: str
    account_id: str
    prediction_id: str | None
    purpose: Purpose
    name: str
    content_type: str
    size_bytes: int
    sha256: str
    created_at: int
    removed_at: int | None = None

    @property
    def blob(self) -> str:
        """Where its bytes lie in the blob store."""
        return f"{self.id[:2]}/{self.id}"

    @property
    def path(self) -> str:
        """The path of its URL."""
        return f"/files/{self.id}/{self.name}"

    def url(self, origin: str) -> str:
        """The address under which anyone who knows it can fetch the file."""
        return f"{origin}{self.path}"
