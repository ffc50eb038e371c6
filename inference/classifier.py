"""Classify pixels: run a network, and turn its numbers into labels with a decision, accept or review.

Start reading the package here. `Classifier` joins a model, which turns pixels into probabilities, with its
contract, which says what the probabilities stand for and from which probability an answer is accepted.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from inference.arrays import PixelsBatch, Probabilities
from inference.contract import LABEL, PARTS, ModelContract, NetworkName
from inference.decision import (
    Decision,
    calibrate_probabilities,
    compute_familiarity,
    decide_by_contract,
    is_unfamiliar,
)
from inference.errors import AnswerNotFinite, ContractBroken, ModelUnreadable
from inference.reasons import Reason
from inference.sessions.keras_session import KerasSession
from inference.sessions.onnx_session import OnnxSession
from inference.sessions.session import ModelSession, Scores

GOLDEN_TOLERANCE = 1e-3
"""Largest accepted difference between a probability and the one stored with the release (golden answer).

Processors round differently, so small differences are no fault.
"""

DISTANCE_TOLERANCE = 1e-2
"""Largest accepted relative difference between a distance and the one stored with the release.

It is larger than for probabilities because a distance adds up the rounding errors of many features.
"""

MAX_RUN_NUMBERS = 224 * 224 * 3
"""Largest count of numbers in one run of the model: one picture of 224 x 224 in RGB, or 192 of 28 x 28.

The layers of a model take a hundred times the memory of the pixels, and the process keeps it. Larger runs are
not faster.
"""

MIN_FURTHER_PROBABILITY = 0.25
"""Smallest probability of a further label in an answer: a garment may have two colours."""


@dataclass(frozen=True, kw_only=True)
class LabelAnswer:
    """The answer to one question (the class, or an attribute such as the colour) about one picture.

    Attributes:
        class_id: the index of `label`.
        label: the likeliest label.
        confidence: the probability of `label`, 0..1.
        reason: why a person should look; None with `accept`.
        probabilities: the calibrated probabilities, float32, (C,), sum 1, in the order of `labels`.
        labels: the labels of the head.
        is_unfamiliar: whether the picture is too unlike the training pictures for this label, whatever the
            reason is.
    """

    class_id: int
    label: str
    confidence: float
    decision: Decision
    reason: Reason | None
    probabilities: Probabilities
    labels: tuple[str, ...]
    is_unfamiliar: bool = False

    def rank_labels(self, count: int) -> list[int]:
        """Return the indices of the `count` likeliest labels; of equal ones the lower index comes first."""
        order: list[int] = (-self.probabilities).argsort(kind="stable").tolist()
        order.remove(self.class_id)
        return [self.class_id, *order][:count]

    @property
    def label_probabilities(self) -> dict[str, float]:
        """The unrounded probabilities by label, in index order."""
        return dict(zip(self.labels, self.probabilities.tolist(), strict=True))

    @property
    def also(self) -> list[str]:
        """Labels after the first with a probability of at least MIN_FURTHER_PROBABILITY, likeliest first."""
        indices = self.rank_labels(1 + int(1 / MIN_FURTHER_PROBABILITY))[1:]
        return [
            self.labels[index] for index in indices if self.probabilities[index] >= MIN_FURTHER_PROBABILITY
        ]


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The answers for one picture.

    Attributes:
        answer: the answer about the class.
        attributes: the answers about attributes, by name; empty if the network has none.
        familiarity: the familiarity of the picture, 0..1; None if the model does not measure it.
        parts: the calibrated probabilities of the attribute that is answered for parts, (C,), by the name of
            the part; without blank parts, which say nothing.
    """

    answer: LabelAnswer
    attributes: Mapping[str, LabelAnswer]
    familiarity: float | None
    parts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


class Classifier:
    """A network: a model with its contract."""

    def __init__(self, session: ModelSession, contract: ModelContract) -> None:
        """Combine a model with its contract.

        Raises:
            ContractBroken: the model has more or fewer outputs than the contract has labels, or other heads.
        """
        _check_outputs(session, contract)
        self.session = session
        self.contract = contract

    def classify(
        self, pixels: PixelsBatch, networks: Sequence[NetworkName] | None = None
    ) -> list[Prediction]:
        """Classify N pictures, in one run of the model or, to save memory, in several.

        Args:
            pixels: the pixels of N >= 1 pictures, as the contract's input says.
            networks: the name of the network that each picture is for; None if clients sent all as pixels.

        Returns:
            A prediction for each picture, in order.

        Raises:
            AnswerNotFinite: the model answered NaN or infinity.
            ContractBroken: the contract needs a distance that the model does not return.
        """
        return self.make_predictions(self.compute_scores(pixels), networks or ["pixels"] * len(pixels))

    def compute_scores(self, pixels: PixelsBatch) -> Scores:
        """Run the model on N pictures, at once or, to save memory, in several runs; return its scores.

        Raises:
            ContractBroken: the contract needs answers for parts of a picture that the model does not return.
        """
        most = max(1, MAX_RUN_NUMBERS // pixels[0].size)
        runs = [self.session.run(pixels[start : start + most]) for start in range(0, len(pixels), most)]
        if self.contract.parts is not None and runs[0].parts is None:
            raise ContractBroken(
                f"The contract answers `{self.contract.parts}` for parts of a picture, but the model has no "
                "output for it."
            )
        distances = [run.distances for run in runs if run.distances is not None]
        if len(runs) == 1:
            return runs[0]
        heads = runs[0].probabilities
        return Scores(
            {name: np.concatenate([run.probabilities[name] for run in runs]) for name in heads},
            np.concatenate(distances) if distances else None,
            Scores.join_parts(runs),
        )

    def make_predictions(self, scores: Scores, networks: Sequence[NetworkName]) -> list[Prediction]:
        """Turn the scores of a model into predictions.

        Args:
            scores: the scores of N pictures.
            networks: the name of the network that each picture is for.

        Returns:
            A prediction for each picture, in order.

        Raises:
            AnswerNotFinite: a score is NaN or infinity.
            ContractBroken: the contract needs a distance, but the scores have none.
        """
        heads, distances = _list_finite_scores(scores)
        class_rows = heads.pop(LABEL)
        familiarities = self._compute_familiarities(len(class_rows), distances)
        parts = self._answer_parts(len(class_rows), scores.parts)
        predictions = []
        for place, (row, familiarity, name) in enumerate(
            zip(class_rows, familiarities, networks, strict=True)
        ):
            answer = self._make_answer(LABEL, row, familiarity, name)
            attributes: dict[str, LabelAnswer] = (
                {}
                if not heads
                else {
                    head: self._make_answer(head, rows[place], familiarity, name, answer.label)
                    for head, rows in heads.items()
                }
            )
            predictions.append(
                Prediction(answer=answer, attributes=attributes, familiarity=familiarity, parts=parts[place])
            )
        return predictions

    def check_golden_answers(
        self,
        pixels: PixelsBatch,
        answers: Mapping[str, Probabilities],
        distances: Sequence[float] | None = None,
    ) -> None:
        """Compare the model's answers on this machine with the ones that were stored when it was made.

        Args:
            pixels: the pixels of N >= 1 golden pictures, as the contract's input says.
            answers: the stored probabilities by head, float32, (N, C), before temperature.
            distances: the N stored distances; None to compare none.

        Raises:
            ContractBroken: a probability differs by more than GOLDEN_TOLERANCE, a distance by more than
                DISTANCE_TOLERANCE, or the shapes do.
            AnswerNotFinite: the model answered NaN or infinity.
        """
        # Before temperature, so that a release whose thresholds were changed still has its golden answers.
        heads, measured_distances = _list_finite_scores(self.compute_scores(pixels))
        for name, wanted in answers.items():
            _check_answers(np.array(heads[name], np.float32), wanted)
        if distances is not None:
            _check_distances(measured_distances, distances)

    def _compute_familiarities(self, pictures: int, distances: list[float] | None) -> Sequence[float | None]:
        familiarity = self.contract.familiarity
        if familiarity is None:
            return [None] * pictures
        if distances is None:
            raise ContractBroken(
                "The contract computes familiarity from a distance, but the model has no output for one."
            )
        return [compute_familiarity(distance, familiarity) for distance in distances]

    def _answer_parts(
        self, pictures: int, scores: Probabilities | None
    ) -> Sequence[Mapping[str, tuple[float, ...]]]:
        """Return the probabilities by the parts of each picture, as `Prediction.parts` has them."""
        # Scores that an evaluation stored have no parts.
        if self.contract.parts is None or scores is None:
            return [{}] * pictures
        temperature = self.contract.heads[self.contract.parts].temperature
        return [
            {
                name: tuple(calibrate_probabilities(row, temperature))
                for name, row in zip(PARTS, rows, strict=True)
                if any(row)
            }
            for rows in scores.tolist()
        ]

    def _make_answer(
        self,
        head: str,
        row: list[float],
        familiarity: float | None,
        name: NetworkName,
        label: str | None = None,
    ) -> LabelAnswer:
        """Return the answer of one head.

        Args:
            head: the name of the head.
            row: the probabilities that the model gave, C values.
            familiarity: the familiarity of the picture, 0..1; None if it is not measured.
            name: the name of the network that the picture is for.
            label: the class of the picture, if the head answers an attribute.
        """
        contract = self.contract.find_deciding_contract(name)
        head_contract = contract.heads[head]
        probabilities = np.array(calibrate_probabilities(row, head_contract.temperature), np.float32)
        # The winner is found in the uncalibrated row: rounding to float32 can make two calibrated
        # probabilities equal, and a high temperature makes any two nearly so.
        winner = row.index(max(row))
        confidence = float(probabilities[winner])
        answer_label = head_contract.labels[winner]
        decision, reason = decide_by_contract(
            contract, head_contract, answer_label, confidence, familiarity, label
        )
        return LabelAnswer(
            class_id=winner,
            label=answer_label,
            confidence=confidence,
            decision=decision,
            reason=reason,
            probabilities=probabilities,
            labels=head_contract.labels,
            is_unfamiliar=is_unfamiliar(
                familiarity, contract.find_minimum_familiarity(head_contract, answer_label)
            ),
        )


def _check_outputs(session: ModelSession, contract: ModelContract) -> None:
    """Refuse a model whose outputs are not the contract's heads."""
    for name, head in contract.heads.items():
        outputs = session.outputs.get(name, 0)
        of = "" if name == LABEL else f" of `{name}`"
        if outputs != len(head.labels):
            raise ContractBroken(
                f"The model has {outputs} outputs{of}, but its contract names {len(head.labels)} "
                f"labels ({', '.join(head.labels)}). Each output needs one label."
            )
    if more := session.outputs.keys() - contract.heads.keys():
        raise ContractBroken(f"The model answers `{min(more)}`, which its contract does not name.")


def _check_answers(measured: Probabilities, stored: Probabilities) -> None:
    if measured.shape != stored.shape:
        raise ContractBroken(
            f"The model answers {measured.shape} probabilities to its golden pictures, not {stored.shape}."
        )
    difference = float(np.abs(measured - stored).max())
    if not difference <= GOLDEN_TOLERANCE:  # `not <=` also refuses a NaN among the answers
        raise ContractBroken(
            f"The model's answers to its golden pictures differ by {difference:.2g} from those stored; "
            f"{GOLDEN_TOLERANCE:g} is allowed. The model file and its manifest do not belong together."
        )


def _check_distances(measured: Sequence[float] | None, stored: Sequence[float]) -> None:
    if measured is None or len(measured) != len(stored):
        raise ContractBroken("The model measures no distance for each golden picture, as its manifest says.")
    apart = np.abs(np.subtract(measured, stored)) / (1 + np.abs(stored))
    if not apart.max() <= DISTANCE_TOLERANCE:  # `not <=` as above
        raise ContractBroken(
            f"The model's distances to its golden pictures differ by {apart.max():.2g} from those stored, "
            f"relative to their size; {DISTANCE_TOLERANCE:g} is allowed. The model file and its manifest do "
            "not belong together."
        )


def _list_finite_scores(scores: Scores) -> tuple[dict[str, list[list[float]]], list[float] | None]:
    """Return the probabilities of each head, and the distances, as lists of plain numbers.

    For the few numbers of one picture, plain Python is faster than numpy.

    Raises:
        AnswerNotFinite: a number is NaN or infinity.
    """
    heads = {name: rows.tolist() for name, rows in scores.probabilities.items()}
    distances = None if scores.distances is None else scores.distances.tolist()
    # The sum is finite exactly when all are: float32 values cannot overflow Python's float64.
    of_parts = 0.0 if scores.parts is None else float(scores.parts.sum())
    if not math.isfinite(sum(map(sum, chain(*heads.values()))) + sum(distances or ()) + of_parts):
        raise AnswerNotFinite(
            "The model answered NaN or infinity. Its weights are damaged, or training diverged; "
            "serve another release."
        )
    return heads, distances


def open_classifier(model: Path, contract: ModelContract) -> Classifier:
    """Load a model's file and combine it with its contract.

    Args:
        model: the file `model.onnx` of a release, or a bare `.keras` file, which needs TensorFlow.
        contract: the contract, from the manifest of the release.

    Raises:
        ModelUnreadable: the file is of another kind, or cannot be loaded.
        ContractBroken: the inputs or outputs of the model differ from the contract.
    """
    return Classifier(_open_session(model, contract.input.array_shape), contract)


def _open_session(model: Path, shape: tuple[int, ...]) -> ModelSession:
    match model.suffix:
        case ".onnx":
            return OnnxSession(model, shape=shape)
        case ".keras":
            return KerasSession(model)
    raise ModelUnreadable(
        f"{model}: only `.onnx` and `.keras` files are run. Others, `.h5` and pickles among them, "
        "can run code of their own when they are loaded: save the model again as `.keras`."
    )
