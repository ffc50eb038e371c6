"""Options that name a release to open, and who promotes one.

Reads folders and stores; writes to the cache that the service uses too. The service has its own way to the
same classifier (app/releases/load.py), since it also follows promotions and survives an unreachable store.
"""

import argparse
import getpass
import os
from pathlib import Path

from model_store.cache import pull
from model_store.files import MANIFEST
from model_store.local import LocalRelease, bundled, open_release
from model_store.promotions import current
from model_store.store import open_store

CACHE = Path("~/.cache/wardrobe")
"""The default folder in which the service keeps pulled releases."""


RELEASE_HELP = "bundled (the default), a release's folder, or a store: a folder or s3://bucket/prefix"


def find_release(model: str, version: str | None = None) -> LocalRelease:
    """Find and verify the release that an argument names.

    Args:
        model: `bundled`, a folder with a manifest.json, or the address of a store.
        version: of a store: this one instead of what is current.

    Raises:
        StoreError: there is none, or it must not be used.
    """
    if version is not None:
        return pull(open_store(model), version, CACHE.expanduser())
    if model == "bundled":
        return bundled()
    folder = Path(model).expanduser()
    if (folder / MANIFEST).is_file():
        return open_release(folder)
    store = open_store(model)
    return pull(store, current(store).version, CACHE.expanduser())


def add_promotion_options(parser: "argparse._ActionsContainer") -> None:
    """Add --by and --unconditional."""
    parser.add_argument("--by", metavar="NAME", help="who does it, for the log; your login if left out")
    alone = "promote even where conditional writes are ignored (no other writer may promote meanwhile)"
    parser.add_argument("--unconditional", action="store_true", help=alone)


def who(by: str | None) -> str:
    """The name for the log.

    Args:
        by: what --by said; None or empty asks for the login.

    Returns:
        `by`, the login, or `user id 1000` where that has no name, as is usual in a container.
    """
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the first up to Python 3.12, the second since
        return f"user id {os.getuid()}"
