"""make start: how long a start takes, what a worker holds, and what the container's packages weigh.

Starts the service several times with its bundled release, loads it once, and adds up the files of what
requirements/serve.txt names, as they are installed here. Saves docs/results/start-and-size.json.
"""

import argparse
import marshal
import re
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackagePath, distribution
from pathlib import Path
from statistics import median

from rich import box
from rich.table import Table

from benchmarks.results import FOLDER, save
from benchmarks.side_by_side.peers import BY_NAME, OURS, ROOT
from benchmarks.side_by_side.servers import Running, load_cores, serving
from benchmarks.side_by_side.uploads import picture_for
from benchmarks.side_by_side.wrk import Clients, load
from scripts.terminal import console, run

LOAD = Clients(connections=8, seconds=4, cores=load_cores())

MEGABYTE = 1_000_000
"""Of disks; memory is told in 1,048,576 bytes, as elsewhere."""


@dataclass(frozen=True)
class Weight:
    """What a package takes on a disk, in bytes; bytecode as Python writes it when it is installed."""

    name: str
    files: int
    tests: int
    bytecode: int


def main(argv: list[str] | None = None) -> int:
    """Measure, save, tell."""
    options = _options().parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        seconds = [_start_seconds(Path(name)) for _ in range(options.starts)]
        with serving(BY_NAME[OURS], Path(name)) as server:
            idle = _memory(server)
            load(server.port, BY_NAME[OURS].forms["png"].request(picture_for("png")), LOAD, Path(name))
            loaded = _memory(server)
    weights = sorted(map(weight, locked()), key=lambda each: -each.files)
    figures = {
        "start_seconds": seconds,
        "megabytes_of_master_and_workers": {"idle": idle, "after_load": loaded},
        "packages": [vars(each) for each in weights],
    }
    path = save("start-and-size", "make start", figures, options.out)
    print(
        f"Start to the first 200, in {len(seconds)}: median {median(seconds):.2f} s, "
        f"{min(seconds):.2f} to {max(seconds):.2f} s."
    )
    print(f"PSS of the master and each worker, MB: idle {idle}, after a load {loaded}.")
    console().print(_table(weights))
    print(f"Saved {path}.")
    return 0


def locked() -> list[str]:
    """The packages that the container holds and that this machine needs."""
    names = re.findall(
        r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements" / "serve.txt").read_text("utf-8"), re.M
    )
    # Once each: the lock names another version for another Python.
    return [name for name in dict.fromkeys(names) if _is_installed(name)]


def weight(name: str) -> Weight:
    """What a package takes."""
    files = [(path, Path(str(path.locate()))) for path in distribution(name).files or []]
    there = [(path, real) for path, real in files if real.is_file() and real.suffix != ".pyc"]
    return Weight(
        name=name,
        files=sum(real.stat().st_size for _, real in there),
        tests=sum(real.stat().st_size for path, real in there if _is_test(path)),
        bytecode=sum(_bytecode(real) for _, real in there if real.suffix == ".py"),
    )


def _is_installed(name: str) -> bool:
    """False for what the lock holds for another system."""
    try:
        distribution(name)
    except ModuleNotFoundError:
        return False
    return True


def _is_test(path: PackagePath) -> bool:
    return any(part in ("tests", "test") for part in path.parts[:-1])


def _bytecode(source: Path) -> int:
    try:
        return len(marshal.dumps(compile(source.read_bytes(), str(source), "exec", dont_inherit=True)))
    except SyntaxError:  # templates, and files for another Python
        return 0


def _start_seconds(folder: Path) -> float:
    with serving(BY_NAME[OURS], folder) as server:
        return server.start_seconds


def _memory(server: Running) -> list[float]:
    return [round(megabytes, 1) for megabytes in server.family.megabytes_each()]


def _table(weights: list[Weight]) -> Table:
    table = Table("package", "MB", "of that tests", "bytecode MB", box=box.MARKDOWN)
    total = Weight(
        "all",
        sum(each.files for each in weights),
        sum(each.tests for each in weights),
        sum(each.bytecode for each in weights),
    )
    for each in (total, *weights[:16]):
        table.add_row(
            each.name, *(f"{size / MEGABYTE:.1f}" for size in (each.files, each.tests, each.bytecode))
        )
    return table


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start_and_size", description=__doc__)
    parser.add_argument("--starts", type=int, default=9)
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the figures")
    return parser


if __name__ == "__main__":
    sys.exit(run(main))
