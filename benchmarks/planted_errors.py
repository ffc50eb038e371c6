"""Plant errors in sorted pictures, and count what `wardrobe data` and a training's doubted labels find.

    python -m benchmarks.planted_errors PICTURES [OPTIONS OF wardrobe train]

PICTURES has one sub-folder per class. Of a copy, one picture in twenty gets the label of another class; three
of a hundred are there again, re-encoded, resized or slightly cropped; two files are broken. Whatever is wrong
in PICTURES itself counts as a false alarm.
"""

import csv
import json
import random
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

import cv2
import numpy as np

from benchmarks.results import save
from inference.arrays import Picture
from inference.decode import MAX_PIXELS, decode
from scripts.doubted import SHOWN, TABLE

SEED = 7
WRONG_LABELS = 20
"""One picture in so many gets another label."""
COPIES = 100 / 3
"""One in so many is there again."""
BROKEN = {"text.jpg": b"not a picture", "cut-off.jpg": b""}
"""The second gets the first half of a picture."""


def _reencoded(picture: Picture) -> Picture:
    return picture


def _resized(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA), np.uint8)


def _cropped(picture: Picture) -> Picture:
    top, left = (max(1, round(edge * 0.02)) for edge in picture.shape[:2])
    return np.ascontiguousarray(picture[top:-top, left:-left])


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "re-encoded": _reencoded,
    "resized to 0.7": _resized,
    "cropped by 2% each edge": _cropped,
}
"""What becomes of a copy, which is then saved as a JPEG of quality 60."""


def main() -> int:
    """Plant, check, train, count, and keep the figures."""
    pictures, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work, "pictures")
        wrong, copies = plant(Path(pictures), folder)
        checked = json.loads(_wardrobe("data", str(folder), "--json"))
        told = ("--data", str(folder), "--skip-unreadable", "--run", f"{work}/run", "--out", f"{work}/store")
        result = json.loads(_wardrobe("train", *told, "--json", *options))
        with Path(work, "run", TABLE).open(encoding="utf-8", newline="") as file:
            doubted = [row["path"] for row in csv.DictReader(file)]
    figures = {
        "pictures": sum(checked["counts"].values()) - len(copies),
        "classes": len(checked["counts"]),
        "test": result["headline"],
        **found(checked, doubted, wrong, copies),
    }
    command = shlex.join(["python", "-m", "benchmarks.planted_errors", "PICTURES", *options])
    print(save("planted-errors", command, figures))
    return 0


def plant(pictures: Path, folder: Path) -> tuple[set[str], dict[str, tuple[str, str]]]:
    """Copy the pictures with errors.

    Returns:
        The files that have a wrong label; and of each copy the change, and the file that it was made of.
    """
    draw = random.Random(SEED)
    classes = sorted(entry.name for entry in pictures.iterdir())
    files = [file for label in classes for file in sorted((pictures / label).iterdir())]
    for label in classes:
        (folder / label).mkdir(parents=True)
    draw.shuffle(files)
    mislabelled, repeated = round(len(files) / WRONG_LABELS), round(len(files) / COPIES)
    wrong, copies = set(), {}
    for number, file in enumerate(files):
        label = file.parent.name
        if number < mislabelled:
            label = draw.choice([one for one in classes if one != label])
        to = folder / label / f"{number}-{file.name}"  # as names may be equal in two classes
        copyfile(file, to)
        if number < mislabelled:
            wrong.add(str(to))
        elif number < mislabelled + repeated:
            change = list(CHANGES)[number % len(CHANGES)]
            copy = to.with_name(f"copy-{number}.jpg")
            picture = decode(file.read_bytes(), MAX_PIXELS).picture
            copy.write_bytes(_jpeg(CHANGES[change](picture)))
            copies[str(copy)] = (change, str(to))
    for name, content in BROKEN.items():
        half = files[-1].read_bytes()
        (folder / classes[0] / name).write_bytes(content or half[: len(half) // 2])
    return wrong, copies


def _jpeg(picture: Picture) -> bytes:
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes()


def _wardrobe(*words: str) -> str:
    command = [sys.executable, "-m", "scripts", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)  # noqa: S603 - our own words
    if not done.stdout:  # `data` ends with 1 for what is planted, too, but prints
        sys.exit(f"wardrobe {words[0]} ended with {done.returncode}, for what it says above.")
    return done.stdout.decode()


def found(
    checked: dict[str, list[list[str]]],
    doubted: list[str],
    wrong: set[str],
    copies: dict[str, tuple[str, str]],
) -> dict[str, object]:
    """How many of each kind were planted and found, and how much else."""
    groups = [set(group) for group in (*checked["near"], *checked["copies"], *checked["in_two_classes"])]
    beside = {copy: any({copy, of} <= group for group in groups) for copy, (_, of) in copies.items()}
    planted = [path in wrong for path in doubted]
    return {
        "wrong_labels": {
            "planted": len(wrong),
            "doubted": len(doubted),
            "found": sum(planted),
            "on_page": min(len(doubted), SHOWN),
            "found_on_page": sum(planted[:SHOWN]),
            "found_in_first_planted": sum(planted[: len(wrong)]),
        },
        "copies": {
            change: {
                "planted": sum(one == change for one, _ in copies.values()),
                "found": sum(beside[copy] for copy, (one, _) in copies.items() if one == change),
            }
            for change in CHANGES
        },
        "groups_without_a_planted_copy": sum(group.isdisjoint(copies) for group in groups),
        "unreadable": {"planted": len(BROKEN), "found": len(checked["unreadable"])},
    }


if __name__ == "__main__":
    sys.exit(main())
