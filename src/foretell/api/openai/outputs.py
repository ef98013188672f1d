"""Outputs: the files that a prediction ended with, of the kind that its caller can be given."""

from starlette.requests import Request

from foretell.api.requests import services
from foretell.errors import Code, Error
from foretell.file import File
from foretell.prediction import Prediction
from foretell.result import file_ids


async def output_files(request: Request, prediction: Prediction, kind: str) -> list[File]:
    """Those whose content type begins with `kind`, in the model's order, at least one.

    Raises Error(INFERENCE_FAILED) when there are none.
    """
    known = prediction.files
    stored = await services(request).store.files_of(prediction.id) if known is None else known
    by_id = {file.id: file for file in stored}
    files = [by_id[each] for each in file_ids(prediction.result) if each in by_id]
    found = [file for file in files if file.content_type.startswith(f"{kind}/")]
    if not found:
        raise Error(Code.INFERENCE_FAILED, f"The model gave no {kind}.")
    return found
