"""Publish a release: send its folder to a store and make it current.

wardrobe publish FOLDER STORE [--sign KEY] [--force] [--no-promote] [--unconditional] [--json]
    [--by NAME]

After an interruption, run it again: it goes on where it was. What is refused and why: model_store/gate.py.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from model_store.publish import Progress as Report
from model_store.publish import Published, publish
from model_store.signing import sign
from model_store.store import open_store
from scripts.command_line import command_parser
from scripts.identity import add_promotion_options, who
from scripts.terminal import console, run

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


if __name__ == "__main__":
    sys.exit(run(main))
