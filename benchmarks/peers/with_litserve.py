"""LitServe: one LitAPI, two workers; JSON with base64 or numbers, or a form's file.

Started by `python with_litserve.py PORT`, as its documentation has it.
"""

import base64
import sys
from typing import Any

import litserve
from clothing import Model, Pixels, pixels_of
from fastapi import Request
from numpy import array, uint8


class ClothingAPI(litserve.LitAPI):
    """The three steps of a request."""

    def setup(self, device: str) -> None:
        """Load the model in each worker."""
        self.model = Model()

    def decode_request(self, request: Request) -> Pixels:
        """From what was parsed of JSON or a form to pixels."""
        sent: Any = request
        if "pixels" in sent:
            return array(sent["pixels"], uint8)
        image = sent["image"]
        return pixels_of(base64.b64decode(image) if isinstance(image, str) else image.file.read())

    def predict(self, x: Pixels) -> dict[str, object]:
        """Classify pixels."""
        return self.model.classify(x)

    def encode_response(self, output: dict[str, object]) -> dict[str, object]:
        """It is JSON already."""
        return output


if __name__ == "__main__":
    server = litserve.LitServer(ClothingAPI(), accelerator="cpu", workers_per_device=2)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
