"""What can be trained with, and when a checkpoint belongs to a run."""

from dataclasses import replace
from typing import Any

import pytest

from model_store.manifest import DataSet
from training.data.datasets import LABELS, TRAIN_SHA256
from training.errors import BadRecipe
from training.fitting.distillation import KEPT, load_soft_targets
from training.recipes import BUNDLED, PLAIN, default_run_folder, fingerprint

DATA = DataSet(name="made-up", train_sha256="a" * 64, test_sha256="b" * 64)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("network", "vgg19", "network vgg19: Input should be 'dense', "),
        ("epochs", 0, "epochs 0: Input should be greater than or equal to 1"),
        ("batch_size", 0, "batch_size 0: .* greater than or equal to 1"),
        ("learning_rate", -1.0, "learning_rate -1.0: Input should be greater than 0"),
        ("shift", 28, "shift 28: Input should be less than 28"),
        ("erase", -1, "erase -1: Input should be greater than or equal to 0"),
        ("rotate", 181.0, "rotate 181.0: Input should be less than or equal to 180"),
        ("zoom", 1.0, "zoom 1.0: Input should be less than 1"),
        ("shear", 90.0, "shear 90.0: Input should be less than 90"),
        ("mixup", 0.01, "mixup 0.01: expected 0, or 0.05 or more"),
        ("patience", 0, "patience 0: Input should be greater than or equal to 1"),
        ("blend", 0.5, "blend 0.5: expected 1 where no release is trained further"),
        ("seed", -1, "seed -1: Input should be greater than or equal to 0"),
    ],
)
def test_a_setting_that_cannot_be_trained_with_is_named(field: str, value: Any, message: str) -> None:
    with pytest.raises(BadRecipe, match=message):
        replace(PLAIN, **{field: value})


def test_the_same_command_finds_its_checkpoint_again() -> None:
    assert default_run_folder(PLAIN, DATA) == default_run_folder(replace(PLAIN), DATA)


def test_another_seed_is_another_run() -> None:
    assert fingerprint(PLAIN, DATA) != fingerprint(replace(PLAIN, seed=1), DATA)


def test_other_data_is_another_run() -> None:
    other = DataSet(name="made-up", train_sha256="c" * 64, test_sha256="b" * 64)

    assert fingerprint(BUNDLED, DATA) != fingerprint(BUNDLED, other)


def test_a_run_begun_before_recipes_had_a_field_goes_on_while_the_field_is_off() -> None:
    assert "shear" not in PLAIN.as_json()
    assert replace(PLAIN, shear=5.0).as_json()["shear"] == 5.0
    assert fingerprint(PLAIN, DATA) != fingerprint(replace(PLAIN, shear=5.0), DATA)


def test_what_the_bundled_recipe_learns_from_is_kept() -> None:
    kept = load_soft_targets(KEPT)

    assert kept.sha256 == BUNDLED.teacher
    assert kept.train_sha256 == TRAIN_SHA256
    assert kept.probabilities.shape == (60_000, len(LABELS))
