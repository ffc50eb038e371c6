"""Train a release again with people's corrections.

If the release has the ten classes of Fashion-MNIST, its head (the part of the network that answers photos) is
fitted again, as `wardrobe train --from … --photos` does. A release of own classes is trained again, on the
pictures that it learnt together with the corrections, with the settings of its own training. The command says
what it will do before it starts. Options of `wardrobe train` may follow `--`.
"""

import argparse
import shlex
from functools import partial
from pathlib import Path

from app.settings import read_command_settings
from labelling.review.audit import describe_audits
from model_store.named_release import parse_store_address
from model_store.store import open_store
from scripts import train
from scripts.__main__ import command
from scripts.compared_releases import publish_compared_release, publish_photo_release
from scripts.console import get_program_name, make_console, print_message
from scripts.data_options import list_typed_options, read_training_options
from scripts.doubted_labels import DOUBTS_EXPORT_NAME, write_doubted_labels
from scripts.list_options import add_encoding_option
from scripts.parsers import RELEASE_HELP, make_command_parser
from scripts.progress_bars import TerminalProgress, print_promises
from scripts.release_target import ReleaseTarget, open_release_target
from scripts.store_options import DEFAULT_STORE
from scripts.terminal import run_command
from training.corrected_release import (
    CorrectedRelease,
    find_corrected_release,
    find_most_corrected_folders,
    has_fashion_mnist_classes,
)
from training.improve import ImproveRequest, get_recorded_data_path, improve_release
from training.loading import check_tensorflow

EXAMPLE_COMMANDS = (
    "wardrobe improve corrections.csv",
    "wardrobe improve corrections.csv --from s3://models/shoes --publish s3://models/shoes",
    "wardrobe improve corrections.csv --from bundled -- --run runs/mine",
)


def main(words: list[str]) -> int:
    """Train a new version of a release from people's corrections, and return the exit code.

    Args:
        words: the words after `wardrobe improve`. Those after `--` are options of `wardrobe train`.
    """
    end = words.index("--") if "--" in words else len(words)
    return run_command(build_parser(), partial(_train_and_publish, train_words=words[end + 1 :]), words[:end])


def _train_and_publish(arguments: argparse.Namespace, train_words: list[str]) -> object:
    """Improve the release that the arguments name, and return the result for --json.

    Args:
        train_words: the words after `--`, which are options of `wardrobe train`.
    """
    parser = train.build_parser()
    parser.set_defaults(publish=arguments.publish, out=arguments.out)
    train_arguments = parser.parse_args(train_words)
    train_arguments.words = list(arguments.words)
    if train_words:
        train_arguments.words += ["--", *train_words]
    with train.claim_run_folder(train_arguments), train.report_usage_errors(arguments):
        return _train_again(arguments, train_arguments)


def _train_again(arguments: argparse.Namespace, train_arguments: argparse.Namespace) -> object:
    """Find the release that is improved, improve it, and send the new one to the store.

    Args:
        train_arguments: the words after `--`, parsed as arguments of `wardrobe train`.
    """
    check_tensorflow()
    improved_release = find_corrected_release(
        arguments.corrections,
        arguments.encoding or "",
        arguments.release,
        DEFAULT_STORE,
        read_command_settings().cache_dir,
        print_message,
    )
    parent = improved_release.release
    corrected_folders = find_most_corrected_folders(improved_release.corrections)
    for sentence in describe_audits(improved_release.corrections, parent.version):
        make_console().print(sentence, markup=False, highlight=False, soft_wrap=True)
    is_of_photos = has_fashion_mnist_classes(parent)
    if not (train_arguments.out or train_arguments.publish or is_of_photos):
        # A new release of own classes goes into the store of the old one. For the ten classes, whose old
        # release may be the bundled one, commands are printed that publish it.
        train_arguments.out = parse_store_address(improved_release.name)
    picture_place = (
        improved_release.file if is_of_photos else arguments.data or get_recorded_data_path(parent)
    )
    target = open_release_target(train_arguments, *(corrected_folders or [picture_place]))
    request = ImproveRequest(
        corrected_release=improved_release,
        data=arguments.data,
        learnt_corrections=tuple(arguments.learnt_corrections),
        typed_options=read_training_options(train_arguments),
        typed_names=frozenset(list_typed_options(train_arguments)),
        run=train.make_run_request(train_arguments, "improve"),
    )
    new_release = improve_release(request, parent, TerminalProgress(), target.check_labels)
    next_command = (
        format_photos_command(improved_release, train_arguments)
        if is_of_photos
        else format_improve_command(new_release.release_folder, target, train_arguments)
    )
    if not is_of_photos:
        print_promises(new_release.release_folder, make_console().print)
    write_doubted_labels(
        new_release.run_folder, new_release.answers, new_release.labels, next_command=next_command
    )
    if is_of_photos:
        return publish_photo_release(new_release, improved_release.name, parent, target, train_arguments)
    return publish_compared_release(new_release.release_folder, target, parent)


def format_improve_command(
    new_release: Path, target: ReleaseTarget, train_arguments: argparse.Namespace
) -> str:
    """Return the command that learns corrections of doubted labels after those that were just learnt.

    It names the new release, whose training recorded the earlier corrections. Without a name, the command
    would improve the current release, which has learnt them only if the new one was published.

    Args:
        new_release: the folder of the new release of own classes.
        target: the store that it goes to.
        train_arguments: the options of the training, with the words of this command. All are repeated
            except --run.
    """
    words = [get_program_name(), "improve", DOUBTS_EXPORT_NAME, "--from", str(new_release)]
    if train_arguments.publish:
        words += ["--publish", target.store.address]
    elif target.store.address != open_store(DEFAULT_STORE).address:
        words += ["--out", target.store.address]
    if repeated_options := _list_repeated_options(train_arguments):
        words += ["--", *repeated_options]
    return shlex.join(words)


def format_photos_command(corrected_release: CorrectedRelease, train_arguments: argparse.Namespace) -> str:
    """Return the command that learns corrections of doubted labels together with the corrections before.

    Args:
        corrected_release: the release of the ten classes, and the corrections that were learnt.
        train_arguments: the options of the training, with the words and the store of this command.
            All are repeated except --run.
    """
    words = [get_program_name(), "train", "--from", corrected_release.name]
    words += ["--photos", str(corrected_release.file), "--corrections", DOUBTS_EXPORT_NAME]
    for option, value in (
        ("--encoding", corrected_release.encoding),
        ("--out", train_arguments.out),
        ("--publish", train_arguments.publish),
    ):
        if value:
            words += [option, value]
    return shlex.join([*words, *_list_repeated_options(train_arguments)])


def _list_repeated_options(train_arguments: argparse.Namespace) -> list[str]:
    """Return the words after `--` that the next command repeats: all except --run, --out and --publish."""
    words = (
        train_arguments.words[train_arguments.words.index("--") + 1 :]
        if "--" in train_arguments.words
        else []
    )
    repeated_words = list[str]()
    remaining_words = iter(words)
    for word in remaining_words:
        name, _, value = word.partition("=")
        if name not in {"--run", "--out", "--publish"}:
            repeated_words.append(word)
        elif not value:  # as in `--run FOLDER`, whose value is the next word
            next(remaining_words, None)
    return repeated_words


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe improve`."""
    parser = make_command_parser("improve", __doc__, EXAMPLE_COMMANDS)
    add = parser.add_argument
    corrections = "answers of people, as the review sheet, the web page or doubted.html exports them"
    add("corrections", type=Path, metavar="CSV", help=corrections)
    add_encoding_option(parser)
    usual = f"{DEFAULT_STORE} if it has a release, else bundled"
    add("--from", dest="release", metavar="RELEASE", help=f"{RELEASE_HELP} (default: {usual})")
    data_help = "pictures that a release of own classes learnt (default: the place that its training named)"
    add("--data", metavar="FOLDER|CSV", help=data_help)
    earlier = "corrections that it learnt before (default: those that its training named); may be repeated"
    add("--learnt-corrections", action="append", default=[], metavar="CSV", help=earlier)
    target = parser.add_mutually_exclusive_group()
    out_help = "store to put the release into, a folder (default: for own classes, the store of --from)"
    target.add_argument("--out", metavar="STORE", help=out_help)
    publish_help = "store to publish the release in: a folder or s3://bucket/prefix"
    target.add_argument("--publish", metavar="STORE", help=publish_help)
    return parser


if __name__ == "__main__":
    raise SystemExit(command("improve"))
