"""make benchmark: this service and its peers, one after another on the same cores, in several rounds.

Prints what is measured as it goes; saves docs/results/benchmark.json after every cell, and three plots. The
same command goes on with a run that was stopped. Ctrl-C ends the server that runs.
"""

import argparse
import signal
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from rich.table import Table

from benchmarks.results import FOLDER
from benchmarks.side_by_side.conformance import DoesNotConform, check, labels_of
from benchmarks.side_by_side.peers import BY_NAME, OURS, RAW, Peer
from benchmarks.side_by_side.plots import draw
from benchmarks.side_by_side.record import Cell, Plan, Record, Start, open_record
from benchmarks.side_by_side.servers import NotServing, Running, install, load_cores, serving
from benchmarks.side_by_side.summary import Row, Spread, costs, rows
from benchmarks.side_by_side.uploads import UPLOADS, picture_for
from benchmarks.side_by_side.wrk import Clients, Load, LoadFailed, load
from scripts.terminal import complain, console, run

WARM_UP_SECONDS = 1
WARM_UP_CONNECTIONS = 8


def main(argv: list[str] | None = None) -> int:
    """Install, measure, tell; 1 if a peer was left out."""
    options = _options().parse_args(argv)
    plan = Plan(
        peers=tuple(options.peers),
        uploads=tuple(options.uploads),
        connections=tuple(options.connections),
        rounds=options.rounds,
        seconds=options.seconds,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: with the server
    record = open_record(plan, options.out)
    with tempfile.TemporaryDirectory() as name:
        try:
            measure(record, Path(name))
        except LoadFailed as error:
            complain(str(error))
            return 1
    _tell(record)
    return 1 if record.not_measured else 0


def measure(record: Record, folder: Path) -> None:
    """Measure what a record still misses, and keep it cell by cell.

    Args:
        record: filled; its peers are installed first.
        folder: for logs and other passing files.

    Raises:
        LoadFailed: wrk cannot be run.
    """
    plan = record.plan
    for name in plan.peers:
        try:
            install(BY_NAME[name])
        except NotServing as error:
            _leave_out(record, BY_NAME[name], error)
    labels = _our_labels(folder)
    for number in range(1, plan.rounds + 1):
        for peer in plan.turn(number):
            if peer.name in record.not_measured or not record.missing(peer, number):
                continue
            try:
                _measure_peer(record, peer, number, labels, folder)
            except (NotServing, DoesNotConform) as error:
                _leave_out(record, peer, error)


def _our_labels(folder: Path) -> list[str]:
    """What we see in the pictures that peers are checked with."""
    ours = BY_NAME[OURS]
    with serving(ours, folder) as running:
        return labels_of(ours, running.ask, RAW)


def _measure_peer(record: Record, peer: Peer, number: int, labels: list[str], folder: Path) -> None:
    with serving(peer, folder) as running:
        check(peer, running.ask, labels, record.plan.uploads)
        warmed = ""
        for cell in record.missing(peer, number):
            if warmed != cell.upload:
                warm_up = replace(cell, connections=WARM_UP_CONNECTIONS)
                _load(running, peer, warm_up, WARM_UP_SECONDS, folder)
                warmed = cell.upload
            seen = _load(running, peer, cell, record.plan.seconds, folder)
            record.loads[cell] = seen
            record.starts[peer.name, number] = Start(running.start_seconds, running.family.megabytes())
            _keep(record)
            _say(record, cell, seen)


def _load(running: Running, peer: Peer, cell: Cell, seconds: int, folder: Path) -> Load:
    request = peer.forms[cell.upload].request(picture_for(cell.upload))
    running.family.settle()
    return load(running.port, request, Clients(cell.connections, seconds, load_cores()), folder)


def _leave_out(record: Record, peer: Peer, error: Exception) -> None:
    complain(f"{peer.name} is left out: {error}")
    record.not_measured[peer.name] = str(error)
    _keep(record)


def _keep(record: Record) -> Path:
    told = {
        "rows": [asdict(row) for row in rows(record)],
        "costs": [asdict(cost) for cost in costs(record.starts)],
    }
    return record.keep(told)


def _say(record: Record, cell: Cell, seen: Load) -> None:
    errors = f", {seen.errors} ERRORS" if seen.errors else ""
    print(
        f"{len(record.loads):4} of {len(record.plan.all_cells())}: round {cell.round}, {cell.peer}, "
        f"{cell.upload}, {cell.connections} connections: {seen.per_second:.0f}/s, "
        f"p50 {seen.p50:.2f} ms, p99 {seen.p99:.2f} ms{errors}",
        flush=True,
    )


def _tell(record: Record) -> None:
    told = rows(record)
    draw(told, record.folder)
    out = console()
    out.print(_load_table(told))
    out.print(_cost_table(record))
    for name, why in record.not_measured.items():
        out.print(f"{name} was not measured: {why}", markup=False)
    out.print(f"Saved {_keep(record)} and benchmark-*.png beside it.")


def _load_table(told: list[Row]) -> Table:
    table = Table(
        "upload", "connections", "peer", "answers/s", "p50 ms", "p99 ms", "errors", "we / it", "p99 we / it"
    )
    for row in sorted(told, key=lambda row: (row.upload, row.connections, -row.per_second.median)):
        table.add_row(
            row.upload,
            str(row.connections),
            row.peer,
            _shown(row.per_second, "{:.0f}"),
            f"{row.p50.median:.2f}",
            f"{row.p99.median:.2f}",
            str(row.errors or ""),
            _shown(row.ratio, "{:.2f}"),
            _shown(row.p99_ratio, "{:.2f}"),
        )
    return table


def _cost_table(record: Record) -> Table:
    table = Table("peer", "start s", "memory MB")
    for cost in costs(record.starts):
        table.add_row(cost.peer, _shown(cost.start_seconds, "{:.2f}"), _shown(cost.megabytes, "{:.0f}"))
    return table


def _shown(values: Spread | None, form: str) -> str:
    if values is None:
        return ""
    median, least, most = (form.format(value) for value in (values.median, values.least, values.most))
    return median if least == most else f"{median} ({least} to {most})"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.side_by_side",
        description="This service beside what a user would pick instead.",
    )
    parser.add_argument("--peers", nargs="+", choices=list(BY_NAME), default=list(BY_NAME))
    parser.add_argument("--uploads", nargs="+", choices=UPLOADS, default=list(UPLOADS))
    parser.add_argument("--connections", nargs="+", type=int, default=[1, 8, 64])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each cell")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder for the figures and the plots")
    return parser


if __name__ == "__main__":
    sys.exit(run(main))
