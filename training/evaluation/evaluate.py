"""Measure a release by the answers that a service would give.

Scores are probabilities and distances as a network returns them. They become answers, each accepted or
reviewed, by the function that answers requests. So the report and a service cannot disagree. Some scores come
from the graph of the release, others from heads of a cross-validation, which did not learn the picture.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from inference.arrays import PixelsBatch, Probabilities
from inference.classifier import Classifier, Prediction
from inference.contract import LABEL, ModelContract, NetworkName
from inference.decision import ACCEPT
from inference.networks import Networks
from inference.pictures.convert import ModelInput
from inference.sessions.session import ModelSession, Scores
from reports.answers import NO_CLASS, TEST_SET, Answers, ColumnValues
from reports.grouped_answers import compute_share_interval
from reports.network_figures import (
    Averages,
    ClassFigures,
    Coverage,
    Example,
    Examples,
    SplitFigures,
    TestFigures,
)
from training.data.fashion import split_into_batches
from training.data.picture_files import FileImages
from training.data.pictures import Pictures
from training.evaluation.statistics import (
    compute_expected_calibration_error,
    compute_overconfidence,
    simulate_calibration_error_band,
)
from training.thresholds.answer_sets import make_scores

MAX_WRONG_EXAMPLES: Final = 12
MAX_RIGHT_EXAMPLES: Final = 6
"""Numbers of wrong and right answers among the examples of the report. Mistakes teach more."""


def measure_calibration_error(answers: Answers) -> float:
    """Return the expected calibration error of answers, 0..1; 0 if they are right as often as they say."""
    return compute_expected_calibration_error(answers.confidences, answers.is_right)


def measure_log_loss(answers: Answers) -> float:
    """Return the mean negative log likelihood of the true classes, in nats.

    Probabilities below the epsilon of float32 are raised to it.
    """
    from sklearn.metrics import log_loss  # noqa: PLC0415 - --help needs no scikit-learn

    # The probabilities of a network that computes in half precision do not quite sum to 1.
    probabilities = answers.probabilities.astype(np.float64)
    shares = (probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)
    return float(log_loss(answers.truth, shares, labels=np.arange(shares.shape[1])))


ScoreFunction: TypeAlias = Callable[[Pictures], Scores]
"""Type of a function that returns the scores of a network for pictures, before temperature."""


def answer_pictures(session: ModelSession, contract: ModelContract, pictures: Pictures) -> Answers:
    """Run a network on pictures of a data set, and return the answers that a service would give.

    Raises:
        ModelError: the network cannot be run, or its answers have another form than the contract says.
    """
    return add_decisions(
        Classifier(session, contract), make_answers(score_pictures(session, pictures.pixels), pictures)
    )


def make_answers(
    scores: Scores, pictures: Pictures, set_names: ColumnValues = TEST_SET, **columns: ColumnValues
) -> Answers:
    """Return a table of answers with scores and true classes, before they are accepted or reviewed.

    Args:
        set_names: the name of the set that each picture belongs to, or one name for all.
        columns: values of further columns of Answers, or values that replace those of `pictures`.
    """
    columns_of_pictures: dict[str, ColumnValues] = {
        "groups": pictures.groups if pictures.files else "",
        "networks": pictures.networks,
    }
    return Answers.make_answers(
        set_names,
        np.maximum(pictures.classes, NO_CLASS),
        pictures=_name_pictures_once(pictures.sha256),
        distances=scores.distances,
        probabilities=scores.class_probabilities,
        **columns_of_pictures | columns,
    )


def _name_pictures_once(digests: NDArray[np.str_]) -> NDArray[np.str_]:
    """Return the name of each picture, str (N,): its hash, or nothing if the same picture came before.

    Two releases are compared by the names of their pictures, and each picture is compared once.
    """
    names = np.full(len(digests), "", digests.dtype)
    first_rows = np.unique(digests, return_index=True)[1]
    names[first_rows] = digests[first_rows]
    return names


def predict_pictures(classifier: Classifier, pictures: Pictures) -> list[Prediction]:
    """Return the predictions of the service for each picture: class, attributes and decisions."""
    networks = Networks.wrap_classifier(classifier)
    names = iter(pictures.networks)
    return [
        prediction
        for batch in split_into_batches(pictures.pixels)
        for prediction in networks.classify([ModelInput(pixels, network=next(names)) for pixels in batch])
    ]


def add_decisions(classifier: Classifier, answers: Answers) -> Answers:
    """Return answers with calibrated probabilities, familiarities and decisions, as a service gives them.

    Args:
        classifier: the network's contract, which has temperature and thresholds. The network is not run.
        answers: the probabilities before temperature, and the distances.

    Raises:
        ModelError: the scores break the contract.
    """
    return fill_in_predictions(predict_from_scores(classifier, answers), answers)


def predict_from_scores(
    classifier: Classifier, answers: Answers, attributes: Mapping[str, Probabilities] = MappingProxyType({})
) -> list[Prediction]:
    """Return the predictions that the service would make from stored scores, without running a network.

    Args:
        answers: N answers about the class, with probabilities and distances as the network gave them.
        attributes: the scores of the same pictures by attribute, float32 (N, C), before temperature.

    Raises:
        ModelError: the scores break the contract.
    """
    scores = make_scores(answers)
    heads = {**scores.probabilities, **attributes}
    names = cast("list[NetworkName]", answers.networks.tolist())
    return Networks.wrap_classifier(classifier).make_predictions(replace(scores, probabilities=heads), names)


def fill_in_predictions(predictions: Sequence[Prediction], answers: Answers) -> Answers:
    """Return a copy of the answers with the classes, decisions and probabilities of these predictions."""
    return replace(
        answers,
        predicted=np.array([prediction.answer.class_id for prediction in predictions], np.int64),
        familiarity=np.array(
            [prediction.familiarity for prediction in predictions], np.float64
        ),  # None becomes NaN
        decisions=np.array([prediction.answer.reason or ACCEPT for prediction in predictions], np.str_),
        probabilities=np.array([prediction.answer.probabilities for prediction in predictions], np.float64),
    )


def find_main_network(answers: Answers) -> NetworkName:
    """Return the name of the network that answered most of the pictures."""
    return cast("NetworkName", Counter(answers.networks.tolist()).most_common(1)[0][0])


def score_pictures(session: ModelSession, images: PixelsBatch | FileImages) -> Scores:
    """Run a model on pictures in batches, and return its scores for all of them."""
    return join_scores([session.run(batch) for batch in split_into_batches(images)])


def join_scores(parts: Sequence[Scores]) -> Scores:
    """Join scores of several sets of pictures, in this order; distances only if all have them."""
    distances = [part.distances for part in parts if part.distances is not None]
    return Scores(
        {
            name: np.concatenate([part.probabilities[name] for part in parts])
            for name in parts[0].probabilities
        },
        np.concatenate(distances) if len(distances) == len(parts) else None,
        Scores.join_parts(parts),
    )


def remove_calibration(contract: ModelContract) -> ModelContract:
    """Return a copy of the contract with temperature 1 for the class, so that it calibrates nothing."""
    return contract.replace_heads({LABEL: replace(contract.class_head, temperature=1.0)})


def compute_split_figures(answers: Answers) -> SplitFigures:
    """Return the number, the accuracy and the loss of answers, as the report has them for a split."""
    return SplitFigures(
        n=len(answers), accuracy=float(answers.is_right.mean()), loss=measure_log_loss(answers)
    )


def compute_test_figures(
    answers: Answers, uncalibrated_answers: Answers, contract: ModelContract
) -> TestFigures:
    """Return all figures of the report about the answers to a test set.

    Args:
        uncalibrated_answers: the answers to the same pictures with a temperature of 1. The report has the
            calibration error before and after.
        contract: the contract of the release, with its labels and thresholds.
    """
    # Imported here, so that commands show their help if scikit-learn is not installed.
    from sklearn.metrics import classification_report, confusion_matrix  # noqa: PLC0415

    n = len(answers)
    right_count = int(answers.is_right.sum())
    classes = np.arange(len(contract.labels))
    # A class that never occurs, or is never predicted, gets 0 rather than a warning.
    rows = classification_report(
        answers.truth, answers.predicted, labels=classes, output_dict=True, zero_division=0.0
    )
    return TestFigures(
        n=n,
        accuracy=right_count / n,
        loss=measure_log_loss(answers),
        accuracy_interval=compute_share_interval(answers.is_right, answers.group_numbers),
        confusion_matrix=confusion_matrix(answers.truth, answers.predicted, labels=classes).tolist(),
        per_class={
            label: _make_class_figures(rows[str(index)]) for index, label in enumerate(contract.labels)
        },
        averages=Averages(
            macro=_make_class_figures(rows["macro avg"]), weighted=_make_class_figures(rows["weighted avg"])
        ),
        ece=measure_calibration_error(answers),
        ece_before=measure_calibration_error(uncalibrated_answers),
        ece_null=simulate_calibration_error_band(answers.confidences),
        overconfidence=compute_overconfidence(answers.confidences, answers.is_right),
        nll_before=measure_log_loss(uncalibrated_answers),
        decisions=_compute_coverage(answers, contract),
    )


def _make_class_figures(row: dict[str, float]) -> ClassFigures:
    return ClassFigures(
        precision=row["precision"], recall=row["recall"], f1=row["f1-score"], support=int(row["support"])
    )


def _compute_coverage(answers: Answers, contract: ModelContract) -> Coverage:
    is_accepted = answers.is_accepted
    network_contract = contract.find_deciding_contract(find_main_network(answers))
    return Coverage(
        confidence_threshold=network_contract.class_head.confidence,
        familiarity_threshold=network_contract.minimum_familiarity,
        coverage=float(is_accepted.mean()),
        accuracy=float(answers.is_right[is_accepted].mean()) if is_accepted.any() else None,
    )


def choose_examples(answers: Answers, labels: tuple[str, ...]) -> Examples:
    """Return the examples of the report: the most confident mistakes, and the first right answers."""
    right_rows = np.flatnonzero(answers.is_right)[:MAX_RIGHT_EXAMPLES]
    return Examples(
        wrong=choose_mistakes(answers, labels, MAX_WRONG_EXAMPLES),
        right=tuple(_make_example(answers, index, labels) for index in right_rows.tolist()),
    )


def choose_mistakes(answers: Answers, labels: tuple[str, ...], max_mistakes: int) -> tuple[Example, ...]:
    """Return the most confident wrong answers to pictures that show one of the classes, worst first."""
    wrong_rows = np.flatnonzero(answers.has_class & ~answers.is_right)
    worst_rows = wrong_rows[np.argsort(-answers.confidences[wrong_rows], kind="stable")][:max_mistakes]
    return tuple(_make_example(answers, index, labels) for index in worst_rows.tolist())


def _make_example(answers: Answers, index: int, labels: tuple[str, ...]) -> Example:
    return Example(
        index=index,
        truth=labels[answers.truth[index]],
        predicted=labels[answers.predicted[index]],
        confidence=float(answers.confidences[index]),
        probabilities=tuple(map(float, answers.probabilities[index])),
    )
