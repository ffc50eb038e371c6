"""What a training leaves for the release: its network, and how it was fitted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from pydantic import JsonValue

from inference.session import Scores
from reports.answers import NONE_OF_THESE, Answers
from reports.values import Epoch
from training.data.pictures import Pictures
from training.data.vectors import Vectors
from training.environment import libraries
from training.features.shipped_vectors import LITE0, PhotoFeatures
from training.heads.fit import Fit
from training.heads.logistic import Head
from training.heads.ood import OodPhotos, OodScore, Whitening
from training.heads.photo_head import PhotoHead
from training.measure.photo_evaluation import asked_photos
from training.untyped import Network


@dataclass(frozen=True)
class HeadRecord:
    """What a release records of a head on frozen networks in place of the settings of a fit by gradient.

    Attributes:
        blocks: of its vector.
        strength: C of its logistic regression.
        seconds: wall time of pictures, vectors and heads.
    """

    blocks: list[str]
    strength: float
    seconds: float


@dataclass(frozen=True)
class LastLayer:
    """A head on frozen networks, which answers pictures by what these have seen of them.

    Attributes:
        head: of the class.
        measured: where in a vector the features are that distances are measured in.
    """

    head: Head
    measured: slice

    def features(self, pictures: Pictures) -> Vectors:
        """The layer that distances are measured in, float32 (N, M)."""
        return pictures.features.upright[:, self.measured]

    def scores(self, measure: Whitening | OodScore, pictures: Pictures) -> Scores:
        """What the serving graph answers to N pictures."""
        distances = measure.distances(self.features(pictures))
        return Scores.of_class(self.head.probabilities(pictures.features.upright), distances)


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
        heads: on frozen networks, with their out-of-fold answers: by question, that of the class first.
        last_layer: of a head on frozen networks; None to run the network.
    """

    model: Network
    history: tuple[Epoch, ...]
    hardware: tuple[str, ...]
    libraries: dict[str, str]
    head: HeadRecord | None = None
    ood: OodPhotos | None = None
    heads: Mapping[str, Fit] = field(default_factory=dict)
    last_layer: LastLayer | None = None

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, over all parts of a resumed run, or of pictures, vectors and heads."""
        return sum(epoch.seconds for epoch in self.history) + (self.head.seconds if self.head else 0)


OTHER_KINDS: Final = "other kinds"
"""The set of OOD photos whose kinds the heads that answered them had not learnt."""


@dataclass(frozen=True, kw_only=True)
class FittedPhotos:
    """A head that answers photos, and how it was made.

    Attributes:
        learnt: photos that the head learnt.
        head: the head, and the answers of folds.
        command: the command line.
        settings: its options.
        seconds: wall time.
    """

    learnt: PhotoFeatures
    head: PhotoHead
    command: str
    settings: Mapping[str, JsonValue]
    seconds: float

    @property
    def answers(self) -> Answers:
        """What heads of folds answered to the checked photos, and to OTHER_KINDS; nothing is decided yet."""
        asked, others = self.learnt.take(self.head.asked), self.head.scores_of_unseen_ood
        given = asked_photos(self.head.scores, asked, "photos", self.head.folds)
        # A source is not unknown where each fold's head learnt unchecked photos of it.
        learnt = np.isin(given.sources, self.learnt.sources[~self.learnt.checked])
        given = replace(given, sources=np.where(learnt & given.of_unknown_sources, "", given.sources))
        if others is None:
            return given
        truth = np.full(len(others), NONE_OF_THESE)
        return given + Answers.of(
            OTHER_KINDS,
            truth,
            networks="photos",
            distances=others.distances,
            probabilities=others.of_label,
        )

    @property
    def record(self) -> dict[str, JsonValue]:
        """How the network was made, for report and manifest."""
        tiers, counts = np.unique(self.learnt.tiers, return_counts=True)
        return {
            "network": "_".join(LITE0),
            "units": len(self.head.head.hidden_bias),
            "photos": dict(zip(tiers.tolist(), counts.tolist(), strict=True)),
            "command": self.command,
            "settings": dict(self.settings),
            "seconds": round(self.seconds, 1),
            "libraries": dict(libraries()),
        }
