"""Search for better settings of a recipe, by validation accuracy.

A recipe is the set of values by which a network is trained. The search starts from the recipe that the
options make, and tries other values. If it was killed or stopped, the same command goes on. A finished search
goes on with more --trials. It ends with a table, tune.png and the command that trains the best recipe.
"""

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from labelling.write.outputs import check_outputs
from scripts.__main__ import command
from scripts.console import make_console, print_table
from scripts.data_options import (
    add_data_options,
    add_recipe_options,
    list_data_files,
    load_pixel_pictures,
    parse_network_name,
    read_training_options,
)
from scripts.list_options import format_list_options
from scripts.parsers import make_command_parser, make_whole_number_parser
from scripts.progress_bars import EpochProgress
from training.gradient.recipes import DEFAULT_NETWORK, NETWORK_NAMES, RECIPES, choose_default_recipe
from training.loading import check_tensorflow, hide_retracing_warning, start_tensorflow
from training.progress import add_resume_advice
from training.recipe_choice import adapt_recipe_to_data, apply_options_to_recipe
from training.release.run_folder import claim_run

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from training.gradient.search import FinishedTrials

DEFAULT_TRIALS = 20
"""Default of --trials: the number of trainings with different values."""

MAX_TRIALS_SHOWN = 10
"""Largest number of trials in the printed table."""

PLOT_FILE_NAME = "tune.png"
"""Name of the plot with the accuracies of all trials over each setting."""

EXAMPLE_COMMANDS = (
    "wardrobe tune --trials 30",
    "wardrobe tune --recipe quick --trials 5 --epochs 2 --limit 5000",
)


def execute(arguments: argparse.Namespace) -> object:
    """Search for the best values of a recipe, print the best trials, and return the result for --json.

    A search that was interrupted continues.
    """
    check_tensorflow()
    data = load_pixel_pictures(arguments)
    default_recipe = adapt_recipe_to_data(choose_default_recipe(arguments.network or DEFAULT_NETWORK), data)
    start = apply_options_to_recipe(
        RECIPES[arguments.recipe] if arguments.recipe else default_recipe, read_training_options(arguments)
    )
    start_tensorflow()
    hide_retracing_warning()
    # TensorFlow takes seconds to load, which --help and a wrong argument should not.
    from training.gradient.search import RecipeSearch, run_search  # noqa: PLC0415

    search = RecipeSearch(start, data)
    folder = arguments.run or Path("runs") / f"tune-{start.network}-{search.fingerprint}"
    check_outputs(
        [(arguments.out or folder) / PLOT_FILE_NAME], list_data_files(arguments, data.train, data.test)
    )
    console = make_console()
    console.print(
        f"{start.network}, {arguments.trials} trials of up to {start.epochs} epochs: "
        f"{len(search.split.train):,} training pictures, {len(search.split.validation):,} held out. "
        f"Study in {folder}."
    )
    advice = f"The same command goes on after the last finished epoch, from {folder}."
    with add_resume_advice(advice), claim_run(folder), EpochProgress(console, start.epochs) as steps:
        trials = run_search(search, folder, arguments.trials, steps, console.print)
    return _write_result(folder, trials, arguments)


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe tune`."""
    parser = make_command_parser("tune", __doc__, EXAMPLE_COMMANDS)
    add_data_options(parser)
    recipe = parser.add_argument_group("what to start from")
    start = recipe.add_mutually_exclusive_group()
    network = f"network whose recipe is the start (default: {DEFAULT_NETWORK})"
    start.add_argument("--network", type=parse_network_name, choices=NETWORK_NAMES, help=network)
    recipe_help = "recipe that is the start, in place of a network's"
    start.add_argument("--recipe", choices=sorted(RECIPES), help=recipe_help)
    add_recipe_options(recipe)
    add = parser.add_argument_group("how far, and where to").add_argument
    trials = f"number of trials (default: {DEFAULT_TRIALS})"
    add("--trials", type=make_whole_number_parser(1), default=DEFAULT_TRIALS, metavar="N", help=trials)
    add("--run", type=Path, metavar="FOLDER", help="folder of the study (default: one per search in runs/)")
    add("--out", type=Path, metavar="FOLDER", help="folder of the plot (default: the folder of the study)")
    return parser


def make_train_command(arguments: argparse.Namespace, best_values: Mapping[str, int | float]) -> str:
    """Return the command line of `wardrobe train` that trains with the best values of a search.

    Args:
        arguments: the arguments of the search, such as its network and data, which are repeated.
        best_values: the best values, by the field of the recipe.
    """
    words = ["wardrobe", "train"]
    for name, value in {**read_training_options(arguments).recipe_fields, **best_values}.items():
        option = name.replace("_", "-")
        words += (
            [f"--{'' if value else 'no-'}{option}"]
            if isinstance(value, bool)
            else [f"--{option}", str(value)]
        )
    for name in ("network", "recipe", "data", "train", "test"):
        if getattr(arguments, name) is not None:
            words += [f"--{name}", str(getattr(arguments, name))]
    for corrections in arguments.corrections:
        words += ["--corrections", str(corrections)]
    words += ["--skip-unreadable"] * arguments.skip_unreadable
    return shlex.join([*words, *format_list_options(arguments)])


def _write_result(study: Path, trials: "FinishedTrials", arguments: argparse.Namespace) -> dict[str, object]:
    """Draw the plot of the search, print the best trials, and return the result for --json.

    Args:
        study: the folder of the search.
        trials: all finished trials, the best first.
    """
    from training.gradient.search import STUDY_FILE, draw_search_plot, round_values  # noqa: PLC0415

    folder = arguments.out or study
    best_trial = trials[0]
    figure = folder / PLOT_FILE_NAME
    command = make_train_command(arguments, round_values(best_trial.params))
    folder.mkdir(parents=True, exist_ok=True)
    draw_search_plot(study, figure)
    console = make_console()
    title = f"The best of {len(trials)} trials, by validation accuracy"
    print_table(
        [_make_row(trial) for trial in trials[:MAX_TRIALS_SHOWN]], title, left_aligned_columns=("state",)
    )
    console.print(f"All of them: {study / STUDY_FILE}, {figure}. The best again, as a release:")
    console.print(command, soft_wrap=True)
    return {
        "written": [str(figure)],
        "trials": len(trials),
        "best": {"number": best_trial.number, "val_accuracy": best_trial.value or 0.0},
        "command": command,
    }


def _make_row(trial: "FrozenTrial") -> dict[str, str]:
    """Return the row of a trial in the printed table, as cells by heading.

    The accuracy is 0 if the loss was not a number.
    """
    from training.gradient.search import TRIAL_STATE_NAMES, round_values  # noqa: PLC0415 - needs Optuna

    return {
        "trial": str(trial.number),
        "accuracy": f"{trial.value or 0:.4f}",
        "state": TRIAL_STATE_NAMES[trial.state],
        "epochs": str(len(trial.intermediate_values)),
        "seconds": f"{trial.duration.total_seconds():.0f}" if trial.duration else "",
        **{name.replace("_", " "): f"{value:.4g}" for name, value in round_values(trial.params).items()},
    }


if __name__ == "__main__":
    raise SystemExit(command("tune"))
