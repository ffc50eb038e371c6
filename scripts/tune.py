"""Search for better settings of a recipe, by validation accuracy alone.

Starts from the recipe that the options make and tries others around it; the search space is in
training/comparison/search.py. Killed or stopped at any time, the same command goes on, and so does a
finished search with more --trials. Ends in a table, tune.json and tune.png.
"""

import argparse
import logging
import shlex
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from model_store.report import Epoch
from scripts.fitting import start_backend
from scripts.terminal import INTERRUPTED, Emit, add_json, command_parser, complain, console, json_output, run
from scripts.training_options import (
    OPTIONS,
    add_data_options,
    add_recipe_options,
    changed,
    load_data,
    network_recipe,
    taught,
)
from training.comparison.trials import SearchReport, Trial, Values, ranked, recipe_of
from training.data.datasets import LabelledData
from training.data.splitting import first, split
from training.recipes import CHOICES, DEFAULT_NETWORK, RECIPES, Recipe

if TYPE_CHECKING:
    from training.comparison.search import Search

TRIALS = 20
SHOWN = 10
"""Rows of the table; tune.json has all."""

EXAMPLES = (
    "wardrobe tune --trials 30",
    "wardrobe tune --recipe quick --trials 5 --epochs 2 --limit 5000",
)


def main(argv: list[str] | None = None) -> int:
    """Search, or go on searching, and show what was found."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.trials < 1:
        parser.error("--trials: at least 1")
    with json_output(arguments) as emit:
        return _tune(parser, arguments, emit)


def _tune(parser: argparse.ArgumentParser, arguments: argparse.Namespace, emit: Emit) -> int:
    data = load_data(parser, arguments)
    data, plain = taught(data, _start(arguments, data), arguments)
    train = first(data.train, arguments.limit) if arguments.limit else data.train
    start = changed(plain, arguments, train)
    parts = split(train, start.validation, start.splitting, len(data.labels))
    start_backend()
    # It would take each trial's new network for a mistake that slows it down.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # TensorFlow takes seconds to load, which --help and a wrong argument should not.
    from training.comparison.search import Search  # noqa: PLC0415

    search = Search(start, parts, len(data.labels), data.described())
    folder = arguments.run or Path("runs") / f"tune-{start.network}-{search.fingerprint}"
    try:
        trials = _search(search, folder, arguments.trials)
    except KeyboardInterrupt:
        complain(f"stopped. The same command goes on after the last finished epoch, from {folder}.")
        return INTERRUPTED
    best = recipe_of(start, ranked(trials)[0].values)
    usual = changed(plain, argparse.Namespace(**dict.fromkeys(OPTIONS)), train)
    command = train_command(arguments, usual, best)
    emit(_hand_over(search, folder, trials, command, arguments.out or folder))
    return 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("tune", __doc__, EXAMPLES)
    add_data_options(parser)
    recipe = parser.add_argument_group("what to start from")
    start = recipe.add_mutually_exclusive_group()
    start.add_argument("--network", choices=CHOICES["network"], help=f"its recipe ({DEFAULT_NETWORK})")
    start.add_argument("--recipe", choices=sorted(RECIPES), help="this recipe")
    add_recipe_options(recipe)
    group = parser.add_argument_group("how far, and where to")
    group.add_argument("--trials", type=int, default=TRIALS, metavar="N", help=f"number of trials ({TRIALS})")
    group.add_argument(
        "--run", type=Path, metavar="FOLDER", help="folder of the study (default: one per search in runs/)"
    )
    group.add_argument(
        "--out", type=Path, metavar="FOLDER", help="folder of tune.json and tune.png (default: the study's)"
    )
    add_json(parser)
    return parser


def _start(arguments: argparse.Namespace, data: LabelledData) -> Recipe:
    """The recipe that the arguments name, before any option changes it."""
    if arguments.recipe:
        return RECIPES[arguments.recipe]
    return network_recipe(arguments.network or DEFAULT_NETWORK, data)


def _search(search: "Search", folder: Path, trials: int) -> tuple[Trial, ...]:
    from training.comparison.search import run_search  # noqa: PLC0415  # as in main

    out = console()
    out.print(
        f"{search.start.network}, {trials} trials of up to {search.start.epochs} epochs: "
        f"{len(search.split.train):,} training pictures, {len(search.split.validation):,} held out. "
        f"Study in {folder}."
    )
    with TrialLines(out, search.start.epochs) as lines:
        return run_search(search, folder, trials, lines)


def train_command(arguments: argparse.Namespace, usual: Recipe, recipe: Recipe) -> str:
    """The command that trains by a recipe, on the data that the arguments name.

    Args:
        arguments: of a search.
        usual: what `wardrobe train` would do without any option that changes a recipe.
        recipe: what it shall do.
    """
    words = ["python", "-m", "scripts.train"]
    for name in ("data", "train", "test", "network", "recipe", "teacher"):
        if getattr(arguments, name) is not None:
            words += [f"--{name}", str(getattr(arguments, name))]
    if arguments.skip_unreadable:
        words.append("--skip-unreadable")
    for name in OPTIONS:
        if (value := getattr(recipe, name)) != getattr(usual, name):
            words += _option(name.replace("_", "-"), value)
    return shlex.join(words)


def _option(name: str, value: object) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    return [f"--{name}", str(value)]


def _hand_over(
    search: "Search", study: Path, trials: tuple[Trial, ...], command: str, folder: Path
) -> dict[str, object]:
    """Write tune.json and tune.png, print the best, and return it for programs."""
    from training.comparison.search import draw_search  # noqa: PLC0415  # as in main
    from training.export.environment import hardware, libraries  # noqa: PLC0415

    report = SearchReport(
        recipe=search.start.as_json(),
        data=search.data,
        held_out=len(search.split.validation),
        hardware=hardware(),
        libraries=libraries(),
        best=ranked(trials)[0].number,
        command=command,
        trials=trials,
    )
    folder.mkdir(parents=True, exist_ok=True)
    results, figure = folder / "tune.json", folder / "tune.png"
    results.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    draw_search(study, figure)
    out = console()
    out.print(_table(trials))
    out.print(f"All of them: {results}, {figure}. The best again, as a release:")
    out.print(command, soft_wrap=True)
    return {
        "written": [str(results), str(figure)],
        "trials": len(trials),
        "best": ranked(trials)[0].model_dump(mode="json"),
        "command": command,
    }


def _table(trials: tuple[Trial, ...]) -> Table:
    """The best trials, best first."""
    settings = list(trials[0].values)
    table = Table(title=f"The best of {len(trials)} trials, by validation accuracy")
    for heading in ("trial", "accuracy", "", "epochs", "seconds", *settings):
        table.add_column(heading.replace("_", " "), justify="left" if heading == "" else "right")
    for one in ranked(trials)[:SHOWN]:
        figures = (f"{one.val_accuracy:.4f}", one.state, str(one.epochs), f"{one.seconds:.0f}")
        table.add_row(str(one.number), *figures, *(f"{one.values[name]:.4g}" for name in settings))
    return table


class TrialLines:
    """Prints a search's trials and steps (training/comparison/search.py's SearchWatcher)."""

    def __init__(self, out: Console, epochs: int) -> None:
        """Print to `out`; `epochs` is how many a trial has at most."""
        self._out = out
        self._epochs = epochs
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeRemainingColumn(),
            console=out,
            transient=True,
            disable=not out.is_interactive,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> "TrialLines":
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away, however it ended."""
        self._bar.stop()

    def begins(self, number: int, values: Values) -> None:
        """Print what is tried."""
        self._bar.reset(self._task, total=None)
        self._out.print(
            f"trial {number}: " + ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        )

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Move the bar."""
        done, total = (epoch - 1) * steps + step, self._epochs * steps
        self._bar.update(self._task, description=f"epoch {epoch}/{self._epochs}", completed=done, total=total)

    def epoch(self, epoch: Epoch, best_epoch: int) -> None:
        """Say nothing: the trial's own line has its best epoch."""

    def ends(self, trial: Trial) -> None:
        """Print what it came to."""
        epochs = f"{trial.epochs} epoch{'s' if trial.epochs > 1 else ''}"
        self._out.print(
            f"  {trial.state} after {epochs}, {trial.seconds:.0f} s: "
            f"validation accuracy {trial.val_accuracy:.4f}"
        )


if __name__ == "__main__":
    sys.exit(run(main))
