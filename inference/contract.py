"""What a release declares about its model, so that no code has to assume it.

Frozen values, parsed from a release's manifest by model_store/manifest.py; no I/O. decode.py, convert.py and
pixels.py use InputContract, classifier.py the rest.
"""

import math
from dataclasses import dataclass, field, replace
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
        cascade: how photos were converted for an older release, which no code does now; kept as the manifest
            has it. None in new releases.
    """

    border_tolerance: float = 0.05
    sharpen_sigma: float = 1.0
    sharpen_radius: int = 1
    cascade: dict[str, object] | None = None


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


Ground: TypeAlias = Literal["plain", "cluttered"]
Shown: TypeAlias = Literal["pixels"] | Ground
"""What an upload is to a model: pixels that it reads as they were sent, or a photo, which is converted; and
whether a photo has more than one colour around its garment."""

Network: TypeAlias = Literal["pixels", "photos"]
"""The networks of a release: that of its first contract, and the second one, where it has one."""


def network_for(
    shape: tuple[int, ...] | None, pixels: InputContract, photos: InputContract | None
) -> Network:
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


LARGEST_BIAS: Final = 50.0
"""No release needs one near it, and its exponential is a number by far."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How the model's probabilities become those that are served: softmax(log p / temperature + bias).

    Temperature scaling (Guo et al. 2017, arXiv 1706.04599); with biases, bias-corrected temperature scaling
    (Alexandari et al. 2020, arXiv 1901.06852).

    Attributes:
        temperature: > 0; above 1 softens.
        biases: one per class, within +-LARGEST_BIAS; none where all are 0.
    """

    temperature: float
    biases: tuple[float, ...] = ()

    def fault(self, classes: int) -> str | None:
        """Why this cannot calibrate so many probabilities; None if it can."""
        if not 0 < self.temperature < math.inf:
            return f"temperature {self.temperature}: it has to be a number above 0"
        if self.biases and len(self.biases) != classes:
            return f"biases: {len(self.biases)} for {classes} labels"
        if not all(abs(bias) <= LARGEST_BIAS for bias in self.biases):
            return f"biases: they have to be numbers of at most {LARGEST_BIAS:g} either way"
        return None


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
    """Labels, input, calibration and thresholds of one model.

    Attributes:
        labels: class names in index order; as many as the model has outputs.
        temperature: of the `Calibration` of pixels that are used as they were sent.
        thresholds: decide about these.
        familiarity: None when the model has no distance output; then no picture is `unfamiliar`.
        photo_thresholds: decide about pictures that were converted; None where `thresholds` do.
        cluttered_thresholds: decide about those of them with more than one colour around the garment; None
            where `photo_thresholds` do.
        photo_calibration: of these; None where `temperature` is for them, too.
    """

    labels: tuple[str, ...]
    input: InputContract
    temperature: float
    thresholds: Thresholds
    familiarity: Familiarity | None
    photo_thresholds: Thresholds | None = None
    cluttered_thresholds: Thresholds | None = None
    photo_calibration: Calibration | None = None

    @property
    def photos_unproven(self) -> bool:
        """Whether figures and thresholds for photos are of a conversion that no code does now."""
        return self.input.framing == "cut-out" and self.input.imaging.cascade is not None

    def without_cascade(self) -> "ModelContract":
        """The same with photos converted as they are now: what a new release of this model declares."""
        imaging = replace(self.input.imaging, cascade=None)
        return replace(self, input=replace(self.input, imaging=imaging))

    def thresholds_of(self, shown: Shown) -> Thresholds:
        """Those that decide about this kind of input: the most specific ones that there are."""
        if self._are_pixels(shown):
            return self.thresholds
        if self.photos_unproven:
            return UNPROVEN
        if self.photo_thresholds is None:
            return self.thresholds
        if shown == "cluttered" and self.cluttered_thresholds is not None:
            return self.cluttered_thresholds
        return self.photo_thresholds

    def calibration_of(self, shown: Shown) -> Calibration:
        """What calibrates the probabilities of this kind of input."""
        if not self._are_pixels(shown) and self.photo_calibration is not None:
            return self.photo_calibration
        return Calibration(temperature=self.temperature)

    def _are_pixels(self, shown: Shown) -> bool:
        """A model of whole pictures has one kind of input: it reads a photo as it reads pixels."""
        return shown == "pixels" and self.input.framing == "cut-out"
