"""What a training leaves for the release: its network, and how it was fitted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from inference.arrays import Probabilities
from reports.values import Epoch
from training.features.blocks import Vectors
from training.heads.fit import AttributeHead
from training.heads.ood import OodPhotos
from training.untyped import Network


@dataclass(frozen=True)
class HeadRecord:
    """What a release records of a head on frozen networks in place of the settings of a fit by gradient.

    Attributes:
        blocks: of its vector.
        strength: C of its logistic regression.
        seconds: wall time of its vectors and heads.
    """

    blocks: list[str]
    strength: float
    seconds: float


@dataclass(frozen=True)
class Learnt:
    """What a network sees of the N pictures that it learnt, and answers to them.

    Attributes:
        features: float32 (N, M), the layer that distances are measured in.
        probabilities: float32 (N, C), before temperature.
    """

    features: Vectors
    probabilities: Probabilities


@dataclass(frozen=True)
class Fitted:
    """What a finished fit leaves.

    Attributes:
        model: keras.Model, float32, to logits, with the averaged weights.
        history: one entry per epoch.
        hardware: what its epochs ran on, in this order; more than one if it continued elsewhere.
        libraries: the versions that its last epoch ran on, by package name.
        head: of a head on frozen networks; None for a network that was fitted by gradient.
        ood: photos of other things that its distance is fitted against; None for no such ones.
        attributes: heads beside that of the class, on the same vectors, with their out-of-fold answers.
        learnt: of a head on frozen networks, whose vectors are there; None to run the network.
    """

    model: Network
    history: tuple[Epoch, ...]
    hardware: tuple[str, ...]
    libraries: dict[str, str]
    head: HeadRecord | None = None
    ood: OodPhotos | None = None
    attributes: Mapping[str, AttributeHead] = field(default_factory=dict)
    learnt: Learnt | None = None

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, over all parts of a resumed run, or of vectors and heads."""
        return sum(epoch.seconds for epoch in self.history) + (self.head.seconds if self.head else 0)
