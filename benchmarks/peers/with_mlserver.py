"""MLServer: a runtime of one's own behind the Open Inference Protocol, with two inference workers.

Pictures come as base64 in a BYTES tensor, pixels as a UINT8 tensor. Started by
`mlserver start mlserver_settings`, as its documentation has it.
"""

from clothing import LABELS, Model, pixels_of
from mlserver import MLModel
from mlserver.codecs import Base64Codec, NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Clothing(MLModel):
    """The model behind the protocol."""

    async def load(self) -> bool:
        """Load the model in each worker."""
        self.model = Model()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Classify one tensor: BYTES is an upload, UINT8 is pixels."""
        sent = payload.inputs[0]
        if sent.datatype == "BYTES":
            pixels = pixels_of(Base64Codec.decode_input(sent)[0])
        else:
            pixels = NumpyCodec.decode_input(sent).reshape(28, 28).astype("uint8")
        answer = self.model.classify(pixels)
        scores = [answer["probabilities"][label] for label in LABELS]
        return InferenceResponse(
            model_name=self.name,
            outputs=[
                StringCodec.encode_output("label", [answer["label"]]),
                {"name": "probabilities", "shape": [1, len(scores)], "datatype": "FP32", "data": scores},
            ],
        )
