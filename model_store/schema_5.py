"""Manifests of schema 5, as version 1.0 wrote them, in the form of schema 11: the only file that knows them.

Each has `model` and `golden` of its one network. Pure: manifest.py checks what comes back.
"""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, field_validator

from inference.contract import Familiarity, Head, InputContract, ModelContract, usual_name

SCHEMA_5: Final = 5

REMOVED_KEYS: Final = ("cascade", "photo_", "cluttered_")
"""What keys of `model` begin with that decided about photos, and are ignored."""

GRAPH: Final = "model.onnx"
ARTIFACT: Final = "model.keras"


class _Part(BaseModel):
    """A part of the manifest, in which an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Ranks(_Part):
    quantiles: tuple[float, ...]


class _Thresholds(BaseModel):
    confidence: float
    familiarity: float


class _Golden(_Part):
    pixels: str
    probabilities: JsonValue
    distances: JsonValue = None


class _Model(_Part):
    labels: tuple[str, ...]
    input: InputContract
    temperature: float
    thresholds: _Thresholds
    familiarity: _Ranks | None


class _Manifest(BaseModel):
    """What differs from schema 11; the rest is as it is there."""

    model_config = ConfigDict(frozen=True, extra="allow")

    schema_version: Literal[5]
    model: _Model
    golden: _Golden

    @field_validator("model", mode="before")
    @classmethod
    def _known(cls, given: object) -> object:
        return _without_removed(given)


def lifted(text: bytes) -> dict[str, Any]:
    """The same manifest as schema 11 has it; what is wrong with other keys is found when that is checked.

    Raises:
        pydantic.ValidationError: a part that differs is not as the schema has it.
    """
    older = _Manifest.model_validate_json(text)
    golden = {
        "pixels": older.golden.pixels,
        "answers": {"label": older.golden.probabilities},
        "distances": older.golden.distances,
    }
    contract = _contract(older.model)
    network = {"graph": GRAPH, "artifact": ARTIFACT, "contract": contract, "golden": golden}
    return {**(older.model_extra or {}), "networks": {usual_name(older.model.input): network}}


def _contract(model: _Model) -> ModelContract:
    least, given = model.thresholds, model.familiarity
    ranks = None if given is None else Familiarity(quantiles=given.quantiles, threshold=least.familiarity)
    head = Head(labels=model.labels, temperature=model.temperature, confidence=least.confidence)
    return ModelContract.of_class(head, model.input, ranks)


def _without_removed(given: object) -> object:
    """A part of the manifest without the keys that are ignored."""
    if not isinstance(given, dict):
        return given
    return {key: _without_removed(value) for key, value in given.items() if not key.startswith(REMOVED_KEYS)}
