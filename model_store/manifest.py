"""manifest.json: what a release is, parsed once into a frozen value.

Written last when a release is made, read first when one is served. Does no I/O: bytes in, bytes out.
The format on one page: docs/reference/release-format.md. Checking files against it: local.py.
"""

import base64
from datetime import datetime
from typing import Annotated, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from inference.arrays import PixelsBatch
from inference.contract import (
    LARGEST_PHOTO,
    Familiarity,
    InputContract,
    ModelContract,
    Thresholds,
    whole_pictures,
)
from model_store.errors import ManifestInvalid, ManifestTooNew

SCHEMA_VERSION: Final = 9
"""The newest manifest that this code writes and reads, of a release with two networks."""

ONE_NETWORK: Final = 8
"""Written for a release without a second network, so that older services read it as well."""

VERSION_1: Final = 5
"""Written by version 1.0, whose releases are served."""

REMOVED_KEYS: Final = ("cascade", "photo_", "cluttered_")
"""What keys begin with that older manifests have in `model` and `photos`, and that are ignored."""

VERSION_PATTERN = r"\d{8}T\d{6}Z-[0-9a-f]{8}"
"""UTC time and the first eight hex digits of the content hash: 20261120T101500Z-3f9a1c2e."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]

PATH_PATTERN = r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*"
"""Relative, inside the folder by its spelling alone, and the same on every file system and in every URL."""

RelativePath = Annotated[str, Field(pattern=rf"^{PATH_PATTERN}$", max_length=200)]


class Frozen(BaseModel):
    """A value that rejects unknown keys and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")

    def as_bytes(self) -> bytes:
        """The value as it is stored: UTF-8 JSON, indented, ending in a newline."""
        return self.model_dump_json(indent=1).encode() + b"\n"


class FileEntry(Frozen):
    """One file of the release, by path relative to its folder."""

    sha256: Sha256
    size: Annotated[int, Field(ge=0)]


class DataSet(Frozen):
    """What the model was trained and measured on.

    Attributes:
        train_sha256: of the training pictures and labels as arrays (training/pictures/fashion.py says how).
        test_sha256: the same of the test set; two accuracies compare only where it agrees.
    """

    name: str
    train_sha256: Sha256
    test_sha256: Sha256


class Headline(Frozen):
    """The figures that the promotion gate and listings read."""

    test_accuracy: Share
    test_n: Annotated[int, Field(gt=0)]
    parameters: Annotated[int, Field(gt=0)]
    mflops: Annotated[float, Field(gt=0)] | None


class Golden(Frozen):
    """Inputs with the answers that the serving graph gave when the release was made.

    Attributes:
        pixels: base64 of uint8, N pictures as the model reads them, C order.
        probabilities: N rows before temperature, in label order.
        distances: N out-of-distribution scores; None where the graph has none, and in older manifests.
    """

    pixels: str
    probabilities: Annotated[tuple[tuple[float, ...], ...], Field(min_length=1)]
    distances: tuple[float, ...] | None = Field(default=None, exclude_if=lambda kept: kept is None)

    @classmethod
    def of(
        cls,
        pixels: PixelsBatch,
        probabilities: NDArray[np.float32],
        distances: NDArray[np.float32] | None = None,
    ) -> "Golden":
        """Keep N pictures' pixels, their float32 (N, C) probabilities and, if measured, (N,) distances."""
        return cls(
            pixels=base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode(),
            probabilities=tuple(tuple(map(float, row)) for row in probabilities),
            distances=None if distances is None else tuple(map(float, distances)),
        )

    def inputs(self, contract: InputContract) -> PixelsBatch:
        """The pixels again, N of them, as the contract of the same manifest says.

        Raises:
            ManifestInvalid: it is no base64, or its length fits no whole number of pictures.
        """
        try:
            flat = np.frombuffer(base64.b64decode(self.pixels, validate=True), np.uint8)
            return flat.reshape(len(self.probabilities), *contract.array_shape)
        except ValueError as error:
            raise ManifestInvalid(
                f"golden.pixels: {error}. It must be base64 of one uint8 picture "
                f"({contract.in_words}) per row of answers."
            ) from error

    def answers(self) -> NDArray[np.float32]:
        """The probabilities again, float32 (N, C).

        Raises:
            ManifestInvalid: the rows differ in length.
        """
        try:
            return np.array(self.probabilities, np.float32)
        except ValueError as error:
            raise ManifestInvalid(f"golden.probabilities: {error}. A row has one value a class.") from error


class PhotoNetwork(Frozen):
    """The second network of a release, which answers photos: photos.keras and photos.onnx.

    Its labels are those of the first. The attributes mean what they do in ModelContract.

    Attributes:
        input: N x N in RGB, the whole picture.
        golden: inputs with the answers of photos.onnx.
    """

    input: InputContract
    temperature: float
    thresholds: Thresholds
    familiarity: Familiarity | None
    golden: Golden

    def contract(self, labels: tuple[str, ...]) -> ModelContract:
        """What serving needs to know of it."""
        return ModelContract(
            labels=labels,
            input=self.input,
            temperature=self.temperature,
            thresholds=self.thresholds,
            familiarity=self.familiarity,
        )


class Manifest(Frozen):
    """Everything about a release but its bytes.

    Attributes:
        files: by path relative to the release's folder, manifest.json itself left out.
        model: of the only network, or of that which reads pixels.
        photos: the second network; None where there is none.
        training: configuration of the run, seed included.
        libraries: versions of what made the release, by package name.
        git_commit: of the code that made it; None outside a checkout.
    """

    schema_version: Literal[5, 8, 9] = ONE_NETWORK
    version: Annotated[str, Field(pattern=rf"^{VERSION_PATTERN}$")]
    created_at: datetime
    files: dict[RelativePath, FileEntry]
    model: ModelContract
    golden: Golden
    photos: PhotoNetwork | None = Field(default=None, exclude_if=lambda kept: kept is None)
    training: dict[str, JsonValue]
    libraries: dict[str, str]
    git_commit: str | None
    data: DataSet
    headline: Headline

    @property
    def photo_contract(self) -> ModelContract:
        """Of the network that answers photos."""
        return self.model if self.photos is None else self.photos.contract(self.model.labels)

    @field_validator("model", "photos", mode="before")
    @classmethod
    def _without_removed(cls, given: object) -> object:
        return _without_removed(given)

    @field_validator("model")
    @classmethod
    def _usable(cls, model: ModelContract) -> ModelContract:
        if fault := model.fault():
            raise ValueError(fault)
        return model

    @model_validator(mode="after")
    def _both_usable(self) -> Self:
        if self.photos is None:
            return self
        if self.schema_version <= ONE_NETWORK:
            raise ValueError(f"photos: only from schema_version {ONE_NETWORK + 1} on")
        reads = self.photos.input
        edge = reads.shape[0]
        if reads != whole_pictures(edge, 3) or edge > LARGEST_PHOTO:
            raise ValueError(
                f"photos.input: it has to be whole square pictures in RGB of at most {LARGEST_PHOTO} pixels"
            )
        if fault := self.photos.contract(self.model.labels).fault():
            raise ValueError(f"photos.{fault}")
        return self


def _without_removed(given: object) -> object:
    """A part of a manifest without the keys of older releases about photos, which decide nothing now."""
    if not isinstance(given, dict):
        return given
    return {key: _without_removed(value) for key, value in given.items() if not key.startswith(REMOVED_KEYS)}


def parse_manifest(text: bytes, where: str) -> Manifest:
    """Read manifest.json.

    Args:
        text: its bytes.
        where: the address it came from, for messages.

    Raises:
        ManifestTooNew: its schema version is above SCHEMA_VERSION.
        ManifestInvalid: anything else is wrong with it; the message names the key.
    """
    try:
        schema = _SchemaOnly.model_validate_json(text).schema_version
        if schema > SCHEMA_VERSION:
            raise ManifestTooNew(
                f"{where}: schema version {schema}, but this code reads up to {SCHEMA_VERSION}. "
                "Serve it with a newer Wardrobe, or publish the release again with this one."
            )
        if schema not in {VERSION_1, ONE_NETWORK, SCHEMA_VERSION}:
            raise ManifestInvalid(f"{where}: schema_version: {_unread(schema)}")
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise ManifestInvalid(f"{where}: {first_problem(error)}") from error


def _unread(schema: int) -> str:
    """Which version reads an older schema."""
    if 0 < schema < VERSION_1:
        reader = "Wardrobe 1.0.0 reads it"
    elif VERSION_1 < schema < ONE_NETWORK:
        reader = "no version wrote it; development versions up to commit 9fe2127 read it"
    else:
        reader = "no version wrote it"
    read = f"{VERSION_1}, {ONE_NETWORK} and {SCHEMA_VERSION}"
    return f"{schema}, but {read} are read here; {reader}. Train it again."


def first_problem(error: ValidationError) -> str:
    """The first thing that pydantic found, as `key: message`."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    key = ".".join(map(str, first["loc"])) or "the whole"
    return f"{key}: {first['msg'].removeprefix('Value error, ')}"


class _SchemaOnly(BaseModel):
    """The one key that every schema has."""

    schema_version: int
