"""Complete a release whose network is trained and exported: choose thresholds, measure, draw and seal.

`complete_release` is the common end of three ways: a network for a user's own classes, a network that reads
pixels of 28 x 28, and a model that was trained elsewhere. Each of them makes a Candidate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from inference.arrays import Distances, PixelsBatch, Probabilities
from inference.classifier import Classifier
from inference.contract import ModelContract
from inference.sessions.onnx_session import OnnxSession
from model_store.assemble import make_single_network
from model_store.manifest import GoldenAnswers, Manifest
from model_store.release_files import FIGURES_FOLDER, GRAPH_FILE, MODEL_FILE
from reports.accept_threshold import DEFAULT_CONDITIONS, AcceptConditions
from reports.answers import MAX_STORED_PICTURES, NO_ANSWERS, Answers
from reports.model_card import DATA_LICENCE_KEY
from reports.network_figures import CROSS_FITTED_SPLIT, TEST_SPLIT, Epoch, OutOfScope, TrainingFigures
from reports.promises import HELD_OUT_PICTURES
from reports.values import Report
from training.data.fashion import LabelledData
from training.data.picture_files import FileImages
from training.data.split import Split
from training.evaluation.attributes import describe_attribute, measure_attributes
from training.evaluation.evaluate import (
    ScoreFunction,
    choose_examples,
    compute_split_figures,
    compute_test_figures,
    decide_answers,
    make_answers,
    remove_calibration,
    score_pictures,
)
from training.evaluation.plots import draw_report
from training.evaluation.products import measure_products
from training.evaluation.title_shares import measure_own_class_words
from training.heads.ood import UNSEEN_THINGS_ROW, measure_separation
from training.progress import Progress
from training.release.conversion import compute_model_figures
from training.release.doubts import FileAnswers, join_file_answers
from training.release.export import PARITY_PHOTOS, PARITY_PICTURES
from training.release.make import make_release
from training.thresholds.acceptance import add_promises, make_possible_promises
from training.thresholds.answer_sets import make_scores
from training.thresholds.decide import decide_attributes, decide_thresholds
from training.thresholds.requirements import (
    OWN_CLASSES_UNFAMILIAR_SHARE,
    UNFAMILIAR_SHARE,
    Requirements,
    get_default_accuracy,
)
from training.untyped import Network

GOLDEN_PICTURES: Final = 4
"""Number of pictures whose answers are stored in the release, so that a server can check that the graph still
gives them."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An exported network that is to be released, and the data that decide, measure and describe it.

    Attributes:
        network: the name of the network.
        model: the network with its weights.
        training: facts about its training.
        history: an entry for each epoch; empty if it is not known.
        data: the pictures; their labels name the outputs of the network.
        split: the training set in two parts, learnt and held-out pictures; the held-out ones calibrate.
        cross_fitted_answers: answers to the training pictures by networks of a cross-validation, which did
            not learn the picture. They calibrate the network as well, and are measured if there is no test
            set. If nothing is held out, there is one for each picture. If the class of a picture is not
            known, only its attributes are decided and measured.
        attributes: the probabilities of the training pictures by attribute, float32 (N, C), from heads that
            did not learn the picture.
        score: a function that returns the scores of the network for pictures; None to run the graph.
        unseen: distances of photos of other things that the distance was not fitted against; None if no
            photos of other things were learnt.
        accept: the conditions under which an answer is accepted.
        has_product_groups: whether the groups of pictures are products, so that the report has figures of
            products.
    """

    network: str
    model: Network
    training: TrainingFigures
    data: LabelledData
    split: Split
    history: tuple[Epoch, ...] = ()
    cross_fitted_answers: Answers = NO_ANSWERS
    attributes: Mapping[str, Probabilities] = field(default_factory=dict)
    score: ScoreFunction | None = None
    unseen: Distances | None = None
    accept: AcceptConditions = DEFAULT_CONDITIONS
    has_product_groups: bool = False

    @property
    def class_answers(self) -> Answers:
        """The cross-fitted answers to pictures whose class is known."""
        return self.cross_fitted_answers.select_rows(self.cross_fitted_answers.has_class)


def select_parity_pictures(split: Split) -> PixelsBatch:
    """Return some pictures on which a graph is compared with its network: held-out ones if there are any."""
    pixels = (split.validation or split.train).pixels
    return pixels[: PARITY_PHOTOS if isinstance(pixels, FileImages) else PARITY_PICTURES]


def describe_settings(
    command: str, settings: Mapping[str, JsonValue], data: LabelledData, folds: int = 0
) -> dict[str, JsonValue]:
    """Return facts about a training that its release records, beside the settings of the fit.

    Args:
        settings: the options of the command.
        folds: the number of folds; 0 if there are none.
    """
    recorded: dict[str, JsonValue] = {"command": command}
    if settings:
        recorded["settings"] = dict(settings)
    if folds:
        recorded["folds"] = folds
    return recorded | ({DATA_LICENCE_KEY: data.licence} if data.licence else {})


def complete_release(folder: Path, candidate: Candidate, progress: Progress) -> tuple[Manifest, FileAnswers]:
    """Calibrate, measure, draw and seal a release that has its model.keras and model.onnx.

    Args:
        folder: the folder with these two files.
        candidate: the network in them.
        progress: the display of the steps, and of figures of the attributes.

    Returns:
        The manifest of the release, and answers of networks that had not learnt the picture, with its file.

    Raises:
        ModelError: the graph cannot be run.
        StoreError: the folder cannot be sealed.
    """
    session = OnnxSession(folder / GRAPH_FILE, shape=candidate.data.input_contract.array_shape)
    score: ScoreFunction = candidate.score or (lambda pictures: score_pictures(session, pictures.pixels))
    # 1) Decide by answers of networks that did not learn the picture.
    requirements = Requirements(
        accuracy=candidate.accept.right_share
        or get_default_accuracy(has_own_classes=candidate.data.has_class_names),
        minimum_confidence=candidate.accept.confidence,
        unfamiliar_shares=(UNFAMILIAR_SHARE if candidate.unseen is None else OWN_CLASSES_UNFAMILIAR_SHARE,),
    )
    # The network itself answers held-out pictures, and networks of folds answer pictures that it learnt.
    train, held_out = candidate.split.train, candidate.split.validation
    held_out_answers = make_answers(score(held_out), held_out, HELD_OUT_PICTURES) if held_out else NO_ANSWERS
    thresholds = decide_thresholds(held_out_answers + candidate.class_answers, requirements)
    labels = train.labels
    # After the class: an attribute takes over the familiarity that was chosen there.
    attribute_thresholds = decide_attributes(
        labels, candidate.attributes, candidate.cross_fitted_answers, thresholds, requirements
    )
    contract = thresholds.make_contract(candidate.data.labels, candidate.data.input_contract).replace_heads(
        {
            name: head.make_head(labels[name].names, labels[name].applies_to)
            for name, head in attribute_thresholds.items()
        }
    )
    classifier = Classifier(session, contract)
    # 2) Measure as serving would answer.
    with progress.show_progress("measuring"):
        report, answers, file_answers = _measure_splits(
            classifier, score, candidate, folder, held_out_answers
        )
    report = add_promises(report, thresholds.answer_sets, thresholds.confidence)
    new_figures: dict[str, object] = {"possible_promises": make_possible_promises(thresholds.answer_sets[0])}
    attribute_answers = NO_ANSWERS
    if attribute_thresholds:
        figures, all_accepted, attribute_answers = measure_attributes(
            classifier,
            candidate.cross_fitted_answers,
            candidate.attributes,
            train.attributes,
            attribute_thresholds,
        )
        new_figures |= {"attributes": figures, "all_accepted": all_accepted}
        for name, head in attribute_thresholds.items():
            progress.say(describe_attribute(name, figures[name], head))
    if candidate.has_product_groups:
        new_figures["products"] = measure_products(answers + attribute_answers, requirements.accuracy)
    if candidate.data.has_class_names:
        new_figures["words"] = measure_own_class_words(answers + attribute_answers, contract)
    report = report.replace_fields(**new_figures)
    # 3) Draw and seal. The manifest comes last: it makes the folder a release.
    with progress.show_progress("drawing the report"):
        pixels = candidate.data.measured_pictures.pictures_of_known_class.pixels
        draw_report(folder / FIGURES_FOLDER, report, answers, pixels, candidate.data.input_contract.polarity)
    golden = select_parity_pictures(candidate.split)[:GOLDEN_PICTURES]
    scores = session.run(golden)
    manifest = make_release(
        folder,
        networks=make_single_network(
            contract, GoldenAnswers.from_arrays(golden, scores.probabilities, scores.distances)
        ),
        report=report,
        answers=answers + attribute_answers if len(answers) <= MAX_STORED_PICTURES else NO_ANSWERS,
    )
    return manifest, file_answers


def _measure_splits(
    classifier: Classifier,
    score: ScoreFunction,
    candidate: Candidate,
    folder: Path,
    held_out_answers: Answers,
) -> tuple[Report, Answers, FileAnswers]:
    """Measure the learnt pictures, the held-out ones and the test set.

    Returns:
        The report without promises; the answers to the test set or, if there is none, those of the folds; and
        all answers of networks that had not learnt the picture, with its file.
    """
    contract = classifier.contract
    test = candidate.data.test
    scores_of_test = make_answers(score(test), test) if test else candidate.class_answers
    answers = decide_answers(classifier, scores_of_test)
    # The report shows the calibration error before and after the temperature.
    uncalibrated_answers = decide_answers(
        Classifier(classifier.session, remove_calibration(contract)), scores_of_test
    )
    learnt, validation = candidate.split.train, candidate.split.validation
    learnt_of_known_class = learnt.pictures_of_known_class
    train = (
        decide_answers(classifier, make_answers(score(learnt_of_known_class), learnt_of_known_class))
        if learnt_of_known_class
        else answers
    )
    held_out = decide_answers(classifier, held_out_answers) if validation else answers
    cross_fitted = (
        decide_answers(classifier, candidate.cross_fitted_answers)
        if len(candidate.cross_fitted_answers)
        else NO_ANSWERS
    )
    report = Report(
        labels=contract.labels,
        data=candidate.data.describe_data_set(),
        model=compute_model_figures(
            candidate.network, candidate.model, folder, (MODEL_FILE, GRAPH_FILE), contract.temperature
        ),
        training=candidate.training,
        train=compute_split_figures(train),
        validation=compute_split_figures(held_out),
        test=compute_test_figures(answers, uncalibrated_answers, contract).replace_fields(
            split=TEST_SPLIT if test else CROSS_FITTED_SPLIT
        ),
        out_of_scope=_measure_unseen_things(scores_of_test, contract, candidate),
        photos={},
        examples=choose_examples(answers, contract.labels),
        history=candidate.history,
    )
    return report, answers, join_file_answers((validation, held_out), (test, answers), (learnt, cross_fitted))


def _measure_unseen_things(
    answers: Answers, contract: ModelContract, candidate: Candidate
) -> dict[str, OutOfScope]:
    """Measure how well the distance finds things that it was not fitted against.

    The result is empty if no photo of other things was learnt.
    """
    distances = make_scores(answers).distances
    if candidate.unseen is None or distances is None or contract.familiarity is None:
        return {}
    return {UNSEEN_THINGS_ROW: measure_separation(distances, candidate.unseen, contract.familiarity)}
