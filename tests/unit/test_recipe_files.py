"""Recipes as files, and what `wardrobe train --help` shows of the rest."""

from dataclasses import replace
from pathlib import Path

import pytest

from scripts import train
from tests.fashion import write_idx_folder
from training.errors import BadRecipe, TrainingError
from training.recipes import CHOICES, DEFAULTS, RECIPES, read_recipe, starting_point


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What `wardrobe train --show-recipe` prints."""
    assert train.main(["--show-recipe", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_that_was_printed_is_read_back_as_it_was(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(shown(capsys, "--recipe", name), "utf-8")

    recipe, _ = read_recipe(file)

    assert recipe == RECIPES[name]


def test_the_bundled_recipe_is_printed_unless_another_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys) == shown(capsys, "--recipe", "bundled")
    assert 'network = "dense"\nepochs = 3\n' in shown(capsys, "--network", "dense", "--epochs", "3")


def test_options_change_single_fields_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text("epochs = 5\nl2 = 0.5\n", "utf-8")

    printed = shown(capsys, "--recipe", str(file), "--epochs", "2", "--no-flip")

    assert {"epochs = 2", "l2 = 0.5", "flip = false"} <= set(printed.splitlines())


def test_what_a_file_leaves_out_is_as_in_the_bundled_recipe(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text("epochs = 5\n", "utf-8")

    recipe, given = read_recipe(file)

    assert recipe == replace(DEFAULTS, epochs=5)
    assert (recipe.network, recipe.learning_rate) == (RECIPES["bundled"].network, 0.001)
    assert (recipe.start, recipe.photos, recipe.teacher) == (None, None, None)
    assert given == {"epochs"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = 0", "epochs 0: Input should be greater than or equal to 1"),
        ("epochs = '5'", "Input should be a valid integer"),
        ("epochs = 2026-11-20", "Input should be a valid integer"),
        ("flip = 1", "flip 1: Input should be a valid boolean"),
        ("network = 'vgg19'", "network vgg19: Input should be 'dense', "),
        ("epoch = 5", "unknown fields: epoch. There are network, epochs, "),
        ("epochs: 5", "`wardrobe train --show-recipe` prints such a file"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_with_its_name(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(text, "utf-8")

    with pytest.raises(BadRecipe) as refused:
        read_recipe(file)

    assert str(refused.value).startswith(f"{file}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("validation = 99", "--validation 99: 60 pictures of 10 classes allow 10 to 50"),
        ("limit = 61", "--limit 61: the training set allows 1 to 60"),
        ("teacher = '0123456789abcdef'", "teacher 0123456789abcdef: these answers are not kept here"),
        ("photos = 'f9b32119f5db9e04'", "This recipe learns from photos"),
        ("start = '20261120T101500Z-3f9a1c2e'", "trains the release 20261120T101500Z-3f9a1c2e further"),
    ],
)
def test_a_training_takes_what_a_file_says(text: str, message: str, tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=60, test=10)
    file = tmp_path / "recipe.toml"
    file.write_text(text, "utf-8")

    with pytest.raises(TrainingError, match=message):
        train.main(["--data", str(tmp_path), "--out", str(tmp_path / "store"), "--recipe", str(file)])


def test_a_file_of_another_network_is_not_trained_from_a_release(tmp_path: Path) -> None:
    write_idx_folder(tmp_path, train=60, test=10)
    file = tmp_path / "recipe.toml"
    file.write_text("network = 'dense'\n", "utf-8")
    arguments = ["--data", str(tmp_path), "--out", str(tmp_path / "store"), "--recipe", str(file)]

    with pytest.raises(BadRecipe, match="network dense: the release"):
        train.main([*arguments, "--from", "bundled"])


def test_another_name_than_a_recipe_or_a_file_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        train.main(["--recipe", "qiuck"])

    assert ended.value.code == 2
    assert "'qiuck': expected bundled, first, quick, or a recipe file" in capsys.readouterr().err


def test_help_fits_on_one_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    lines = train.build_parser().format_help().splitlines()

    assert len(lines) <= 24
    assert max(map(len, lines)) < 80


def test_help_all_shows_the_options_that_help_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    code = train.main(["--help-all"])

    printed = capsys.readouterr().out
    assert code == 0
    assert all(
        option in printed for option in ("--weight-decay", "--photos", "--fresh", "--sign", "--recipe")
    )
    assert all(network in printed for network in CHOICES["network"])
    assert "--weight-decay" not in train.build_parser().format_help()


def test_a_network_that_is_named_alone_starts_from_its_own_recipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(shown(capsys, "--network", "resnet"), "utf-8")

    assert read_recipe(file)[0] == starting_point("resnet")
