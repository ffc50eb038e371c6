"""Contract of a network: the facts about its input and its answers that come with a release.

`InputContract` says which pixels the network reads: their size, grey or colour, and how a photo is converted
into them. `Head` says what one question of the network is answered with: the labels, and the thresholds from
which an answer is accepted. Code that serves knows none of these by heart, so releases with other classes or
sizes can be served.
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

ALLOWED_EDGES = range(8, 513)
"""Heights and widths that an input may have, in pixels. 256 pictures of 512 x 512 in RGB take 200 MB."""

MAX_PHOTO_EDGE = 224
"""Largest edge in pixels of the input of the network for photos, in a release that has two networks.

Large photos are reduced to twice this edge while they are decoded, whichever network then reads them.
"""


@dataclass(frozen=True, kw_only=True)
class Imaging:
    """The parameters of the conversion of a picture into pixels (arXiv 1708.07747, section 2).

    Attributes:
        border_tolerance: the share of full scale by which a trimmed edge may differ from the border's colour.
        sharpen_sigma: the standard deviation of the sharpening Gaussian, in output pixels.
        sharpen_radius: the radius of the sharpening Gaussian, in output pixels.
    """

    border_tolerance: float = 0.05
    sharpen_sigma: float = 1.0
    sharpen_radius: int = 1


Framing: TypeAlias = Literal["cut-out", "whole", "trimmed"]
"""The way in which a picture is brought to the size of a network's input; see `InputContract`."""


@dataclass(frozen=True, kw_only=True)
class InputContract:
    """The input of a network, and the conversion of a picture into it.

    Attributes:
        shape: height and width, in pixels, each one of ALLOWED_EDGES.
        channels: 1 for grey, 3 for RGB.
        polarity: `light-on-black` makes the background 0; `none` leaves the picture as it is.
        framing: `cut-out` trims the plain border, crops and centres the garment, as Fashion-MNIST was made;
            `whole` resizes the whole picture with its aspect kept, and centres it on black; `trimmed` cuts
            a wide plain margin down to a narrow one, and then does as `whole`.
        imaging: the parameters of `cut-out`; the others use none.
    """

    shape: tuple[int, int] = (EDGE, EDGE)
    channels: Literal[1, 3] = 1
    dtype: Literal["uint8"] = "uint8"
    polarity: Literal["light-on-black", "none"] = "light-on-black"
    framing: Framing = "cut-out"
    imaging: Imaging = field(default_factory=Imaging)

    @property
    def array_shape(self) -> tuple[int, ...]:
        """The shape of `Pixels`: (height, width), or (height, width, 3) for RGB."""
        return self.shape if self.channels == 1 else (*self.shape, self.channels)

    @property
    def description(self) -> str:
        """A description of the numbers that clients send as `pixels`."""
        height, width = self.shape
        if self.channels == 3:
            return f"{height} rows of {width} times 3 whole numbers of 0..255: red, green, blue"
        meaning = "garment light on black" if self.polarity == "light-on-black" else "0 is black"
        return f"{height} rows of {width} whole numbers of 0..255, {meaning}"

    def find_fault(self) -> str | None:
        """Return the reason why this code cannot serve such an input, as `key: reason`; None if it can."""
        if not all(edge in ALLOWED_EDGES for edge in self.shape):
            size = " x ".join(map(str, self.shape))
            return f"input.shape: {size}; height and width must be {ALLOWED_EDGES[0]} to {ALLOWED_EDGES[-1]}"
        form = (self.array_shape, self.polarity)
        if self.framing == "cut-out" and form != ((EDGE, EDGE), "light-on-black"):
            return f"input.framing: cut-out makes {EDGE} x {EDGE} grey, light-on-black; others need whole"
        if self.framing != "cut-out" and self.polarity != "none":
            return f"input.polarity: {self.polarity} needs framing cut-out; {self.framing} goes with none"
        return None


GREY_28: Final = InputContract()
"""The input of Fashion-MNIST, which new releases have unless another size or colour is chosen."""


def make_whole_picture_input(edge: int, channels: Literal[1, 3]) -> InputContract:
    """Return the input of a network that reads whole pictures as a square of `edge` pixels."""
    return InputContract(shape=(edge, edge), channels=channels, polarity="none", framing="whole")


NetworkName: TypeAlias = Literal["pixels", "photos"]
"""The name of a network: `pixels` reads pictures of 28 x 28 in grey, `photos` reads photos in colour.

It is also the name of the two forms of a picture: pixels that the client sent ready-made, or a photo that is
converted.
"""

NETWORK_NAMES: Final[tuple[NetworkName, ...]] = ("pixels", "photos")
"""The names in the order in which the pixels of a client are compared with the inputs of the networks."""


def choose_only_network(input_contract: InputContract) -> NetworkName:
    """Return the name of a network that is the only one of its release.

    A network in colour reads whole pictures and is called `photos`. Any other one is called `pixels`, like
    the first network of every release. An only network answers all pictures, under either name.
    """
    return "photos" if input_contract.channels == 3 else "pixels"


def choose_network(shape: tuple[int, ...] | None, inputs: Mapping[NetworkName, InputContract]) -> NetworkName:
    """Return the name of the network that an upload is for; if the release lacks it, the other one answers.

    Args:
        shape: the shape of pixels that the client sent ready-made; None for a picture to convert.
        inputs: the input of each network of the release.

    Returns:
        `photos` for a picture. For pixels, the network with an input of this shape, otherwise the first one.
    """
    if shape is None:
        return "photos"
    names = [name for name in NETWORK_NAMES if name in inputs]
    return next((name for name in names if inputs[name].array_shape == shape), names[0])


ACCEPT_NOTHING: Final = 2.0
"""A confidence threshold above every probability. A head that has it sends all its answers to review."""


@dataclass(frozen=True, kw_only=True)
class Familiarity:
    """The table by which a distance becomes a familiarity: how usual a picture is, from 0 (strange) to 1.

    Familiarity 0.03 means that only 3% of the pictures that were held out of training are at least as far
    from the learnt pictures. The output `distance` of the serving graph is the Mahalanobis distance of the
    picture's features to the nearest class (Lee et al. 2018, arXiv 1807.03888) or, if the model was trained
    with outlier exposure, the log odds of being out of distribution. All answers to a picture have the same
    familiarity.

    Attributes:
        quantiles: the distances of held-out pictures at evenly spaced ranks, ascending, from rank 0 to rank
            1.
        threshold: the familiarity, 0..1, below which the class is `unfamiliar`, which outranks all other
            reasons. It is valid for attributes, too, except for labels with a threshold of their own.
    """

    quantiles: tuple[float, ...]
    threshold: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Head:
    """The part of a network that answers one question, such as the class ("label") or the colour.

    Attributes:
        labels: the possible answers, in the order of the columns of the head's output.
        temperature: the temperature, > 0. Answers are softmax(log p / temperature), so that a value above 1
            makes probabilities more equal (Guo et al. 2017, arXiv 1706.04599).
        confidence: the threshold, 0..1. An answer with a lower probability goes to review as `ambiguous`.
            With ACCEPT_NOTHING all answers go to review as `unproven`.
        withheld: the labels that are never accepted; an answer with one of them is `unproven`.
        stricter: the thresholds of labels that need a higher confidence than others, 0..1.
        applies_to: the classes that have the attribute; None if all have it, and for the class itself.
        familiarity: the thresholds, 0..1, of labels that do not use the class's threshold of familiarity;
            below its threshold an answer is `unfamiliar`. 0 also answers photos of none of the classes. None
            or empty if all labels use the class's threshold, and for the class itself.
    """

    labels: tuple[str, ...]
    temperature: float
    confidence: float
    withheld: tuple[str, ...] = ()
    stricter: Mapping[str, float] = field(default_factory=dict)
    applies_to: tuple[str, ...] | None = None
    familiarity: Mapping[str, float] | None = None

    def find_minimum_confidence(self, label: str) -> float:
        """Return the confidence, 0..1, that an answer with this label needs to be accepted."""
        return max(self.confidence, self.stricter.get(label, 0.0))

    def is_applicable(self, class_label: str) -> bool:
        """Return whether pictures of a class have the attribute."""
        return self.applies_to is None or class_label in self.applies_to

    @property
    def exceptions(self) -> dict[str, float]:
        """The confidence that each stricter label needs, by label; ACCEPT_NOTHING for withheld labels."""
        least = {
            label: ACCEPT_NOTHING if label in self.withheld else self.find_minimum_confidence(label)
            for label in self.labels
        }
        return {label: confidence for label, confidence in least.items() if confidence > self.confidence}

    @property
    def exceptions_text(self) -> str:
        """The thresholds of `exceptions` as the end of a sentence; empty if there are none."""
        return "".join(
            f", {label} from {100 * least:.4g}%" if least <= 1 else f", {label} never"
            for label, least in self.exceptions.items()
        )

    @property
    def accepts_nothing(self) -> bool:
        """Whether all answers of the head go to review, because no confidence is enough."""
        return self.confidence > 1

    def find_fault(self) -> str | None:
        """Return the reason why this code cannot serve such a head, as `key: reason`; None if it can."""
        if not 0 < self.temperature < math.inf:
            return f"temperature {self.temperature}: it has to be a number above 0"
        if not self.labels or len({*filter(str.strip, self.labels)}) < len(self.labels):
            return "labels: at least one, none empty, and no two alike"
        label_thresholds = self.familiarity or {}
        for key, named in (
            ("withheld", self.withheld),
            ("stricter", self.stricter),
            ("familiarity", label_thresholds),
        ):
            if strange := [label for label in named if label not in self.labels]:
                return f"{key}: {strange[0]!r} is none of the labels"
        if wrong := [label for label, least in label_thresholds.items() if not 0 <= least <= 1]:
            return f"familiarity.{wrong[0]} {label_thresholds[wrong[0]]}: it has to be 0 to 1"
        if label_thresholds and self.applies_to is not None:
            return "familiarity: only a head that applies to every class can do without the class's"
        return None


PART_ROWS: Final = {"upper": (0.0, 0.4), "middle": (0.25, 0.75), "lower": (0.6, 1.0)}
"""The rows of each part of a picture, as shares of its height from the top. The parts overlap, so that a
garment at their edge is whole in one of them."""

PARTS: Final = tuple(PART_ROWS)
"""The names of the parts of a picture, from top to bottom, in the order of the graph's outputs."""

LABEL: Final = "label"
"""The name of the first head of every network, which answers the class."""

ATTRIBUTE_PATTERN: Final = re.compile(r"[^\W\d_][\w -]{0,39}")
"""The form of an attribute's name: a letter, then letters, digits, `_`, `-` and spaces, 40 in all."""


@dataclass(frozen=True, kw_only=True)
class ModelContract:
    """The input and the answers of one network.

    Attributes:
        input: the input.
        familiarity: the ranks of distances; None if the model has no distance output, so that no picture is
            `unfamiliar`.
        heads: the heads in the order of the outputs: LABEL first, then the attributes.
        parts: the attribute that the network also answers for each of PARTS; None if it answers none.
    """

    input: InputContract
    familiarity: Familiarity | None
    heads: Mapping[str, Head]
    parts: str | None = None

    @classmethod
    def make_class_contract(
        cls, head: Head, input_contract: InputContract, familiarity: Familiarity | None
    ) -> "ModelContract":
        """Return the contract of a network that answers the class alone."""
        return cls(input=input_contract, familiarity=familiarity, heads={LABEL: head})

    @cached_property
    def class_head(self) -> Head:
        """The head of the class."""
        return self.heads[LABEL]

    @cached_property
    def attributes(self) -> dict[str, Head]:
        """The heads that answer attributes, by name."""
        return {name: head for name, head in self.heads.items() if name != LABEL}

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in index order."""
        return self.class_head.labels

    @property
    def temperature(self) -> float:
        """The temperature of the head of the class."""
        return self.class_head.temperature

    @property
    def minimum_familiarity(self) -> float:
        """The familiarity, 0..1, below which answers are `unfamiliar`; labels may have other thresholds."""
        return self.familiarity.threshold if self.familiarity else 0.0

    def find_minimum_familiarity(self, head: Head, label: str) -> float:
        """Return the threshold, 0..1, below which an answer of a head with this label is `unfamiliar`."""
        return (head.familiarity or {}).get(label, self.minimum_familiarity)

    def replace_heads(self, heads: Mapping[str, Head]) -> "ModelContract":
        """Return a copy of this contract in which the given heads replace the heads of the same names."""
        return replace(self, heads={**self.heads, **heads})

    def replace_class_threshold(self, confidence: float) -> "ModelContract":
        """Return a copy of this contract with another confidence threshold for the class.

        The copy accepts no attribute.
        """
        nothing = {name: replace(head, confidence=ACCEPT_NOTHING) for name, head in self.attributes.items()}
        return self.replace_heads({LABEL: replace(self.class_head, confidence=confidence), **nothing})

    @property
    def has_unproven_photo_answers(self) -> bool:
        """Whether answers to photos are `unproven`: the network cuts photos out, which was not measured."""
        return self.input.framing == "cut-out"

    def find_deciding_contract(self, name: NetworkName) -> "ModelContract":
        """Return the contract that decides about pictures for the network of this name.

        It is this contract, except for photos on which the network was not measured: each answer to these is
        `unproven`.
        """
        return self._unproven if name == "photos" and self.has_unproven_photo_answers else self

    @cached_property
    def _unproven(self) -> "ModelContract":
        # `unfamiliar` outranks `unproven`, so its thresholds have to go for every answer to be `unproven`.
        ranks = self.familiarity and replace(self.familiarity, threshold=0.0)
        nothing = self.replace_class_threshold(ACCEPT_NOTHING)
        heads = {name: replace(head, familiarity=None) for name, head in nothing.heads.items()}
        return replace(nothing, familiarity=ranks, heads=heads)

    def find_fault(self) -> str | None:  # noqa: PLR0911 - one for each part
        """Return the reason why this code cannot serve such a network, as `key: reason`; None if it can."""
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
        if self.parts is not None and self.parts not in self.attributes:
            return f"parts: {self.parts!r} is none of the attributes"
        if self.class_head.applies_to is not None:
            return f"heads.{LABEL}.applies_to: every picture has a class, so it has to be null"
        if self.class_head.familiarity:
            return f"heads.{LABEL}.familiarity: the class's is `familiarity.threshold`, so it names no label"
        quantiles = self.familiarity.quantiles if self.familiarity else (0.0, 1.0)
        if len(quantiles) < 2 or any(b < a for a, b in pairwise(quantiles)):
            return "familiarity.quantiles: at least two, ascending"
        return None
