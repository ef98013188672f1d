"""MLServer: its own protocol's echo, in one worker process."""

from mlserver import MLModel
from mlserver.codecs import StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Echo(MLModel):
    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        said = StringCodec.decode_input(payload.inputs[0])
        return InferenceResponse(model_name="echo", outputs=[StringCodec.encode_output("output", said)])
