"""Train networks under one recipe and several seeds, and compare.

PLACE is the value of --out. The command writes PLACE.json and PLACE.png with the test accuracy of each
network beside the published one. Each training is a run of its own with a checkpoint and a release, as
`wardrobe train` makes them, so that a stopped comparison continues.
"""

import argparse
import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from labelling.errors import OutputUnusable
from labelling.write.outputs import check_outputs
from model_store.errors import StoreError
from model_store.local_releases import open_release
from model_store.release_files import NEW_RELEASE_FOLDER
from reports.values import Report, read_report
from scripts.__main__ import command
from scripts.console import make_console, print_message, print_table
from scripts.data_options import (
    add_data_options,
    add_recipe_options,
    list_data_files,
    load_pixel_pictures,
    parse_network_name,
    read_training_options,
)
from scripts.doubted_labels import write_doubted_labels
from scripts.parsers import make_command_parser, make_whole_number_parser
from scripts.progress_bars import TerminalProgress
from training.data.fashion import LabelledData
from training.gradient.recipes import (
    NETWORK_NAMES,
    RECIPES,
    Recipe,
    TrainableNetworkName,
    adapt_recipe_to_network,
    choose_default_recipe,
)
from training.loading import check_tensorflow, hide_retracing_warning, start_tensorflow
from training.progress import add_resume_advice
from training.recipe_choice import adapt_recipe_to_data, apply_options_to_recipe
from training.release.run_folder import claim_new_run

if TYPE_CHECKING:
    from training.gradient.comparison_results import NetworkResult

DEFAULT_RESULTS_PATH: Final = Path("runs/compare")
"""Default of --out: the name of the results without an ending."""

PUBLISHED_VALIDATION_NOTE: Final = (
    "published: where `test, published` is given as well, of the validation in the last epoch; arch2 and vgg "
    "had rotated and mirrored copies of one picture on both sides."
)

EXAMPLE_COMMANDS = (
    "wardrobe compare --networks dense,conv3 --seeds 3",
    "wardrobe compare --networks dense --seeds 1 --epochs 2 --limit 5000 --out runs/try",
)


def execute(arguments: argparse.Namespace) -> object:
    """Train each network that has no release yet, and compare the reports of all networks.

    Returns:
        The main figures of each network and the files that were written, for --json.
    """
    check_tensorflow()
    data = load_pixel_pictures(arguments)
    # matplotlib takes seconds to load, which --help and a wrong argument should not.
    from training.evaluation.plots import save_figure  # noqa: PLC0415 - as above
    from training.gradient.comparison_results import (  # noqa: PLC0415
        OWN_RECIPE,
        combine_reports,
        describe_short_training,
        draw_comparison,
        write_comparison,
    )

    name = arguments.out.name.removesuffix(".json")
    results, figure = (arguments.out.with_name(name + ending) for ending in (".json", ".png"))
    check_outputs([results, figure], list_data_files(arguments, data.train, data.test))
    start_tensorflow()
    hide_retracing_warning()
    with add_resume_advice("The same command goes on after the last finished epoch."):
        reports = _collect_reports(arguments, data)
    comparisons = [
        combine_reports(network, reports_by_seed, arguments.recipe or OWN_RECIPE)
        for network, reports_by_seed in reports.items()
    ]
    write_comparison(results, comparisons)
    save_figure(draw_comparison(comparisons), figure)
    make_console().print(f"{results}, {figure}")
    print_table([_make_row(comparison) for comparison in comparisons])
    for network, reports_by_seed in reports.items():
        for report in reports_by_seed.values():
            if warning := describe_short_training(network, report):
                print_message(warning)
    if any(comparison.published and comparison.published.test for comparison in comparisons):
        make_console().print(PUBLISHED_VALIDATION_NOTE)
    return {
        "written": [str(results), str(figure)],
        "networks": [_select_main_figures(comparison) for comparison in comparisons],
    }


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe compare`."""
    parser = make_command_parser("compare", __doc__, EXAMPLE_COMMANDS)
    add_data_options(parser)
    group = parser.add_argument_group("what to do")
    add = group.add_argument
    networks = f"networks that are compared, of {', '.join(NETWORK_NAMES)}"
    add("--networks", type=_parse_networks, required=True, metavar="A,B,C", help=networks)
    add(
        "--seeds",
        type=make_whole_number_parser(1),
        default=3,
        metavar="N",
        help="number of seeds per network (default: 3)",
    )
    add("--recipe", choices=sorted(RECIPES), help="recipe to start from (default: each network's own)")
    add_recipe_options(group)
    place = f"name of the results, without an ending (default: {DEFAULT_RESULTS_PATH})"
    add("--out", type=Path, default=DEFAULT_RESULTS_PATH, metavar="PLACE", help=place)
    return parser


def _parse_networks(text: str) -> tuple[str, ...]:
    """Parse the value of --networks: names of networks with commas between them, each used once."""
    names = tuple(dict.fromkeys(map(parse_network_name, text.split(","))))
    for name in names:
        if name not in NETWORK_NAMES:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(NETWORK_NAMES)}")
    return names


def _collect_reports(
    arguments: argparse.Namespace, data: LabelledData
) -> dict[TrainableNetworkName, dict[int, Report]]:
    """Return the report of each network by seed, after training those that have no release yet.

    Raises:
        OutputUnusable: a folder has a release of another recipe. Nothing is trained then.
        TrainingError: a checkpoint belongs to another run, or a network cannot be exported.
    """
    from training.pixel_network import make_training_run, train_pixel_network  # noqa: PLC0415 - needs Keras

    command = shlex.join(["wardrobe", "compare", *arguments.words])
    recipes = _list_recipes(arguments, data)
    progress = TerminalProgress()
    tasks = [make_training_run(recipe, data, command_line=command) for recipe in recipes]
    releases = [task.folder / NEW_RELEASE_FOLDER for task in tasks]
    # All of them before the first training, so that a release of another recipe is refused at once.
    finished_reports = list(map(_read_finished_report, recipes, releases))
    reports: dict[TrainableNetworkName, dict[int, Report]] = {}
    for number, (recipe, task, release) in enumerate(zip(recipes, tasks, releases, strict=True), 1):
        description = f"{recipe.network}, seed {recipe.seed} ({number} of {len(recipes)})"
        report = finished_reports[number - 1]
        progress.say(f"{description}." if report is None else f"{description}: done, {release}.")
        if report is None:
            with claim_new_run(task.folder):
                trained = train_pixel_network(data, recipe, task, progress)
            write_doubted_labels(trained.run_folder, trained.answers, trained.labels)
            report = read_report(open_release(release))
        reports.setdefault(recipe.network, {})[recipe.seed] = report
    return reports


def _list_recipes(arguments: argparse.Namespace, data: LabelledData) -> list[Recipe]:
    """Return the recipe of each training: the first network with all seeds, then the next network."""
    recipes = []
    for network in arguments.networks:
        default_recipe = adapt_recipe_to_data(choose_default_recipe(network), data)
        start = (
            adapt_recipe_to_network(RECIPES[arguments.recipe], network)
            if arguments.recipe
            else default_recipe
        )
        recipe = apply_options_to_recipe(start, read_training_options(arguments))
        recipes += [replace(recipe, seed=recipe.seed + seed_offset) for seed_offset in range(arguments.seeds)]
    return recipes


def _read_finished_report(recipe: Recipe, release: Path) -> Report | None:
    """Return the report of a release that this recipe has made; None if the folder does not exist.

    Raises:
        OutputUnusable: the folder is no whole release, or one of another recipe.
    """
    if not os.path.lexists(release):
        return None
    try:
        report = read_report(open_release(release))
    except StoreError as error:
        raise OutputUnusable(f"`{release}` exists and is no whole release. Move it away.") from error
    # The report has more settings than the recipe, such as the command line.
    if recipe.convert_to_json().items() <= report.training.configuration.items():
        return report
    raise OutputUnusable(
        f"`{release}` is a release of another recipe than {recipe.network}, seed {recipe.seed}. Move it away."
    )


def _make_row(comparison: "NetworkResult") -> dict[str, str]:
    """Return the row of a network in the printed table, as cells by heading."""
    from training.gradient.comparison_results import format_mean_and_std  # noqa: PLC0415 - needs matplotlib

    test = comparison.summary["test"]
    published = comparison.published
    return {
        "network": comparison.network,
        "parameters": f"{comparison.parameters:,}",
        "recipe": comparison.recipe_name,
        "seconds": "" if comparison.seconds is None else f"{comparison.seconds:.0f}",
        "test accuracy": format_mean_and_std(test),
        "published": f"{published.accuracy:g}" if published else "",
        "test, published": f"{published.test:g}" if published and published.test else "",
        "training": format_mean_and_std(comparison.summary["train"]),
    }


def _select_main_figures(comparison: "NetworkResult") -> dict[str, object]:
    """Return the main figures of a network as JSON values. The file of --out has all figures."""
    figures = {"network", "parameters", "trainable_parameters", "mflops", "seconds"}
    published = comparison.published
    return {
        **comparison.model_dump(include=figures),
        "recipe": comparison.recipe_name,
        "loss": comparison.test_loss,
        "published": published and published.accuracy,
        "published_test": published and published.test,
        "published_loss": published and published.loss,
        **comparison.summary,
    }


if __name__ == "__main__":
    raise SystemExit(command("compare"))
