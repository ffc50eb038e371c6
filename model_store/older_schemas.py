"""Manifests of schemas 5, 8 and 9, lifted to the form of schema 10: the only file that knows them.

Each has `model` and `golden`, of the first network; schema 9 may have `photos`, of the second one. Pure:
manifest.py checks what comes back.
"""

from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, JsonValue, field_validator, model_validator

from inference.contract import Familiarity, Head, InputContract, ModelContract, Thresholds, usual_name

OLDER: Final = (5, 8, 9)
"""5 was written by version 1.0; 8 for a release with one network, 9 for one with two."""

REMOVED_KEYS: Final = ("cascade", "photo_", "cluttered_")
"""What keys of `model` and `photos` begin with that decided about photos earlier, and are ignored."""

FILES: Final = {"pixels": ("model.onnx", "model.keras"), "photos": ("photos.onnx", "photos.keras")}
"""Graph and artifact of each network of two; an only one has the first pair."""


class _Part(BaseModel):
    """A part of an older manifest, in which an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Ranks(_Part):
    quantiles: tuple[float, ...]


class _Golden(_Part):
    pixels: str
    probabilities: JsonValue
    distances: JsonValue = None

    def lifted(self) -> dict[str, JsonValue]:
        return {
            "pixels": self.pixels,
            "answers": {"label": self.probabilities},
            "distances": self.distances,
        }


class _Network(_Part):
    input: InputContract
    temperature: float
    thresholds: Thresholds
    familiarity: _Ranks | None

    def contract(self, labels: tuple[str, ...]) -> ModelContract:
        least = self.thresholds.familiarity
        given = self.familiarity
        ranks = None if given is None else Familiarity(quantiles=given.quantiles, threshold=least)
        head = Head(labels=labels, temperature=self.temperature, confidence=self.thresholds.confidence)
        return ModelContract.of_class(head, self.input, ranks)


class _Model(_Network):
    labels: tuple[str, ...]


class _Photos(_Network):
    golden: _Golden


class _Manifest(BaseModel):
    """What differs from schema 10; the rest is as it is there."""

    model_config = ConfigDict(frozen=True, extra="allow")

    schema_version: Literal[5, 8, 9]
    model: _Model
    golden: _Golden
    photos: _Photos | None = None

    @field_validator("model", "photos", mode="before")
    @classmethod
    def _known(cls, given: object) -> object:
        return _without_removed(given)

    @model_validator(mode="after")
    def _photos_are_of_schema_9(self) -> Self:
        if self.photos is not None and self.schema_version != OLDER[-1]:
            raise ValueError(f"photos: only from schema_version {OLDER[-1]} on")
        return self


def lifted(text: bytes) -> dict[str, Any]:
    """The same manifest as schema 10 has it; what is wrong with other keys is found when that is checked.

    Raises:
        pydantic.ValidationError: a part that differs is not as its schema has it.
    """
    older = _Manifest.model_validate_json(text)
    model, photos = older.model, older.photos
    if photos is None:
        networks = {usual_name(model.input): _network("pixels", model, model, older.golden)}
    else:
        networks = {
            "pixels": _network("pixels", model, model, older.golden),
            "photos": _network("photos", photos, model, photos.golden),
        }
    return {**(older.model_extra or {}), "networks": networks}


def _network(files: str, part: _Network, model: _Model, golden: _Golden) -> dict[str, Any]:
    graph, artifact = FILES[files]
    contract, answers = part.contract(model.labels), golden.lifted()
    return {"graph": graph, "artifact": artifact, "contract": contract, "golden": answers}


def _without_removed(given: object) -> object:
    """A part of a manifest without the keys that are ignored."""
    if not isinstance(given, dict):
        return given
    return {key: _without_removed(value) for key, value in given.items() if not key.startswith(REMOVED_KEYS)}
