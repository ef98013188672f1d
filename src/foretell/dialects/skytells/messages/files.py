"""Messages about files."""

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from foretell.dialects.skytells.messages.fields import Instant, Pagination


class StoredFile(TypedDict):
    """A file in the storage of the server."""

    name: Annotated[str, Meta(description="Unique, with its extension.", examples=["picture-1-x4c1.png"])]
    type: Annotated[str, Meta(description="Its content type.", examples=["image/png"])]
    size: Annotated[int, Meta(description="In bytes.", examples=[287418])]
    url: Annotated[str, Meta(description="Its address; whoever knows it can fetch the file without a key.")]


class FileUrls(TypedDict):
    """What can be done with a file, and where."""

    get: Annotated[str, Meta(description="What is known of it.")]
    delete: Annotated[str, Meta(description="DELETE here to delete it.")]


class UploadedFile(StoredFile):
    """An uploaded file; its `id` or its `url` may stand in the input of a prediction."""

    id: Annotated[str, Meta(description="Its id.")]
    object: Annotated[Literal["file"], Meta(description="Always `file`.")]
    sha256: Annotated[str, Meta(description="The digest of its bytes, in hexadecimal.")]
    created_at: Instant
    urls: FileUrls


class DeletedFile(UploadedFile):
    """The last state of a file that is gone."""

    success: Annotated[bool, Meta(description="Always true.")]


class FileList(TypedDict):
    """A page of uploads, newest first."""

    data: list[UploadedFile]
    pagination: Pagination
