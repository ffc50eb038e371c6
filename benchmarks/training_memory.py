"""What `wardrobe train --data` takes as the photos grow: python -m benchmarks.training_memory PHOTOS.

PHOTOS as in own_classes.py: a shop's catalogue, of which KINDS are learnt, equally many of each as far as
there are. Memory is the largest resident size of any of its processes. Fails where that is beyond MOST. Saves
docs/results/training-memory.json.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.own_classes import KINDS, Figures, Photos, photos_by, write_photos
from benchmarks.results import save

COUNTS: Final = (40, 480, 2400)
"""Photos that are learnt, of all kinds together."""

MOST: Final = 2000
"""Megabytes."""


def main(argv: Sequence[str] | None = None) -> int:
    """Train on each number of photos, save, and say whether one took more than MOST."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    arguments = parser.parse_args(argv)
    photos = photos_by(arguments.photos, lambda row: row["kind"] if row["kind"] in KINDS else None)
    found, counts = list[Figures](), " ".join(map(str, arguments.counts))
    for count in arguments.counts:
        found.append(_trained(_some(photos, count)))
        print(found[-1], flush=True)
        command = f"python -m benchmarks.training_memory PHOTOS --counts {counts}"
        save("training-memory", command, {"trainings": found})
    return int(max(int(str(one["megabytes"])) for one in found) > MOST)


def _some(photos: Photos, count: int) -> Photos:
    """About so many, equally many of each kind; fewer where a kind has fewer."""
    each = count // len(photos)
    return {kind: {name: its[name] for name in sorted(its)[:each]} for kind, its in sorted(photos.items())}


def _trained(photos: Photos) -> Figures:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        write_photos(photos, scratch / "data")
        words = ["train", "--data", scratch / "data", "--run", scratch / "run", "--out", scratch / "store"]
        began = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-m", "scripts", *map(str, words)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"wardrobe train ended with {process.returncode}.")
        files = [file for part in ("run", "store") for file in (scratch / part).rglob("*") if file.is_file()]
        return {
            "photos": sum(map(len, photos.values())),
            "megabytes": used.ru_maxrss // 1024,
            "seconds": round(time.monotonic() - began, 1),
            "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
            "disk_megabytes": sum(file.stat().st_size for file in files) >> 20,
        }


if __name__ == "__main__":
    sys.exit(main())
