"""Pixels to predictions: a session's scores, interpreted by the contract of the model.

Start here. Does no I/O except opening the model's file in `open_classifier`. decode.py and convert.py turn an
upload into pixels; decision.py has the rules.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inference.arrays import PixelsBatch, Probabilities
from inference.contract import InputContract, InputKind, ModelContract, NetworkKind, network_for
from inference.convert import ModelInput, to_model_input
from inference.decision import Decision, Reason, calibrate, decide, familiarity_of
from inference.decode import Decoded
from inference.errors import AnswerNotFinite, ContractBroken, ModelUnreadable
from inference.keras_session import KerasSession
from inference.onnx_session import OnnxSession
from inference.pixels import rows_to_pixels, shape_of_rows
from inference.session import Scores, Session

GOLDEN_TOLERANCE = 1e-3
"""Largest accepted difference of a probability from its golden answer: processors round differently."""

DISTANCE_TOLERANCE = 1e-2
"""The same of a distance, as a share of 1 and its size: its features add up many roundings."""

MAX_RUN = 1 << 17
"""Most numbers in one run of the model: 167 pictures of 28 x 28, or one of 192 x 192 in RGB.

Layers take a hundred times their memory, which stays with the process. More at a time are no faster.
"""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The answer for one picture.

    Attributes:
        confidence: 0..1, the probability of `label`.
        familiarity: 0..1, or None when the model measures none.
        reason: why a person should look; None with `accept`.
        probabilities: float32, (C,), calibrated, sum 1, in the order of the labels.
    """

    class_id: int
    label: str
    confidence: float
    familiarity: float | None
    decision: Decision
    reason: Reason | None
    probabilities: Probabilities

    def likeliest(self, count: int) -> list[int]:
        """The indices of the `count` likeliest classes: `class_id`, then among equals the lower index."""
        order: list[int] = (-self.probabilities).argsort(kind="stable").tolist()
        order.remove(self.class_id)
        return [self.class_id, *order][:count]

    def as_answer(self, labels: tuple[str, ...]) -> dict[str, Any]:
        """The fields of a response, in the order and under the names of docs/reference/http.md.

        Args:
            labels: one for each probability; probabilities are keyed by label, in index order, unrounded.
        """
        return {
            "label": self.label,
            "class_id": self.class_id,
            "confidence": self.confidence,
            "familiarity": self.familiarity,
            "decision": self.decision,
            "reason": self.reason,
            "probabilities": dict(zip(labels, self.probabilities.tolist(), strict=True)),
        }


class Classifier:
    """A model with its contract, and the second network of its release, which answers photos."""

    def __init__(self, session: Session, contract: ModelContract, photos: "Classifier | None" = None) -> None:
        """Combine them.

        Args:
            session: the model.
            contract: of this model.
            photos: the second network; None where the release has none.

        Raises:
            ContractBroken: the model has more or fewer outputs than the contract has labels.
        """
        if session.outputs != len(contract.labels):
            raise ContractBroken(
                f"The model has {session.outputs} outputs, but its contract names {len(contract.labels)} "
                f"labels ({', '.join(contract.labels)}). Each output needs one label."
            )
        self._session = session
        self.contract = contract
        self.photos = photos

    def with_contract(self, contract: ModelContract) -> "Classifier":
        """The same model with another contract, such as one with other thresholds."""
        return Classifier(self._session, contract, self.photos)

    def with_photos(self, photos: "Classifier") -> "Classifier":
        """The same model beside this second network."""
        return Classifier(self._session, self.contract, photos)

    def network(self, name: NetworkKind) -> "Classifier":
        """The one of its networks that reads such inputs."""
        return self.photos if name == "photos" and self.photos is not None else self

    @property
    def largest_input(self) -> InputContract:
        """The input of that network whose pixels have most numbers."""
        inputs = [self.contract.input, *([self.photos.contract.input] if self.photos else [])]
        return max(inputs, key=lambda reads: math.prod(reads.array_shape))

    def model_input(self, decoded: Decoded) -> ModelInput:
        """What is read of an upload, and by which network."""
        photos = None if self.photos is None else self.photos.contract.input
        return to_model_input(decoded, self.contract.input, photos)

    def rows_input(self, rows: object) -> ModelInput:
        """The same of nested lists of numbers, as JSON has them.

        Raises:
            BadPixels: they are the pixels of neither network.
        """
        photos = None if self.photos is None else self.photos.contract.input
        name = network_for(shape_of_rows(rows), self.contract.input, photos)
        return ModelInput(rows_to_pixels(rows, self.network(name).contract.input), network=name)

    def classify_inputs(self, inputs: Sequence[ModelInput]) -> list[Prediction]:
        """Classify N >= 1 pictures, each by its network, as `classify` does."""
        answers: dict[int, Prediction] = {}
        for name in {one.network for one in inputs}:
            places = [place for place, one in enumerate(inputs) if one.network == name]
            pixels = np.array([inputs[place].pixels for place in places])
            shown = [inputs[place].shown for place in places]
            answers |= zip(places, self.network(name).classify(pixels, shown), strict=True)
        return [answers[place] for place in range(len(inputs))]

    def classify(self, pixels: PixelsBatch, shown: Sequence[InputKind] | None = None) -> list[Prediction]:
        """Classify N pictures in one run of the model, or in several where its memory asks for that.

        Args:
            pixels: N >= 1, as the contract's input says.
            shown: what each was made of; None where all were sent as they are.

        Returns:
            One prediction per picture, in order.

        Raises:
            AnswerNotFinite: the model answered NaN or infinity.
            ContractBroken: the contract needs a distance that the model does not return.
        """
        return self.interpret(self._in_runs(pixels), shown or ["pixels"] * len(pixels))

    def _in_runs(self, pixels: PixelsBatch) -> Scores:
        most = max(1, MAX_RUN // pixels[0].size)
        runs = [self._session.run(pixels[start : start + most]) for start in range(0, len(pixels), most)]
        distances = [run.distances for run in runs if run.distances is not None]
        return Scores(
            np.concatenate([run.probabilities for run in runs]),
            np.concatenate(distances) if distances else None,
        )

    def interpret(self, scores: Scores, shown: Sequence[InputKind]) -> list[Prediction]:
        """What is answered where the model gave these scores.

        Args:
            scores: of N pictures.
            shown: what each was made of.

        Returns:
            One prediction per picture, in order.

        Raises:
            AnswerNotFinite: a score is NaN or infinity.
            ContractBroken: the contract needs a distance, and there is none.
        """
        rows, distances = _finite(scores)
        familiarities = self._familiarities(len(rows), distances)
        return [self._prediction(*scored) for scored in zip(rows, familiarities, shown, strict=True)]

    def check_golden(
        self, pixels: PixelsBatch, answers: Probabilities, distances: Sequence[float] | None = None
    ) -> None:
        """Compare the model's answers on this machine with those stored when it was made.

        Args:
            pixels: N >= 1, as the contract's input says.
            answers: float32, (N, C), before temperature.
            distances: N; None compares none.

        Raises:
            ContractBroken: a probability differs by more than GOLDEN_TOLERANCE, a distance by more than
                DISTANCE_TOLERANCE, or the shapes do.
            AnswerNotFinite: the model answered NaN or infinity.
        """
        rows, measured = _finite(self._in_runs(pixels))
        given = np.array(rows, np.float32)
        if given.shape != answers.shape:
            raise ContractBroken(
                f"The model answers {given.shape} probabilities to its golden pictures, not {answers.shape}."
            )
        difference = float(np.abs(given - answers).max())
        if not difference <= GOLDEN_TOLERANCE:  # `not <=` also refuses a NaN among the answers
            raise ContractBroken(
                f"The model's answers to its golden pictures differ by {difference:.2g} from those stored; "
                f"{GOLDEN_TOLERANCE:g} is allowed. The model file and its manifest do not belong together."
            )
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
        return [familiarity_of(distance, familiarity) for distance in distances]

    def _prediction(self, row: list[float], familiarity: float | None, shown: InputKind) -> Prediction:
        probabilities = np.array(calibrate(row, self.contract.temperature), np.float32)
        # By the row: rounding to float32 may make two calibrated ones equal, and a high temperature any two.
        winner = row.index(max(row))
        confidence = float(probabilities[winner])
        decision, reason = decide(confidence, familiarity, self.contract.thresholds_of(shown))
        return Prediction(
            class_id=winner,
            label=self.contract.labels[winner],
            confidence=confidence,
            familiarity=familiarity,
            decision=decision,
            reason=reason,
            probabilities=probabilities,
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


def _finite(scores: Scores) -> tuple[list[list[float]], list[float] | None]:
    """Probabilities and distances as plain numbers, which cost less than arrays for one picture."""
    rows = scores.probabilities.tolist()
    distances = None if scores.distances is None else scores.distances.tolist()
    # The sum is finite exactly when all are: float32 values cannot overflow Python's float64.
    if not math.isfinite(sum(map(sum, rows)) + sum(distances or ())):
        raise AnswerNotFinite(
            "The model answered NaN or infinity. Its weights are damaged, or training diverged; "
            "serve another release."
        )
    return rows, distances


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
