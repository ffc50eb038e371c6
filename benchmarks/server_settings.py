"""make server-settings: gunicorn's settings, each in place of ours, and where connections end up.

Serves the no-op of side_by_side/floor.py, so that no setting hides behind the network. Every variant is our
gunicorn.conf.py with a few lines after it; all run at once and are loaded in turns. The processor time of an
answer is compared, which other programs hardly change. Saves docs/results/server-settings.json after every
cell; the same command goes on with a run that was stopped.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any

from rich import box
from rich.table import Table

from benchmarks.results import FOLDER, save
from benchmarks.side_by_side.balance import connections_by_process
from benchmarks.side_by_side.peers import BY_NAME, OURS, ROOT, Peer
from benchmarks.side_by_side.servers import Running, load_cores, serving
from benchmarks.side_by_side.uploads import picture_for
from benchmarks.side_by_side.wrk import Clients, LoadFailed, load
from scripts.terminal import complain, console, run

NAME = "server-settings"
COMMAND = "make server-settings"

PRESENT = "ours"
GUNICORNS = "gunicorn's gthread"

THREAD_FOR_EACH = """
class WithoutTurns(DeadlineWorker):
    def handle(self, conn):
        return self._serve(conn)
worker_class = WithoutTurns
"""

SETTLED = """
import gc
settle = post_worker_init
def post_worker_init(worker):
    settle(worker)
"""

VARIANTS = MappingProxyType(
    {
        PRESENT: "",
        GUNICORNS: "worker_class = 'gthread'",
        "gunicorn's sync": "worker_class = 'sync'",
        "a thread for each request": THREAD_FOR_EACH,
        "patience 1 ms": "import app.turns\napp.turns.PATIENCE_SECONDS = 0.001",
        "patience 20 ms": "import app.turns\napp.turns.PATIENCE_SECONDS = 0.02",
        "no keep-alive": "keepalive = 0",
        "12 threads": "threads = 12",
        "1 worker": "workers = 1",
        "3 workers": "workers = 3",
        "switch interval 0.5 ms": "import sys\nsys.setswitchinterval(0.0005)",
        "switch interval 50 ms": "import sys\nsys.setswitchinterval(0.05)",
        "garbage not frozen": f"{SETTLED}    gc.unfreeze()",
        "collected rarely": f"{SETTLED}    gc.set_threshold(10_000, 50, 50)",
        "heartbeat on disk": "worker_tmp_dir = '/var/tmp'",
    }
)
"""Lines after gunicorn.conf.py, by the name that the table gives them."""

SPREAD = (PRESENT, GUNICORNS)
SPREAD_CONNECTIONS = 8
SPREAD_STARTS = 30


@dataclass(frozen=True)
class Cell:
    """One measurement; rounds count from 1, and round 0 warms up."""

    variant: str
    connections: int
    round: int


@dataclass(frozen=True)
class Seen:
    """What a cell saw.

    Attributes:
        microseconds: of processors, user and system, of all the server's processes, per answer.
        per_second: answers.
        p99: milliseconds.
        held: connections of each worker that held any, the busiest first.
    """

    microseconds: float
    per_second: float
    p99: float
    errors: int
    held: tuple[int, ...]


class Record:
    """What has been measured under one plan, kept in a file."""

    def __init__(self, plan: Mapping[str, object], folder: Path) -> None:
        self._plan = dict(plan)
        self._folder = folder
        self.cells: dict[Cell, Seen] = {}
        self.starts: dict[str, list[tuple[int, ...]]] = {name: [] for name in SPREAD}
        path = folder / f"{NAME}.json"
        kept: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {"complete": True}
        if not kept["complete"] and kept["plan"] == self._plan:
            self.cells = {
                Cell(**row["cell"]): Seen(**{**row["seen"], "held": tuple(row["seen"]["held"])})
                for row in kept["cells"]
            }
            self.starts = {name: [tuple(held) for held in kept["spread"][name]] for name in SPREAD}

    def keep(self, *, complete: bool) -> Path:
        """Write it."""
        return save(
            NAME,
            COMMAND,
            {
                "complete": complete,
                "plan": self._plan,
                "cells": [{"cell": asdict(cell), "seen": asdict(seen)} for cell, seen in self.cells.items()],
                "spread": self.starts,
            },
            self._folder,
        )

    def of(self, variant: str, connections: int) -> list[Seen]:
        """All rounds of a variant but the one that warms up."""
        return [
            seen
            for cell, seen in self.cells.items()
            if cell.variant == variant and cell.connections == connections and cell.round
        ]


def main(argv: list[str] | None = None) -> int:
    """Measure what the record misses, and tell."""
    options = _options().parse_args(argv)
    plan = {
        "variants": {name: VARIANTS[name] for name in options.variants},
        "connections": options.connections,
        "rounds": options.rounds,
        "seconds": options.seconds,
    }
    record = Record(plan, options.out)
    with tempfile.TemporaryDirectory() as name:
        try:
            _measure(record, options, Path(name))
        except LoadFailed as error:
            complain(str(error))
            return 1
    record.keep(complete=True)
    _tell(record, options)
    return 0


def _measure(record: Record, options: argparse.Namespace, folder: Path) -> None:
    with _all_serving(options.variants, folder) as servers:
        for number in range(options.rounds + 1):
            for connections in options.connections:
                for name, server in servers.items():
                    cell = Cell(name, connections, number)
                    if cell not in record.cells:
                        record.cells[cell] = _seen(server, connections, options.seconds, folder)
                        record.keep(complete=False)
                        print(f"{cell}: {record.cells[cell]}", flush=True)
        for name in SPREAD:
            if name in servers:
                while len(record.starts[name]) < SPREAD_STARTS:
                    record.starts[name].append(_seen(servers[name], SPREAD_CONNECTIONS, 1, folder).held)
                    record.keep(complete=False)


@contextmanager
def _all_serving(variants: list[str], folder: Path) -> Iterator[dict[str, Running]]:
    """All at once: those that nobody asks cost nothing."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serving(_peer(name, folder), folder / name)) for name in variants}


def _peer(variant: str, folder: Path) -> Peer:
    """The no-op, served by our configuration with the variant's lines after it."""
    ours = (ROOT / "gunicorn.conf.py").read_text("utf-8")
    configuration = folder / f"{variant.replace(' ', '-')}.py"
    configuration.write_text(f"{ours}\n{VARIANTS[variant]}\n", "utf-8")
    no_op = BY_NAME["no-op"]
    command = tuple(str(configuration) if part == "gunicorn.conf.py" else part for part in no_op.command)
    return replace(no_op, name=variant, command=command)


def _seen(server: Running, connections: int, seconds: int, folder: Path) -> Seen:
    request = BY_NAME[OURS].forms["png"].request(picture_for("png"))
    held: tuple[int, ...] = ()

    def look() -> bool:
        nonlocal held
        held = connections_by_process(server.port, [process.pid for process in server.family.alive()])
        return True

    server.family.settle()
    before = server.family.processor_seconds()
    saw = load(server.port, request, Clients(connections, seconds, load_cores()), folder, look)
    spent = server.family.processor_seconds() - before
    return Seen(spent / saw.answers * 1e6, saw.per_second, saw.p99, saw.errors, held)


def _tell(record: Record, options: argparse.Namespace) -> None:
    for connections in options.connections:
        table = Table(
            *("setting", "us of a core per answer", "to ours", "answers/s", "p99 ms", "errors"),
            box=box.MARKDOWN,
            title=f"{connections} connections",
        )
        for name in options.variants:
            table.add_row(*_row(name, record.of(name, connections), record.of(PRESENT, connections)))
        console().print(table)
    for name, starts in record.starts.items():
        busiest = [held[0] for held in starts]
        told = ", ".join(f"{count}: {busiest.count(count)}" for count in sorted(set(busiest)))
        print(
            f"{name}, connections of the busier worker among {SPREAD_CONNECTIONS}, in {len(starts)}: {told}"
        )


def _row(name: str, its: list[Seen], ours: list[Seen]) -> list[str]:
    times = [seen.microseconds for seen in its]
    # Within a round, so that a machine that slows down takes both with it.
    ratios = [seen.microseconds / our.microseconds for seen, our in zip(its, ours, strict=False)]
    return [
        name,
        f"{median(times):.0f} ({min(times):.0f} to {max(times):.0f})",
        f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else "",
        f"{median(seen.per_second for seen in its):.0f}",
        f"{median(seen.p99 for seen in its):.1f}",
        str(sum(seen.errors for seen in its) or ""),
    ]


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{NAME.replace('-', '_')}", description=__doc__
    )
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--connections", nargs="+", type=int, default=[8, 64])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=1, help="of each cell")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the figures")
    return parser


if __name__ == "__main__":
    sys.exit(run(main))
