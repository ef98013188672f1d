"""Files: as entries of a prediction's storage, and as uploads."""

from foretell.dialects.skytells import messages
from foretell.dialects.skytells.instants import timestamp
from foretell.file import File


def storage_entry(file: File, origin: str) -> messages.StoredFile:
    """A file as `metadata.storage.files` lists it."""
    return {
        "name": file.name,
        "type": file.content_type,
        "size": file.size_bytes,
        "url": file.url(origin),
    }


def render_file(file: File, origin: str) -> messages.UploadedFile:
    """An upload as its owner sees it; its `id` or its `url` may stand in the input of a prediction."""
    return {
        "id": file.id,
        "object": "file",
        **storage_entry(file, origin),
        "sha256": file.sha256,
        "created_at": timestamp(file.created_at),
        "urls": {"get": f"{origin}/v1/files/{file.id}", "delete": f"{origin}/v1/files/{file.id}"},
    }
