"""Pixels to predictions: a session's scores, interpreted by the contract of the model.

Start here. Does no I/O except opening the model's file in `open_classifier`. decode.py and convert.py turn an
upload into pixels; decision.py has the rules; networks.py combines the networks of a release.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from inference.arrays import PixelsBatch, Probabilities
from inference.contract import LABEL, ModelContract, NetworkName
from inference.decision import Decision, calibrate, compute_familiarity, decide_answer
from inference.errors import AnswerNotFinite, ContractBroken, ModelUnreadable
from inference.keras_session import KerasSession
from inference.onnx_session import OnnxSession
from inference.reasons import Reason
from inference.session import Scores, Session

GOLDEN_TOLERANCE = 1e-3
"""Largest accepted difference of a probability from its golden answer: processors round differently."""

DISTANCE_TOLERANCE = 1e-2
"""The same of a distance, as a share of 1 and its size: its features add up many roundings."""

MAX_RUN_NUMBERS = 1 << 17
"""Most numbers in one run of the model: 167 pictures of 28 x 28, or one of 192 x 192 in RGB.

Layers take a hundred times their memory, which stays with the process. More at a time are no faster.
"""


MIN_FURTHER_PROBABILITY = 0.25
"""Probability from which a further label of an attribute is named: a garment may have two colours."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of one head to one picture.

    Attributes:
        class_id: index of `label`.
        confidence: 0..1, the probability of `label`.
        reason: why a person should look; None with `accept`.
        probabilities: float32, (C,), calibrated, sum 1, in the order of `labels`.
        labels: of the head.
    """

    class_id: int
    label: str
    confidence: float
    decision: Decision
    reason: Reason | None
    probabilities: Probabilities
    labels: tuple[str, ...]

    def rank_labels(self, count: int) -> list[int]:
        """The indices of the `count` likeliest labels: `class_id`, then among equals the lower index."""
        order: list[int] = (-self.probabilities).argsort(kind="stable").tolist()
        order.remove(self.class_id)
        return [self.class_id, *order][:count]

    @property
    def label_probabilities(self) -> dict[str, float]:
        """Probabilities by label, in index order, unrounded."""
        return dict(zip(self.labels, self.probabilities.tolist(), strict=True))

    @property
    def also(self) -> list[str]:
        """Further labels of a probability of ALSO_FROM at least, likeliest first."""
        likely = self.rank_labels(1 + int(1 / MIN_FURTHER_PROBABILITY))[1:]
        return [
            self.labels[index] for index in likely if self.probabilities[index] >= MIN_FURTHER_PROBABILITY
        ]


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The answers for one picture.

    Attributes:
        answer: its class.
        attributes: by name; empty where the network that answered has none.
        familiarity: 0..1, of the picture; None when the model measures none.
    """

    answer: Answer
    attributes: Mapping[str, Answer]
    familiarity: float | None

    def make_response_fields(self) -> dict[str, Any]:
        """The fields of a response, in the order and under the names of docs/reference/http.md."""
        answer = self.answer
        fields = {
            "label": answer.label,
            "class_id": answer.class_id,
            "confidence": answer.confidence,
            "familiarity": self.familiarity,
            "decision": answer.decision,
            "reason": answer.reason,
            "probabilities": answer.label_probabilities,
        }
        if self.attributes:
            fields["attributes"] = {name: _attribute(answer) for name, answer in self.attributes.items()}
        return fields


def _attribute(answer: Answer) -> dict[str, Any]:
    return {
        "label": answer.label,
        "confidence": answer.confidence,
        "decision": answer.decision,
        "reason": answer.reason,
        "also": answer.also,
        "probabilities": answer.label_probabilities,
    }


class Classifier:
    """One network: a model with its contract."""

    def __init__(self, session: Session, contract: ModelContract) -> None:
        """Combine them.

        Args:
            session: the model.
            contract: of this model.

        Raises:
            ContractBroken: the model has more or fewer outputs than the contract has labels, or other heads.
        """
        _check_outputs(session, contract)
        self.session = session
        self.contract = contract

    def classify(
        self, pixels: PixelsBatch, networks: Sequence[NetworkName] | None = None
    ) -> list[Prediction]:
        """Classify N pictures in one run of the model, or in several where its memory asks for that.

        Args:
            pixels: N >= 1, as the contract's input says.
            networks: of the network that each is for; None where all were sent as they are.

        Returns:
            One prediction per picture, in order.

        Raises:
            AnswerNotFinite: the model answered NaN or infinity.
            ContractBroken: the contract needs a distance that the model does not return.
        """
        return self.interpret(self._in_runs(pixels), networks or ["pixels"] * len(pixels))

    def _in_runs(self, pixels: PixelsBatch) -> Scores:
        most = max(1, MAX_RUN_NUMBERS // pixels[0].size)
        runs = [self.session.run(pixels[start : start + most]) for start in range(0, len(pixels), most)]
        distances = [run.distances for run in runs if run.distances is not None]
        if len(runs) == 1:
            return runs[0]
        heads = runs[0].probabilities
        return Scores(
            {name: np.concatenate([run.probabilities[name] for run in runs]) for name in heads},
            np.concatenate(distances) if distances else None,
        )

    def interpret(self, scores: Scores, networks: Sequence[NetworkName]) -> list[Prediction]:
        """What is answered where the model gave these scores.

        Args:
            scores: of N pictures.
            networks: of the network that each is for.

        Returns:
            One prediction per picture, in order.

        Raises:
            AnswerNotFinite: a score is NaN or infinity.
            ContractBroken: the contract needs a distance, and there is none.
        """
        heads, distances = _finite(scores)
        of_label = heads.pop(LABEL)
        familiarities = self._familiarities(len(of_label), distances)
        predictions = []
        for place, (row, familiarity, name) in enumerate(zip(of_label, familiarities, networks, strict=True)):
            answer = self._answer(LABEL, row, familiarity, name)
            attributes: dict[str, Answer] = (
                {}
                if not heads
                else {
                    head: self._answer(head, rows[place], familiarity, name, answer.label)
                    for head, rows in heads.items()
                }
            )
            predictions.append(Prediction(answer=answer, attributes=attributes, familiarity=familiarity))
        return predictions

    def check_golden_answers(
        self,
        pixels: PixelsBatch,
        answers: Mapping[str, Probabilities],
        distances: Sequence[float] | None = None,
    ) -> None:
        """Compare the model's answers on this machine with those stored when it was made.

        Args:
            pixels: N >= 1, as the contract's input says.
            answers: by head, float32, (N, C), before temperature.
            distances: N; None compares none.

        Raises:
            ContractBroken: a probability differs by more than GOLDEN_TOLERANCE, a distance by more than
                DISTANCE_TOLERANCE, or the shapes do.
            AnswerNotFinite: the model answered NaN or infinity.
        """
        heads, measured = _finite(self._in_runs(pixels))
        for name, wanted in answers.items():
            _check_answers(np.array(heads[name], np.float32), wanted)
        if distances is not None:
            _check_distances(measured, distances)

    def _familiarities(self, pictures: int, distances: list[float] | None) -> Sequence[float | None]:
        familiarity = self.contract.familiarity
        if familiarity is None:
            return [None] * pictures
        if distances is None:
            raise ContractBroken(
                "The contract computes familiarity from a distance, but the model has no output for one."
            )
        return [compute_familiarity(distance, familiarity) for distance in distances]

    def _answer(
        self,
        head: str,
        row: list[float],
        familiarity: float | None,
        name: NetworkName,
        label: str | None = None,
    ) -> Answer:
        """What one head answers.

        Args:
            head: its name.
            row: its probabilities, as the model gave them.
            familiarity: of the picture.
            name: of the network that the picture is for.
            label: the class, where the head answers an attribute.
        """
        contract = self.contract.find_deciding_contract(name)
        head_contract = contract.heads[head]
        probabilities = np.array(calibrate(row, head_contract.temperature), np.float32)
        # By the row: rounding to float32 may make two calibrated ones equal, and a high temperature any two.
        winner = row.index(max(row))
        confidence = float(probabilities[winner])
        answered = head_contract.labels[winner]
        decision, reason = decide_answer(
            confidence,
            familiarity,
            minimum_confidence=head_contract.find_minimum_confidence(answered),
            minimum_familiarity=contract.find_minimum_familiarity(head_contract, answered),
            is_withheld=answered in head_contract.withheld,
            is_applicable=label is None or head_contract.is_applicable(label),
        )
        return Answer(
            class_id=winner,
            label=answered,
            confidence=confidence,
            decision=decision,
            reason=reason,
            probabilities=probabilities,
            labels=head_contract.labels,
        )


def _check_outputs(session: Session, contract: ModelContract) -> None:
    """Refuse a model whose outputs are not the contract's heads."""
    for name, head in contract.heads.items():
        outputs, of = session.outputs.get(name, 0), "" if name == LABEL else f" of `{name}`"
        if outputs != len(head.labels):
            raise ContractBroken(
                f"The model has {outputs} outputs{of}, but its contract names {len(head.labels)} "
                f"labels ({', '.join(head.labels)}). Each output needs one label."
            )
    if more := session.outputs.keys() - contract.heads.keys():
        raise ContractBroken(f"The model answers `{min(more)}`, which its contract does not name.")


def _check_answers(given: Probabilities, stored: Probabilities) -> None:
    if given.shape != stored.shape:
        raise ContractBroken(
            f"The model answers {given.shape} probabilities to its golden pictures, not {stored.shape}."
        )
    difference = float(np.abs(given - stored).max())
    if not difference <= GOLDEN_TOLERANCE:  # `not <=` also refuses a NaN among the answers
        raise ContractBroken(
            f"The model's answers to its golden pictures differ by {difference:.2g} from those stored; "
            f"{GOLDEN_TOLERANCE:g} is allowed. The model file and its manifest do not belong together."
        )


def _check_distances(given: Sequence[float] | None, stored: Sequence[float]) -> None:
    if given is None or len(given) != len(stored):
        raise ContractBroken("The model measures no distance for each golden picture, as its manifest says.")
    apart = np.abs(np.subtract(given, stored)) / (1 + np.abs(stored))
    if not apart.max() <= DISTANCE_TOLERANCE:  # `not <=` as above
        raise ContractBroken(
            f"The model's distances to its golden pictures differ by {apart.max():.2g} from those stored, "
            f"relative to their size; {DISTANCE_TOLERANCE:g} is allowed. The model file and its manifest do "
            "not belong together."
        )


def _finite(scores: Scores) -> tuple[dict[str, list[list[float]]], list[float] | None]:
    """Probabilities by head, and distances, as plain numbers, which cost less than arrays for one picture."""
    heads = {name: rows.tolist() for name, rows in scores.probabilities.items()}
    distances = None if scores.distances is None else scores.distances.tolist()
    # The sum is finite exactly when all are: float32 values cannot overflow Python's float64.
    if not math.isfinite(sum(map(sum, chain(*heads.values()))) + sum(distances or ())):
        raise AnswerNotFinite(
            "The model answered NaN or infinity. Its weights are damaged, or training diverged; "
            "serve another release."
        )
    return heads, distances


def open_classifier(model: Path, contract: ModelContract) -> Classifier:
    """Load a model's file and combine it with its contract.

    Args:
        model: `model.onnx` of a release, or a bare `.keras` file, which needs TensorFlow.
        contract: from the release's manifest.

    Raises:
        ModelUnreadable: another kind of file, or one that cannot be loaded.
        ContractBroken: its inputs or outputs are not what the contract says.
    """
    return Classifier(_open_session(model, contract.input.array_shape), contract)


def _open_session(model: Path, shape: tuple[int, ...]) -> Session:
    match model.suffix:
        case ".onnx":
            return OnnxSession(model, shape=shape)
        case ".keras":
            return KerasSession(model)
    raise ModelUnreadable(
        f"{model}: only `.onnx` and `.keras` files are run. Others, `.h5` and pickles among them, "
        "can run code of their own when they are loaded: save the model again as `.keras`."
    )
