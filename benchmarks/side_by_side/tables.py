"""What was measured, as tables of Markdown. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.side_by_side.goals import goals
from benchmarks.side_by_side.peers import NO_OP, WORKERS
from benchmarks.side_by_side.summary import Spread, costs_of, rows_of, shown_connections

NOT_YET = "Not measured yet."
YES_OR_NO = {True: "yes", False: "**no**", None: ""}


def goals_table(results: Mapping[str, Any]) -> str:
    """Every goal, what was measured and whether it was met."""
    told = (
        (goal.what, goal.aim, _ratio(goal.measured) or "not yet", YES_OR_NO[goal.met])
        for goal in goals(results)
    )
    return table(("figure", "aim", "measured", "met"), told)


def rates_table(results: Mapping[str, Any]) -> str:
    """Every peer under the loads that the plots show, the fastest first for each upload."""
    rows = rows_of(results["benchmark"])
    at = shown_connections(rows)
    shown = [row for row in rows if row.connections == at]
    order = {
        name: place for place, name in enumerate(dict.fromkeys((row.release, row.upload) for row in rows))
    }
    shown.sort(key=lambda row: (order[row.release, row.upload], -row.per_second.median))
    told = (
        (
            f"{row.upload}, {row.release}",
            row.peer,
            f"{row.per_second.median:,.0f}",
            f"{row.p50.median:.2f}",
            f"{row.p99.median:.2f}",
            _share(row.busiest),
            _ratio(row.ratio),
            str(row.errors or ""),
        )
        for row in shown
    )
    names = (
        "upload, network",
        "server",
        "answers/s",
        "p50 ms",
        "p99 ms",
        "busiest holds",
        "ours / its",
        "errors",
    )
    pictures = "\n\n".join(
        _picture(f"benchmark-{name}", alt)
        for name, alt in (
            ("rate", "Answers per second by upload and server"),
            ("p99", "p99 by upload and server"),
            ("ratio", "Our answers per second divided by each server's"),
        )
    )
    return f"{at} connections:\n\n{table(names, told)}\n\n{pictures}"


def losses_table(results: Mapping[str, Any]) -> str:
    """Everything that answers more than we do, or waits less; the no-op, which does nothing, left out."""
    rows = [row for row in rows_of(results["benchmark"]) if row.peer != NO_OP and row.ratio and row.p99_ratio]
    lost = [row for row in rows if row.ratio.median < 1 or row.p99_ratio.median > 1]  # type: ignore[union-attr]
    told = (
        (
            row.peer,
            f"{row.upload}, {row.release}",
            str(row.connections),
            _ratio(row.ratio),
            _ratio(row.p99_ratio),
        )
        for row in lost
    )
    names = ("server", "upload, network", "connections", "answers/s, ours / its", "p99, ours / its")
    return table(names, told) if lost else "Nowhere in this run."


def costs_table(results: Mapping[str, Any]) -> str:
    """What everybody takes to start and to be there."""
    told = (
        (cost.peer, _value(cost.start_seconds, "{:.2f}"), _value(cost.megabytes, "{:.0f}"))
        for cost in costs_of(results["benchmark"])
    )
    figures = table(("server", "start, s", "memory, MB"), told)
    return f"{figures}\n\n{_picture('benchmark-costs', 'Start and memory of each server')}"


def growth_table(results: Mapping[str, Any]) -> str:
    """Exponents, and what is allowed."""
    told = (
        (
            each["curve"],
            f"{each['cost']:.2f} (<= {each['cost_allowed']:.2f})",
            f"{each['wait']:.2f} (<= {each['wait_allowed']:.2f})",
            YES_OR_NO[each["sound"]],
        )
        for each in results["growth"]["growth"]
    )
    figures = table(("what grows", "processor time for an answer", "p50", "no faster than the work"), told)
    return f"{figures}\n\n{_batch_line(results)}\n\n{_picture('growth', 'Costs as the work grows')}"


def _batch_line(results: Mapping[str, Any]) -> str:
    """What a picture of the largest batch costs beside one that is sent alone, by as many connections."""
    seen = results["growth"]["seen"]
    largest = seen["pictures of a batch"][-1]
    [alone] = [one for one in seen["connections"] if one["size"] == WORKERS]
    each, single = largest["processor"] / largest["size"], alone["processor"]
    return (
        f"A picture of a batch of {largest['size']} takes {each:.3f} ms of processor time, one that is sent "
        f"alone {single:.3f} ms: {each / single:.2f} of it."
    )


def machine_line(results: Mapping[str, Any]) -> str:
    """When, where, and how loaded the machine was."""
    run = results["benchmark"]
    machine, plan = run["machine"], run["plan"]
    networks = ", ".join(
        f"{each['name']} ({each['network']}, {each['mflops']:.1f} MFLOP a picture)"
        for each in plan["releases"]
    )
    return (
        f"Measured {run['measured_at'][:10]} on {machine['cores']} cores of an {machine['processor']}, "
        f"Python {machine['python']}; {plan['rounds']} rounds of {plan['seconds']} s; load average as it "
        f"began {run['load_average_at_the_beginning']:.2f}. Networks: {networks}."
    )


def _picture(name: str, alt: str) -> str:
    return f"![{alt}](results/{name}.png)"


def table(names: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """One table; every line has as many cells as there are names."""
    rule = ["---"] * len(names)
    return "\n".join(f"| {' | '.join(line)} |" for line in (names, rule, *lines))


def _ratio(values: Spread | None) -> str:
    return _value(values, "{:.2f}") if values else ""


def _share(values: Spread | None) -> str:
    return f"{values.median:.0%}" if values else ""


def _value(values: Spread, form: str) -> str:
    median, least, most = (form.format(value) for value in (values.median, values.least, values.most))
    return median if least == most else f"{median} ({least} to {most})"
