"""A comparison as a table in the terminal, and the same for programs."""

from rich.table import Table

from training.comparison.results import Compared, Comparison, Spread

HEADINGS = (
    "network",
    "parameters",
    "MFLOP",
    "ms",
    "s/epoch",
    "test accuracy",
    "n",
    "published",
    "validation",
    "training",
)


def comparison_table(comparison: Comparison) -> Table:
    """A row per network."""
    table = Table(*HEADINGS)
    for column in table.columns[1:]:
        column.justify = "right"
    for one in comparison.networks:
        table.add_row(*row(one))
    return table


def row(one: Compared) -> tuple[str, ...]:
    """The cells of a network, in the order of HEADINGS."""
    return (
        one.network,
        f"{one.parameters:,}",
        f"{one.mflops:.1f}",
        f"{one.timing.milliseconds:.3f}",
        f"{one.summary.seconds_per_epoch:.1f}",
        _shown(one.summary.test),
        str(one.summary.test.n),
        f"{one.published.accuracy:g}" if one.published else "",
        _shown(one.summary.validation),
        _shown(one.summary.train),
    )


def headline(one: Compared) -> dict[str, object]:
    """What a network's row says, as JSON values; the rest stands in the comparison's file."""
    return {
        "network": one.network,
        "parameters": one.parameters,
        "mflops": one.mflops,
        "milliseconds": one.timing.milliseconds,
        "published": one.published and one.published.accuracy,
        **one.summary.model_dump(mode="json"),
    }


def _shown(figure: Spread) -> str:
    return f"{figure.mean:.4f}" + ("" if figure.std is None else f" ± {figure.std:.4f}")
