"""Make the bundled release again, step by step: what is missing is made, and each step leaves a record.

python -m lab.steps PHOTOS OUT [--only NAME...] [--parent RELEASE]

PHOTOS is the folder of tables and archives that pretraining_photos.py describes, OUT gets everything that is
made. A step is a command; `OUT/records/NAME.json` has the command, the commit, the hashes of what it read
and wrote, and its time. A step whose record agrees with its inputs is not run again; one that was stopped
goes on from its own checkpoints. The last step puts the records into the release, `OUT/release`. What comes
with the package already is compared, and stays: heads are learnt on its network alone, so the run stops where
OUT has another one. The pixel network is made only where it is named; else PARENT's is in the release. What
the steps are: bundled.py.
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

import numpy as np
from rich.console import Console

from lab.bundled import NETWORK, OUT, PARENT, PHOTOS, STEPS, Step
from model_store.local import BUNDLED
from training.features.weights import read_npz

ROOT: Final = Path(__file__).parent.parent


class StepError(Exception):
    """A step failed, or its record and its files disagree; the sentence says what to do."""


@dataclass(frozen=True)
class Folders:
    """Where a run reads and writes.

    Attributes:
        photos: the folder of tables and archives.
        out: of everything that is made.
        parent: of the release whose pixel network the new one has.
    """

    photos: Path
    out: Path
    parent: Path = BUNDLED

    def path(self, name: str) -> Path:
        """Where a file or folder of a step lies."""
        first, _, rest = name.partition("/")
        of_word = {PHOTOS: self.photos, OUT: self.out, PARENT: self.parent}
        return of_word[first] / rest if first in of_word else ROOT / name

    def command(self, step: Step) -> list[str]:
        """The arguments of Python with the folders in place."""
        ours = {PHOTOS, OUT, PARENT}
        return [str(self.path(word)) if word.partition("/")[0] in ours else word for word in step.command]

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
        made, packaged = map(folders.path, NETWORK)
        if step.learns_on_network and made.exists() and difference(made, packaged):
            raise StepError(
                f"{step.name}: learns on {NETWORK[1]}, and {made} is another network. To take it, copy it "
                "there; lab/README.md says on what condition."
            )
        console.print(f"{step.name}: about {step.minutes:g} minutes of one core")
        _run_step(folders, step, inputs)
        for name, shipped in step.shipped.items():
            console.print(
                f"{step.name}: {shipped}: {difference(folders.path(name), ROOT / shipped) or 'equal'}"
            )


def difference(made: Path, shipped: Path) -> str:
    """How a file differs from the one that comes with the package; empty where it holds the same."""
    if made.read_bytes() == shipped.read_bytes():
        return ""
    if made.suffix != ".npz":
        return "another content"
    ours, theirs = read_npz(made), read_npz(shipped)
    numbers = [name for name in theirs if theirs[name].dtype.kind in "fiu"]
    if {name: theirs[name].shape for name in numbers} != {
        name: array.shape for name, array in ours.items() if array.dtype.kind in "fiu"
    }:
        return "arrays of other names or shapes"
    apart = [float(np.abs(np.float64(ours[name]) - np.float64(theirs[name])).max()) for name in numbers]
    others = sum(map(bool, apart))
    return f"{others} of {len(apart)} arrays differ, by {max(apart):.3g} at most" if others else ""


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
    usual = [step.name for step in STEPS if not step.by_name]
    parser.add_argument(
        "--only", choices=names, nargs="+", default=usual, metavar="NAME", help=", ".join(names)
    )
    whose = "release whose pixel network the new one has (the bundled one)"
    parser.add_argument("--parent", type=Path, default=BUNDLED, metavar="RELEASE", help=whose)
    given = parser.parse_args(argv)
    folders = Folders(given.photos.absolute(), given.out.absolute(), given.parent.absolute())
    try:
        run(folders, [step for step in STEPS if step.name in given.only])
    except StepError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
