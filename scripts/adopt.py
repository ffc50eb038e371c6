"""Make a release of a `.keras` or `.h5` model from elsewhere.

The model is wrapped, exported, calibrated, measured and published. It has to read a picture as (28, 28),
(28, 28, 1) or (784,), and must have no code of its own. Its outputs stand for the labels of --labels, or else
for those of the data, in order.
"""

import argparse
from pathlib import Path

from inference.sessions.keras_file import check_keras_file
from inference.text.plain_text import normalize_label
from model_store.release_files import NEW_RELEASE_FOLDER, fingerprint_file
from reports.accept_threshold import DEFAULT_CONDITIONS, AcceptConditions
from scripts.__main__ import command
from scripts.console import make_console, print_message
from scripts.data_options import add_accept_options, add_data_options, read_data_set_options
from scripts.parsers import make_command_parser
from scripts.progress_bars import TerminalProgress, print_promises
from scripts.release_target import open_release_target
from scripts.store_options import add_new_release_options
from training.data.fashion import LabelledData
from training.data.read import load_data_set
from training.loading import check_tensorflow, start_tensorflow
from training.release.run_folder import claim_new_run

EXAMPLE_COMMANDS = (
    "wardrobe adopt model.keras --out store",
    "wardrobe adopt model.keras --labels coat,shoe --data pictures --publish s3://models/wardrobe",
)


def execute(arguments: argparse.Namespace) -> object:
    """Make a release of the Keras model that the arguments name, and send it to the store.

    Returns:
        The result for --json.
    """
    check_tensorflow()
    check_keras_file(arguments.model, can_be_hdf5=True)
    with claim_new_run(arguments.run or _name_default_run(arguments.model)) as run:
        return _make_and_publish(arguments, run / NEW_RELEASE_FOLDER)


def _make_and_publish(arguments: argparse.Namespace, release: Path) -> object:
    """Make the release in its folder, and send it to the store.

    Returns:
        The result for --json.
    """
    # First the store and the classes, which are cheap to check, then the work of minutes.
    target = open_release_target(arguments, arguments.data)
    data = load_data_set(read_data_set_options(arguments), TerminalProgress())
    data = data.match_labels(arguments.labels, is_forced=arguments.force) if arguments.labels else data
    target.check_labels(data.labels)
    confidence = arguments.accept_confidence
    conditions = AcceptConditions(
        arguments.accept_right, DEFAULT_CONDITIONS.confidence if confidence is None else confidence
    )
    _make_release(release, arguments.model, data, conditions, is_forced=arguments.force)
    print_promises(release, make_console().print)
    return target.publish_and_report(release)


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe adopt`."""
    parser = make_command_parser("adopt", __doc__, EXAMPLE_COMMANDS)
    parser.add_argument(
        "model", type=Path, help="file `.keras` of Keras 3 or `.h5` of Keras 2, without code of its own"
    )
    order = "class names in the order of its outputs (default: the data's, in order of their names)"
    parser.add_argument("--labels", type=_parse_labels, metavar="A,B,C", help=order)
    add_data_options(parser)
    add_accept_options(parser.add_argument_group("what is accepted"))
    group = parser.add_argument_group("where it goes")
    place = "folder of the new release (default: one per model in runs/)"
    group.add_argument("--run", type=Path, metavar="FOLDER", help=place)
    add_new_release_options(group)
    return parser


def _parse_labels(text: str) -> tuple[str, ...]:
    """Parse the value of --labels: names that differ, with commas between them."""
    labels = tuple(map(normalize_label, text.split(",")))
    if not all(labels) or len(set(labels)) < len(labels):
        raise argparse.ArgumentTypeError(f"{text!r}: expected names that differ, with commas between them")
    return labels


def _name_default_run(model: Path) -> Path:
    """Return `runs/adopted-HASH`, so that each model gets a folder of its own."""
    return Path("runs") / f"adopted-{fingerprint_file(model).sha256[:16]}"


def _make_release(
    release: Path, model: Path, data: LabelledData, conditions: AcceptConditions, *, is_forced: bool
) -> None:
    """Make a release of a Keras model in a folder, and print how the model was wrapped."""
    start_tensorflow()
    # TensorFlow takes seconds to load, which --help and a wrong argument should not.
    from training.release.adopt import adopt_model  # noqa: PLC0415

    manifest = adopt_model(
        release, model, data, TerminalProgress(), conditions=conditions, is_forced=is_forced
    )
    print_message(f"{manifest.training['origin']}.")


if __name__ == "__main__":
    raise SystemExit(command("adopt"))
