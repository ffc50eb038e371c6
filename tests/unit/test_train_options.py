"""What the commands that train, adopt and search refuse before anything heavy is loaded, and record."""

import argparse
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from pydantic import ValidationError

from inference.errors import ModelUnreadable
from labelling.lists.list_reading import ListOptions
from model_store.errors import GateRefused
from reports.network_figures import Epoch
from scripts import adopt, compare, evaluate, train, tune
from scripts.data_options import UNRECORDED_ARGUMENTS, read_data_set_options, read_training_options
from tests.commands import wardrobe
from tests.fashion import write_idx_folder
from tests.own_pictures import write_class_folders
from tests.releases import a_store
from tests.uploads import a_garment, png
from training.errors import BadRecipe, DataError
from training.gradient.fitting.checkpoints import has_perfect_validation, is_out_of_patience
from training.options import OPTIONS_BY_METHOD, RECIPE_FIELDS, TRAINING_METHODS, TrainingOptions
from training.progress import warn_of_few_answers
from training.thresholds.requirements import get_default_accuracy


def test_a_folder_without_classes_is_named(tmp_path: Path) -> None:
    (tmp_path / "shirt.png").write_bytes(png(a_garment()))
    loaded = "tensorflow" in sys.modules

    with pytest.raises(DataError, match=rf"{tmp_path}: 0 classes \(none\)\. .*: one sub-folder each"):
        wardrobe("train", ["--data", str(tmp_path), "--out", str(tmp_path / "store")])

    assert ("tensorflow" in sys.modules) is loaded
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("data", "nowhere"),
        ("data", "nowhere.csv"),
        ("train", "--data", "nowhere"),
        ("train", "--data", "nowhere", "--corrections", "nowhere.csv"),
        ("train", "--from", "bundled", "--photos", "nowhere"),
        ("evaluate", "--data", "nowhere"),
        ("evaluate", "--photos", "nowhere"),
        ("tune", "--data", "nowhere"),
        ("compare", "--networks", "dense", "--data", "nowhere"),
    ],
)
def test_a_place_of_pictures_that_does_not_exist_is_named(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DataError, match=r"^nowhere(\.csv)?: no such file or folder\.$"):
        wardrobe(words[0], list(words[1:]))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("--data", "things"), ("--from", "bundled", "--photos", "things")])
def test_what_a_store_of_other_classes_would_refuse_is_not_trained_first(
    tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_class_folders(tmp_path / "things", 3)
    store = a_store(tmp_path / "shop", labels=("hat", "scarf"))

    with pytest.raises(GateRefused, match=r"has the classes hat, scarf, this would have .* Name another sto"):
        wardrobe("train", [*words, "--run", "run", "--publish", store])

    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("answers", "doubted"), [(58, True), (59, False)])
def test_too_few_answers_are_named_before_the_training(answers: int, doubted: bool) -> None:
    warnings = list[str]()
    warn_of_few_answers(answers, 0.95, warnings.append)

    assert len(warnings) == doubted
    assert all(
        re.search("takes 59 answers.* Every decision by .* will be `review`", line) for line in warnings
    )
    assert not any("None is accepted" in line for line in warnings)  # nothing is measured yet


def an_epoch(accuracy: float, loss: float = 0.5) -> Epoch:
    return Epoch(epoch=1, loss=0.5, accuracy=0.5, val_loss=loss, val_accuracy=accuracy, seconds=1.0)


@pytest.mark.parametrize(
    ("accuracies", "steps", "ended"),
    [
        ([0.5] + [1.0] * 25, 4, True),
        ([1.0] * 24 + [0.9], 4, False),
        ([1.0, 1.0], 430, False),
        ([0.9, 1.0, 1.0, 1.0], 430, True),
    ],
)
def test_a_training_ends_when_all_held_out_pictures_stay_right(
    accuracies: list[float], steps: int, ended: bool
) -> None:
    assert has_perfect_validation([an_epoch(one) for one in accuracies], steps) is ended


@pytest.mark.parametrize(
    ("epochs", "patience", "ended"),
    [
        ([0.5, 0.9, 0.8, 0.8, 0.8], 3, True),
        ([0.5, 0.9, 0.8, 0.8], 3, False),
        ([0.5, 0.9, 0.8, 0.95], 2, False),
        ([0.9, 0.9, 0.9], 2, True),
        ([(0.9, 0.5), (0.9, 0.4), (0.9, 0.3)], 2, False),  # a lower loss at the same accuracy is better
        ([0.9] * 99, None, False),
    ],
)
def test_patience_is_spent_by_epochs_without_a_better_one(
    epochs: list[float | tuple[float, float]], patience: int | None, ended: bool
) -> None:
    history = [an_epoch(*one) if isinstance(one, tuple) else an_epoch(one) for one in epochs]

    assert is_out_of_patience(history, patience) is ended


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "epochs 0: Input should be greater"),
        (["--limit", "0"], "--limit 0: the training set allows 1 to 60"),
        (["--limit", "8"], "No picture of class 8 among the 8 training pictures"),
    ],
)
def test_settings_that_cannot_be_trained_with_are_refused(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    write_idx_folder(tmp_path, train=60, test=10)

    with pytest.raises(BadRecipe, match=message):
        wardrobe("train", ["--data", str(tmp_path), "--out", str(tmp_path / "store"), *arguments])


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "mine.keras"

    with pytest.raises(ModelUnreadable, match=rf"{missing}: No such file or directory"):
        wardrobe("adopt", [str(missing), "--out", str(tmp_path / "store")])


def test_the_command_that_is_printed_has_the_best_values_and_what_the_search_was_given() -> None:
    words = ["--data", "my pictures", "--skip-unreadable", "--recipe", "quick", "--no-flip", "--epochs", "2"]
    words += ["--path-column", "image,back", "--root", "a b", "--encoding", "cp1252", "--skip-bad-rows"]
    words += ["--product-column", "sku", "--corrections", "c.csv"]
    arguments = tune.build_parser().parse_args(words)

    command = tune.make_train_command(arguments, {"learning_rate": 0.002, "erase": 4})

    assert command == (
        "wardrobe train --epochs 2 --no-flip --learning-rate 0.002 --erase 4 --recipe quick "
        "--data 'my pictures' --corrections c.csv --skip-unreadable --path-column image,back --root 'a b' "
        "--encoding cp1252 --product-column sku --skip-bad-rows"
    )


def test_what_a_release_records_is_chosen_again_but_for_what_is_typed() -> None:
    words = "--data my.csv --path-column image,image_model --root photos --encoding cp1251 --skip-bad-rows "
    words += "--fast --seed 3 --no-flip --accept-right .9 --recipe first --accept-confidence .9"
    arguments, further = (
        train.build_parser().parse_args(line.split()) for line in (words, "--seed 4 --accept-confidence .75")
    )
    given = read_training_options(arguments).convert_to_json()

    recorded = TrainingOptions.read_manifest_options({"settings": json.loads(json.dumps(given))})

    assert recorded.convert_to_json() == given
    assert recorded.list_options == read_data_set_options(arguments).reading
    assert recorded.list_options == ListOptions(
        path_columns=("image", "image_model"), root=Path("photos"), encoding="cp1251", skip_bad_rows=True
    )
    expected = {**given, "seed": 4}
    del expected["accept_confidence"]  # .75 is the usual one
    assert recorded.override_with(read_training_options(further)).convert_to_json() == expected


def test_an_option_that_another_version_recorded_is_ignored_and_one_of_ours_that_does_not_exist_is_not() -> (
    None
):
    assert TrainingOptions.read_manifest_options(
        {"settings": {"fast": True, "blend": 0.5}}
    ) == TrainingOptions(fast=True)
    with pytest.raises(ValidationError, match="fsat"):
        TrainingOptions().replace_options(fsat=True)


def test_each_option_is_used_by_a_training_and_each_used_one_is_an_option() -> None:
    parsed = {action.dest for action in train.build_parser()._actions} - {"help", "json"}

    assert frozenset().union(*OPTIONS_BY_METHOD.values()) == parsed
    assert OPTIONS_BY_METHOD.keys() == set(TRAINING_METHODS)


def test_the_help_has_a_group_for_each_training_with_the_options_that_it_uses() -> None:
    parser = train.build_parser()
    shown = {group.title: group._group_actions for group in parser._action_groups}
    of_all = frozenset.intersection(*OPTIONS_BY_METHOD.values())

    assert {action.dest for action in shown[train.COMMON_OPTIONS_TITLE]} == of_all
    for place, method in enumerate(TRAINING_METHODS):
        title = train.OPTION_GROUPS[method][0]
        before = frozenset().union(*(OPTIONS_BY_METHOD[earlier] for earlier in TRAINING_METHODS[:place]))
        assert {action.dest for action in shown[title]} == OPTIONS_BY_METHOD[method] - before - of_all
        for action in shown[title]:
            others = [
                train.OPTION_GROUPS[other][0]
                for other in TRAINING_METHODS[place + 1 :]
                if action.dest in OPTIONS_BY_METHOD[other]
            ]
            assert action.help is not None
            assert [other for other in others if f"also {other}" not in action.help] == []


def test_the_help_names_the_shares_that_must_be_right() -> None:
    shares = [get_default_accuracy(has_own_classes=own) for own in (True, False)]

    assert "(default: {} for own classes, {} for Fashion-MNIST)".format(*shares) in " ".join(
        train.build_parser().format_help().split()
    )


HEADS = "are learnt by a head"
PIXELS = "is for photos of own classes"
PHOTOS = "is not for --photos, which fits"

UNUSED: dict[str, tuple[str, str]] = {
    "a head needs no recipe": ("--data photos --epochs 3", HEADS),
    "a head has no epochs to log": ("--data photos --tensorboard log", HEADS),
    "a head has no checkpoint": ("--data photos --fresh", HEADS),
    "pictures of 28 x 28 need no vectors": ("--data small --fast", PIXELS),
    "Fashion-MNIST has no attributes": ("--recipe quick --attribute colour", PIXELS),
    "a CSV pair has no attributes": ("--train a.csv --test b.csv --attribute colour", PIXELS),
    **{
        f"photos of the ten classes need no {option.split()[0]}": (
            f"--from bundled --photos photos {option}",
            PHOTOS,
        )
        for option in ("--fast", "--fresh", "--data-licence MIT", "--limit 5", "--epochs 3", "--data photos")
    },
    "unreadable photos are left out": (
        "--from bundled --photos photos --skip-unreadable",
        "always leaves out",
    ),
    "a service decides about photos": (
        "--from bundled --photos photos --accept-right 0.9",
        "WARDROBE_ACCEPT_TARGET",
    ),
    "a service decides about confidence": (
        "--from bundled --photos photos --accept-confidence 0.75",
        "WARDROBE_ACCEPT_TARGET",
    ),
}
"""Options without effect, and what is said of them."""


@pytest.mark.parametrize(("words", "reason"), UNUSED.values(), ids=UNUSED)
def test_an_option_without_effect_is_refused_before_a_second_picture_is_read(
    words: str,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for place, edge in (("photos", 64), ("small", 28)):
        for label in ("Bag", "Shoe"):
            (tmp_path / place / label).mkdir(parents=True)
            (tmp_path / place / label / "2.png").write_bytes(b"no picture")
        picture = np.full((edge, edge), 40, np.uint8)
        picture[5:20, 5:20] = 200
        (tmp_path / place / "Bag" / "1.png").write_bytes(png(picture))

    with pytest.raises(SystemExit, match="2"):
        wardrobe("train", words.split())

    said = capsys.readouterr().err
    assert reason in said
    assert any(f"--{word}" in said for word in words.replace("--", "").split())


@pytest.mark.parametrize("verb", [train, tune, compare, evaluate, adopt])
def test_each_argument_is_an_option_of_a_training_or_is_named_as_none(verb: ModuleType) -> None:
    parser: argparse.ArgumentParser = verb.build_parser()
    arguments = {action.dest for action in parser._actions} - {"help"}

    assert arguments - set(TrainingOptions.model_fields) - set(RECIPE_FIELDS) - UNRECORDED_ARGUMENTS == set()
