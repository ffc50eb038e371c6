"""What can be trained with, and where a training starts."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_store.manifest import DataSet
from scripts import train
from scripts.data_options import read_training_options
from training.data.fashion import LabelledData
from training.data.pictures import Pictures
from training.errors import BadRecipe
from training.gradient.recipes import (
    FIRST_RECIPE,
    PLAIN_RECIPE,
    PUBLISHED_RECIPE,
    Recipe,
    TrainableNetworkName,
    adapt_recipe_to_network,
    choose_default_recipe,
)
from training.gradient.run_names import choose_run_folder, hash_recipe_and_data, make_run_fingerprint
from training.options import TrainingOptions
from training.recipe_choice import apply_options_to_recipe, find_start_recipe

DATA = DataSet(name="made-up", train_sha256="a" * 64, test_sha256="b" * 64)


def recipe_by(words: str) -> Recipe:
    """What `wardrobe train` trains with these options."""
    options = read_training_options(train.build_parser().parse_args(words.split()))
    return apply_options_to_recipe(find_start_recipe(options), options)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", choose_default_recipe("compact32")),
        ("--network vgg", choose_default_recipe("vgg")),
        ("--recipe first", FIRST_RECIPE),
        (
            "--recipe first --epochs 2 --no-flip --weight-decay .1",
            replace(FIRST_RECIPE, epochs=2, flip=False, weight_decay=0.1),
        ),
        (
            "--model_arch vgg --Optimizer SGD -b 250 --learning_rate=0.1 --num_epochs 3",
            replace(
                choose_default_recipe("vgg"), optimizer="sgd", batch_size=250, learning_rate=0.1, epochs=3
            ),
        ),
        ("--model_arch vgg_like --optimizer RMS", replace(choose_default_recipe("vgg"), optimizer="rmsprop")),
        (
            "--model_arch custom --optimizer rmsprop",
            replace(choose_default_recipe("arch2"), optimizer="rmsprop"),
        ),
        ("--network v1 --optimizer Adam", replace(choose_default_recipe("arch1"), optimizer="adam")),
    ],
)
def test_options_change_single_fields_of_a_named_recipe(words: str, expected: Recipe) -> None:
    assert recipe_by(words) == expected


def test_a_release_that_records_a_recipe_s_file_names_the_recipes_that_there_are() -> None:
    with pytest.raises(
        BadRecipe, match=r"best\.toml: no recipe has this name. There are first, published, quick\."
    ):
        find_start_recipe(TrainingOptions(recipe="best.toml"))


def test_the_published_recipe_has_what_each_network_s_code_has() -> None:
    def chosen(network: TrainableNetworkName) -> tuple[object, ...]:
        recipe = adapt_recipe_to_network(PUBLISHED_RECIPE, network)
        return (
            recipe.optimizer,
            recipe.learning_rate,
            recipe.batch_size,
            recipe.epochs,
            recipe.rotate,
            recipe.flip,
            recipe.augmented_copies,
            recipe.kept,
        )

    unchanged = (0.0, False, 0)
    assert chosen("conv2_same") == ("adam", 0.001, 64, 10, *unchanged, "last")
    # AkhilSinghRana/Fashion-MNIST-CNN, notebooks/classification_v1.ipynb: cell 2 prints batches of 250, 10
    # epochs and Adam, cell 5 has use_augmentation=False, cell 7 ModelCheckpoint(save_best_only=True).
    assert chosen("arch1") == ("adam", 0.001, 250, 10, *unchanged, "least_loss")
    # The same cells of classification_v3_dataAug.ipynb (arch2), and 3, 6 and 8 of
    # classification_v2_dataAug.ipynb (vgg): use_augmentation=True with num_aug=2. The generator of
    # code/util/dataLoader.py turns by up to 10 degrees, flips, and fills with the nearest.
    assert chosen("arch2") == chosen("vgg") == ("adam", 0.001, 250, 10, 10.0, True, 2, "least_loss")
    # All three: test_size=0.2 (cell 7; 8 of vgg's), and their logs say 48,000 of 60,000, 144,000 of 180,000.
    assert [
        adapt_recipe_to_network(PUBLISHED_RECIPE, network).held_out for network in ("arch1", "arch2", "vgg")
    ] == [0.2] * 3
    assert chosen("labelling2") == ("sgd", 0.01, 32, 15, *unchanged, "last")
    assert (chosen("conv3"), adapt_recipe_to_network(PUBLISHED_RECIPE, "conv3").patience) == (
        ("adam", 0.001, 128, 50, *unchanged, "last"),
        5,
    )
    assert adapt_recipe_to_network(PLAIN_RECIPE, "arch2") == replace(PLAIN_RECIPE, network="arch2")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("network", "vgg19", "network vgg19: Input should be 'dense', "),
        ("learning_rate", -1.0, r"learning_rate -1\.0: Input should be greater than 0"),
        ("shift", 28, "shift 28: Input should be less than 28"),
        ("l2", math.inf, "l2 inf: Input should be a finite number"),
        ("warm_up", -1.0, r"warm_up -1\.0: Input should be greater than or equal to 0"),
        ("averaging", 1.0, r"averaging 1\.0: Input should be less than 1"),
        ("mixup", 0.01, "mixup 0.01: expected 0, or 0.05 or more"),
    ],
)
def test_a_setting_that_cannot_be_trained_with_is_named(field: str, value: Any, message: str) -> None:
    with pytest.raises(BadRecipe, match=message):
        replace(PLAIN_RECIPE, **{field: value})


def test_the_same_command_finds_its_checkpoint_again_and_another_does_not() -> None:
    other_data = DataSet(name="made-up", train_sha256="c" * 64, test_sha256="b" * 64)
    others = [replace(PLAIN_RECIPE, seed=1), replace(PLAIN_RECIPE, shear=5.0)]

    marks = {
        hash_recipe_and_data(PLAIN_RECIPE, other_data),
        *(hash_recipe_and_data(recipe, DATA) for recipe in [PLAIN_RECIPE, *others]),
    }

    assert len(marks) == 4
    assert {"shear", "flip"}.isdisjoint(
        PLAIN_RECIPE.list_changed_settings()
    )  # a field with its default changes no mark


def test_a_run_on_pictures_of_other_groups_is_another_one_and_without_groups_the_recipe_and_data_decide() -> (
    None
):
    images = Pictures.make_from_pixels(np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8))
    files = (Path("a.png"), Path("b.png"))
    plain, *grouped = (
        LabelledData(one, images)
        for one in (
            images,
            *(replace(images, groups=np.array(of), files=files) for of in (["a", "b"], ["a", "a"])),
        )
    )

    marks = [make_run_fingerprint(PLAIN_RECIPE, data) for data in (plain, *grouped)]

    folders = {choose_run_folder(replace(PLAIN_RECIPE), data) for data in (plain, *grouped) for _ in range(2)}
    assert len(set(marks)) == len(folders) == 3
    assert marks[0] == hash_recipe_and_data(PLAIN_RECIPE, plain.describe_data_set())
