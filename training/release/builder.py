"""Make a complete release of networks that are exported: decide, measure, draw, seal.

Trains nothing. `complete_release` is for releases without a parent: release_of_fit.py exports a fit of ours
before, adoption.py a hand-made model. What a release with a parent measures: photo_release.py,
recalibrated.py. The first and the last step of all of them: sealing.py. Writes one folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, cast

from inference.arrays import Distances, PixelsBatch
from inference.classifier import Classifier
from inference.contract import ModelContract, NetworkName
from inference.onnx_session import OnnxSession
from inference.session import Session
from model_store.assemble import only_network
from model_store.files import FIGURES, GRAPH, MODEL
from model_store.manifest import Golden, Manifest
from reports.acceptance import USUAL, Conditions
from reports.answers import LARGEST, NO_ANSWERS, Answers
from reports.model_card import DATA_LICENCE
from reports.values import (
    CROSS_FITTED,
    HELD_OUT,
    TEST,
    Epoch,
    ModelFigures,
    OutOfScope,
    Report,
    TrainingFigures,
)
from training.heads.attribute_heads import AttributeHead
from training.heads.ood import OTHER_KINDS, separation
from training.measure.acceptance import possible_promises, with_promises
from training.measure.decide import (
    FAMILIARITY_OF_OWN,
    FAMILIARITY_THRESHOLD,
    Decided,
    Target,
    decide,
    usual_accept_right,
)
from training.measure.evaluate import (
    answer,
    attribute_answers,
    counted,
    decided,
    examples,
    measured,
    scored,
    scores_in,
    uncalibrated,
    undecided,
)
from training.measure.plots import draw_all
from training.pictures.fashion import LabelledData
from training.pictures.split import Split
from training.progress import Say
from training.release.attributes import (
    DecidedAttribute,
    all_accepted,
    attribute_in_words,
    decide_attributes,
)
from training.release.onnx_graph import mflops
from training.release.sealing import Measured, seal_measured

GOLDEN_PICTURES: Final = 4


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a network is decided and measured on.

    Attributes:
        data: its labels name the network's outputs.
        split: the training set in its two parts; the held-out one calibrates.
        out_of_fold: answers of other networks to the training pictures, which calibrate it, too; one to
            each where nothing is held out. Without a test set they are measured.
        accept: when an answer is accepted.
    """

    data: LabelledData
    split: Split
    out_of_fold: Answers = NO_ANSWERS
    accept: Conditions = USUAL

    @property
    def samples(self) -> PixelsBatch:
        """By which graphs are compared; held out, if any picture is."""
        return (self.split.validation or self.split.train).images


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
        attributes: heads beside that of the class.
    """

    network: str
    parameters: int
    trainable: int
    training: TrainingFigures
    history: tuple[Epoch, ...] = ()
    unseen: Distances | None = None
    attributes: Mapping[str, AttributeHead] = field(default_factory=dict)


def complete_release(folder: Path, on: Evaluation, origin: Origin, say: Say) -> Manifest:
    """Calibrate, measure, draw and seal what has its model.keras and model.onnx.

    Args:
        folder: with these two files.
        on: what it is calibrated and measured on.
        origin: what else the report says.
        say: receives progress messages.

    Raises:
        ModelError: the graph cannot be run.
        StoreError: the folder cannot be sealed.
    """
    session = OnnxSession(folder / GRAPH, shape=on.data.reads.array_shape)
    target = _target(on, fitted_on_photos=origin.unseen is not None)
    found = _decided_on(session, on, target)
    contract, further = found.contract(on.data.labels, on.data.reads), dict[str, DecidedAttribute]()
    if origin.attributes:
        further = decide_attributes(origin.attributes, on.out_of_fold, found, target, contract.labels)
        contract = contract.with_attributes({name: one.head for name, one in further.items()})
    say("measuring")
    of_attributes = NO_ANSWERS
    report, answers = _measure(session, contract, on, origin, folder)
    report = with_promises(report, found.kinds, found.thresholds)
    report = report.model_copy(update={"possible_promises": possible_promises(found.kinds[0])})
    if further:
        classifier = Classifier(session, contract)
        report, of_attributes = _with_attributes(report, classifier, on.out_of_fold, origin, further)
        for name, one in further.items():
            say(attribute_in_words(name, one))
    draw_all(folder / FIGURES, report, answers, on.data.measured.images, on.data.reads.polarity)
    golden = on.samples[:GOLDEN_PICTURES]
    given = session.run(golden)
    release = Measured(
        networks=only_network(contract, Golden.of(golden, given.probabilities, given.distances)),
        report=report,
        answers=answers + of_attributes if len(answers) <= LARGEST else NO_ANSWERS,
    )
    return seal_measured(folder, release)


def _with_attributes(
    report: Report,
    classifier: Classifier,
    asked: Answers,
    origin: Origin,
    further: Mapping[str, DecidedAttribute],
) -> tuple[Report, Answers]:
    """The report with figures of attributes, and the out-of-fold answers to these, as served."""
    of_class, scores = decided(classifier, asked), scores_in(asked)
    heads = {name: one.probabilities for name, one in origin.attributes.items()}
    predictions = classifier.interpret(
        replace(scores, probabilities={**scores.probabilities, **heads}),
        cast("list[NetworkName]", asked.networks.tolist()),
    )
    said = {name: one.said for name, one in origin.attributes.items()}
    figures = {name: one.figures for name, one in further.items()}
    together = all_accepted(of_class, of_class.accepted, further)
    return (
        report.model_copy(update={"attributes": figures, "all_accepted": together}),
        attribute_answers(predictions, of_class, said),
    )


def _target(on: Evaluation, *, fitted_on_photos: bool) -> Target:
    return Target(
        right=on.accept.right or usual_accept_right(own_classes=on.data.named),
        confidence=on.accept.confidence,
        unfamiliar=(FAMILIARITY_OF_OWN if fitted_on_photos else FAMILIARITY_THRESHOLD,),
    )


def _decided_on(session: Session, on: Evaluation, target: Target) -> Decided:
    """Decide by the answers to pictures that their network did not learn."""
    answers = on.out_of_fold
    if held_out := on.split.validation:
        answers = undecided(scored(session, held_out.images), held_out, HELD_OUT) + answers
    return decide(answers, target)


def _measure(
    session: Session, contract: ModelContract, on: Evaluation, origin: Origin, folder: Path
) -> tuple[Report, Answers]:
    """Measure all three splits; the report without promises, and the answers to the test set behind it."""
    test = on.data.test
    given = undecided(scored(session, test.images), test) if test else on.out_of_fold
    answers, before = (decided(Classifier(session, one), given) for one in (contract, uncalibrated(contract)))
    held_out = answer(session, contract, on.split.validation) if on.split.validation else answers
    report = Report(
        labels=contract.labels,
        data=on.data.described(),
        model=_model_figures(folder, origin, contract),
        training=_with_licence(origin.training, on.data.licence),
        train=counted(answer(session, contract, on.split.train)),
        validation=counted(held_out),
        test=measured(answers, before, contract).model_copy(update={"split": TEST if test else CROSS_FITTED}),
        out_of_scope=_out_of_scope(given, contract, origin),
        photos={},
        examples=examples(answers, contract.labels),
        history=origin.history,
    )
    return report, answers


def _out_of_scope(given: Answers, contract: ModelContract, origin: Origin) -> dict[str, OutOfScope]:
    """Of kinds that the score has not seen; empty where no photo of other things was learnt."""
    distances = scores_in(given).distances
    if origin.unseen is None or distances is None or contract.familiarity is None:
        return {}
    return {OTHER_KINDS: separation(distances, origin.unseen, contract.familiarity)}


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
