"""Make the bundled release again, step by step: what is missing is made, and each step leaves a record.

python -m lab.steps PHOTOS OUT [--only NAME...]

PHOTOS is the folder of tables and archives that pretraining_photos.py describes, OUT gets everything that is
made. A step is a command; `OUT/records/NAME.json` has the command, the commit, the hashes of what it read
and wrote, and its time. A step whose record agrees with its inputs is not run again; one that was stopped
goes on from its own checkpoints.
"""

import argparse
import hashlib
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

ROOT: Final = Path(__file__).parent.parent

PHOTOS: Final = "PHOTOS"
OUT: Final = "OUT"
"""What stands for the two folders in the commands, so that records are the same wherever these lie."""


@dataclass(frozen=True)
class Step:
    """One command of those that make the release.

    Attributes:
        name: of the step and its record.
        minutes: that it takes of one core of an EPYC (Zen 4).
        inputs: files and folders that it reads: PHOTOS, or below OUT.
        outputs: what it writes, below OUT.
        command: arguments of Python; PHOTOS and OUT stand for the folders.
    """

    name: str
    minutes: float
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    command: tuple[str, ...]


def _tuning(name: str, minutes: float, outputs: tuple[str, ...]) -> Step:
    """One of the commands that share views: these first, then each tuning of the stages above the fourth."""
    drawn = () if name == "views" else ("OUT/tuned/stored-0.npy",)
    only = () if name == "views" else (name.removeprefix("tuning-"),)
    options = ("--views", "51200", "--of-a-step", "64", "--last", "--only", *only)
    command = (
        "-m",
        "lab.tuning",
        "OUT/packed.npz",
        "--start",
        "OUT/start.npz",
        "--out",
        "OUT/tuned",
        *options,
    )
    return Step(name, minutes, ("OUT/packed.npz", "OUT/start.npz", *drawn), outputs, command)


TUNED: Final = ("part-0", "part-1", "part-2", "whole")
OF_TUNINGS: Final = tuple(f"OUT/tuned/{name}.npz" for name in TUNED)

STEPS: Final = (
    Step("start", 0.1, (), ("OUT/start.npz",), ("-m", "lab.imagenet", "--out", "OUT/start.npz")),
    Step(
        "outfits",
        0.5,
        (PHOTOS,),
        ("OUT/photos/made.csv", "OUT/photos/made_X.zip"),
        ("-m", "lab.outfits", "PHOTOS", "--out", "OUT/photos"),
    ),
    Step(
        "pack",
        1,
        (PHOTOS, "OUT/photos/made_X.zip"),
        ("OUT/packed.npz",),
        ("-m", "lab.tuning_photos", "OUT/photos", "--out", "OUT/packed.npz"),
    ),
    _tuning("views", 14, ("OUT/tuned/stored-0.npy",)),
    *(_tuning(f"tuning-{name}", 20, (f"OUT/tuned/{name}.npz",)) for name in TUNED),
    Step(
        "lite2",
        0.1,
        ("OUT/tuned/whole.npz", "OUT/start.npz"),
        ("OUT/lite2.npz",),
        (
            *("-m", "lab.tuning_mean", "OUT/tuned/whole.npz"),
            *("--start", "OUT/start.npz", "--out", "OUT/lite2.npz"),
        ),
    ),
    Step(
        "vectors",
        9,
        (PHOTOS, "OUT/photos/made_X.zip", "OUT/start.npz", *OF_TUNINGS),
        tuple(f"OUT/vectors/{name}.npz" for name in TUNED),
        (
            *("-m", "lab.strangers", "OUT/photos", "--start", "OUT/start.npz"),
            *("--tuned", "OUT/tuned", "--out", "OUT/vectors"),
        ),
    ),
    Step(
        "strangers",
        1,
        (PHOTOS, *(f"OUT/vectors/{name}.npz" for name in TUNED)),
        ("OUT/strangers.csv.gz",),
        ("-m", "lab.strangers_heads", "OUT/photos", "OUT/vectors", "--out", "OUT/strangers.csv.gz"),
    ),
)


class StepError(Exception):
    """A step failed, or its record and its files disagree; the sentence says what to do."""


@dataclass(frozen=True)
class Folders:
    """Where a run reads and writes.

    Attributes:
        photos: the folder of tables and archives.
        out: of everything that is made.
    """

    photos: Path
    out: Path

    def path(self, name: str) -> Path:
        """Where a file or folder of a step lies."""
        return self.photos if name == PHOTOS else self.out / name.removeprefix(f"{OUT}/")

    def command(self, step: Step) -> list[str]:
        """The arguments of Python with the folders in place."""
        return [
            str(self.path(word)) if word in {PHOTOS, OUT} or word.startswith(f"{OUT}/") else word
            for word in step.command
        ]

    def record(self, step: Step) -> Path:
        """Where the record of a step lies."""
        return self.out / "records" / f"{step.name}.json"


def run(folders: Folders, steps: Sequence[Step] = STEPS) -> None:
    """Run the steps that have no record, one after the other.

    Raises:
        StepError: a step failed; an input is missing; or an input is another one than a record has.
    """
    console = Console(stderr=True, highlight=False)
    for step in steps:
        inputs = {name: _hash_of(folders.path(name), step.name) for name in step.inputs}
        record = _read(folders.record(step))
        if record and (record["inputs"] != inputs or record["command"] != shlex.join(step.command)):
            raise StepError(
                f"{step.name}: was made by another command or of other inputs. Name another folder, or "
                f"remove {folders.record(step)} and {', '.join(step.outputs)}."
            )
        if "outputs" in record and all(folders.path(name).exists() for name in step.outputs):
            console.print(f"{step.name}: is there")
            continue
        console.print(f"{step.name}: about {step.minutes:g} minutes of one core")
        _run_step(folders, step, inputs)


def _run_step(folders: Folders, step: Step, inputs: Mapping[str, str]) -> None:
    """Run a step, whose record has its inputs from the beginning and its outputs at the end."""
    record: dict[str, Any] = {"command": shlex.join(step.command), "commit": _commit(), "inputs": {**inputs}}
    _write(folders.record(step), record)
    begun = time.monotonic()
    ended = subprocess.run([sys.executable, *folders.command(step)], cwd=ROOT, check=False)  # noqa: S603 - ours
    if ended.returncode:
        raise StepError(f"{step.name}: ended with {ended.returncode}. The same command goes on there.")
    record["outputs"] = {name: _hash_of(folders.path(name), step.name) for name in step.outputs}
    _write(folders.record(step), record | {"seconds": round(time.monotonic() - begun)})


def _hash_of(path: Path, step: str) -> str:
    """SHA-256 of a file, or of a folder's files by name, hexadecimal.

    Raises:
        StepError: there is none.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        lines = [f"{file.relative_to(path)} {_hash_of(file, step)}\n" for file in files]
        return hashlib.sha256("".join(lines).encode()).hexdigest()
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StepError(f"{step}: {path} cannot be read ({error.strerror}).") from error


def _commit() -> str:
    """The commit of this checkout; with `+` where tracked files differ from it."""
    git = ("git", "-C", str(ROOT), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+")
    return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - ours


def _read(path: Path) -> dict[str, Any]:
    """A record, empty where there is none."""
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def _write(path: Path, record: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(record, indent=1), "utf-8")
    partial.replace(path)


def main(argv: Sequence[str] | None = None) -> int:
    """Make what is missing."""
    parser = argparse.ArgumentParser(prog="python -m lab.steps", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder of everything that is made")
    names = [step.name for step in STEPS]
    parser.add_argument(
        "--only", choices=names, nargs="+", default=names, metavar="NAME", help=", ".join(names)
    )
    given = parser.parse_args(argv)
    try:
        run(
            Folders(given.photos.absolute(), given.out.absolute()),
            [step for step in STEPS if step.name in given.only],
        )
    except StepError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
