"""Photos by tier: the table, the recalls, and the curve of what a lower threshold would accept. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.web.report_page.charts import Axis, Chart, Series, axis_around, chart
from app.web.report_page.heat import STEPS
from app.web.report_page.wording import area, interval, percent, percent_or
from model_store.report import Coverage, PhotoFigures, Report


@dataclass(frozen=True)
class Tier:
    """One line of the table of photos."""

    name: str
    split: str
    n: int
    macro_accuracy: str
    between: str
    accepted: str
    right: str
    unfamiliar: str
    told_apart: str


@dataclass(frozen=True)
class Recall:
    """What part of one class was recognised on the photos of one tier; `share` is empty without any."""

    share: str
    n: int
    shade: int


@dataclass(frozen=True)
class RecallRow:
    """One class over all tiers."""

    label: str
    recalls: tuple[Recall, ...]


def garments(report: Report) -> dict[str, PhotoFigures]:
    """The tiers that show classes of the model; in the others nothing can be right."""
    return {name: tier for name, tier in report.photos.items() if tier.macro_accuracy is not None}


def tier_of(name: str, tier: PhotoFigures) -> Tier:
    """The line of one tier."""
    between = tier.macro_accuracy_interval
    return Tier(
        name=name,
        split=tier.split,
        n=tier.n,
        macro_accuracy=percent_or(tier.macro_accuracy),
        between=interval(*between) if between else "",
        accepted=percent(tier.decisions.coverage),
        right=percent_or(tier.decisions.accuracy),
        unfamiliar=percent(tier.decisions.unfamiliar),
        told_apart=area(tier.auroc.familiarity if tier.auroc else None),
    )


def photo_curve(report: Report) -> Chart | None:
    """Accuracy against coverage, a line for each tier, marked where the service works; None without any."""
    series = [
        Series(
            name=f"tier {name}",
            points=[(point.coverage, point.accuracy) for point in tier.curve],
            mark=_served(tier.decisions),
        )
        for name, tier in garments(report).items()
        if tier.curve
    ]
    if not series:
        return None
    accuracies = [accuracy for one in series for _, accuracy in one.points]
    marks = [one.mark[1] for one in series if one.mark]
    return chart(
        "Accuracy of what is accepted, as more photos are",
        Axis("accepted without review", 0, 1, percent=True),
        axis_around("right of these", [*accuracies, *marks], percent=True),
        series,
    )


def _served(decisions: Coverage) -> tuple[float, float] | None:
    return None if decisions.accuracy is None else (decisions.coverage, decisions.accuracy)


def recall_rows(tiers: Mapping[str, PhotoFigures]) -> tuple[RecallRow, ...]:
    """Recall on photos, a row for each class that any tier has, a column for each tier."""
    labels = dict.fromkeys(label for tier in tiers.values() for label in tier.per_class)
    return tuple(RecallRow(label, tuple(_recall(tier, label) for tier in tiers.values())) for label in labels)


def _recall(tier: PhotoFigures, label: str) -> Recall:
    found = tier.per_class.get(label)
    if found is None:
        return Recall("", 0, 0)
    return Recall(percent(found.recall), found.n, round(STEPS * found.recall))
