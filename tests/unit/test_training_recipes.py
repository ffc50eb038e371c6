"""What can be trained with, recipes as files, and where a training starts."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_store.manifest import DataSet
from scripts import train
from tests.commands import wardrobe
from training.data.fashion import LabelledData
from training.data.pictures import Pictures
from training.errors import BadRecipe
from training.gradient.recipes import (
    FIRST,
    NETWORKS,
    PLAIN,
    PUBLISHED,
    NetworkName,
    Recipe,
    default_run_folder,
    fingerprint,
    for_network,
    read_recipe,
    run_fingerprint,
    starting_point,
)

DATA = DataSet(name="made-up", train_sha256="a" * 64, test_sha256="b" * 64)


def test_a_network_goes_with_a_named_recipe_and_an_optimizer(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--network", "labelling2", "--recipe", "published", "--optimizer", "adam", "--show-recipe"]

    assert wardrobe("train", [*words, "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    names = ("network", "optimizer", "epochs", "batch_size", "initializer")
    assert [shown[name] for name in names] == ["labelling2", "adam", 15, 32, "he_uniform"]


def test_the_published_recipe_has_what_each_network_s_code_has() -> None:
    def chosen(network: NetworkName) -> tuple[object, ...]:
        recipe = for_network(PUBLISHED, network)
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
    assert [for_network(PUBLISHED, network).held_out for network in ("arch1", "arch2", "vgg")] == [0.2] * 3
    assert chosen("labelling2") == ("sgd", 0.01, 32, 15, *unchanged, "last")
    assert (chosen("conv3"), for_network(PUBLISHED, "conv3").patience) == (
        ("adam", 0.001, 128, 50, *unchanged, "last"),
        5,
    )
    assert for_network(PLAIN, "arch2") == replace(PLAIN, network="arch2")


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
        replace(PLAIN, **{field: value})


def test_the_same_command_finds_its_checkpoint_again_and_another_does_not() -> None:
    other_data = DataSet(name="made-up", train_sha256="c" * 64, test_sha256="b" * 64)
    others = [replace(PLAIN, seed=1), replace(PLAIN, shear=5.0)]

    marks = {fingerprint(PLAIN, other_data), *(fingerprint(recipe, DATA) for recipe in [PLAIN, *others])}

    assert len(marks) == 4
    assert {"shear", "flip"}.isdisjoint(PLAIN.changes())  # a field with its default changes no mark


def test_a_run_on_pictures_of_other_groups_is_another_one_and_without_groups_the_recipe_and_data_decide() -> (
    None
):
    images = Pictures.of_pixels(np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8))
    files = (Path("a.png"), Path("b.png"))
    plain, *grouped = (
        LabelledData(one, images)
        for one in (
            images,
            *(replace(images, groups=np.array(of), files=files) for of in (["a", "b"], ["a", "a"])),
        )
    )

    marks = [run_fingerprint(PLAIN, data) for data in (plain, *grouped)]

    folders = {default_run_folder(replace(PLAIN), data) for data in (plain, *grouped) for _ in range(2)}
    assert len(set(marks)) == len(folders) == 3
    assert marks[0] == fingerprint(PLAIN, plain.described())


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What `wardrobe train --show-recipe` prints."""
    assert wardrobe("train", ["--show-recipe", *arguments]) == 0
    return capsys.readouterr().out


def a_file(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("option", "name", "expected"),
    [
        ("--recipe", "first", FIRST),
        ("--network", "vgg", starting_point("vgg")),
    ],
)
def test_a_recipe_that_was_printed_is_read_back_as_it_was(
    option: str, name: str, expected: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = a_file(tmp_path, shown(capsys, option, name))

    recipe, _ = read_recipe(file)

    assert recipe == expected


def test_options_change_single_fields_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = a_file(tmp_path, "epochs = 5\nl2 = 0.5\n")

    printed = shown(capsys, "--recipe", str(file), "--epochs", "2", "--no-flip")

    assert {"epochs = 2", "l2 = 0.5", "flip = false"} <= set(printed.splitlines())


def test_without_a_name_the_recipe_of_the_usual_network_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys) == shown(capsys, "--network", "compact32")


def test_what_a_file_leaves_out_has_its_default(tmp_path: Path) -> None:
    recipe, given = read_recipe(a_file(tmp_path, "epochs = 5\n"))

    assert recipe == Recipe(epochs=5)
    assert (recipe.network, recipe.learning_rate) == (FIRST.network, 0.001)
    assert given == {"epochs"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = 0", "epochs 0: Input should be greater than or equal to 1"),
        ("epochs = '5'", "Input should be a valid integer"),
        ("epoch = 5", "unknown fields: epoch. There are network, epochs, "),
        ("start = '20261120T101500Z-3f9a1c2e'", "unknown fields: start. There are network, epochs, "),
        ("blend = 0.5", "unknown fields: blend. There are network, epochs, "),
        ("network = 'wide4'", "network wide4: Input should be 'dense', "),
        ("epochs: 5", "`wardrobe train --show-recipe` prints such a file"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_with_its_name(text: str, message: str, tmp_path: Path) -> None:
    file = a_file(tmp_path, text)

    with pytest.raises(BadRecipe) as refused:
        read_recipe(file)

    assert str(refused.value).startswith(f"{file}: ")
    assert message in str(refused.value)


def test_help_shows_every_option_and_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed_by("--help", capsys)

    missing = [word for word in ("--label-smoothing", "--photos", "--sign", *NETWORKS) if word not in shown]
    assert missing == []
    assert shown.endswith("\n  ".join(("examples:", *train.EXAMPLES)) + "\n")


def printed_by(option: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        wardrobe("train", [option])
    assert ended.value.code == 0
    return capsys.readouterr().out
