"""Measure a network that is to become a release, and return its report.

Every answer is one that a service would give, from a network that did not learn the picture, except for the
figures about the learnt pictures.
"""

from pathlib import Path

from inference.classifier import Classifier
from inference.contract import ModelContract
from model_store.release_files import GRAPH_FILE, MODEL_FILE
from reports.answers import NO_ANSWERS, Answers
from reports.network_figures import CROSS_FITTED_SPLIT, TEST_SPLIT, OutOfScope
from reports.values import Report
from training.evaluation.attributes import describe_attribute, measure_attributes
from training.evaluation.evaluate import (
    ScoreFunction,
    add_decisions,
    choose_examples,
    compute_split_figures,
    compute_test_figures,
    make_answers,
    remove_calibration,
)
from training.evaluation.products import measure_products
from training.evaluation.title_shares import measure_own_class_words
from training.heads.ood import UNSEEN_THINGS_ROW, measure_separation
from training.progress import Progress
from training.release.candidate import CandidateDecisions, ReleaseCandidate
from training.release.conversion import compute_model_figures
from training.release.doubts import FileAnswers, join_file_answers
from training.thresholds.acceptance import add_promises, make_possible_promises
from training.thresholds.answer_sets import make_scores


def measure_splits(
    classifier: Classifier,
    score: ScoreFunction,
    candidate: ReleaseCandidate,
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
    answers = add_decisions(classifier, scores_of_test)
    # The report shows the calibration error before and after the temperature.
    uncalibrated_answers = add_decisions(
        Classifier(classifier.session, remove_calibration(contract)), scores_of_test
    )
    learnt, validation = candidate.split.train, candidate.split.validation
    learnt_of_known_class = learnt.pictures_of_known_class
    train = (
        add_decisions(classifier, make_answers(score(learnt_of_known_class), learnt_of_known_class))
        if learnt_of_known_class
        else answers
    )
    held_out = add_decisions(classifier, held_out_answers) if validation else answers
    cross_fitted = (
        add_decisions(classifier, candidate.cross_fitted_answers)
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
    answers: Answers, contract: ModelContract, candidate: ReleaseCandidate
) -> dict[str, OutOfScope]:
    """Measure how well the distance finds things that it was not fitted against.

    The result is empty if no photo of other things was learnt.
    """
    distances = make_scores(answers).distances
    if candidate.unseen_ood_distances is None or distances is None or contract.familiarity is None:
        return {}
    return {
        UNSEEN_THINGS_ROW: measure_separation(distances, candidate.unseen_ood_distances, contract.familiarity)
    }


def add_further_figures(  # noqa: PLR0913, PLR0917 - a report, and what its further figures are made of
    report: Report,
    answers: Answers,
    candidate: ReleaseCandidate,
    decisions: CandidateDecisions,
    classifier: Classifier,
    progress: Progress,
) -> tuple[Report, Answers]:
    """Add the promises and, if there are any, the figures of attributes, products and words to a report.

    Args:
        report: the report with the figures of the class.
        answers: the answers about the class that are measured.

    Returns:
        The report, and the answers about attributes; empty if there are no attributes.
    """
    thresholds = decisions.thresholds
    report = add_promises(report, thresholds.answer_sets, thresholds.confidence)
    new_figures: dict[str, object] = {"possible_promises": make_possible_promises(thresholds.answer_sets[0])}
    attribute_answers = NO_ANSWERS
    if decisions.attribute_thresholds:
        figures, all_accepted, attribute_answers = measure_attributes(
            classifier,
            candidate.cross_fitted_answers,
            candidate.attributes,
            candidate.split.train.attributes,
            decisions.attribute_thresholds,
        )
        new_figures |= {"attributes": figures, "all_accepted": all_accepted}
        for name, head in decisions.attribute_thresholds.items():
            progress.say(describe_attribute(name, figures[name], head))
    if candidate.has_product_groups:
        new_figures["products"] = measure_products(
            answers + attribute_answers, decisions.requirements.accuracy
        )
    if candidate.data.has_class_names:
        new_figures["words"] = measure_own_class_words(answers + attribute_answers, decisions.contract)
    return report.replace_fields(**new_figures), attribute_answers
