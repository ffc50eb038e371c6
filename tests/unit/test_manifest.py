"""manifest.json: what is read comes back as it was; what is wrong is named by its key."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_store.errors import ManifestInvalid, ManifestTooNew
from model_store.manifest import (
    PATH_PATTERN,
    VERSION_PATTERN,
    DataSet,
    FileEntry,
    Golden,
    Headline,
    Manifest,
    manifest_bytes,
    parse_manifest,
)
from tests.releases import a_contract, a_release

REMOVED = object()


def changed(text: bytes, path: str, value: object) -> bytes:
    """The same JSON with one key, `a.b.c`, set or removed."""
    whole = json.loads(text)
    *parents, last = path.split("/")
    part: Any = whole
    for parent in parents:
        part = part[parent]
    part[last] = value
    if value is REMOVED:
        del part[last]
    return json.dumps(whole).encode()


@pytest.fixture
def text(tmp_path: Path) -> bytes:
    return (a_release(tmp_path / "release") / "manifest.json").read_bytes()


def test_a_manifest_reads_back_as_it_was_written(text: bytes) -> None:
    assert manifest_bytes(parse_manifest(text, "here")) == text


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("version", "latest", "version"),
        ("version", "20261120T101500Z-3f9a1c2e/..", "version"),
        ("version", REMOVED, "version"),
        ("created_at", "yesterday", "created_at"),
        ("colour", "red", "colour"),
        ("model/labels", REMOVED, "model.labels"),
        ("model/colour", "red", "model.colour"),
        ("model/temperature", "warm", "model.temperature"),
        ("model/input/dtype", "float32", "model.input.dtype"),
        ("model/input/imaging/colour", 1, "model.input.imaging.colour"),
        ("files/model.onnx", {"sha256": "abc", "size": 1}, "files.model.onnx.sha256"),
        ("files/model.onnx", {"sha256": "a" * 64, "size": -1}, "files.model.onnx.size"),
        ("headline/test_accuracy", 1.5, "headline.test_accuracy"),
        ("headline/test_n", 0, "headline.test_n"),
        ("data/test_sha256", "none", "data.test_sha256"),
        ("libraries", ["onnx"], "libraries"),
        ("schema_version", 0, "schema_version"),
        ("schema_version", "new", "schema_version"),
        ("schema_version", REMOVED, "schema_version"),
    ],
)
def test_whatever_is_wrong_is_named_by_its_key_and_place(
    text: bytes, path: str, value: object, key: str
) -> None:
    with pytest.raises(ManifestInvalid) as caught:
        parse_manifest(changed(text, path, value), "s3://shop/manifest.json")

    assert str(caught.value).startswith(f"s3://shop/manifest.json: {key}: ")


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../x", "/etc/passwd", "a//x", "./x", ".hidden", "a/.hidden", "a\\x", "C:x", "a\nx", "", "a/"],
)
def test_a_path_that_leaves_the_folder_or_is_spelled_oddly_is_refused(text: bytes, path: str) -> None:
    whole = json.loads(text)
    whole["files"][path] = {"sha256": "a" * 64, "size": 1}

    with pytest.raises(ManifestInvalid, match="files"):
        parse_manifest(json.dumps(whole).encode(), "here")


def test_a_manifest_from_the_future_says_that_a_newer_wardrobe_is_needed(text: bytes) -> None:
    future = changed(changed(text, "schema_version", 3), "colour", "red")

    with pytest.raises(ManifestTooNew, match="schema version 3, but this code reads up to 2"):
        parse_manifest(future, "here")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe"])
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(ManifestInvalid, match="here: "):
        parse_manifest(text, "here")


@pytest.mark.parametrize("pixels", ["not base64!", "AAAA", ""])
def test_golden_pixels_that_are_no_whole_pictures_are_named(pixels: str) -> None:
    with pytest.raises(ManifestInvalid, match=r"golden\.pixels"):
        Golden(pixels=pixels, probabilities=((1.0,),)).inputs()


def test_golden_pixels_and_answers_come_back_exactly() -> None:
    pixels = np.arange(2 * 784, dtype=np.uint16).astype(np.uint8).reshape(2, 28, 28)
    answers = np.array([[0.1, 0.9], [1 / 3, 2 / 3]], np.float32)

    golden = Golden.of(pixels, answers)

    assert np.array_equal(golden.inputs(), pixels)
    assert np.array_equal(golden.answers(), answers)


shares = st.floats(0, 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | shares | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
manifests = st.builds(
    Manifest,
    version=st.from_regex(rf"\A{VERSION_PATTERN}\Z".replace(r"\d", "[0-9]")),
    created_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    files=st.dictionaries(
        st.from_regex(rf"\A{PATH_PATTERN}\Z").filter(lambda path: len(path) <= 200),
        st.builds(FileEntry, sha256=hashes, size=st.integers(0, 2**53)),
        max_size=3,
    ),
    model=st.builds(a_contract, st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True)),
    golden=st.builds(
        Golden,
        pixels=st.just(""),
        probabilities=st.lists(st.lists(shares).map(tuple), min_size=1, max_size=2).map(tuple),
    ),
    training=st.dictionaries(st.text(), json_values, max_size=3),
    libraries=st.dictionaries(st.text(), st.text(), max_size=3),
    git_commit=st.none() | st.text(),
    data=st.builds(DataSet, name=st.text(), train_sha256=hashes, test_sha256=hashes),
    headline=st.builds(
        Headline,
        test_accuracy=shares,
        test_n=st.integers(1, 10**9),
        parameters=st.integers(1, 10**12),
        mflops=st.floats(0.001, 1e9),
    ),
)


@settings(deadline=None, max_examples=40)
@given(manifests)
def test_any_manifest_survives_being_written_and_read(manifest: Manifest) -> None:
    assert parse_manifest(manifest_bytes(manifest), "here") == manifest
