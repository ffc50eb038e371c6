"""Make a better release from people's corrections.

Of a release of the ten classes the head that answers photos is fitted again, as `wardrobe train --from …
--photos` does. A release of own classes is trained again, on the pictures that it learnt together with the
corrections, with the settings of its own training. The command says what it will do before it
starts. Options of `wardrobe train` may follow `--`. What is decided: training/improve.py.
"""

import argparse
import shlex
from functools import partial
from pathlib import Path

from app.settings import read_command_settings
from labelling.review.audit import describe_audits
from model_store.named_release import parse_store_address
from scripts import train
from scripts.__main__ import command
from scripts.list_options import add_encoding
from scripts.options import options_of
from scripts.progress import Terminal
from scripts.target import DEFAULT_STORE
from scripts.terminal import RELEASE_HELP, command_parser, console, perform
from training.improve import corrected_release, looked_at, next_training

EXAMPLES = (
    "wardrobe improve corrections.csv",
    "wardrobe improve corrections.csv --from s3://models/shoes --publish s3://models/shoes",
    "wardrobe improve corrections.csv --from bundled -- --run runs/mine",
)


def main(words: list[str]) -> int:
    """Say what will be done, and do it."""
    end = words.index("--") if "--" in words else len(words)
    return perform(build_parser(), partial(_improve, more=words[end + 1 :]), words[:end])


def _improve(arguments: argparse.Namespace, more: list[str]) -> object:
    parser = train.build_parser()
    parser.set_defaults(publish=arguments.publish, out=arguments.out)
    typed = parser.parse_args(more)
    with train.claim_named_run(typed):
        return _train_again(arguments, typed, more)


def _train_again(arguments: argparse.Namespace, typed: argparse.Namespace, more: list[str]) -> object:
    """Find the release and its training, and train again.

    Args:
        arguments: the arguments of this command.
        typed: what stands after `--`, as arguments of `wardrobe train`.
        more: the words after `--`.
    """
    progress = Terminal()
    corrected = corrected_release(
        arguments.corrections,
        arguments.encoding or "",
        arguments.release,
        DEFAULT_STORE,
        read_command_settings().cache_dir,
        progress.warn,
    )
    for sentence in describe_audits(corrected.corrections, corrected.release.version):
        console().print(sentence, markup=False, highlight=False, soft_wrap=True)
    options = next_training(corrected, arguments.data, progress, arguments.learnt_corrections)
    command = shlex.join(["wardrobe", "improve", *arguments.words, *(["--", *more] if more else [])])
    if not (typed.out or typed.publish or options.release):
        # A release of own classes goes beside its parent; of the ten classes it is published by hand.
        typed.out = parse_store_address(corrected.name)
    compared = looked_at(corrected.corrections)
    options = options.changed_by(options_of(typed))
    return train.train(options, typed, command, corrected.release, compared)


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("improve", __doc__, EXAMPLES)
    add = parser.add_argument
    corrections = "what people said of pictures: the review sheet, the page and doubted.html export it"
    add("corrections", type=Path, metavar="CSV", help=corrections)
    add_encoding(parser)
    usual = f"{DEFAULT_STORE} if it has a release, else bundled"
    add("--from", dest="release", metavar="RELEASE", help=f"{RELEASE_HELP} (default: {usual})")
    learnt = "the pictures that the release learnt (default: those that its training named)"
    add("--data", metavar="FOLDER|CSV", help=learnt)
    earlier = "corrections that the release learnt (default: those that its training named)"
    add("--learnt-corrections", action="append", default=[], metavar="CSV", help=earlier)
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--out", metavar="STORE", help="a folder store; the release stands there beside what is current"
    )
    target.add_argument("--publish", metavar="STORE", help="a folder or s3:// store; current there")
    return parser


if __name__ == "__main__":
    raise SystemExit(command("improve"))
