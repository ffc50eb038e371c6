"""A list of many rows of few pictures, as a shop has it: what the rows cost, beside what the pictures cost.

Four rows are a product, with a title and a colour. `label` runs with --by, --review and --feed google, once
for each checkout in each round.
"""

import csv
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

ROWS_PER_PRODUCT: Final = 4

TITLES: Final = (
    *("Summer dress with belt", "Pleated skirt", "Blouse, striped", "Blue jeans", "Wool scarf", "T-shirt"),
    *("Leather boots", "Sneakers", "Hooded jacket", "Handbag", "Set of shirt and trousers", "Anna"),
)
COLOURS: Final = ("black", "red", "", "dark blue", "")

EDGE: Final = 200
"""Pixels of a picture's side."""

INKS: Final = ((40, 40, 200), (30, 30, 30), (180, 60, 30))
"""Colours of garments: blue, green, red."""

SAMPLE_SECONDS: Final = 0.05

UInt8: TypeAlias = NDArray[np.uint8]


class Cost(NamedTuple):
    """What a command took.

    Attributes:
        user_seconds: user time of all its processes together.
        peak_megabytes: the largest memory of the command's own process, without its workers.
    """

    user_seconds: float
    peak_megabytes: float


def write_pictures(folder: Path, images: UInt8) -> list[Path]:
    """Write grey pictures as photos in colour, so that the network for photos answers them.

    Args:
        folder: for the files; made if absent.
        images: uint8, (N, 28, 28), garment light on black.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number:03}.png" for number in range(len(images))]
    for number, (file, image) in enumerate(zip(files, images, strict=True)):
        large = cv2.resize(image, (EDGE, EDGE), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        ink = np.array(INKS[number % len(INKS)], np.float32)
        picture = 255 - large[..., None] / 255 * (255 - ink)
        cv2.imwrite(str(file), picture.clip(0, 255).astype(np.uint8))
    return files


def write_list(file: Path, pictures: Sequence[Path], rows: int, category_count: int) -> Path:
    """Write a list of some rows, whose pictures and categories come again and again."""
    listed_pictures = islice(cycle(pictures), rows)
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["path", "article", "title", "color", "category"])
        for number, picture in enumerate(listed_pictures):
            product = number // ROWS_PER_PRODUCT
            title = TITLES[product % len(TITLES)]
            colour = COLOURS[product % len(COLOURS)]
            place = product % category_count
            category = f"Shop > Category {chr(97 + place % 26)}{place}"
            writer.writerow([picture, f"{product:07}", f"{title} {product}", colour, category])
    return file


def measure_list(list_: Path, checkouts: Sequence[Path], rounds: int, scratch: Path) -> dict[str, float]:
    """Label a list with several checkouts in turn.

    Args:
        list_: the path of the list that `write_list` wrote.
        checkouts: the folders of the checkouts, this one first.
        rounds: the number of times that each checkout labels the list.
        scratch: an empty folder for the tables.

    Returns:
        median user seconds and the largest peak by checkout, and the ratio of the first checkout's median to
        that of each other one.
    """
    costs: dict[Path, list[Cost]] = {checkout: [] for checkout in checkouts}
    for number in range(rounds):
        for place, checkout in enumerate(checkouts):
            folder = scratch / f"{number}-{place}"
            folder.mkdir()
            costs[checkout].append(_label(list_, checkout, folder))
    seconds = {
        name: statistics.median(cost.user_seconds for cost in checkout_costs)
        for name, checkout_costs in costs.items()
    }
    figures = {f"{name}: user seconds": value for name, value in seconds.items()}
    figures |= {
        f"{name}: peak MB": max(cost.peak_megabytes for cost in checkout_costs)
        for name, checkout_costs in costs.items()
    }
    first = seconds[checkouts[0]]
    return figures | {f"ratio to {name}": first / seconds[name] for name in checkouts[1:]}


def _label(list_: Path, checkout: Path, folder: Path) -> Cost:
    """Label a list with the code of a checkout."""
    words = ["label", str(list_), "--out", "table.csv", "--by", "article", "--review", "sheet.html"]
    command = [sys.executable, "-m", "scripts", *words, "--feed", "google", "--workers", "1", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet)  # noqa: S603 - ours
    peak = 0.0
    while True:
        peak = max(peak, _peak_megabytes(process.pid))
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(SAMPLE_SECONDS)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return Cost(usage.ru_utime, peak)


def _peak_megabytes(pid: int) -> float:
    """Return the largest memory that a process has had so far; 0 once it has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    return 0.0
