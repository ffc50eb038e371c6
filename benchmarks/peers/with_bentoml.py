"""BentoML: one service of two workers; a picture as the body or as a form's file, or pixels as JSON.

Started by `bentoml serve with_bentoml:Clothing`, as its documentation has it.
"""

from pathlib import Path

import bentoml
from clothing import Model


@bentoml.service(workers=2, traffic={"timeout": 60})
class Clothing:
    """The model and its routes."""

    def __init__(self) -> None:
        """Load the model in each worker."""
        self.model = Model()

    @bentoml.api(route="/predict")
    def predict(self, image: Path, /) -> dict:
        """Classify a picture that is the request's body."""
        return self.model.classify_upload(image.read_bytes())

    @bentoml.api(route="/multipart")
    def multipart(self, image: Path) -> dict:
        """Classify a picture that is a form's file."""
        return self.model.classify_upload(image.read_bytes())

    @bentoml.api(route="/pixels")
    def rows(self, pixels: list[list[int]]) -> dict:
        """Classify pixels."""
        return self.model.classify_rows(pixels)
