"""Store what one release or several say about a training set, for a smaller network to learn from.

python -m scripts.teach RELEASE [RELEASE ...] --out FILE.npz [--temperature T]
                        [--data FOLDER | --train CSV --test CSV]
python -m scripts.train --teacher FILE.npz ...

A RELEASE is `bundled`, a release's folder or a store. What is stored: training/soft_targets.py.
"""

import argparse
import sys
from pathlib import Path

from scripts.data_options import add_data_options, load_data
from scripts.opening import find_release, open_model
from scripts.terminal import console, run
from training.errors import SoftTargetsUnfit
from training.soft_targets import teach


def main(argv: list[str] | None = None) -> int:
    """Ask the releases that the arguments name, and store their answers."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    out = console()
    releases = [find_release(name) for name in arguments.releases]
    teachers = {release.version: open_model(release) for release in releases}
    labels = {teacher.contract.labels for teacher in teachers.values()}
    if len(labels) > 1:
        raise SoftTargetsUnfit(f"The teachers know different classes: {sorted(labels)}.")
    train = load_data(parser, arguments).under(labels.pop()).train
    out.print(f"asking {', '.join(teachers)} about {len(train):,} pictures and their mirror images")
    targets = teach(teachers, train, arguments.temperature)
    targets.save(arguments.out)
    out.print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes, targets {targets.sha256}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.teach", description="Store a release's answers to a training set."
    )
    parser.add_argument(
        "releases", nargs="+", metavar="RELEASE", help="bundled, a release's folder or a store"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="what to write")
    parser.add_argument(
        "--temperature", type=_above_zero, default=1.0, metavar="T", help="above 1 softens (default 1)"
    )
    add_data_options(parser)
    return parser


def _above_zero(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text}: expected a number above 0")
    return value


if __name__ == "__main__":
    sys.exit(run(main))
