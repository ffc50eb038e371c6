"""Make a complete release: model, graph, calibration, report, figures, manifest.

Trains nothing; the same fit can be exported again. `make_release` takes one of our fits; a hand-made model
comes through adoption.py; `complete_release` does the rest for both. Writes one folder. Sealing:
model_store/assemble.py; publishing: model_store/publish.py.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import JsonValue

from inference.arrays import Distances, Pixels, PixelsBatch, Probabilities
from inference.classifier import Classifier
from inference.contract import Calibration, ModelContract
from inference.crops import averaged, stacked
from inference.onnx_session import OnnxSession
from inference.session import Scores, Session
from model_store.acceptance import USUAL, Conditions, needed
from model_store.answers import ANSWERS, LARGEST, NO_ANSWERS, packed
from model_store.assemble import seal
from model_store.files import FIGURES, GRAPH, MODEL, REPORT
from model_store.manifest import Golden, Headline, Manifest
from model_store.model_card import DATA_LICENCE, MODEL_CARD, model_card
from model_store.report import CROSS_FITTED, Epoch, ModelFigures, Report, TrainingFigures
from model_store.report_page.page import REPORT_PAGE, figures_in, file_page
from training.data.datasets import LabelledData
from training.data.learnt import NOTHING, Contents, Learnt
from training.data.splitting import Split
from training.evaluation.acceptance import (
    acceptance_curves,
    broken_promises,
    in_words,
    possible_promises,
    promises,
)
from training.evaluation.calibration import (
    ACCEPTED_OF_PHOTOS,
    FAMILIARITY_OF_OWN,
    FAMILIARITY_THRESHOLD,
    Checked,
    Labels,
    fit_contract,
    usual_accept_right,
)
from training.evaluation.figures import draw_all
from training.evaluation.measure import (
    Answers,
    answer,
    answered,
    counted,
    examples,
    joined,
    measured,
    scored,
    test_rows,
    uncalibrated,
    without_near_copies,
)
from training.evaluation.near_copies import near_copies
from training.evaluation.out_of_distribution import (
    OodPhotos,
    OodScore,
    Whitening,
    distances_by,
    fit_measure,
    fit_ood_score,
    judge,
    sample_of,
)
from training.evaluation.photo_calibration import FOLDS, calibrated_out_of_fold, fit_photo_calibration
from training.evaluation.photo_evaluation import (
    DEVELOPMENT,
    PhotoAnswers,
    photo_answers,
    photo_figures,
    photo_rows,
)
from training.export.environment import git_commit, hardware, libraries
from training.export.mean_of_parts import compared
from training.export.onnx_graph import (
    PARITY_PICTURES,
    check_parity,
    export_graph,
    features_of,
    mflops,
    probabilities_of,
    save_artifact,
)
from training.export.out_of_fold import OutOfFold
from training.fitting.fit import Fitted
from training.networks.registry import with_softmax
from training.photos.reading import Photos
from training.recipes import Recipe
from training.untyped import Network

GOLDEN_PICTURES: Final = 4
OF_ANY_FIT: Final = ("network", "seed", "limit", "start")
"""The fields of a recipe that a head on frozen networks has, too."""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a release is made of, in addition to its network.

    Attributes:
        data: its labels name the network's outputs.
        split: the training set in its two parts; the held-out one calibrates.
        network: what it is called.
        parameters: how many weights it has.
        training: what the report says about it.
        history: empty where it is not known.
        photos: of real garments, on which choices are made and which the report measures.
        out_of_fold: answers of other networks, by which it is calibrated, too: to the training pictures, and
            to photos in place of its own, if it learnt these.
        parts: float32 (N, C) each, what the networks of which it is the mean say about the held-out pictures.
        accept: when an answer is accepted.
        ood: photos of other things that the measure of distance is fitted against; None for no such ones.
        unseen: distances of those of its kinds that it is not fitted against.
    """

    data: LabelledData
    split: Split
    network: str
    parameters: int
    training: TrainingFigures
    history: tuple[Epoch, ...] = ()
    photos: Photos | None = None
    out_of_fold: OutOfFold | None = None
    parts: tuple[Probabilities, ...] = ()
    accept: Conditions = USUAL
    ood: OodPhotos | None = None
    unseen: Distances | None = None

    @property
    def cross_fitted(self) -> Scores | None:
        """The answers of the folds, where these stand for the test set; else None."""
        return self.out_of_fold.pictures if self.data.cross_fitted and self.out_of_fold else None


def material_of(  # noqa: PLR0913 - what a release is made of
    fitted: Fitted,
    recipe: Recipe,
    command: str,
    *,
    data: LabelledData,
    split: Split,
    photos: Photos | None = None,
    out_of_fold: OutOfFold | None = None,
    parts: Sequence[Fitted] = (),
    accept: Conditions = USUAL,
) -> Material:
    """What a release of a fit of ours is made of.

    Args:
        fitted: what is released.
        recipe: of the training.
        command: its command line.
        data: what it is measured on.
        split: the training set in its two parts.
        photos: on which choices are made.
        out_of_fold: answers of other networks.
        parts: the fits of which `fitted` is the mean; empty where it is one itself.
        accept: as Material's.
    """
    made_with: dict[str, JsonValue] = {"command": command}
    settings = recipe.as_json()
    if fitted.head is not None:
        settings = {name: settings[name] for name in OF_ANY_FIT} | {"head": asdict(fitted.head)}
    if out_of_fold is not None:
        made_with |= {"folds": out_of_fold.folds, "fold_epochs": out_of_fold.epochs}
    if fitted.fits > 1:
        made_with["mean_of_fits"] = fitted.fits
    auxiliary = split.auxiliary.as_json() if split.auxiliary else {}
    training = TrainingFigures(
        seed=recipe.seed,
        epochs=len(fitted.history),
        best_epoch=len(fitted.history),
        seconds=fitted.seconds,
        hardware="; then ".join(fitted.hardware) or hardware(),
        libraries=libraries() | fitted.libraries,
        configuration=settings | auxiliary | made_with,
    )
    return Material(
        data=data,
        split=split,
        network=recipe.network,
        parameters=fitted.model.count_params(),
        training=training,
        history=fitted.history,
        photos=photos,
        out_of_fold=out_of_fold,
        parts=tuple(
            probabilities_of(with_softmax(one.model), split.validation.images)
            for one in (parts if len(parts) > 1 else ())
        ),
        accept=accept,
        ood=fitted.ood,
    )


def make_release(folder: Path, model: Network, material: Material, say: Say) -> Manifest:
    """Write a release of a network of ours.

    Args:
        folder: emptied first, if it is there.
        model: to logits.
        material: from `material_of`.
        say: receives progress messages.

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
        StoreError: the folder cannot be sealed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    say("exporting and comparing the serving graph with the network")
    artifact = save_artifact(model, folder / MODEL)
    measure = _measure_of(artifact, material.split, len(material.data.labels), material.ood)
    if material.ood is not None:
        material = replace(material, unseen=distances_by(measure, material.ood.unseen))
    export_graph(artifact, measure, folder / GRAPH)
    held_out = material.split.validation.images[:PARITY_PICTURES]
    check_parity(lambda images: _scores_by(artifact, measure, images), folder / GRAPH, held_out)
    _learnt(material).save(folder)
    return complete_release(folder, material, say)


def _learnt(material: Material) -> Learnt:
    """What the network, its parents and its teacher learnt."""
    auxiliary = material.split.auxiliary
    of_photos = NOTHING if auxiliary is None else auxiliary.learnt
    return material.data.known | Learnt.of(material.split.train.contents) | of_photos


def _measure_of(
    artifact: Network, parts: Split, classes: int, ood: OodPhotos | None = None
) -> Whitening | OodScore:
    """The measure of a picture's distance from what was learnt."""
    train, auxiliary = parts.train, parts.auxiliary
    if auxiliary is None or not auxiliary.ood.any():
        return fit_measure(features_of(artifact, train.images), train.labels, classes, ood)
    few = train.take(sample_of(len(train)))
    images, labels = (
        np.concatenate(both) for both in ((few.images, auxiliary.images), (few.labels, auxiliary.labels))
    )
    return fit_ood_score(features_of(artifact, images), labels, classes)


def complete_release(folder: Path, material: Material, say: Say) -> Manifest:
    """Calibrate, measure, draw and seal what has its model.keras and model.onnx.

    Args:
        folder: with these two files.
        material: what it is calibrated and measured on, and what else the report says.
        say: receives progress messages.

    Raises:
        ModelError: the graph cannot be run.
        StoreError: the folder cannot be sealed.
    """
    reads = material.data.reads
    session = OnnxSession(folder / GRAPH, shape=reads.array_shape)
    held_out = material.split.validation
    scores, labels, groups = _deciding(session, material)
    checked, calibration = _checked(session, material)
    contract, kinds = fit_contract(
        scores,
        labels,
        material.data.labels,
        checked,
        are_photos=material.data.train.files is not None,
        groups=groups,
        accuracy=material.accept.right or usual_accept_right(own_classes=material.data.named),
        confidence=material.accept.confidence,
        unfamiliar=FAMILIARITY_THRESHOLD if material.ood is None else FAMILIARITY_OF_OWN,
    )
    contract = replace(contract, input=reads, photo_calibration=calibration)
    if material.parts:
        material = _with_parts(material, scores.probabilities[: len(held_out)], contract, say)
    if material.data.licence:
        material = _configured(material, {DATA_LICENCE: material.data.licence})
    say("measuring")
    report, answers = _measure(session, contract, material, folder)
    photos = _photo_answers(session, contract, material, checked)
    of_photos = {} if photos is None else photo_figures(photos, contract, split_of(material))
    promised, possible = promises(kinds, contract), possible_promises(kinds[0])
    decided = {
        "promises": promised,
        "possible_promises": possible,
        "acceptance": acceptance_curves(kinds, divided=contract.photo_thresholds is not None),
    }
    report = report.model_copy(update=decided | {"photos": of_photos})
    for broken in [*broken_promises(promised, contract), *in_words(possible)]:
        say(broken)
    (folder / REPORT).write_bytes(report.as_bytes())
    (folder / MODEL_CARD).write_text(model_card(contract, report), "utf-8")
    rows = test_rows(answers, material.data.test) if len(answers.truth) <= LARGEST else NO_ANSWERS
    if photos is not None and material.photos is not None:
        rows += photo_rows(photos, material.photos)
    (folder / ANSWERS).write_bytes(packed(rows))
    draw_all(folder / FIGURES, report, answers, material.data.test.images, reads.polarity)
    (folder / REPORT_PAGE).write_bytes(file_page(contract, report, figures_in(folder)))
    golden = held_out.images[:GOLDEN_PICTURES]
    given = session.run(golden)
    stored = Golden.of(golden, given.probabilities, given.distances)
    return _sealed(folder, contract, stored, report)


def _deciding(session: Session, material: Material) -> tuple[Scores, Labels, Contents | None]:
    """The answers to pictures that their network did not learn, with truth and groups: they calibrate."""
    train, held_out, others = material.split.train, material.split.validation, material.out_of_fold
    if material.cross_fitted is not None:
        return material.cross_fitted, train.labels, train.keys
    scores = scored(session, held_out.images)
    if others is None or others.pictures is None:
        return scores, held_out.labels, held_out.keys
    keys = (
        None if held_out.keys is None or train.keys is None else np.concatenate([held_out.keys, train.keys])
    )
    return joined([scores, others.pictures]), np.concatenate([held_out.labels, train.labels]), keys


def _with_parts(material: Material, mean: Probabilities, contract: ModelContract, say: Say) -> Material:
    """The material that says how the mean compares with its parts."""
    found = compared(mean, material.parts, material.split.validation.labels, contract)
    say(str(found))
    return _configured(material, found.as_json())


def _configured(material: Material, more: Mapping[str, JsonValue]) -> Material:
    """The material with more keys in the configuration of its training."""
    configuration = {**material.training.configuration, **more}
    return replace(material, training=material.training.model_copy(update={"configuration": configuration}))


def _measure(
    session: Session, contract: ModelContract, material: Material, folder: Path
) -> tuple[Report, Answers]:
    """Measure all three splits; the report without photos, and the answers to the test set behind it."""
    test = material.data.test
    scores = material.cross_fitted or scored(session, test.images)
    answers, before = (answered(session, one, test, scores) for one in (contract, uncalibrated(contract)))
    if material.cross_fitted is None:
        near = near_copies(test.images, material.data.train.images)
        more: dict[str, object] = {"distinct": without_near_copies(answers.right, near)}
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
        out_of_scope=judge(session, contract, scores, material.unseen),
        photos={},
        examples=examples(answers, contract.labels),
        history=material.history,
    )
    return report, answers


def _checked(session: Session, material: Material) -> tuple[Checked | None, Calibration | None]:
    """The answers to the photos, by networks that did not learn them, and the calibration of photos.

    There is one if enough photos choose thresholds of their own, and not all are of one group; the answers
    then have out-of-fold calibrated probabilities.
    """
    photos, others = material.photos, material.out_of_fold
    if photos is None:
        return None, None
    of_photos = others.photos if others is not None else None
    answers = of_photos or scored(session, photos.images, photos.worn)
    checked = Checked(answers, photos.labels, photos.tiers, groups=photos.keys, grounds=photos.grounds)
    parts = photos.drawn(FOLDS)
    several = len(np.unique(parts[checked.known])) > 1
    enough = checked.of_all_tiers(needed(ACCEPTED_OF_PHOTOS))
    if material.data.train.files is not None or not enough or not several:
        return checked, None
    return calibrated_out_of_fold(checked, parts), fit_photo_calibration(checked)


def _photo_answers(
    session: Session, contract: ModelContract, material: Material, checked: Checked | None
) -> PhotoAnswers | None:
    """What the release answers to photos; the networks that did not learn them, where it did."""
    if material.photos is None or checked is None:
        return None
    if checked.calibrated:
        contract = replace(contract, photo_calibration=Calibration(temperature=1.0))
    classifier = Classifier(session, contract)
    grounds = material.photos.grounds
    return photo_answers(classifier.interpret(checked.scores, grounds), material.photos, grounds)


def split_of(material: Material) -> str:
    """What the photos of a release were good for."""
    others = material.out_of_fold
    return CROSS_FITTED if others is not None and others.photos is not None else DEVELOPMENT


def scores_of(
    model: Network, parts: Split, classes: int, images: PixelsBatch, worn: Sequence[Pixels | None] = ()
) -> Scores:
    """What a fitted network says about pictures, without the serving graph.

    Args:
        model: to logits.
        parts: what it learnt, which its distances are measured by.
        classes: how many there are.
        images: uint8 (N, 28, 28).
        worn: second crops of them, as Photos has them.
    """
    artifact = with_softmax(model)
    crops, pairs = stacked(images, worn)
    return averaged(_scores_by(artifact, _measure_of(artifact, parts, classes), crops), pairs)


def _scores_by(artifact: Network, measure: Whitening | OodScore, images: PixelsBatch) -> Scores:
    features = features_of(artifact, images).astype(np.float32)
    return Scores(probabilities_of(artifact, images), distances_by(measure, features))


def _model_figures(folder: Path, material: Material, contract: ModelContract) -> ModelFigures:
    return ModelFigures(
        network=material.network,
        parameters=material.parameters,
        mflops=mflops(folder / GRAPH),
        bytes={name: (folder / name).stat().st_size for name in (MODEL, GRAPH)},
        temperature=contract.temperature,
    )


def _sealed(folder: Path, contract: ModelContract, golden: Golden, report: Report) -> Manifest:
    return seal(
        folder,
        created_at=datetime.now(UTC),
        model=contract,
        golden=golden,
        training=report.training.configuration | {"hardware": report.training.hardware},
        libraries=report.training.libraries,
        git_commit=git_commit(),
        data=report.data,
        headline=Headline(
            test_accuracy=report.test.accuracy,
            test_n=report.test.n,
            parameters=report.model.parameters,
            mflops=report.model.mflops,
        ),
    )
