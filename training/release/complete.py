"""Complete a release whose network is trained and exported: choose thresholds, measure, draw and seal.

`complete_release` is the common end of three ways: a network for a user's own classes, a network that reads
pixels of 28 x 28, and a model that was trained elsewhere. Each of them makes a Candidate.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from inference.classifier import Classifier
from inference.sessions.onnx_session import OnnxSession
from model_store.assemble import make_single_release_network
from model_store.manifest import GoldenAnswers, Manifest
from model_store.release_files import FIGURES_FOLDER, GRAPH_FILE
from reports.answers import MAX_STORED_PICTURES, NO_ANSWERS
from reports.model_card import DATA_LICENCE_KEY
from training.data.fashion import LabelledData
from training.evaluation.evaluate import (
    ScoreFunction,
    score_pictures,
)
from training.evaluation.plots import draw_report
from training.progress import Progress
from training.release.candidate import ReleaseCandidate, decide_candidate, select_parity_pictures
from training.release.candidate_report import add_further_figures, measure_splits
from training.release.doubts import FileAnswers
from training.release.make import write_and_seal_release

GOLDEN_PICTURES: Final = 4
"""Number of pictures whose answers are stored in the release, so that a server can check that the graph still
gives them."""


def describe_training_settings(
    command_line: str, settings: Mapping[str, JsonValue], data: LabelledData, folds: int = 0
) -> dict[str, JsonValue]:
    """Return facts about a training that its release records, beside the settings of the fit.

    Args:
        settings: the options of the command.
        folds: the number of folds; 0 if there are none.
    """
    recorded: dict[str, JsonValue] = {"command": command_line}
    if settings:
        recorded["settings"] = dict(settings)
    if folds:
        recorded["folds"] = folds
    return recorded | ({DATA_LICENCE_KEY: data.licence} if data.licence else {})


def complete_release(
    folder: Path, candidate: ReleaseCandidate, progress: Progress
) -> tuple[Manifest, FileAnswers]:
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
    decisions = decide_candidate(candidate, score)
    classifier = Classifier(session, decisions.contract)
    # 2) Measure as serving would answer.
    with progress.show_progress("measuring"):
        report, answers, file_answers = measure_splits(
            classifier, score, candidate, folder, decisions.held_out_answers
        )
    report, attribute_answers = add_further_figures(
        report, answers, candidate, decisions, classifier, progress
    )
    # 3) Draw and seal. The manifest comes last: it makes the folder a release.
    with progress.show_progress("drawing the report"):
        pixels = candidate.data.evaluation_pictures.pictures_of_known_class.pixels
        draw_report(folder / FIGURES_FOLDER, report, answers, pixels, candidate.data.input_contract.polarity)
    golden = select_parity_pictures(candidate.split)[:GOLDEN_PICTURES]
    scores = session.run(golden)
    manifest = write_and_seal_release(
        folder,
        networks=make_single_release_network(
            decisions.contract, GoldenAnswers.from_arrays(golden, scores.probabilities, scores.distances)
        ),
        report=report,
        answers=answers + attribute_answers if len(answers) <= MAX_STORED_PICTURES else NO_ANSWERS,
    )
    return manifest, file_answers
