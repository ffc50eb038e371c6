"""What is a conversion worth? One release on the same photos, converted in the common ways and in ours.

    python -m benchmarks.conversions FOLDER

FOLDER holds tier/label/files, as for scripts.evaluate --photos. Writes docs/results/conversions.json and
.png, or what --out names, and prints the table. The ways themselves: training/photos/naive_conversions.py.
"""

import argparse
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from rich.markup import escape
from rich.table import Table

from benchmarks.results import save
from inference.onnx_session import OnnxSession
from model_store.files import GRAPH
from model_store.local import LocalRelease
from model_store.report import PhotoFigures
from scripts.evaluating_photos import SPLIT, check_scikit_learn
from scripts.opening import find_release
from scripts.photo_reading import converted_in
from scripts.photo_table import NONE
from scripts.terminal import console, run
from training.photos.naive_conversions import conversions

DEFAULT_OUT: Final = Path("docs/results/conversions")

Found: TypeAlias = Mapping[str, Mapping[str, PhotoFigures]]
"""Figures by conversion and tier."""


def main(argv: list[str] | None = None) -> int:
    """Convert, measure, write and show."""
    arguments = _parser().parse_args(argv)
    check_scikit_learn()
    release = find_release(arguments.release, arguments.version)
    found = _measure(release, arguments.photos, arguments.split)
    place: Path = arguments.out
    command = shlex.join(
        ["python", "-m", "benchmarks.conversions", *(sys.argv[1:] if argv is None else argv)]
    )
    document = {
        "release": release.version,
        "split": arguments.split,
        "photos": {tier: one.n for tier, one in next(iter(found.values())).items()},
        "conversions": {name: _kept(figures) for name, figures in found.items()},
    }
    results = save(place.name, command, document, place.parent)
    plot = _draw(place, found, arguments.split)
    out = console()
    out.print(_table(found, f"{release.version}, split: {arguments.split}"))
    out.print(f"{results}, {plot}", markup=False)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.conversions",
        description="Measure a release on photos that are converted in the common ways and in ours.",
    )
    parser.add_argument("photos", type=Path, metavar="FOLDER", help="of photos: FOLDER/tier/label/files")
    parser.add_argument(
        "--release",
        default="bundled",
        help="bundled (the default), a release's folder, or a store: a folder or s3://bucket/prefix",
    )
    parser.add_argument("--version", help="of a store: this one instead of what is current")
    parser.add_argument(
        "--split", default=SPLIT, metavar="NAME", help=f"what the photos are good for ({SPLIT})"
    )
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, metavar="PLACE", help=f"without an ending ({DEFAULT_OUT})"
    )
    return parser


def _measure(release: LocalRelease, folder: Path, split: str) -> Found:
    from training.evaluation.photo_evaluation import measure_photos  # noqa: PLC0415 - needs scikit-learn

    contract, session = release.manifest.model, OnnxSession(release.folder / GRAPH)
    return {
        name: measure_photos(session, contract, converted_in(folder, contract.labels, convert), split)
        for name, convert in conversions(contract.input.imaging).items()
    }


def _kept(figures: Mapping[str, PhotoFigures]) -> dict[str, object]:
    """What is told of one conversion: the curve and the classes are left to scripts.evaluate."""
    left_out = {"split", "n", "curve", "per_class", "sources"}
    return {tier: one.model_dump(mode="json", exclude=left_out) for tier, one in figures.items()}


def _draw(place: Path, found: Found, split: str) -> Path:
    from training.photos.conversion_figures import draw_conversions  # noqa: PLC0415 - needs matplotlib

    path = place.with_name(f"{place.name}.png")
    draw_conversions(path, found, split)
    return path


def _table(found: Found, title: str) -> Table:
    """A line for each conversion, a column for each tier."""
    tiers = list(next(iter(found.values())))
    caption = "macro accuracy (share accepted, share of these that is right)"
    table = Table("conversion", title=escape(title), caption=caption, title_justify="left")
    for tier in tiers:
        table.add_column(escape(tier), justify="right")
    for name, figures in found.items():
        table.add_row(name, *(_cell(figures[tier]) for tier in tiers))
    return table


def _cell(one: PhotoFigures) -> str:
    accuracy = NONE if one.macro_accuracy is None else f"{one.macro_accuracy:.3f}"
    right = NONE if one.decisions.accuracy is None else f"{one.decisions.accuracy:.1%}"
    return f"{accuracy} ({one.decisions.coverage:.1%}, {right})"


if __name__ == "__main__":
    sys.exit(run(main))
