"""The manifest of a release, manifest.json: everything about it except the bytes of its files.

It lists each file with its sha256, each network with its input, labels and thresholds, the data that was
learnt, and how the training was configured. `parse_manifest` makes an immutable `Manifest` of its bytes, or
an error that names the key that is wrong. No file is read or written here. docs/reference/release-format.md
shows a manifest with all its keys.
"""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_serializer,
    model_validator,
)
from pydantic.config import JsonDict

from inference.arrays import PixelsBatch
from inference.contract import (
    LABEL,
    MAX_PHOTO_EDGE,
    NETWORK_NAMES,
    Head,
    InputContract,
    ModelContract,
    NetworkName,
    make_whole_picture_input,
)
from model_store.errors import ManifestInvalid, ManifestTooNew

SCHEMA_VERSION: Final = 12
"""Version of the schema with which new manifests are written, and the newest version that can be read."""

OLDER_SCHEMAS: Final = (10, 11)
"""Older versions of the schema that are read, too.

Wardrobe 2.0 writes 10. Its heads (the parts of a network that each answer one question) have no
`familiarity`, for which the default is used. Schema 11 differs from 12 in keys of the report.
"""

VERSION_PATTERN = r"\d{8}T\d{6}Z-[0-9a-f]{8}"
"""Pattern of the version of a release: UTC time and the first eight hexadecimal digits of the content hash,
such as 20261120T101500Z-3f9a1c2e."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
"""A number from 0 to 1, such as a probability or an accuracy."""

PATH_PATTERN = r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*"
"""Pattern of the path of a file in a release: relative, without `..`, and with characters that mean the same
on every file system and in every URL."""

RelativePath = Annotated[str, Field(pattern=rf"^{PATH_PATTERN}$", max_length=200)]


class FrozenModel(BaseModel):
    """Base class of immutable values. A key that is no field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")

    def replace_fields(self, **fields: object) -> Self:
        """Return a copy with some fields replaced and validated.

        Raises:
            ValidationError: a field does not exist, or its value is not allowed.
        """
        kept = {name: getattr(self, name) for name in self.model_fields_set}
        return self.model_validate(kept | fields)

    def serialize(self) -> bytes:
        """Return the bytes that are stored for the value: UTF-8 JSON, indented, with a final newline."""
        return self.model_dump_json(indent=1).encode() + b"\n"


def make_schema_config(text: str, *, is_open: bool = False) -> ConfigDict:
    """Return the pydantic configuration of a type that appears in the HTTP contract (openapi.json).

    The description is not a docstring, because `python -OO` removes docstrings.

    Args:
        text: the description of the type in the contract.
        is_open: whether clients have to expect further fields.
    """

    def describe(schema: JsonDict) -> None:
        schema["description"] = text
        if is_open:
            del schema["additionalProperties"]

    return ConfigDict(json_schema_extra=describe)


class FileEntry(FrozenModel):
    """The size in bytes and the sha256 of one file of a release."""

    sha256: Sha256
    size: Annotated[int, Field(ge=0)]


class DataSet(FrozenModel):
    """The name and the hashes of the data on which a model was trained and measured."""

    model_config = make_schema_config("The data on which the model was trained and measured.")

    name: str
    train_sha256: Sha256 = Field(description="Of the training pictures and labels as arrays.")
    test_sha256: Sha256 = Field(description="Of the test set; two accuracies compare only where it agrees.")


class Headline(FrozenModel):
    """The few figures of a release that lists show, such as its accuracy on the test set.

    The gate compares them with those of the current release before it lets a new one become current.
    """

    test_accuracy: Share
    test_n: Annotated[int, Field(gt=0)]
    parameters: Annotated[int, Field(gt=0)]
    mflops: Annotated[float, Field(gt=0)] | None


class GoldenAnswers(FrozenModel):
    """Inputs with the answers that the serving graph gave when the release was made.

    When a release is opened, its graph has to give these answers again.

    Attributes:
        pixels: base64 of uint8, N pictures as the model reads them, C order.
        answers: N rows of probabilities for each head ("label" or an attribute), in the order of its labels,
            before they are calibrated by a temperature.
        distances: N scores of how unlike the learnt pictures each is (out of distribution); None if the graph
            computes none, and in older manifests.
    """

    pixels: str
    answers: dict[str, Annotated[tuple[tuple[float, ...], ...], Field(min_length=1)]]
    distances: tuple[float, ...] | None = None

    @classmethod
    def from_arrays(
        cls,
        pixels: PixelsBatch,
        answers: Mapping[str, NDArray[np.float32]],
        distances: NDArray[np.float32] | None = None,
    ) -> "GoldenAnswers":
        """Create a value from arrays.

        Args:
            pixels: the pixels of N pictures.
            answers: the probabilities, float32 (N, C), by the name of the head.
            distances: out-of-distribution scores, float32 (N,); None if they were not measured.
        """
        return cls(
            pixels=base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode(),
            answers={name: tuple(tuple(map(float, row)) for row in rows) for name, rows in answers.items()},
            distances=None if distances is None else tuple(map(float, distances)),
        )

    def decode_pixels(self, contract: InputContract) -> PixelsBatch:
        """Return the golden pictures as an array.

        Args:
            contract: the input of the network in the same manifest, which has the shape of one picture.

        Returns:
            uint8, N pictures as the network reads them.

        Raises:
            ManifestInvalid: the text is not base64, or its length does not fit a whole number of pictures.
        """
        try:
            flat = np.frombuffer(base64.b64decode(self.pixels, validate=True), np.uint8)
            return flat.reshape(len(self.answers[LABEL]), *contract.array_shape)
        except ValueError as error:
            raise ManifestInvalid(
                f"golden.pixels: {error}. It must be base64 of one uint8 picture "
                f"({contract.description}) per row of answers."
            ) from error

    def decode_answers(self) -> dict[str, NDArray[np.float32]]:
        """Return the golden answers as arrays of probabilities, float32 (N, C), by the name of the head.

        Raises:
            ManifestInvalid: the rows of a head differ in length.
        """
        answers: dict[str, NDArray[np.float32]] = {}
        for name, rows in self.answers.items():
            try:
                answers[name] = np.array(rows, np.float32)
            except ValueError as error:
                raise ManifestInvalid(
                    f"golden.answers.{name}: {error}. A row has one value a label."
                ) from error
        return answers


class ReleaseNetwork(FrozenModel):
    """One network of a release: the paths of its files, and the facts that serving needs.

    Attributes:
        graph: the path of its serving graph.
        artifact: the path of the Keras model that the graph was made from.
        contract: the facts that serving needs: the input, and the labels and thresholds of each head.
        golden: some inputs with the answers that the graph gave for them when it was made.
    """

    graph: RelativePath
    artifact: RelativePath
    contract: ModelContract
    golden: GoldenAnswers

    @field_serializer("contract", mode="wrap")
    def _serialize_contract(
        self, contract: ModelContract, serialize: SerializerFunctionWrapHandler
    ) -> dict[str, Any]:
        """Leave out `parts` if there are none, so that versions from before them can read the manifest."""
        fields: dict[str, Any] = serialize(contract)
        return {key: value for key, value in fields.items() if key != "parts" or value is not None}

    @model_validator(mode="after")
    def _check_network(self) -> Self:
        if fault := self.contract.find_fault():
            raise ValueError(fault)
        if self.golden.answers.keys() != self.contract.heads.keys():
            raise ValueError("golden.answers: one part for each of contract.heads")
        return self


def _read_schema_version(schema: object) -> object:
    """Accept one of OLDER_SCHEMAS as the present one; leave any other value for the check."""
    return SCHEMA_VERSION if schema in OLDER_SCHEMAS else schema


class Manifest(FrozenModel):
    """The content of manifest.json: all facts about a release, except the bytes of its files.

    Attributes:
        files: the files by path relative to the folder of the release, without manifest.json.
        networks: one or two networks, which answer the same classes.
        sources: the sources of the learnt photos, as their table names them; empty if they are not known.
        training: the configuration of the training, with its seed.
        libraries: the versions of the libraries that made the release, by package name.
        git_commit: the commit of the code that made it; None outside a checkout.
    """

    # A manifest of an older schema becomes one of schema 12 as it is read, so no other code knows several.
    schema_version: Annotated[Literal[12], BeforeValidator(_read_schema_version)] = SCHEMA_VERSION
    version: Annotated[str, Field(pattern=rf"^{VERSION_PATTERN}$")]
    created_at: datetime
    files: dict[RelativePath, FileEntry]
    networks: Annotated[dict[NetworkName, ReleaseNetwork], Field(min_length=1)]
    sources: tuple[str, ...] = ()
    training: dict[str, JsonValue]
    libraries: dict[str, str]
    git_commit: str | None
    data: DataSet
    headline: Headline

    def get_network(self, name: NetworkName) -> ReleaseNetwork:
        """Return the network that answers one kind of input.

        Args:
            name: "pixels" or "photos". If the release has only one network, it answers both.
        """
        return self.networks[name] if name in self.networks else next(iter(self.networks.values()))

    def get_contract(self, name: NetworkName) -> ModelContract:
        """Return the contract (input, labels, thresholds) of the network that answers one kind of input.

        Args:
            name: "pixels" or "photos". If the release has only one network, it answers both.
        """
        return self.get_network(name).contract

    @property
    def contracts(self) -> dict[NetworkName, ModelContract]:
        """The contract (input, labels, thresholds) of each network, by the name of the network."""
        return {name: network.contract for name, network in self.networks.items()}

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the classes, in the order of the probabilities."""
        return self.get_contract("pixels").labels

    @property
    def attributes(self) -> dict[str, Head]:
        """The head of each attribute, such as `colour`, by name.

        A head is the part of a network that answers one question. If both networks answer an attribute, the
        labels are equal.
        """
        return {
            name: head for contract in self.contracts.values() for name, head in contract.attributes.items()
        }

    @property
    def has_both_networks(self) -> bool:
        """Whether the release has two networks, one for pixels and one for photos."""
        return len(self.networks) == len(NETWORK_NAMES)

    @model_validator(mode="after")
    def _check_networks_fit(self) -> Self:
        if not self.has_both_networks:
            return self
        reads = self.get_contract("photos").input
        edge = reads.shape[0]
        if replace(reads, framing="whole") != make_whole_picture_input(edge, 3) or edge > MAX_PHOTO_EDGE:
            raise ValueError(
                "networks.photos.input: beside `pixels` it has to be whole square pictures in RGB of at most "
                f"{MAX_PHOTO_EDGE} pixels"
            )
        pixels = self.get_contract("pixels").heads
        photos = self.get_contract("photos").heads
        for name in [name for name in pixels if name in photos]:
            if pixels[name].labels != photos[name].labels:
                raise ValueError(f"networks: both have to have the same labels of `{name}`")
        return self


def parse_manifest(text: bytes, address: str) -> Manifest:
    """Parse the JSON of manifest.json, and return the manifest.

    Args:
        address: the address of the file, for messages.

    Raises:
        ManifestTooNew: its schema version is above SCHEMA_VERSION.
        ManifestInvalid: anything else is wrong with it. The message names the key.
    """
    try:
        schema = _SchemaOnly.model_validate_json(text).schema_version
        if schema > SCHEMA_VERSION:
            raise ManifestTooNew(
                f"{address}: schema version {schema}, but this code reads up to {SCHEMA_VERSION}. "
                "Serve it with a newer Wardrobe, or publish the release again with this one."
            )
        if schema not in {*OLDER_SCHEMAS, SCHEMA_VERSION}:
            raise ManifestInvalid(
                f"{address}: schema_version: {schema}, but {OLDER_SCHEMAS[0]} to {SCHEMA_VERSION} are read. "
                "Serve it with the Wardrobe that made it, or train it again."
            )
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise ManifestInvalid(f"{address}: {describe_first_problem(error)}") from error


def describe_first_problem(error: ValidationError) -> str:
    """Return the first of the errors that pydantic found, as `key: message`."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    key = ".".join(map(str, first["loc"])) or "the whole"
    return f"{key}: {first['msg'].removeprefix('Value error, ')}"


class _SchemaOnly(BaseModel):
    """The one key that every schema has, read first so that a newer manifest gives a clear error."""

    schema_version: int
