"""Pretrained weights: which networks and inputs may begin with them, before anything heavy is loaded."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from inference.contract import whole_pictures
from training.errors import BadRecipe, WeightsUnfit
from training.fitting.starting import with_weights
from training.recipes import NetworkName, starting_point


@pytest.mark.parametrize(
    ("network", "named", "size", "message"),
    [
        ("compact_any", "imagenet", 64, "compact_any has none .* Networks with weights: mobilenet_v3_small"),
        ("mobilenet_v3_small", None, 64, "Give --weights imagenet or --weights FILE, or .* compact_any"),
        ("mobilenet_v3_small", "nowhere.weights.h5", 64, "nowhere.weights.h5: No such file .* imagenet"),
        ("mobilenet_v3_small", "imagenet", 28, "Give --colour, and --image-size 32 or more"),
    ],
)
def test_weights_that_cannot_be_begun_with_are_refused(
    network: NetworkName, named: str | None, size: int, message: str
) -> None:
    with pytest.raises((BadRecipe, WeightsUnfit), match=message):
        with_weights(starting_point(network), named, whole_pictures(size, 3))


def test_weights_are_known_by_their_content(tmp_path: Path) -> None:
    file = tmp_path / "a.weights.h5"
    file.write_bytes(b"weights")
    start, reads = starting_point("mobilenet_v3_small"), whole_pictures(64, 3)

    recipe = with_weights(start, str(file), reads)

    assert recipe.weights == hashlib.sha256(b"weights").hexdigest()
    assert with_weights(start, "imagenet", reads).weights == "imagenet"
    with pytest.raises(BadRecipe, match="made with other weights"):
        with_weights(recipe, "imagenet", reads)
    with pytest.raises(BadRecipe, match="Give --colour"):
        with_weights(recipe, str(file), whole_pictures(64, 1))


def test_a_release_is_trained_further_from_its_own_weights_not_those_of_the_recipe() -> None:
    made_with = replace(starting_point("mobilenet_v3_small"), weights="imagenet")

    recipe = with_weights(replace(made_with, start="20261120T101500Z-3f9a1c2e"), None, whole_pictures(64, 3))

    assert recipe.weights is None
