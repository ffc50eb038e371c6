"""Make a better release from people's corrections.

Of a release of the ten classes the head that answers photos is fitted again, as `wardrobe train --from …
--photos` does. A release of own classes is trained again, on the pictures that it learnt together with the
corrections, with the settings of its own training. The command says what it will do before it
starts. Options of `wardrobe train` may follow `--`. What is decided: training/improve.py.
"""

import argparse
from functools import partial
from pathlib import Path

from app.settings import read_command_settings
from labelling.review.audit import describe_audits
from model_store.named_release import parse_store_address
from scripts import train
from scripts.__main__ import command
from scripts.data_options import options_of, typed_names
from scripts.doubted import write_doubted
from scripts.list_options import add_encoding
from scripts.progress_bars import Terminal, say_promises
from scripts.target import DEFAULT_STORE, open_target
from scripts.terminal import RELEASE_HELP, command_parser, complain, console, perform
from training.improve import (
    ImproveRequest,
    corrected_release,
    improve,
    knows_ten_classes,
    learnt_place,
    looked_at,
)
from training.loading import check_tensorflow

EXAMPLES = (
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
    return perform(build_parser(), partial(_improve, more=words[end + 1 :]), words[:end])


def _improve(arguments: argparse.Namespace, more: list[str]) -> object:
    parser = train.build_parser()
    parser.set_defaults(publish=arguments.publish, out=arguments.out)
    typed = parser.parse_args(more)
    typed.words = [*arguments.words, *(["--", *more] if more else [])]
    with train.claim_named_run(typed), train.usage_errors(arguments):
        return _train_again(arguments, typed)


def _train_again(arguments: argparse.Namespace, typed: argparse.Namespace) -> object:
    """Find the release that is improved, improve it, and store the result.

    Args:
        arguments: the arguments of this command.
        typed: the words after `--`, as arguments of `wardrobe train`.
    """
    check_tensorflow()
    corrected = corrected_release(
        arguments.corrections,
        arguments.encoding or "",
        arguments.release,
        DEFAULT_STORE,
        read_command_settings().cache_dir,
        complain,
    )
    parent, compared = corrected.release, looked_at(corrected.corrections)
    for sentence in describe_audits(corrected.corrections, parent.version):
        console().print(sentence, markup=False, highlight=False, soft_wrap=True)
    is_of_photos = knows_ten_classes(parent)
    if not (typed.out or typed.publish or is_of_photos):
        # A release of own classes goes beside its parent; of the ten classes it is published by hand.
        typed.out = parse_store_address(corrected.name)
    learnt = corrected.file if is_of_photos else arguments.data or learnt_place(parent)
    target = open_target(typed, compared or learnt)
    request = ImproveRequest(
        corrected=corrected,
        data=arguments.data,
        learnt_corrections=tuple(arguments.learnt_corrections),
        typed=options_of(typed),
        typed_names=frozenset(typed_names(typed)),
        run=train.run_request(typed, "improve"),
    )
    made = improve(request, parent, Terminal(), target.check_labels)
    if is_of_photos:
        return train.hand_over_photos(made, corrected.name, parent, target, typed)
    say_promises(made.release, console().print)
    write_doubted(made.run, made.answers, made.labels)
    return train.hand_over_compared(made.release, target, parent)


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe improve`."""
    parser = command_parser("improve", __doc__, EXAMPLES)
    add = parser.add_argument
    corrections = "answers of people, as the review sheet, the web page or doubted.html exports them"
    add("corrections", type=Path, metavar="CSV", help=corrections)
    add_encoding(parser)
    usual = f"{DEFAULT_STORE} if it has a release, else bundled"
    add("--from", dest="release", metavar="RELEASE", help=f"{RELEASE_HELP} (default: {usual})")
    learnt = "pictures that a release of own classes learnt (default: the place that its training named)"
    add("--data", metavar="FOLDER|CSV", help=learnt)
    earlier = "corrections that it learnt before (default: those that its training named); may be repeated"
    add("--learnt-corrections", action="append", default=[], metavar="CSV", help=earlier)
    target = parser.add_mutually_exclusive_group()
    beside = "store to put the release into, a folder (default: for own classes, the store of --from)"
    target.add_argument("--out", metavar="STORE", help=beside)
    promoted = "store to publish the release in: a folder or s3://bucket/prefix"
    target.add_argument("--publish", metavar="STORE", help=promoted)
    return parser


if __name__ == "__main__":
    raise SystemExit(command("improve"))
