"""What a release declares about its model, so that no code has to assume it.

Frozen values, parsed from a release's manifest by model_store/manifest.py; no I/O. decode.py, convert.py and
pixels.py use InputContract, classifier.py the rest.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal, TypeAlias

EDGE = 28
"""Height and width of Fashion-MNIST's pictures, in pixels (arXiv 1708.07747, section 2)."""

EDGES = range(8, 513)
"""Heights and widths of an input that are served: 256 pictures of 512 x 512 in RGB take 200 MB."""

LARGEST_PHOTO = 224
"""Largest edge of a second network's input: any photo is decoded at twice that (REDUCED_EDGE, decode.py)."""


@dataclass(frozen=True, kw_only=True)
class Imaging:
    """How a picture becomes pixels: the parameters of arXiv 1708.07747, section 2.

    Attributes:
        border_tolerance: share of full scale by which a trimmed edge may differ from the corner's colour.
        sharpen_sigma: standard deviation of the sharpening Gaussian, in output pixels.
        sharpen_radius: its radius, in output pixels.
    """

    border_tolerance: float = 0.05
    sharpen_sigma: float = 1.0
    sharpen_radius: int = 1


@dataclass(frozen=True, kw_only=True)
class InputContract:
    """What the model reads, and how a picture becomes that.

    Attributes:
        shape: height and width, in pixels, each in EDGES.
        channels: 1 for grey, 3 for RGB.
        polarity: `light-on-black` makes the background 0; `none` leaves the picture as it is.
        framing: `cut-out` trims the plain border, crops and centres the garment, as Fashion-MNIST was made;
            `whole` resizes the whole picture with its aspect kept, and centres it on black.
        imaging: the parameters of `cut-out`; `whole` has none.
    """

    shape: tuple[int, int] = (EDGE, EDGE)
    channels: Literal[1, 3] = 1
    dtype: Literal["uint8"] = "uint8"
    polarity: Literal["light-on-black", "none"] = "light-on-black"
    framing: Literal["cut-out", "whole"] = "cut-out"
    imaging: Imaging = field(default_factory=Imaging)

    @property
    def array_shape(self) -> tuple[int, ...]:
        """The shape of `Pixels`: (height, width), or (height, width, 3) for RGB."""
        return self.shape if self.channels == 1 else (*self.shape, self.channels)

    @property
    def in_words(self) -> str:
        """What clients send as `pixels`."""
        height, width = self.shape
        if self.channels == 3:
            return f"{height} rows of {width} times 3 whole numbers of 0..255: red, green, blue"
        meaning = "garment light on black" if self.polarity == "light-on-black" else "0 is black"
        return f"{height} rows of {width} whole numbers of 0..255, {meaning}"

    def fault(self) -> str | None:
        """Why this code cannot serve such an input, as `key: reason`; None if it can."""
        if not all(edge in EDGES for edge in self.shape):
            size = " x ".join(map(str, self.shape))
            return f"input.shape: {size}; height and width must be {EDGES[0]} to {EDGES[-1]}"
        made = (self.array_shape, self.polarity)
        if self.framing == "cut-out" and made != ((EDGE, EDGE), "light-on-black"):
            return f"input.framing: cut-out makes {EDGE} x {EDGE} grey, light-on-black; others need whole"
        if self.framing == "whole" and self.polarity != "none":
            return f"input.polarity: {self.polarity} needs framing cut-out; whole goes with none"
        return None


GREY_28: Final = InputContract()
"""Fashion-MNIST's own input, which new releases have unless another size or colour is chosen."""


def whole_pictures(edge: int, channels: Literal[1, 3]) -> InputContract:
    """The input of a model of whole square pictures."""
    return InputContract(shape=(edge, edge), channels=channels, polarity="none", framing="whole")


InputKind: TypeAlias = Literal["pixels", "photo"]
"""What an upload is to a model: pixels that it reads as they were sent, or a photo, which is converted."""

NetworkKind: TypeAlias = Literal["pixels", "photos"]
"""The networks of a release: that of its first contract, and the second one, where it has one."""


def network_for(
    shape: tuple[int, ...] | None, pixels: InputContract, photos: InputContract | None
) -> NetworkKind:
    """Which network answers an upload.

    Args:
        shape: of pixels that the client sent ready-made; None of a picture, which has to be converted.
        pixels: the input of the first network.
        photos: of the second one; None where there is none.

    Returns:
        The network whose pixels these are; of a picture the second one, where there is one.
    """
    if photos is None or shape == pixels.array_shape:
        return "pixels"
    return "photos" if shape in (None, photos.array_shape) else "pixels"


ACCEPT_NOTHING: Final = 2.0
"""A threshold of confidence that no probability reaches: every decision is `review`."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """A value below its threshold makes the decision `review`.

    Attributes:
        confidence: 0..1, or ACCEPT_NOTHING; a lower largest probability is `ambiguous`;
            ACCEPT_NOTHING makes every answer `unproven`.
        familiarity: 0..1; a lower familiarity is `unfamiliar`, which outranks the others.
    """

    confidence: float
    familiarity: float

    @property
    def accept_nothing(self) -> bool:
        """Whether no confidence is enough."""
        return self.confidence > 1


UNPROVEN: Final = Thresholds(confidence=ACCEPT_NOTHING, familiarity=0.0)
"""Every decision is `review`, and its reason `unproven`."""


@dataclass(frozen=True, kw_only=True)
class Familiarity:
    """How an OOD score (the distance) becomes a familiarity of 0..1: its rank among held-out pictures.

    The second output of the serving graph is the Mahalanobis distance of the picture's features to the
    nearest class (Lee et al. 2018, arXiv 1807.03888) or, if the model was trained with outlier exposure, the
    log odds
    of being out of distribution. Familiarity is the share of held-out pictures with at least this distance:
    0.5 is an ordinary picture, 0.0 is farther than all of them.

    Attributes:
        quantiles: distances at evenly spaced ranks, ascending; the first is rank 0, the last rank 1.
    """

    quantiles: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class ModelContract:
    """Labels, input, calibration and thresholds of one network.

    Attributes:
        labels: class names in index order; as many as the model has outputs.
        temperature: > 0; served are softmax(log p / temperature), where above 1 softens (Guo et al. 2017,
            arXiv 1706.04599).
        thresholds: decide about what the network was measured on.
        familiarity: None when the model has no distance output; then no picture is `unfamiliar`.
    """

    labels: tuple[str, ...]
    input: InputContract
    temperature: float
    thresholds: Thresholds
    familiarity: Familiarity | None

    @property
    def photos_unproven(self) -> bool:
        """Whether photos have to be cut out for it, on which it is not measured."""
        return self.input.framing == "cut-out"

    def thresholds_of(self, kind: InputKind) -> Thresholds:
        """Those that decide about this kind of input."""
        return UNPROVEN if kind != "pixels" and self.photos_unproven else self.thresholds

    def fault(self) -> str | None:
        """Why this code cannot serve a network with such a contract, as `key: reason`; None if it can."""
        if fault := self.input.fault():
            return fault
        if not 0 < self.temperature < math.inf:
            return f"temperature {self.temperature}: it has to be a number above 0"
        if not self.labels or len(set(self.labels)) < len(self.labels):
            return "labels: at least one, and no two alike"
        quantiles = self.familiarity.quantiles if self.familiarity else (0.0, 1.0)
        if len(quantiles) < 2 or any(b < a for a, b in pairwise(quantiles)):
            return "familiarity.quantiles: at least two, ascending"
        return None
