"""What is said of a run: a line for each cell, tables at its end, plots and benchmark.json."""

from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from benchmarks.side_by_side.plots import draw
from benchmarks.side_by_side.record import Cell, Record
from benchmarks.side_by_side.summary import Row, Spread, costs, rows
from benchmarks.side_by_side.wrk import Load
from scripts.terminal import console


def keep(record: Record) -> Path:
    """Save what was measured, with its summary."""
    told = {
        "rows": [asdict(row) for row in rows(record)],
        "costs": [asdict(cost) for cost in costs(record.starts)],
    }
    return record.keep(told)


def say(record: Record, cell: Cell, seen: Load) -> None:
    """One line for one cell."""
    errors = f", {seen.errors} ERRORS" if seen.errors else ""
    print(
        f"{len(record.loads):4} of {len(record.plan.all_cells())}: round {cell.round}, {cell.peer}, "
        f"{cell.release}, {cell.upload}, {cell.connections} connections {list(seen.held)}: "
        f"{seen.per_second:.0f}/s, "
        f"p50 {seen.p50:.2f} ms, p99 {seen.p99:.2f} ms{errors}",
        flush=True,
    )


def tell(record: Record) -> None:
    """Tables of everything, and the plots."""
    told = rows(record)
    draw(told, costs(record.starts), record.folder)
    out = console()
    out.print(_load_table(told))
    out.print(_cost_table(record))
    for name, why in record.not_measured.items():
        out.print(f"{name} was not measured: {why}", markup=False)
    out.print(f"Saved {keep(record)} and benchmark-*.png beside it.")


def _load_table(told: list[Row]) -> Table:
    table = Table(
        "release",
        "upload",
        "connections",
        "peer",
        "answers/s",
        "p50 ms",
        "p99 ms",
        "errors",
        "we / it",
        "p99 we / it",
    )
    for row in sorted(
        told, key=lambda row: (row.release, row.upload, row.connections, -row.per_second.median)
    ):
        table.add_row(
            row.release,
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
