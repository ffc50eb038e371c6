"""manifest.json: what is read comes back as it was; what is wrong is named by its key."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.contract import GREY_28, InputContract, make_whole_picture_input
from model_store.errors import ManifestInvalid, ManifestTooNew
from model_store.local_releases import open_release
from model_store.manifest import SCHEMA_VERSION, GoldenAnswers, parse_manifest
from tests.releases import a_release

REMOVED = object()
LABEL = "networks/pixels/contract/heads/label"
A_FILE = {"sha256": "a" * 64, "size": 1}


def changed(text: bytes, path: str, value: object) -> bytes:
    """The same JSON with one key, `a/b/c`, set or removed."""
    whole = json.loads(text)
    *parents, last = path.split("/")
    part: Any = whole
    for parent in parents:
        part = part[parent]
    part[last] = value
    if value is REMOVED:
        del part[last]
    return json.dumps(whole).encode()


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return (a_release(tmp_path_factory.mktemp("release")) / "manifest.json").read_bytes()


@pytest.fixture(scope="module")
def two_networks(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    made = a_release(tmp_path_factory.mktemp("two"), photos=make_whole_picture_input(32, 3))
    return (made / "manifest.json").read_bytes()


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("version", "20261120T101500Z-3f9a1c2e/..", "version"),
        ("colour", "red", "colour"),
        ("networks", {}, "networks"),
        ("networks/pixels/contract/heads", {}, "networks.pixels"),
        ("networks/pixels/golden/answers", {}, "networks.pixels"),
        ("networks/pixels/contract/familiarity", {"quantiles": []}, "networks.pixels"),
        ("networks/pixels/contract/familiarity", {"quantiles": [1.0, 0.0]}, "networks.pixels"),
        (f"{LABEL}/familiarity", {"Bag": 0.0}, "networks.pixels: heads.label.familiarity"),
        (f"{LABEL}/familiarity", {"Hat": 0.0}, "networks.pixels: heads.label.familiarity"),
        (f"{LABEL}/familiarity", {"Bag": 1.5}, "networks.pixels: heads.label.familiarity.Bag 1.5"),
        (f"{LABEL}/familiarity", 0.0, "networks.pixels.contract.heads.label.familiarity"),
        ("networks/colours", {}, "networks.colours.[key]"),
        (f"{LABEL}/labels", REMOVED, "networks.pixels.contract.heads.label.labels"),
        (f"{LABEL}/labels", ["Bag", "Bag"], "networks.pixels"),
        (f"{LABEL}/labels", ["Bag", " "], "networks.pixels"),
        (f"{LABEL}/withheld", ["Hat"], "networks.pixels"),
        (f"{LABEL}/applies_to", ["Bag"], "networks.pixels"),
        (f"{LABEL}/colour", "red", "networks.pixels.contract.heads.label.colour"),
        ("files/model.onnx", {"sha256": "abc", "size": 1}, "files.model.onnx.sha256"),
        ("schema_version", REMOVED, "schema_version"),
    ],
)
def test_whatever_is_wrong_is_named_by_its_key_and_place(
    text: bytes, path: str, value: object, key: str
) -> None:
    with pytest.raises(ManifestInvalid) as caught:
        parse_manifest(changed(text, path, value), "s3://shop/manifest.json")

    assert str(caught.value).startswith(f"s3://shop/manifest.json: {key}: ")


TOO_LARGE = {"shape": [10_000, 10_000], "polarity": "none", "framing": "whole"}


@pytest.mark.parametrize(
    ("network", "path", "value", "named"),
    [
        (
            "pixels",
            "input",
            {"framing": "fish-eye"},
            "input.framing: Input should be 'cut-out', 'whole' or 'trimmed'",
        ),
        ("pixels", "input", TOO_LARGE, "input.shape: 10000 x 10000; height and width must be 8 to 512"),
        ("pixels", "input", {"shape": [64, 64]}, "input.framing: cut-out makes 28 x 28 grey, light-on-black"),
        ("pixels", "input", {"channels": 3}, "input.framing: cut-out makes 28 x 28 grey"),
        ("pixels", "input", {"framing": "whole"}, "input.polarity: light-on-black needs framing cut-out"),
        ("photos", "input", {"shape": [32, 40]}, "it has to be whole square pictures in RGB"),
        ("photos", "input", {"shape": [256, 256]}, "of at most 224 pixels"),
        ("photos", "heads/label", {"temperature": 0}, "temperature 0.0: it has to be a number above 0"),
        ("photos", "heads/label", {"labels": ["Bag"]}, "both have to have the same labels of `label`"),
    ],
)
def test_a_network_that_cannot_be_served_is_refused_with_the_reason(
    two_networks: bytes, network: str, path: str, value: dict[str, Any], named: str
) -> None:
    text = two_networks
    for key, changed_to in value.items():
        text = changed(text, f"networks/{network}/contract/{path}/{key}", changed_to)

    with pytest.raises(ManifestInvalid) as caught:
        parse_manifest(text, "here")

    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("reads", "name"),
    [
        (GREY_28, "pixels"),
        (make_whole_picture_input(64, 1), "pixels"),
        (make_whole_picture_input(64, 3), "photos"),
    ],
)
def test_an_only_network_is_called_by_what_it_reads_and_answers_under_either_name(
    tmp_path: Path, reads: InputContract, name: str
) -> None:
    manifest = open_release(a_release(tmp_path, reads=reads)).manifest

    assert list(manifest.networks) == [name]
    assert manifest.get_contract("pixels") is manifest.get_contract("photos")


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../x", "/etc/passwd", "a//x", "./x", ".hidden", "a/.hidden", "a\\x", "C:x", "a\nx", "", "a/"],
)
def test_a_path_that_leaves_the_folder_or_is_spelled_oddly_is_refused(text: bytes, path: str) -> None:
    files = json.loads(text)["files"] | {path: A_FILE}

    with pytest.raises(ManifestInvalid, match="files"):
        parse_manifest(changed(text, "files", files), "here")


def test_a_manifest_from_the_future_says_that_a_newer_wardrobe_is_needed(text: bytes) -> None:
    future = changed(changed(text, "schema_version", SCHEMA_VERSION + 1), "colour", "red")

    with pytest.raises(
        ManifestTooNew, match=f"version {SCHEMA_VERSION + 1}, but this code reads up to {SCHEMA_VERSION}"
    ):
        parse_manifest(future, "here")


@pytest.mark.parametrize("schema", [0, 5, 9])
def test_a_manifest_of_another_schema_says_which_are_read(text: bytes, schema: int) -> None:
    with pytest.raises(ManifestInvalid, match=rf"{schema}, but 10 to 12 are read\. .*train it again"):
        parse_manifest(changed(text, "schema_version", schema), "here")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe"])
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(ManifestInvalid, match="here: "):
        parse_manifest(text, "here")


@pytest.mark.parametrize("pixels", ["not base64!", "AAAA", ""])
def test_golden_pixels_that_are_no_whole_pictures_are_named(pixels: str) -> None:
    with pytest.raises(ManifestInvalid, match=r"golden\.pixels"):
        GoldenAnswers(pixels=pixels, answers={"label": ((1.0,),)}).decode_pixels(GREY_28)


def test_golden_answers_of_unequal_lengths_are_named() -> None:
    with pytest.raises(ManifestInvalid, match=r"golden\.answers\.label"):
        GoldenAnswers(pixels="", answers={"label": ((0.5,), (0.2, 0.3))}).decode_answers()


def test_golden_pixels_and_answers_come_back_exactly() -> None:
    pixels = np.arange(2 * 784, dtype=np.uint16).astype(np.uint8).reshape(2, 28, 28)
    answers = np.array([[0.1, 0.9], [1 / 3, 2 / 3]], np.float32)

    golden = GoldenAnswers.from_arrays(pixels, {"label": answers})

    assert np.array_equal(golden.decode_pixels(GREY_28), pixels)
    assert np.array_equal(golden.decode_answers()["label"], answers)
