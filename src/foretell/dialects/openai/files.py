"""Files, as OpenAI's clients read them."""

from collections.abc import Sequence
from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from foretell.file import File

DEFAULT_PURPOSE = "user_data"
"""What a file is for whose caller did not say."""


class FileObject(TypedDict):
    """A file."""

    id: str
    object: Literal["file"]
    bytes: int
    created_at: Annotated[int, Meta(description="In seconds since the epoch.")]
    expires_at: None
    filename: str
    purpose: str
    status: Literal["processed"]
    status_details: None


class FileObjectList(TypedDict):
    """A page of files; the next one begins after `last_id`."""

    object: Literal["list"]
    data: list[FileObject]
    first_id: str | None
    last_id: str | None
    has_more: bool


class DeletedFileObject(TypedDict):
    """What is left of a file that is gone."""

    id: str
    object: Literal["file"]
    deleted: Literal[True]


def render_file(file: File) -> FileObject:
    """A file under the name that it was given."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.size_bytes,
        "created_at": file.created_at // 1_000_000,
        "expires_at": None,
        "filename": file.given_name or file.name,
        "purpose": file.given_purpose or DEFAULT_PURPOSE,
        "status": "processed",
        "status_details": None,
    }


def render_files(files: Sequence[File], *, has_more: bool) -> FileObjectList:
    """A page of files."""
    return {
        "object": "list",
        "data": [render_file(file) for file in files],
        "first_id": files[0].id if files else None,
        "last_id": files[-1].id if files else None,
        "has_more": has_more,
    }


def render_deleted_file(file: File) -> DeletedFileObject:
    """What a caller is told of a file that is gone."""
    return {"id": file.id, "object": "file", "deleted": True}
