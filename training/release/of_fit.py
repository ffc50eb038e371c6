"""Make a release of a fit: export, decide, measure, draw. Read it top to bottom.

`release_fit` is for our own fits; adoption.py exports a hand-made model before `complete_release`. Releases
that share another one's files: of_parent.py. The first and the last step of all: make.py. Writes one folder.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from inference.arrays import Distances, PixelsBatch, Probabilities
from inference.classifier import Classifier
from inference.contract import LABEL, ModelContract
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
    AllAccepted,
    AttributeFigures,
    Epoch,
    ModelFigures,
    OutOfScope,
    Report,
    TrainingFigures,
)
from training.data.fashion import LabelledData
from training.data.files import FileImages
from training.data.labels import UNKNOWN
from training.data.learnt_hashes import Learnt
from training.data.split import Split
from training.environment import hardware, libraries
from training.fit_result import Fitted
from training.gradient.fitting.checkpoints import Run, kept_epoch
from training.gradient.networks.registry import trainable_count
from training.gradient.recipes import Recipe
from training.heads.ood import OTHER_KINDS, fit_measure, separation
from training.measure.acceptance import possible_promises, with_promises
from training.measure.attributes import (
    all_accepted,
    attribute_figures,
    attribute_in_words,
    decide_attributes,
)
from training.measure.decide import (
    FAMILIARITY_OF_OWN,
    FAMILIARITY_THRESHOLD,
    Decided,
    Target,
    decide,
    usual_accept_right,
)
from training.measure.evaluate import (
    Score,
    as_served,
    attribute_answers,
    counted,
    decided,
    examples,
    graph_scores,
    interpreted,
    measured,
    scores_in,
    uncalibrated,
    undecided,
)
from training.measure.plots import draw_all
from training.measure.products import products_of
from training.measure.why_nothing import warning_of_few
from training.progress import Progress
from training.release.label_doubts import out_of_fold_answers
from training.release.make import RELEASE, Trained, begin, make_release
from training.release.onnx_conversion import mflops
from training.release.onnx_graph import (
    PARITY_PHOTOS,
    PARITY_PICTURES,
    check_parity,
    export_graph,
    features_of,
    save_artifact,
    scores_of,
)

FIELDS_OF_ANY_FIT: Final = ("network", "seed", "limit")
"""The fields of a recipe that a head on frozen networks has, too."""

GOLDEN_PICTURES: Final = 4


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a network is decided and measured on.

    Attributes:
        data: its labels name the network's outputs.
        split: the training set in its two parts; the held-out one calibrates.
        out_of_fold: answers of other networks to the training pictures, which calibrate it, too; one to
            each where nothing is held out. Without a test set they are measured. Where the class of a picture
            is not known, its attributes alone are decided and measured.
        accept: when an answer is accepted.
        of_products: whether groups are products, of which the report says what is accepted.
    """

    data: LabelledData
    split: Split
    out_of_fold: Answers = NO_ANSWERS
    accept: Conditions = USUAL
    of_products: bool = False

    @property
    def of_class(self) -> Answers:
        """The answers of other networks to pictures whose class is known."""
        return self.out_of_fold.take(self.out_of_fold.known)

    @property
    def samples(self) -> PixelsBatch:
        """By which graphs are compared; held out, if any picture is."""
        pixels = (self.split.validation or self.split.train).pixels
        return pixels[: PARITY_PHOTOS if isinstance(pixels, FileImages) else PARITY_PICTURES]


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
        out_of_fold: what heads of folds answered to the training pictures' attributes, by name.
        scores: of pictures; None to ask the graph.
    """

    network: str
    parameters: int
    trainable: int
    training: TrainingFigures
    history: tuple[Epoch, ...] = ()
    unseen: Distances | None = None
    out_of_fold: Mapping[str, Probabilities] = field(default_factory=dict)
    scores: Score | None = None

    def scored_by(self, session: Session) -> Score:
        """What gives the scores of pictures."""
        return self.scores or partial(graph_scores, session)


def warn_of_few(data: LabelledData, answers: int, accept: Conditions, progress: Progress) -> None:
    """Warn, before hours of training, where too few answers would choose the thresholds."""
    promised = accept.right or usual_accept_right(own_classes=data.named)
    if doubt := warning_of_few(answers, promised):
        progress.warn(doubt)


def release_fit(task: Run, recipe: Recipe, fitted: Fitted, on: Evaluation, progress: Progress) -> Trained:
    """Write the release to the run's folder.

    Args:
        task: where; the release records its command and settings.
        recipe: of the training.
        fitted: what is released.
        on: what the release is decided and measured on.
        progress: shows that the release is being made.

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
        StoreError: the folder cannot be sealed.
    """
    folder = task.folder / RELEASE
    with progress.counting("exporting the graph and comparing it with the network"):
        origin = _exported(folder, task, recipe, fitted, on)
    manifest = complete_release(folder, on, origin, progress)
    session = OnnxSession(folder / GRAPH, shape=on.data.reads.array_shape)
    classifier = Classifier(session, manifest.contract("pixels"))
    asked = out_of_fold_answers(classifier, origin.scored_by(session), on.data.test, on.split, on.out_of_fold)
    return Trained(task.folder, asked, on.data.labels)


def _exported(folder: Path, task: Run, recipe: Recipe, fitted: Fitted, on: Evaluation) -> Origin:
    """Write model.keras, model.onnx and what was learnt."""
    train = on.split.train
    begin(folder)
    artifact = save_artifact(fitted.model, folder / MODEL)
    last = fitted.last_layer
    features = features_of(artifact, train.images) if last is None else last.features(train)
    measure = fit_measure(features, train.classes, len(on.data.labels), fitted.ood)
    attributes = {name: head for name, head in fitted.heads.items() if name != LABEL}
    heads = {name: attribute.head for name, attribute in attributes.items()}
    export_graph(artifact, measure, folder / GRAPH, heads)
    network = partial(scores_of, artifact, measure, heads)
    check_parity(network, folder / GRAPH, on.samples)
    Learnt.of(train.sha256).save(folder)
    return Origin(
        network=recipe.network,
        parameters=fitted.model.count_params(),
        trainable=trainable_count(fitted.model),
        training=_training(task, recipe, fitted, on),
        history=fitted.history,
        unseen=None if fitted.ood is None else measure.distances(fitted.ood.unseen),
        out_of_fold={name: attribute.out_of_fold for name, attribute in attributes.items()},
        scores=None if last is None else partial(last.scores, measure),
    )


def _training(task: Run, recipe: Recipe, fitted: Fitted, on: Evaluation) -> TrainingFigures:
    """How a fit was made, for report and manifest."""
    made_with: dict[str, JsonValue] = {"command": task.command}
    if task.settings:
        made_with["settings"] = dict(task.settings)
    if len(on.out_of_fold):
        made_with["folds"] = int(on.out_of_fold.folds.max())
    if on.data.licence:
        made_with[DATA_LICENCE] = on.data.licence
    settings = recipe.as_json()
    if fitted.head is not None:
        settings = {name: settings[name] for name in FIELDS_OF_ANY_FIT} | {"head": asdict(fitted.head)}
    return TrainingFigures(
        seed=recipe.seed,
        epochs=len(fitted.history),
        best_epoch=kept_epoch(fitted.history, recipe.kept),
        seconds=fitted.seconds,
        hardware="; then ".join(fitted.hardware) or hardware(),
        libraries=libraries() | fitted.libraries,
        configuration=settings | made_with,
    )


def complete_release(folder: Path, on: Evaluation, origin: Origin, progress: Progress) -> Manifest:
    """Calibrate, measure, draw and seal what has its model.keras and model.onnx.

    Args:
        folder: with these two files.
        on: what it is calibrated and measured on.
        origin: what else the report says.
        progress: shows what is done, and receives what was found of attributes.

    Raises:
        ModelError: the graph cannot be run.
        StoreError: the folder cannot be sealed.
    """
    session = OnnxSession(folder / GRAPH, shape=on.data.reads.array_shape)
    # 1) Decide by answers of networks that did not learn the picture.
    target = _target(on, fitted_on_photos=origin.unseen is not None)
    found = _decided_on(origin.scored_by(session), on, target)
    contract = found.contract(on.data.labels, on.data.reads)
    labels = on.split.train.labels
    further = decide_attributes(labels, origin.out_of_fold, on.out_of_fold, found, target)
    heads = {name: one.head(labels[name].names, labels[name].applies_to) for name, one in further.items()}
    contract = contract.with_heads(heads)
    # 2) Measure as serving would answer.
    with progress.counting("measuring"):
        report, answers = _measure(session, contract, on, origin, folder)
    report = with_promises(report, found.kinds, found.confidence)
    changed: dict[str, object] = {"possible_promises": possible_promises(found.kinds[0])}
    of_attributes = NO_ANSWERS
    if further:
        figures, together, of_attributes = _measure_attributes(
            Classifier(session, contract), on, origin, further
        )
        changed |= {"attributes": figures, "all_accepted": together}
        for name, one in further.items():
            progress.say(attribute_in_words(name, figures[name], one))
    if on.of_products:
        changed["products"] = products_of(answers + of_attributes, target.right)
    report = report.changed(**changed)
    # 3) Draw and seal.
    with progress.counting("drawing the report"):
        pixels = on.data.measured.of_known_class.pixels
        draw_all(folder / FIGURES, report, answers, pixels, on.data.reads.polarity)
    golden = on.samples[:GOLDEN_PICTURES]
    given = session.run(golden)
    return make_release(
        folder,
        networks=only_network(contract, Golden.of(golden, given.probabilities, given.distances)),
        report=report,
        answers=answers + of_attributes if len(answers) <= LARGEST else NO_ANSWERS,
    )


def _measure_attributes(
    classifier: Classifier, on: Evaluation, origin: Origin, further: Mapping[str, Decided]
) -> tuple[dict[str, AttributeFigures], AllAccepted, Answers]:
    """Figures of each attribute, of all heads together, and the answers where something is known."""
    labels = on.split.train.attributes
    predictions = interpreted(classifier, on.out_of_fold, origin.out_of_fold)
    of_class = as_served(predictions, on.out_of_fold)
    answers = attribute_answers(predictions, of_class, labels)
    figures = {name: attribute_figures(labels[name], one, answers[name]) for name, one in further.items()}
    kept = NO_ANSWERS
    for name, rows in answers.items():
        kept += rows.take(labels[name].main != UNKNOWN)
    return figures, all_accepted(of_class, answers, labels), kept


def _target(on: Evaluation, *, fitted_on_photos: bool) -> Target:
    return Target(
        right=on.accept.right or usual_accept_right(own_classes=on.data.named),
        confidence=on.accept.confidence,
        unfamiliar=(FAMILIARITY_OF_OWN if fitted_on_photos else FAMILIARITY_THRESHOLD,),
    )


def _decided_on(score: Score, on: Evaluation, target: Target) -> Decided:
    """Decide by the answers to pictures that their network did not learn."""
    answers = on.of_class
    if held_out := on.split.validation:
        answers = undecided(score(held_out), held_out, HELD_OUT) + answers
    return decide(answers, target)


def _measure(
    session: Session, contract: ModelContract, on: Evaluation, origin: Origin, folder: Path
) -> tuple[Report, Answers]:
    """Measure all three splits; the report without promises, and the answers to the test set behind it."""
    classifier, score, test = Classifier(session, contract), origin.scored_by(session), on.data.test
    given = undecided(score(test), test) if test else on.of_class
    answers, before = decided(classifier, given), decided(Classifier(session, uncalibrated(contract)), given)
    train, held_out = (
        decided(classifier, undecided(score(part), part)) if part else answers
        for part in (on.split.train.of_known_class, on.split.validation)
    )
    report = Report(
        labels=contract.labels,
        data=on.data.described(),
        model=_model_figures(folder, origin, contract),
        training=origin.training,
        train=counted(train),
        validation=counted(held_out),
        test=measured(answers, before, contract).changed(split=TEST if test else CROSS_FITTED),
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


def _model_figures(folder: Path, origin: Origin, contract: ModelContract) -> ModelFigures:
    return ModelFigures(
        network=origin.network,
        parameters=origin.parameters,
        trainable_parameters=origin.trainable,
        mflops=mflops(folder / GRAPH),
        bytes={name: (folder / name).stat().st_size for name in (MODEL, GRAPH)},
        temperature=contract.temperature,
    )
