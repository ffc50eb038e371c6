"""Make a complete release: model, graph, calibration, report, figures, manifest.

Trains nothing; the same fit can be exported again. `make_release` takes one of our fits; a hand-made model
comes through release/adoption.py; `complete_release` does the rest for both. Writes one folder. Sealing:
model_store/assemble.py; publishing: model_store/publish.py.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import JsonValue

from inference.arrays import Distances, PixelsBatch
from inference.classifier import Classifier
from inference.contract import ModelContract
from inference.onnx_session import OnnxSession
from inference.session import Scores, Session
from model_store.files import FIGURES, GRAPH, MODEL
from model_store.manifest import Golden, Manifest
from reports.acceptance import USUAL, Conditions
from reports.answers import LARGEST, NO_ANSWERS, Answers
from reports.model_card import DATA_LICENCE
from reports.values import CROSS_FITTED, HELD_OUT, Epoch, ModelFigures, Report, TrainingFigures
from training.environment import hardware, libraries
from training.fitted import Fitted
from training.gradient.fitting.checkpoints import Run
from training.gradient.networks.registry import trainable_count
from training.gradient.recipes import Recipe
from training.heads.ood import (
    OodPhotos,
    OodScore,
    Whitening,
    distances_by,
    fit_measure,
    judge,
    ood_count,
)
from training.measure.acceptance import possible_promises, with_promises
from training.measure.decide import (
    FAMILIARITY_OF_OWN,
    FAMILIARITY_THRESHOLD,
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
from training.pictures.learnt import Learnt
from training.pictures.near_copies import near_copies
from training.pictures.split import Split
from training.progress import Say, Seen, unseen
from training.release.counted import CountedSession
from training.release.onnx_graph import (
    PARITY_PICTURES,
    check_parity,
    export_graph,
    features_of,
    mflops,
    probabilities_of,
    save_artifact,
)
from training.release.written import Measured, begin, seal_measured
from training.untyped import Network

GOLDEN_PICTURES: Final = 4
OF_ANY_FIT: Final = ("network", "seed", "limit")
"""The fields of a recipe that a head on frozen networks has, too."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a release is made of, in addition to its network.

    Attributes:
        data: its labels name the network's outputs.
        split: the training set in its two parts; the held-out one calibrates.
        network: what it is called.
        parameters: how many weights it has.
        trainable: how many of them are trained.
        training: what the report says about it.
        history: empty where it is not known.
        out_of_fold: answers of other networks to the training pictures, by which it is calibrated, too.
        accept: when an answer is accepted.
        ood: photos of other things that the measure of distance is fitted against; None for no such ones.
        unseen: distances of those of its kinds that it is not fitted against.
    """

    data: LabelledData
    split: Split
    network: str
    parameters: int
    trainable: int
    training: TrainingFigures
    history: tuple[Epoch, ...] = ()
    out_of_fold: Answers | None = None
    accept: Conditions = USUAL
    ood: OodPhotos | None = None
    unseen: Distances | None = None

    @property
    def cross_fitted(self) -> Answers | None:
        """The answers of the folds, where these stand for the test set; else None."""
        return self.out_of_fold if self.data.cross_fitted else None


def material_of(  # noqa: PLR0913 - what a release is made of
    fitted: Fitted,
    recipe: Recipe,
    task: Run,
    *,
    data: LabelledData,
    split: Split,
    out_of_fold: Answers | None = None,
    accept: Conditions = USUAL,
) -> Material:
    """What a release of a fit of ours is made of.

    Args:
        fitted: what is released.
        recipe: of the training.
        task: whose command and settings the release records.
        data: what it is measured on.
        split: the training set in its two parts.
        out_of_fold: answers of other networks.
        accept: as Material's.
    """
    made_with: dict[str, JsonValue] = {"command": task.command}
    if task.settings:
        made_with["settings"] = dict(task.settings)
    settings = recipe.as_json()
    if fitted.head is not None:
        settings = {name: settings[name] for name in OF_ANY_FIT} | {"head": asdict(fitted.head)}
    if out_of_fold is not None:
        made_with |= {"folds": int(out_of_fold.folds.max())}
    training = TrainingFigures(
        seed=recipe.seed,
        epochs=len(fitted.history),
        best_epoch=len(fitted.history),
        seconds=fitted.seconds,
        hardware="; then ".join(fitted.hardware) or hardware(),
        libraries=libraries() | fitted.libraries,
        configuration=settings | made_with,
    )
    return Material(
        data=data,
        split=split,
        network=recipe.network,
        parameters=fitted.model.count_params(),
        trainable=trainable_count(fitted.model),
        training=training,
        history=fitted.history,
        out_of_fold=out_of_fold,
        accept=accept,
        ood=fitted.ood,
    )


def make_release(folder: Path, model: Network, material: Material, say: Say, seen: Seen = unseen) -> Manifest:
    """Write a release of a network of ours.

    Args:
        folder: emptied first, if it is there.
        model: to logits.
        material: from `material_of`.
        say: receives progress messages.
        seen: receives how many more pictures are answered, `pictures_to_answer` in all.

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
        StoreError: the folder cannot be sealed.
    """
    begin(folder)
    say("exporting and comparing the serving graph with the network")
    artifact = save_artifact(model, folder / MODEL)
    measure = _measure_of(artifact, material, seen)
    if material.ood is not None:
        material = replace(material, unseen=distances_by(measure, material.ood.unseen))
    export_graph(artifact, measure, folder / GRAPH)
    held_out = material.split.validation.images[:PARITY_PICTURES]
    check_parity(lambda images: _scores_by(artifact, measure, images), folder / GRAPH, held_out, seen=seen)
    Learnt.of(material.split.train.sha256).save(folder)
    return complete_release(folder, material, say, seen)


def pictures_to_answer(material: Material) -> int:
    """How many pictures networks answer while a release is made; some of them several times."""
    parts = material.split
    crossed = material.cross_fitted is not None
    held_out = 0 if crossed else 2 * len(parts.validation) + len(material.data.test)
    shown = sum(min(most, len(parts.validation)) for most in (PARITY_PICTURES, GOLDEN_PICTURES))
    return 2 * len(parts.train) + shown + held_out + ood_count(material.data.reads.array_shape)


def _measure_of(artifact: Network, material: Material, seen: Seen) -> Whitening | OodScore:
    """The measure of a picture's distance from what was learnt."""
    train = material.split.train
    features = features_of(artifact, train.images, seen)
    return fit_measure(features, train.labels, len(material.data.labels), material.ood)


def complete_release(folder: Path, material: Material, say: Say, seen: Seen = unseen) -> Manifest:
    """Calibrate, measure, draw and seal what has its model.keras and model.onnx.

    Args:
        folder: with these two files.
        material: what it is calibrated and measured on, and what else the report says.
        say: receives progress messages.
        seen: receives how many more pictures are answered.

    Raises:
        ModelError: the graph cannot be run.
        StoreError: the folder cannot be sealed.
    """
    reads = material.data.reads
    session = CountedSession(OnnxSession(folder / GRAPH, shape=reads.array_shape), seen)
    held_out = material.split.validation
    found = decide_on_held_out(
        _deciding(session, material),
        accuracy=material.accept.right or usual_accept_right(own_classes=material.data.named),
        confidence=material.accept.confidence,
        unfamiliar=FAMILIARITY_THRESHOLD if material.ood is None else FAMILIARITY_OF_OWN,
    )
    contract = found.contract(material.data.labels, reads)
    if material.data.licence:
        material = _configured(material, {DATA_LICENCE: material.data.licence})
    say("measuring")
    report, answers = _measure(session, contract, material, folder)
    report = with_promises(report, found.kinds, found.thresholds)
    report = report.model_copy(update={"possible_promises": possible_promises(found.kinds[0])})
    draw_all(folder / FIGURES, report, answers, material.data.test.images, reads.polarity)
    golden = held_out.images[:GOLDEN_PICTURES]
    given = session.run(golden)
    measured = Measured(
        model=contract,
        golden=Golden.of(golden, given.probabilities, given.distances),
        report=report,
        answers=answers if len(answers) <= LARGEST else NO_ANSWERS,
    )
    return seal_measured(folder, measured)


def _deciding(session: Session, material: Material) -> Answers:
    """The answers to pictures that their network did not learn: they calibrate."""
    if material.cross_fitted is not None:
        return material.cross_fitted
    held_out = material.split.validation
    answers = undecided(scored(session, held_out.images), held_out, HELD_OUT)
    return answers if material.out_of_fold is None else answers + material.out_of_fold


def _configured(material: Material, more: Mapping[str, JsonValue]) -> Material:
    """The material with more keys in the configuration of its training."""
    configuration = {**material.training.configuration, **more}
    return replace(material, training=material.training.model_copy(update={"configuration": configuration}))


def _measure(
    session: Session, contract: ModelContract, material: Material, folder: Path
) -> tuple[Report, Answers]:
    """Measure all three splits; the report without promises, and the answers to the test set behind it."""
    test = material.data.test
    given = material.cross_fitted or undecided(scored(session, test.images), test)
    answers, before = (decided(Classifier(session, one), given) for one in (contract, uncalibrated(contract)))
    if material.cross_fitted is None:
        near = near_copies(test.images, material.data.train.images)
        more: dict[str, object] = {"distinct": without_near_copies(answers, near)}
        held_out = answer(session, contract, material.split.validation)
    else:
        more, held_out = {"split": CROSS_FITTED}, answers
    report = Report(
        labels=contract.labels,
        data=material.data.described(),
        model=_model_figures(folder, material, contract),
        training=material.training,
        train=counted(answer(session, contract, material.split.train)),
        validation=counted(held_out),
        test=measured(answers, before, contract).model_copy(update=more),
        out_of_scope=judge(session, contract, scores_in(given), material.unseen),
        photos={},
        examples=examples(answers, contract.labels),
        history=material.history,
    )
    return report, answers


def _scores_by(artifact: Network, measure: Whitening | OodScore, images: PixelsBatch) -> Scores:
    features = features_of(artifact, images).astype(np.float32)
    return Scores(probabilities_of(artifact, images), distances_by(measure, features))


def _model_figures(folder: Path, material: Material, contract: ModelContract) -> ModelFigures:
    return ModelFigures(
        network=material.network,
        parameters=material.parameters,
        trainable_parameters=material.trainable,
        mflops=mflops(folder / GRAPH),
        bytes={name: (folder / name).stat().st_size for name in (MODEL, GRAPH)},
        temperature=contract.temperature,
    )
