"""Show figures of photos on the terminal: a line for each tier. What they mean: docs/report.md."""

from collections.abc import Mapping

from rich.markup import escape
from rich.table import Table

from model_store.report import PhotoFigures

NONE = "-"

COLUMNS = (
    "tier",
    "photos",
    "macro accuracy",
    "95% interval",
    "accepted",
    "right",
    "ambiguous",
    "unfamiliar",
    "AUROC",
    "by confidence",
)


def photo_table(photos: Mapping[str, PhotoFigures]) -> Table:
    """A line for each tier.

    `right` is the share of the accepted; `AUROC` says how well familiarity separates the tier from X, and
    the last column how well confidence does.
    """
    table = Table(
        title=f"split: {', '.join(sorted({one.split for one in photos.values()}))}", title_justify="left"
    )
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "tier" else "right", min_width=len(column))
    for tier, one in photos.items():
        table.add_row(escape(tier), f"{one.n:,}", *_accuracy(one), *_decisions(one), *_auroc(one))
    return table


def _accuracy(one: PhotoFigures) -> tuple[str, str]:
    if one.macro_accuracy is None or one.macro_accuracy_interval is None:
        return NONE, NONE
    low, high = one.macro_accuracy_interval
    return f"{one.macro_accuracy:.3f}", f"{low:.3f}..{high:.3f}"


def _decisions(one: PhotoFigures) -> tuple[str, str, str, str]:
    found = one.decisions
    right = NONE if found.accuracy is None else f"{found.accuracy:.1%}"
    return f"{found.coverage:.1%}", right, f"{found.ambiguous:.1%}", f"{found.unfamiliar:.1%}"


def _auroc(one: PhotoFigures) -> tuple[str, str]:
    if one.auroc is None:
        return NONE, NONE
    familiarity = NONE if one.auroc.familiarity is None else f"{one.auroc.familiarity:.3f}"
    return familiarity, f"{one.auroc.confidence:.3f}"


def class_table(photos: Mapping[str, PhotoFigures]) -> Table:
    """Recall of each class in each tier, with how many photos it was counted on."""
    garments = {tier: one for tier, one in photos.items() if one.per_class}
    table = Table("class", *(escape(f"recall, {tier} (photos)") for tier in garments))
    for column in table.columns[1:]:
        column.justify = "right"
    for label in dict.fromkeys(label for one in garments.values() for label in one.per_class):
        found = [one.per_class.get(label) for one in garments.values()]
        table.add_row(
            escape(label), *(NONE if one is None else f"{one.recall:.3f} ({one.n})" for one in found)
        )
    return table


def source_table(ood: PhotoFigures) -> Table:
    """The decisions about the out-of-distribution photos of each folder."""
    table = Table("none of the classes", "photos", "accepted", "unfamiliar")
    for column in table.columns[1:]:
        column.justify = "right"
    for source, one in ood.sources.items():
        table.add_row(escape(source), f"{one.n:,}", f"{one.accepted:.1%}", f"{one.unfamiliar:.1%}")
    return table
