"""The outcome of classifying one picture: a prediction with the extra fields of its answer, or an error."""

from dataclasses import dataclass
from typing import TypeAlias

from app.errors import RequestError
from inference.classifier import Prediction
from inference.contract import NetworkName
from inference.errors import UploadError
from inference.explanation import ProbabilityDrops


@dataclass(frozen=True)
class PictureExplanation:
    """How much each part of a picture contributes to its answer, as numbers and as a PNG.

    Attributes:
        drops: the drop of the answer's probability if a square of the picture is hidden, for each row and
            column of squares.
        heat_map: the bytes of a PNG that shows the drops as colours.
    """

    drops: ProbabilityDrops
    heat_map: bytes


@dataclass(frozen=True)
class ClassifiedPicture:
    """The prediction for one picture, with the extra fields that the client asked for.

    Attributes:
        prediction: the answer of the model.
        network: the network for this sort of picture, `pixels` or `photos`. If the release lacks it, the
            other one has answered.
        is_enlarged: whether the picture was smaller than the input of the network, and was enlarged.
        seen: the bytes of a PNG with the pixels that the model read; None if the client did not ask for it.
        explained: the contribution of each part of the picture; None if the client did not ask for it.
    """

    # The pixels themselves are not kept, because a client may take long to read its answer.
    prediction: Prediction
    network: NetworkName
    is_enlarged: bool = False
    seen: bytes | None = None
    explained: PictureExplanation | None = None


@dataclass(frozen=True)
class FailedPicture:
    """The error that a picture gets in place of a prediction."""

    error: UploadError | RequestError


Outcome: TypeAlias = ClassifiedPicture | FailedPicture
"""The result for one picture: a prediction or an error."""
