"""Label 100,000 pictures beside a bare loop: `make measure ARGS=labelling`.

Fashion-MNIST as PNG files, the test set first. In each round the bare loop (bare_loop.py), `wardrobe label`
and, where .venv-scale is installed, `--engine ray`, start of the processes included. The tables have to be
the same byte for byte. Saves docs/results/labelling.json.

With `--rows N` it labels a list of N rows of 100 pictures instead (catalogue.py), and with `--against
CHECKOUT` also by the code of another checkout, in turn. That prints figures, and saves none.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.catalogue import measure_list, write_list, write_pictures
from benchmarks.processes import family, megabytes
from benchmarks.results import FOLDER, save
from inference.contract import EDGE
from inference.cores import count_usable_cores
from model_store.local_releases import LocalRelease, open_bundled_release
from model_store.release_files import GRAPH_FILE
from training.data.fashion import LabelledData
from training.data.pixel_data_sets import FASHION_MNIST_FOLDER, read_idx_folder

ROOT = Path(__file__).parent.parent

CACHE = ROOT / ".cache" / "labelling"
"""The pictures stay here: writing 100,000 files takes as long as labelling them."""

RAY_PYTHON = ROOT / ".venv-scale" / "bin" / "python"

PER_FOLDER = 1000

LISTED_PICTURES = 100
"""Pictures of a list of --rows."""

SAMPLE_SECONDS = 0.25

LEAST_RATIO = 0.7
"""Smallest part of the speed of a bare loop, which decodes with OpenCV, checks nothing and keeps nothing."""


def main(argv: list[str] | None = None) -> int:
    """Measure, print, save; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labelling", description=main.__doc__)
    parser.add_argument("--pictures", type=int, default=100_000, metavar="N", help="a multiple of 1,000")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--save", type=Path, default=FOLDER, metavar="FOLDER", help="of the figures")
    parser.add_argument(
        "--rows", type=int, metavar="N", help="of a list of 100 pictures, in place of all others"
    )
    parser.add_argument("--categories", type=int, default=1000, metavar="N", help="of that list")
    parser.add_argument("--against", type=Path, nargs="*", default=[], metavar="CHECKOUT", help="with --rows")
    options = parser.parse_args(argv)
    if options.rows:
        return _print_list(options.rows, options.categories, [ROOT, *options.against], options.rounds)
    release = open_bundled_release()
    folder = pictures_in(read_idx_folder(FASHION_MNIST_FOLDER), options.pictures)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        figures = measured(folder, release, Path(scratch), options.pictures, options.rounds)
    for name, value in figures.items():
        print(f"{name}: {value}")
    print(f"Saved {save('labelling', 'make measure ARGS=labelling', figures, options.save)}")
    return 0 if figures["ratio"] >= LEAST_RATIO and figures["tables_are_the_same"] else 1


def _print_list(rows: int, categories: int, checkouts: Sequence[Path], rounds: int) -> int:
    """Print what a list of many rows costs by the code of each checkout."""
    images = read_idx_folder(FASHION_MNIST_FOLDER).test.images[:LISTED_PICTURES].reshape(-1, EDGE, EDGE)
    pictures = write_pictures(CACHE / "listed", images)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        list_ = write_list(Path(scratch, "list.csv"), pictures, rows, categories)
        for name, value in measure_list(list_, checkouts, rounds, Path(scratch)).items():
            print(f"{name}: {value:.3f}")
    return 0


def pictures_in(data: LabelledData, count: int) -> Path:
    """A folder of PNG files, the test set first, over and over; written once."""
    folder = CACHE / f"fashion-mnist-{count}"
    if folder.is_dir():
        return folder
    images = np.concatenate([data.test.images, data.train.images])
    partial = folder.with_suffix(".partial")
    for number in range(count):
        file = partial / f"{number // PER_FOLDER:04}" / f"{number:07}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        is_written, png = cv2.imencode(".png", images[number % len(images)].reshape(EDGE, EDGE))
        assert is_written
        file.write_bytes(png.tobytes())
    return partial.rename(folder)


def measured(
    folder: Path, release: LocalRelease, scratch: Path, pictures: int, rounds: int
) -> dict[str, Any]:
    """Pictures per second of the loop, of ours and of ours on Ray, and the memory that ours took at most."""
    bare = [sys.executable, "-m", "benchmarks.bare_loop", str(folder), str(release.folder / GRAPH_FILE)]
    commands = {
        "bare": [*bare, str(count_usable_cores())],
        "label": [*_label(folder, scratch / "label.csv"), "--restart"],
        "ray": [str(RAY_PYTHON), *_label(folder, scratch / "ray.csv")[1:], "--engine", "ray", "--restart"],
    }
    if not RAY_PYTHON.exists():
        del commands["ray"]
    speeds: dict[str, list[float]] = {name: [] for name in commands}
    peaks = []
    for _ in range(rounds):
        for name, command in commands.items():
            seconds, most = _run(command)
            speeds[name].append(pictures / seconds)
            peaks += [most] if name == "label" else []
    tables = {path.read_bytes() for path in scratch.glob("*.csv")}
    ratios = [our_speed / loop for our_speed, loop in zip(speeds["label"], speeds["bare"], strict=True)]
    return {
        "pictures": pictures,
        "processes": count_usable_cores(),
        **{f"{name}_per_second": its for name, its in speeds.items()},
        "ratios": ratios,
        "ratio": statistics.median(ratios),
        "megabytes": max(peaks),
        "tables_are_the_same": len(tables) == 1,
    }


def _label(folder: Path, table: Path) -> list[str]:
    return [sys.executable, "-m", "scripts", "label", str(folder), "--out", str(table), "--json"]


def _run(command: list[str]) -> tuple[float, float]:
    """Run to the end: wall seconds, and the most megabytes of all its processes together."""
    began = time.monotonic()
    most = 0.0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own commands
    while process.poll() is None:
        most = max(most, megabytes(family(process.pid)))
        with suppress(subprocess.TimeoutExpired):
            process.wait(SAMPLE_SECONDS)
    assert process.returncode == 0, command
    return time.monotonic() - began, most


if __name__ == "__main__":
    sys.exit(main())
