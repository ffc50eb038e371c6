"""Make a complete release of networks that are exported: decide, measure, draw, seal.

Trains nothing. `complete_release` is for releases without a parent: trained.py exports a fit of ours before,
adoption.py a hand-made model. What a release with a parent measures: photo_release.py, recalibrated.py. The
first and the last step of all of them: written.py. Writes one folder.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.arrays import Distances
from inference.classifier import Classifier
from inference.contract import ModelContract
from inference.onnx_session import OnnxSession
from inference.session import Session
from model_store.files import FIGURES, GRAPH, MODEL
from model_store.manifest import Golden, Manifest
from reports.acceptance import USUAL, Conditions
from reports.answers import LARGEST, NO_ANSWERS, Answers
from reports.model_card import DATA_LICENCE
from reports.values import CROSS_FITTED, HELD_OUT, Epoch, ModelFigures, Report, TrainingFigures
from training.heads.ood import judge
from training.measure.acceptance import possible_promises, with_promises
from training.measure.decide import (
    FAMILIARITY_OF_OWN,
    FAMILIARITY_THRESHOLD,
    Decided,
    decide_on_held_out,
    usual_accept_right,
)
from training.measure.evaluate import (
    answer,
    counted,
    decided,
    examples,
    measured,
    scored,
    scores_in,
    uncalibrated,
    undecided,
    without_near_copies,
)
from training.measure.plots import draw_all
from training.pictures.fashion import LabelledData
from training.pictures.near_copies import near_copies
from training.pictures.split import Split
from training.progress import Say, Seen, unseen
from training.release.counted import CountedSession
from training.release.onnx_graph import mflops
from training.release.written import Measured, seal_measured

GOLDEN_PICTURES: Final = 4


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a network is decided and measured on.

    Attributes:
        data: its labels name the network's outputs.
        split: the training set in its two parts; the held-out one calibrates.
        out_of_fold: answers of other networks to the training pictures, by which it is calibrated, too.
        accept: when an answer is accepted.
    """

    data: LabelledData
    split: Split
    out_of_fold: Answers | None = None
    accept: Conditions = USUAL

    @property
    def cross_fitted(self) -> Answers | None:
        """The answers of the folds, where these stand for the test set; else None."""
        return self.out_of_fold if self.data.cross_fitted else None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What the report says of a network before it is measured.

    Attributes:
        network: what it is called.
        parameters: how many weights it has.
        trainable: how many of them are trained.
        training: how it was trained.
        history: empty where it is not known.
        unseen: distances of photos of other things, of kinds that the distance was not fitted against; None
            where it was fitted against no such photos.
    """

    network: str
    parameters: int
    trainable: int
    training: TrainingFigures
    history: tuple[Epoch, ...] = ()
    unseen: Distances | None = None


def complete_release(folder: Path, on: Evaluation, origin: Origin, say: Say, seen: Seen = unseen) -> Manifest:
    """Calibrate, measure, draw and seal what has its model.keras and model.onnx.

    Args:
        folder: with these two files.
        on: what it is calibrated and measured on.
        origin: what else the report says.
        say: receives progress messages.
        seen: receives how many more pictures are answered.

    Raises:
        ModelError: the graph cannot be run.
        StoreError: the folder cannot be sealed.
    """
    session = CountedSession(OnnxSession(folder / GRAPH, shape=on.data.reads.array_shape), seen)
    found = _decided_on(session, on, fitted_on_photos=origin.unseen is not None)
    contract = found.contract(on.data.labels, on.data.reads)
    say("measuring")
    report, answers = _measure(session, contract, on, origin, folder)
    report = with_promises(report, found.kinds, found.thresholds)
    report = report.model_copy(update={"possible_promises": possible_promises(found.kinds[0])})
    draw_all(folder / FIGURES, report, answers, on.data.test.images, on.data.reads.polarity)
    golden = on.split.validation.images[:GOLDEN_PICTURES]
    given = session.run(golden)
    release = Measured(
        model=contract,
        golden=Golden.of(golden, given.probabilities, given.distances),
        report=report,
        answers=answers if len(answers) <= LARGEST else NO_ANSWERS,
    )
    return seal_measured(folder, release)


def _decided_on(session: Session, on: Evaluation, *, fitted_on_photos: bool) -> Decided:
    """Decide by the answers to pictures that their network did not learn."""
    answers = on.cross_fitted
    if answers is None:
        held_out = on.split.validation
        answers = undecided(scored(session, held_out.images), held_out, HELD_OUT)
        answers = answers if on.out_of_fold is None else answers + on.out_of_fold
    return decide_on_held_out(
        answers,
        accuracy=on.accept.right or usual_accept_right(own_classes=on.data.named),
        confidence=on.accept.confidence,
        unfamiliar=FAMILIARITY_OF_OWN if fitted_on_photos else FAMILIARITY_THRESHOLD,
    )


def _measure(
    session: Session, contract: ModelContract, on: Evaluation, origin: Origin, folder: Path
) -> tuple[Report, Answers]:
    """Measure all three splits; the report without promises, and the answers to the test set behind it."""
    test = on.data.test
    given = on.cross_fitted or undecided(scored(session, test.images), test)
    answers, before = (decided(Classifier(session, one), given) for one in (contract, uncalibrated(contract)))
    if on.cross_fitted is None:
        near = near_copies(test.images, on.data.train.images)
        more: dict[str, object] = {"distinct": without_near_copies(answers, near)}
        held_out = answer(session, contract, on.split.validation)
    else:
        more, held_out = {"split": CROSS_FITTED}, answers
    report = Report(
        labels=contract.labels,
        data=on.data.described(),
        model=_model_figures(folder, origin, contract),
        training=_with_licence(origin.training, on.data.licence),
        train=counted(answer(session, contract, on.split.train)),
        validation=counted(held_out),
        test=measured(answers, before, contract).model_copy(update=more),
        out_of_scope=judge(session, contract, scores_in(given), origin.unseen),
        photos={},
        examples=examples(answers, contract.labels),
        history=origin.history,
    )
    return report, answers


def _with_licence(training: TrainingFigures, licence: str | None) -> TrainingFigures:
    if not licence:
        return training
    return training.model_copy(update={"configuration": training.configuration | {DATA_LICENCE: licence}})


def _model_figures(folder: Path, origin: Origin, contract: ModelContract) -> ModelFigures:
    return ModelFigures(
        network=origin.network,
        parameters=origin.parameters,
        trainable_parameters=origin.trainable,
        mflops=mflops(folder / GRAPH),
        bytes={name: (folder / name).stat().st_size for name in (MODEL, GRAPH)},
        temperature=contract.temperature,
    )
