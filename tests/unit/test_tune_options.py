"""How a search ranks what it tried, and the command that it prints."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from scripts import tune
from scripts.tune import TrialLines
from training.comparison.trials import Trial, ranked, recipe_of
from training.recipes import PLAIN


def a_trial(number: int, accuracy: float, state: str = "finished") -> Trial:
    return Trial.model_validate(
        {
            "number": number,
            "state": state,
            "values": {"learning_rate": 0.002, "erase": 3},
            "val_accuracy": accuracy,
            "epochs": 2,
            "seconds": 30.0,
        }
    )


def test_proposed_values_are_short_enough_to_be_typed() -> None:
    recipe = recipe_of(PLAIN, {"learning_rate": 0.0072909926, "zoom": 0.1234567, "batch_size": 256})

    assert (recipe.learning_rate, recipe.zoom, recipe.batch_size) == (0.007291, 0.1235, 256)


def test_a_pruned_trial_ranks_behind_every_finished_one() -> None:
    trials = (a_trial(0, 0.8), a_trial(1, 0.95, "pruned"), a_trial(2, 0.9), a_trial(3, 0.9))

    assert [one.number for one in ranked(trials)] == [2, 3, 0, 1]


def test_the_command_that_is_printed_names_the_best_recipe_and_the_data_of_the_search() -> None:
    arguments = tune.build_parser().parse_args(
        ["--data", "my pictures", "--skip-unreadable", "--teacher", "a.npz", "--teaching", "0.7"]
    )

    command = tune.train_command(arguments, Path("found/best.toml"))

    assert command == (
        "wardrobe train --recipe found/best.toml --data 'my pictures' --teacher a.npz --teaching 0.7 "
        "--skip-unreadable"
    )


def test_a_recipe_that_trains_a_release_further_cannot_be_searched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        tune.main(["--recipe", "bundled"])

    assert "--recipe bundled trains a release further and learns photos" in capsys.readouterr().err


def test_each_trial_is_told_in_two_lines() -> None:
    written = io.StringIO()

    with TrialLines(Console(file=written, width=120), epochs=5) as lines:
        lines.begins(7, {"learning_rate": 0.002, "erase": 3})
        lines.step(1, 1, 10)
        lines.ends(a_trial(7, 0.91, "pruned"))

    assert written.getvalue().splitlines() == [
        "trial 7: learning_rate 0.002, erase 3",
        "  pruned after 2 epochs, 30 s: validation accuracy 0.9100",
    ]
