"""Publish a release: send its folder to a store and make it current.

After an interruption, run it again: it continues. Refusals: model_store/gate.py.
train and adopt hand their releases over here: `hand_over`, or `replace_bundled` for the bundled one.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from model_store.errors import GateRefused, NotFound
from model_store.files import GRAPH, MODEL
from model_store.gate import check_gate
from model_store.local import BUNDLED, open_release
from model_store.manifest import Manifest
from model_store.promotions import newest, require_conditional_writes
from model_store.publish import Progress as Report
from model_store.publish import Published, publish
from model_store.signing import check_private_key, sign
from model_store.store import Store, open_store
from scripts.release_options import add_promotion_options, who
from scripts.terminal import command_parser, console, run

EXAMPLES = (
    "wardrobe publish runs/mine/release s3://models/wardrobe",
    "wardrobe publish runs/mine/release releases --sign release.key --no-promote",
)


def main(argv: list[str] | None = None) -> int:
    """Publish what the arguments name."""
    arguments = build_parser().parse_args(argv)
    store = open_store(arguments.store)
    if arguments.sign is not None:
        sign(arguments.folder, arguments.sign)
    with _progress(arguments.folder) as progress:
        published = publish(
            arguments.folder,
            store,
            by=who(arguments.by),
            force=arguments.force,
            promote=not arguments.no_promote,
            unconditional=arguments.unconditional,
            progress=progress,
        )
    if arguments.json:
        print(json.dumps(outcome(published, store.address), indent=1, ensure_ascii=False))
    else:
        print(as_text(published, store.address))
    return 0


def outcome(published: Published, address: str) -> dict[str, object]:
    """What became of a release, as JSON values."""
    promotion = published.promotion
    return {
        "version": published.manifest.version,
        "store": address,
        "promotion": promotion and promotion.model_dump(mode="json"),
        "verdict": published.verdict,
    }


def as_text(published: Published, address: str) -> str:
    """What became of a release, in two lines."""
    version, promotion = published.manifest.version, published.promotion
    if promotion is None:
        state = (
            f"{version} is in {address}, but not current: `releases promote` makes it so, `prune` removes it."
        )
    else:
        state = f"{version} is current in {address} (promotion {promotion.number} by {promotion.by})."
    return f"{state}\n{published.verdict}"


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("publish", __doc__, EXAMPLES)
    parser.add_argument("folder", type=Path, help="the release: a folder with a manifest.json")
    parser.add_argument("store", help="a folder, or s3://bucket/prefix (boto3 reads AWS_*)")
    parser.add_argument(
        "--sign",
        type=Path,
        metavar="KEY",
        help="write manifest.sig first, with this private key (wardrobe signing new makes one)",
    )
    parser.add_argument(
        "--force", action="store_true", help="even if it is worse than current, or has other labels"
    )
    parser.add_argument("--no-promote", action="store_true", help="send it, but leave current as it is")
    parser.add_argument("--json", action="store_true", help="print what became of it as one JSON object")
    add_promotion_options(parser)
    return parser


@contextmanager
def _progress(folder: Path) -> Iterator[Report]:
    """Draw a bar of bytes on stderr while files are sent; nothing where it is no terminal."""
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    out = console(sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_interactive) as bars:
        task = bars.add_task("", total=total)
        yield lambda path, size: bars.update(task, description=path, advance=size)


DEFAULT_STORE = "runs/store"

RELEASE = "release"
"""The folder of a new release in a run's folder."""


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
        help="sign with this private key (wardrobe signing new makes one)",
    )
    group.add_argument("--force", action="store_true", help="make it current even if the gate refuses it")
    add_promotion_options(group)


def open_target(arguments: argparse.Namespace) -> Store:
    """The store that the release goes to.

    Raises:
        StoreError: it cannot be reached or promoted in. Checked before an hour of work.
    """
    store = open_store(arguments.publish or arguments.out or DEFAULT_STORE)
    newest(store)
    if store.address.startswith("s3://") and not arguments.unconditional:  # a folder may not exist yet
        require_conditional_writes(store)
    return store


def check_key(arguments: argparse.Namespace) -> None:
    """Check before a training that the key of --sign can sign.

    Raises:
        KeyUnusable: it cannot.
    """
    if arguments.sign is not None:
        check_private_key(arguments.sign)


def hand_over(release: Path, store: Store | None, arguments: argparse.Namespace) -> dict[str, object]:
    """Sign the release if requested, publish it to its target, and print its headline.

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


def replace_bundled(release: Path, bundled: Path, *, force: bool) -> str:
    """Replace the bundled release.

    Args:
        release: a sealed release; it stays where it is.
        bundled: the folder to replace; need not be there.
        force: ignore the gate.

    Returns:
        The gate's verdict.

    Raises:
        GateRefused: the bundled release is better, or has other labels.
        ReleaseError: either is no release that may be served.
    """
    verdict = _ask_gate(open_release(release).manifest, bundled, force)
    arriving, leaving = bundled.with_name(".bundled-new"), bundled.with_name(".bundled-old")
    for left_over in (arriving, leaving):
        shutil.rmtree(left_over, ignore_errors=True)
    bundled.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(release, arriving)
    open_release(arriving)
    if bundled.exists():
        bundled.rename(leaving)
    arriving.rename(bundled)
    shutil.rmtree(leaving, ignore_errors=True)
    return verdict


def _ask_gate(candidate: Manifest, bundled: Path, force: bool) -> str:
    try:
        return check_gate(candidate, open_release(bundled).manifest)
    except NotFound:
        return check_gate(candidate, None)
    except GateRefused as error:
        if not force:
            raise
        return f"Forced past the gate: {error}"


if __name__ == "__main__":
    sys.exit(run(main))
