"""Where a release that was made here goes: the options, the store, and what is said at the end.

Shared by train and adopt. Writes to the store, or to the bundled release's folder, that the options name.
"""

import argparse
from pathlib import Path

from model_store.files import GRAPH, MODEL
from model_store.local import BUNDLED, open_release
from model_store.manifest import Manifest
from model_store.promotions import newest, require_conditional_writes
from model_store.publish import Published, publish
from model_store.signing import check_private_key, sign
from model_store.store import Store, open_store
from scripts.bundling import replace_bundled
from scripts.identity import add_promotion_options, who
from scripts.publish import outcome
from scripts.terminal import console

DEFAULT_STORE = "runs/store"

RELEASE = "release"
"""Where in a run's folder the release is made before it is handed over."""


def add_target_options(group: "argparse._ArgumentGroup", default: str = DEFAULT_STORE) -> None:
    """Add --out, --publish, --sign, --force, --by and --unconditional.

    Args:
        group: of the parser that gets them.
        default: what --out is if left out, for the help.
    """
    target = group.add_mutually_exclusive_group()
    target.add_argument("--out", metavar="STORE", help=f"a folder store (default: {default})")
    target.add_argument(
        "--publish", metavar="STORE", help="publish to this store: s3://bucket/prefix, or a folder"
    )
    group.add_argument(
        "--sign",
        type=Path,
        metavar="KEY",
        help="with this private key (wardrobe signing new makes one)",
    )
    group.add_argument("--force", action="store_true", help="make it current even if the gate objects")
    add_promotion_options(group)


def open_target(arguments: argparse.Namespace) -> Store:
    """The store that the release goes to.

    Raises:
        StoreError: it cannot be reached or promoted in. Better to know now than after an hour of work.
    """
    store = open_store(arguments.publish or arguments.out or DEFAULT_STORE)
    newest(store)
    if store.address.startswith("s3://") and not arguments.unconditional:  # a folder may not exist yet
        require_conditional_writes(store)
    return store


def check_key(arguments: argparse.Namespace) -> None:
    """See that what --sign names can sign, for the same reason as `open_target` does.

    Raises:
        KeyUnusable: it cannot.
    """
    if arguments.sign is not None:
        check_private_key(arguments.sign)


def hand_over(release: Path, store: Store | None, arguments: argparse.Namespace) -> dict[str, object]:
    """Sign the release if that was asked for, bring it to where it was asked for, and print its headline.

    Args:
        release: its folder, sealed.
        store: None for the bundled release's own folder.
        arguments: with `sign`, `force` and `by`.

    Returns:
        the same for programs: JSON values.

    Raises:
        KeyUnusable: what --sign names is no private key.
        StoreError: it cannot be stored, or the gate refuses it.
    """
    if arguments.sign is not None:
        sign(release, arguments.sign)
    if store is None:
        verdict, where = replace_bundled(release, BUNDLED, force=arguments.force), str(BUNDLED)
        published = Published(open_release(release).manifest, None, verdict)
    else:
        published = publish(
            release,
            store,
            by=who(arguments.by),
            force=arguments.force,
            unconditional=arguments.unconditional,
        )
        where = store.address
    console().print(f"{published.verdict}\nReleased to {where}.", markup=False)
    _summarise(published.manifest)
    return {
        **outcome(published, where),
        "release": str(release),
        "signed": arguments.sign is not None,
        "headline": published.manifest.headline.model_dump(mode="json"),
        "bytes": {name: published.manifest.files[name].size for name in (MODEL, GRAPH)},
    }


def _summarise(manifest: Manifest) -> None:
    headline, files = manifest.headline, manifest.files
    console().print(
        f"{manifest.version}: test accuracy {headline.test_accuracy:.4f} on {headline.test_n:,} pictures, "
        f"{headline.parameters:,} parameters, {headline.mflops:.1f} MFLOP per picture, "
        f"{MODEL} {files[MODEL].size / 1e6:.2f} MB, {GRAPH} {files[GRAPH].size / 1e6:.2f} MB."
    )
