"""Messages: what the answers and bodies of this dialect hold, field by field.

The renderers' literals are checked against these types, and the reference is made from them.
"""

from foretell.dialects.skytells.messages.bodies import (
    Create,
    CreateHeaders,
    FileHeaders,
    FileQuery,
    KeysQuery,
    ModelQuery,
    PredictionQuery,
    PredictionsQuery,
    StreamHeaders,
    Upload,
)
from foretell.dialects.skytells.messages.errors import ErrorEnvelope
from foretell.dialects.skytells.messages.files import DeletedFile, StoredFile, UploadedFile
from foretell.dialects.skytells.messages.models import Model, ModelMetadata, VendorMessage
from foretell.dialects.skytells.messages.operators import (
    AccountList,
    AccountMessage,
    KeyList,
    KeyMessage,
    KeySecret,
    NewKeyMessage,
    RegisteredModel,
    RegisteredModelList,
    WebhookSecret,
)
from foretell.dialects.skytells.messages.predictions import (
    CreatedPrediction,
    EndedPrediction,
    Output,
    Pagination,
    Prediction,
    PredictionList,
    PredictionMetadata,
    PredictionUrls,
    WebhookOfPrediction,
)
from foretell.dialects.skytells.messages.server import Alive, FrontDoor, Ready
from foretell.dialects.skytells.messages.streams import (
    ErrorEvent,
    GoneEvent,
    LogEvent,
    OutputEvent,
    PreviewEvent,
    ProgressEvent,
    RestartedEvent,
    StatusEvent,
)

__all__ = [
    "AccountList",
    "AccountMessage",
    "Alive",
    "Create",
    "CreateHeaders",
    "CreatedPrediction",
    "DeletedFile",
    "EndedPrediction",
    "ErrorEnvelope",
    "ErrorEvent",
    "FileHeaders",
    "FileQuery",
    "FrontDoor",
    "GoneEvent",
    "KeyList",
    "KeyMessage",
    "KeySecret",
    "KeysQuery",
    "LogEvent",
    "Model",
    "ModelMetadata",
    "ModelQuery",
    "NewKeyMessage",
    "Output",
    "OutputEvent",
    "Pagination",
    "Prediction",
    "PredictionList",
    "PredictionMetadata",
    "PredictionQuery",
    "PredictionUrls",
    "PredictionsQuery",
    "PreviewEvent",
    "ProgressEvent",
    "Ready",
    "RegisteredModel",
    "RegisteredModelList",
    "RestartedEvent",
    "StatusEvent",
    "StoredFile",
    "StreamHeaders",
    "Upload",
    "UploadedFile",
    "VendorMessage",
    "WebhookOfPrediction",
    "WebhookSecret",
]
