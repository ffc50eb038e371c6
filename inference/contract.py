"""What a release declares about its model, so that no code has to assume it.

Frozen values, parsed from a release's manifest by model_store/manifest.py; no I/O. decode.py, convert.py and
pixel_rows.py use InputContract, classifier.py the rest.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Final, Literal, TypeAlias

EDGE = 28
"""Height and width of Fashion-MNIST's pictures, in pixels (arXiv 1708.07747, section 2)."""

SERVED_EDGES = range(8, 513)
"""Heights and widths of an input that are served: 256 pictures of 512 x 512 in RGB take 200 MB."""

MAX_PHOTO_EDGE = 224
"""Largest edge of the input of `photos` beside `pixels`: any photo is decoded at twice that (REDUCED_EDGE,
decode.py)."""


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
    def description(self) -> str:
        """What clients send as `pixels`."""
        height, width = self.shape
        if self.channels == 3:
            return f"{height} rows of {width} times 3 whole numbers of 0..255: red, green, blue"
        meaning = "garment light on black" if self.polarity == "light-on-black" else "0 is black"
        return f"{height} rows of {width} whole numbers of 0..255, {meaning}"

    def find_fault(self) -> str | None:
        """Why this code cannot serve such an input, as `key: reason`; None if it can."""
        if not all(edge in SERVED_EDGES for edge in self.shape):
            size = " x ".join(map(str, self.shape))
            return f"input.shape: {size}; height and width must be {SERVED_EDGES[0]} to {SERVED_EDGES[-1]}"
        made = (self.array_shape, self.polarity)
        if self.framing == "cut-out" and made != ((EDGE, EDGE), "light-on-black"):
            return f"input.framing: cut-out makes {EDGE} x {EDGE} grey, light-on-black; others need whole"
        if self.framing == "whole" and self.polarity != "none":
            return f"input.polarity: {self.polarity} needs framing cut-out; whole goes with none"
        return None


GREY_28: Final = InputContract()
"""Fashion-MNIST's own input, which new releases have unless another size or colour is chosen."""


def make_whole_input(edge: int, channels: Literal[1, 3]) -> InputContract:
    """The input of a model of whole square pictures."""
    return InputContract(shape=(edge, edge), channels=channels, polarity="none", framing="whole")


NetworkName: TypeAlias = Literal["pixels", "photos"]
"""The networks of a release: of pictures of 28 x 28 in grey, and of photos in colour. Also what a picture
is to a release: pixels of one of its networks, sent ready-made, or a photo, which is converted."""

NETWORK_NAMES: Final[tuple[NetworkName, ...]] = ("pixels", "photos")
"""In the order in which pixels of a client are compared with their inputs."""


def choose_only_name(input_contract: InputContract) -> NetworkName:
    """What a network is called that is the only one of its release.

    In colour it reads whole pictures, which is what `photos` means. Any other one is called `pixels`: so was
    the first network of every release, and an only network answers whatever is sent, under either name.
    """
    return "photos" if input_contract.channels == 3 else "pixels"


def choose_network(shape: tuple[int, ...] | None, inputs: Mapping[NetworkName, InputContract]) -> NetworkName:
    """Which network an upload is for; where a release lacks that one, the other one answers.

    Args:
        shape: of pixels that the client sent ready-made; None of a picture, which has to be converted.
        inputs: of each network of the release.

    Returns:
        The network whose pixels these are, else the first one; of a picture `photos`.
    """
    if shape is None:
        return "photos"
    names = [name for name in NETWORK_NAMES if name in inputs]
    return next((name for name in names if inputs[name].array_shape == shape), names[0])


ACCEPT_NOTHING: Final = 2.0
"""A threshold of confidence that no probability reaches: every decision is `review`."""


@dataclass(frozen=True, kw_only=True)
class Familiarity:
    """How an OOD score (the distance) becomes a familiarity of 0..1: its rank among held-out pictures.

    The output `distance` of the serving graph is the Mahalanobis distance of the picture's features to the
    nearest class (Lee et al. 2018, arXiv 1807.03888) or, if the model was trained with outlier exposure, the
    log odds of being out of distribution. Familiarity is the share of held-out pictures with at least this
    distance: 0.5 is an ordinary picture, 0.0 is farther than all of them. It is of the picture, whatever is
    asked about that.

    Attributes:
        quantiles: distances at evenly spaced ranks, ascending; the first is rank 0, the last rank 1.
        threshold: 0..1; the class of a lower familiarity is `unfamiliar`, which outranks all other reasons.
            It holds for attributes, too, but for the labels of which their head names another one.
    """

    quantiles: tuple[float, ...]
    threshold: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Head:
    """The part of a network that answers one question.

    Attributes:
        labels: in index order; as many as the head's output has columns.
        temperature: > 0; served are softmax(log p / temperature), where above 1 softens (Guo et al. 2017,
            arXiv 1706.04599).
        confidence: 0..1, below which an answer is `ambiguous`; ACCEPT_NOTHING makes every one `unproven`.
        withheld: labels that are never accepted: an answer with one of them is `unproven`.
        stricter: labels whose answers need a higher confidence than others, 0..1.
        applies_to: classes that have the attribute; None where all have it, and of the class itself.
        familiarity: by label, 0..1, below which an answer with it is `unfamiliar`, in place of the class's
            threshold; 0 answers photos of none of the classes as well. The class's threshold holds for
            labels that are not named; None or empty: for all, and for the class itself.
    """

    labels: tuple[str, ...]
    temperature: float
    confidence: float
    withheld: tuple[str, ...] = ()
    stricter: Mapping[str, float] = field(default_factory=dict)
    applies_to: tuple[str, ...] | None = None
    familiarity: Mapping[str, float] | None = None

    def find_minimum_confidence(self, label: str) -> float:
        """The confidence that an answer with this label needs."""
        return max(self.confidence, self.stricter.get(label, 0.0))

    def is_applicable(self, class_label: str) -> bool:
        """Return whether pictures of a class have the attribute."""
        return self.applies_to is None or class_label in self.applies_to

    @property
    def exceptions(self) -> dict[str, float]:
        """What answers need whose label asks for more than `confidence`; ACCEPT_NOTHING for withheld ones."""
        least = {
            label: ACCEPT_NOTHING if label in self.withheld else self.find_minimum_confidence(label)
            for label in self.labels
        }
        return {label: confidence for label, confidence in least.items() if confidence > self.confidence}

    @property
    def exceptions_text(self) -> str:
        """The same, to follow the confidence in a sentence; empty where every label needs the same."""
        return "".join(
            f", {label} from {100 * least:.4g}%" if least <= 1 else f", {label} never"
            for label, least in self.exceptions.items()
        )

    @property
    def accepts_nothing(self) -> bool:
        """Whether no confidence is enough."""
        return self.confidence > 1

    def find_fault(self) -> str | None:
        """Why this code cannot serve such a head, as `key: reason`; None if it can."""
        if not 0 < self.temperature < math.inf:
            return f"temperature {self.temperature}: it has to be a number above 0"
        if not self.labels or len({*filter(str.strip, self.labels)}) < len(self.labels):
            return "labels: at least one, none empty, and no two alike"
        own = self.familiarity or {}
        for key, named in (("withheld", self.withheld), ("stricter", self.stricter), ("familiarity", own)):
            if strange := [label for label in named if label not in self.labels]:
                return f"{key}: {strange[0]!r} is none of the labels"
        if wrong := [label for label, least in own.items() if not 0 <= least <= 1]:
            return f"familiarity.{wrong[0]} {own[wrong[0]]}: it has to be 0 to 1"
        if own and self.applies_to is not None:
            return "familiarity: only a head that applies to every class can do without the class's"
        return None


LABEL: Final = "label"
"""The first head of every network: the class."""

ATTRIBUTE_PATTERN: Final = re.compile(r"[^\W\d_][\w -]{0,39}")
"""What an attribute may be called: a letter, then letters, digits, `_`, `-` and spaces, 40 in all."""


@dataclass(frozen=True, kw_only=True)
class ModelContract:
    """What one network reads and answers.

    Attributes:
        input: what it reads.
        familiarity: of the picture; None when the model has no distance output; then no picture is
            `unfamiliar`.
        heads: what it answers, in the order of its outputs: LABEL first, then the attributes.
    """

    input: InputContract
    familiarity: Familiarity | None
    heads: Mapping[str, Head]

    @classmethod
    def make_class_contract(
        cls, head: Head, input_contract: InputContract, familiarity: Familiarity | None
    ) -> "ModelContract":
        """A network that answers the class alone."""
        return cls(input=input_contract, familiarity=familiarity, heads={LABEL: head})

    @cached_property
    def class_head(self) -> Head:
        """The head of the class."""
        return self.heads[LABEL]

    @cached_property
    def attributes(self) -> dict[str, Head]:
        """The further heads."""
        return {name: head for name, head in self.heads.items() if name != LABEL}

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in index order."""
        return self.class_head.labels

    @property
    def temperature(self) -> float:
        """That of the class."""
        return self.class_head.temperature

    @property
    def minimum_familiarity(self) -> float:
        """0..1, below which a class is `unfamiliar`, and a label of an attribute without one of its own."""
        return self.familiarity.threshold if self.familiarity else 0.0

    def find_minimum_familiarity(self, head: Head, label: str) -> float:
        """0..1, below which the answer of one of the heads is `unfamiliar` that names this label."""
        return (head.familiarity or {}).get(label, self.minimum_familiarity)

    def replace_heads(self, heads: Mapping[str, Head]) -> "ModelContract":
        """The same with these heads, each in place of its own of that name."""
        return replace(self, heads={**self.heads, **heads})

    def set_class_threshold(self, confidence: float) -> "ModelContract":
        """The same with this threshold for the class; what it gives of attributes is not known: nothing."""
        nothing = {name: replace(head, confidence=ACCEPT_NOTHING) for name, head in self.attributes.items()}
        return self.replace_heads({LABEL: replace(self.class_head, confidence=confidence), **nothing})

    @property
    def has_unproven_photos(self) -> bool:
        """Whether photos have to be cut out for it, on which it is not measured."""
        return self.input.framing == "cut-out"

    def find_deciding_contract(self, name: NetworkName) -> "ModelContract":
        """The contract that decides about what is for the network of this name.

        It is this one, but for photos on which the network is not measured: each answer is `unproven`.
        """
        return self._unproven if name == "photos" and self.has_unproven_photos else self

    @cached_property
    def _unproven(self) -> "ModelContract":
        ranks = self.familiarity and replace(self.familiarity, threshold=0.0)
        nothing = self.set_class_threshold(ACCEPT_NOTHING)
        heads = {name: replace(head, familiarity=None) for name, head in nothing.heads.items()}
        return replace(nothing, familiarity=ranks, heads=heads)

    def find_fault(self) -> str | None:  # noqa: PLR0911 - one for each part
        """Why this code cannot serve a network with such a contract, as `key: reason`; None if it can."""
        if fault := self.input.find_fault():
            return fault
        if next(iter(self.heads), None) != LABEL:
            return f"heads: the first one has to be `{LABEL}`, the class"
        for name, head in self.heads.items():
            if fault := head.find_fault():
                return f"heads.{name}.{fault}"
            if name != LABEL and not ATTRIBUTE_PATTERN.fullmatch(name):
                return f"heads: {name!r} is no name of an attribute, which has letters, digits, `_` and `-`"
            if strange := [label for label in head.applies_to or () if label not in self.labels]:
                return f"heads.{name}.applies_to: {strange[0]!r} is none of the classes"
            if any((head.familiarity or {}).values()) and self.familiarity is None:
                return f"heads.{name}.familiarity: the network measures none, so each has to be 0"
        if self.class_head.applies_to is not None:
            return f"heads.{LABEL}.applies_to: every picture has a class, so it has to be null"
        if self.class_head.familiarity:
            return f"heads.{LABEL}.familiarity: the class's is `familiarity.threshold`, so it names no label"
        quantiles = self.familiarity.quantiles if self.familiarity else (0.0, 1.0)
        if len(quantiles) < 2 or any(b < a for a, b in pairwise(quantiles)):
            return "familiarity.quantiles: at least two, ascending"
        return None
