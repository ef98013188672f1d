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
    """A stored file. `id` is an unguessable 128-bit token; `name` is unique per file, with its extension.

    `given_name` and `given_purpose` are what a caller called an upload; None where nothing was said.
    """

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
    given_name: str | None = None
    given_purpose: str | None = None

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """Which uploads a list shows: newest first, or oldest; `after` the one with this creation and id.

    `account_id` None: everybody's; `given_purpose` None: for whatever they were given.
    """

    account_id: str | None
    given_purpose: str | None = None
    is_oldest_first: bool = False
    after: tuple[int, str] | None = None
    offset: int = 0
    limit: int
