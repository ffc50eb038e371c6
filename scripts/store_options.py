"""Options of commands that store a release: where it goes, who signs it, and who makes it current.

The current release of a store is the one that services use. Making a release current is called a promotion.
"""

import argparse
import getpass
import os
from dataclasses import dataclass
from pathlib import Path

from model_store.signing import read_private_key

DEFAULT_STORE = "runs/store"
"""Folder that a new release goes into if neither --out nor --publish is given."""


def add_new_release_options(group: "argparse._ArgumentGroup") -> None:
    """Add the options for a new release: --data-licence and those of `add_store_options`."""
    licence = "licence of the data, such as MIT or `our own pictures`, for the model card"
    group.add_argument("--data-licence", metavar="TEXT", help=licence)
    add_store_options(group)


def add_store_options(group: "argparse._ArgumentGroup") -> None:
    """Add the options for storing a release: --out, --publish, --sign, --force, --by and --unconditional."""
    target = group.add_mutually_exclusive_group()
    out_help = (
        "store to put the release into, a folder, without publishing it, unless it is the first one there "
        f"(default: {DEFAULT_STORE})"
    )
    target.add_argument("--out", metavar="STORE", help=out_help)
    publish_help = "store to publish the release in: a folder or s3://bucket/prefix"
    target.add_argument("--publish", metavar="STORE", help=publish_help)
    add_publishing_options(group)


def add_publishing_options(parser: "argparse._ActionsContainer") -> None:
    """Add the options for publishing a release: --sign, --force, --by and --unconditional."""
    add = parser.add_argument
    add("--sign", type=Path, metavar="KEY", help="sign with this key (wardrobe signing new makes one)")
    force_help = "make it current even if the gate refuses it: it is worse, or has other labels"
    add("--force", action="store_true", help=force_help)
    add_promotion_options(parser)


def add_promotion_options(parser: "argparse._ActionsContainer") -> None:
    """Add the options for making a release current in a store: --by and --unconditional."""
    parser.add_argument("--by", metavar="NAME", help="name of who does it, for the log (default: your login)")
    unconditional_help = (
        "promote even if the server does not support conditional writes; nobody else may promote then"
    )
    parser.add_argument("--unconditional", action="store_true", help=unconditional_help)


@dataclass(frozen=True, kw_only=True)
class PublishingOptions:
    """The values of the options for publishing a release.

    Attributes:
        key: the file of the private key that signs the release; None for no signature.
        is_forced: whether the release becomes current even if it is worse or has other labels.
        author: the name of the person who publishes, for the log.
        is_unconditional: whether to promote even if the store ignores conditional writes. Then two people who
            promote at once may overwrite each other's promotion.
    """

    key: Path | None
    is_forced: bool
    author: str
    is_unconditional: bool


def read_publishing_options(arguments: argparse.Namespace) -> PublishingOptions:
    """Return the values of --sign, --force, --by and --unconditional, after checking the key of --sign.

    Raises:
        KeyUnusable: the file of --sign has no private key.
    """
    if arguments.sign is not None:
        read_private_key(arguments.sign)
    return PublishingOptions(
        key=arguments.sign,
        is_forced=arguments.force,
        author=choose_author(arguments.by),
        is_unconditional=arguments.unconditional,
    )


def choose_author(name: str | None) -> str:
    """Return the name of the person who makes a release current, for the log of the store.

    Args:
        name: the value of --by. If it is None or empty, the login of the user is used.

    Returns:
        The name, the login, or `user id 1000` if the user has no name, as is usual in a container.
    """
    if name:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # KeyError up to Python 3.12, OSError from 3.13 on
        return f"user id {os.getuid()}"
