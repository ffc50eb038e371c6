"""What is to be released: an exported network, and what it is decided, measured and described by.

Each training makes one, and an adoption; complete.py makes the release of it. Touches nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from pydantic import JsonValue

from inference.arrays import Distances, PixelsBatch, Probabilities
from inference.session import Session
from reports.acceptance import USUAL, Conditions
from reports.answers import NO_ANSWERS, Answers
from reports.model_card import DATA_LICENCE
from reports.values import Epoch, TrainingFigures
from training.data.fashion import LabelledData
from training.data.files import FileImages
from training.data.split import Split
from training.decide.requirements import usual_accept_right
from training.decide.why_nothing import warning_of_few
from training.measure.evaluate import Score, graph_scores
from training.progress import Progress
from training.release.export import PARITY_PHOTOS, PARITY_PICTURES
from training.untyped import Network


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An exported network that is to be released, and what it is decided, measured and described by.

    Attributes:
        network: what it is called.
        model: with its weights.
        training: how it was trained.
        history: an entry for each epoch; empty where it is not known.
        data: its labels name the network's outputs.
        split: the training set in its two parts; the held-out one calibrates.
        out_of_fold: answers of other networks to the training pictures, which calibrate it, too; one to
            each where nothing is held out. Without a test set they are measured. Where the class of a picture
            is not known, its attributes alone are decided and measured.
        attributes: float32 (N, C) by name, what heads of folds answered to the training pictures.
        score: gives the network's scores of pictures; None to ask the graph.
        unseen: distances of photos of other things that the distance was not fitted against; None
            where it was fitted against no such photos.
        accept: when an answer is accepted.
        of_products: whether groups are products, of which the report says what is accepted.
    """

    network: str
    model: Network
    training: TrainingFigures
    data: LabelledData
    split: Split
    history: tuple[Epoch, ...] = ()
    out_of_fold: Answers = NO_ANSWERS
    attributes: Mapping[str, Probabilities] = field(default_factory=dict)
    score: Score | None = None
    unseen: Distances | None = None
    accept: Conditions = USUAL
    of_products: bool = False

    @property
    def of_class(self) -> Answers:
        """The answers of other networks to pictures whose class is known."""
        return self.out_of_fold.take(self.out_of_fold.known)

    def scored_by(self, session: Session) -> Score:
        """What gives the scores of pictures."""
        return self.score or partial(graph_scores, session)


def samples(split: Split) -> PixelsBatch:
    """Pictures by which graphs are compared; held out, if any picture is."""
    pixels = (split.validation or split.train).pixels
    return pixels[: PARITY_PHOTOS if isinstance(pixels, FileImages) else PARITY_PICTURES]


def warn_of_few(data: LabelledData, answers: int, accept: Conditions, progress: Progress) -> None:
    """Warn, before hours of training, where too few answers would choose the thresholds."""
    promised = accept.right or usual_accept_right(own_classes=data.named)
    if doubt := warning_of_few(answers, promised):
        progress.warn(doubt)


def made_with(
    command: str, settings: Mapping[str, JsonValue], data: LabelledData, folds: int = 0
) -> dict[str, JsonValue]:
    """What a release records of a training beside the settings of its fit."""
    recorded: dict[str, JsonValue] = {"command": command}
    if settings:
        recorded["settings"] = dict(settings)
    if folds:
        recorded["folds"] = folds
    return recorded | ({DATA_LICENCE: data.licence} if data.licence else {})
