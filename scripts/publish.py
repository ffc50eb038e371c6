"""Send a release to a store and make it current.

After an interruption, run it again: it continues. Refusals: reports/gate.py; sending: target.py.
"""

import argparse
from pathlib import Path

from app.settings import read_command_settings
from model_store.named_release import find_release
from model_store.release_files import expand_home
from model_store.store import open_store
from model_store.store_keys import PROMOTIONS
from scripts.__main__ import command
from scripts.target import Target, add_publishing_options, as_text, outcome, publishing
from scripts.terminal import RELEASE_HELP, command_parser, complain

EXAMPLES = (
    "wardrobe publish runs/mine/release s3://models/wardrobe",
    "wardrobe publish runs/mine/release store --sign release.key --no-promote",
)


def execute(arguments: argparse.Namespace) -> object:
    """Publish the release that the arguments name in a store, print the result, and return it for --json."""
    store, folder = open_store(arguments.store), _folder_of(arguments)
    if not store.address.startswith("s3://") and not Path(store.address).exists():
        complain(f"{store.address} is a new folder; a store on S3 is s3://bucket/prefix.")
    target = Target(store, None, promote=not arguments.no_promote, **publishing(arguments))
    published = target.send(folder)
    print(as_text(published, store.address))
    return outcome(published, store.address)


def _folder_of(arguments: argparse.Namespace) -> Path:
    """Return the folder of the release. A release of another store is brought into the cache first."""
    place = expand_home(arguments.release)
    if place.is_dir() and not (place / PROMOTIONS).is_dir():
        return place
    folder = find_release(arguments.release, read_command_settings().cache_dir).folder
    if arguments.sign is not None:
        arguments.error(
            f"--sign writes into a release's folder. {arguments.release} is in {folder}: name a copy of that"
        )
    return folder


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe publish`."""
    parser = command_parser("publish", __doc__, EXAMPLES)
    parser.add_argument("release", help=RELEASE_HELP)
    parser.add_argument("store", help="a folder, or s3://bucket/prefix (boto3 reads AWS_*)")
    add_publishing_options(parser)
    parser.add_argument("--no-promote", action="store_true", help="send it, but leave the current release")
    return parser


if __name__ == "__main__":
    raise SystemExit(command("publish"))
