"""Send a release to a store and make it current.

The gate refuses a release that is worse than the current one or has other labels; --force makes it current
nevertheless. After an interruption, run the command again: it continues.
"""

import argparse
from pathlib import Path

from app.settings import read_command_settings
from model_store.named_release import find_release
from model_store.release_files import expand_home
from model_store.store import open_store
from model_store.store_keys import PROMOTIONS
from scripts.__main__ import command
from scripts.console import print_message
from scripts.parsers import RELEASE_HELP, make_command_parser
from scripts.release_messages import format_publish_result, make_publish_document
from scripts.release_target import ReleaseTarget
from scripts.store_options import add_publishing_options, read_publishing_options

EXAMPLE_COMMANDS = (
    "wardrobe publish runs/mine/release s3://models/wardrobe",
    "wardrobe publish runs/mine/release store --sign release.key --no-promote",
)


def execute(arguments: argparse.Namespace) -> object:
    """Publish the release that the arguments name in a store, print the result, and return it for --json."""
    store = open_store(arguments.store)
    folder = _find_release_folder(arguments)
    if not store.address.startswith("s3://") and not Path(store.address).exists():
        print_message(f"{store.address} is a new folder; a store on S3 is s3://bucket/prefix.")
    target = ReleaseTarget(
        store,
        current_manifest=None,
        is_promoted=not arguments.no_promote,
        options=read_publishing_options(arguments),
    )
    published = target.publish(folder)
    print(format_publish_result(published, store.address))
    return make_publish_document(published, store.address)


def _find_release_folder(arguments: argparse.Namespace) -> Path:
    """Return the folder of the release that the arguments name. A release in a store is fetched first."""
    place = expand_home(arguments.release)
    # A folder with promotions is a store; its current release is meant.
    if place.is_dir() and not (place / PROMOTIONS).is_dir():
        return place
    return find_release(arguments.release, read_command_settings().cache_dir).folder


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe publish`."""
    parser = make_command_parser("publish", __doc__, EXAMPLE_COMMANDS)
    parser.add_argument("release", help=RELEASE_HELP)
    parser.add_argument("store", help="a folder, or s3://bucket/prefix (boto3 reads AWS_*)")
    add_publishing_options(parser)
    parser.add_argument("--no-promote", action="store_true", help="send it, but leave the current release")
    return parser


if __name__ == "__main__":
    raise SystemExit(command("publish"))
