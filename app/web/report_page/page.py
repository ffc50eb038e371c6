"""A report as its page shows it: headline figures first, then what each section of the template needs.

Pure: a parsed report in, frozen values out. What needs no sum or sentence, the template takes from the report
itself. Whatever the report does not have is empty here, and its section is left out or says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.web.report_page.charts import Chart, Series, axis_around, chart
from app.web.report_page.heat import Confusion, Row, confusions, heat_rows
from app.web.report_page.photos import RecallRow, Tier, garments, photo_curve, recall_rows, tier_of
from app.web.report_page.weaknesses import weaknesses
from app.web.report_page.wording import NOTHING, count, interval, number, percent, percent_or, share_interval
from model_store.report import Coverage, Epoch, Example, Report, TestFigures

FINE: Final = 2
"""Digits behind the point of what was counted on a whole test set."""

CONFUSIONS: Final = 10
"""Of the pairs that are taken for each other, so many are listed."""


@dataclass(frozen=True)
class Headline:
    """One of the figures at the top.

    Attributes:
        between: its 95% interval; None where the report allows none.
    """

    name: str
    value: str
    between: str | None
    note: str


@dataclass(frozen=True)
class ClassLine:
    """One line of the table of classes; `between` is the 95% interval of the recall."""

    label: str
    precision: str
    recall: str
    between: str
    f1: str
    support: int


@dataclass(frozen=True)
class Sample:
    """One answer to a picture of the test set; `second` is the likeliest of the other classes."""

    index: int
    truth: str
    predicted: str
    confidence: str
    second: str


@dataclass(frozen=True)
class Page:
    """What report.html shows beside the report itself.

    Attributes:
        heat: empty where there are more classes than a matrix is read with.
        curves: of the training; empty without a history.
        garments: names of the tiers that show classes of the model, the columns of `recalls`.
        photo_curve: None where no tier has one.
    """

    headlines: tuple[Headline, ...]
    weaknesses: tuple[str, ...]
    heat: tuple[Row, ...]
    confusions: tuple[Confusion, ...]
    classes: tuple[ClassLine, ...]
    tiers: tuple[Tier, ...]
    garments: tuple[str, ...]
    recalls: tuple[RecallRow, ...]
    photo_curve: Chart | None
    wrong: tuple[Sample, ...]
    right: tuple[Sample, ...]
    curves: tuple[Chart, ...]


def page_of(report: Report) -> Page:
    """Everything that the page works out of a report."""
    test = report.test
    return Page(
        headlines=(*_test_headlines(test), *_photo_headlines(report)),
        weaknesses=weaknesses(report),
        heat=heat_rows(test.confusion_matrix, report.labels),
        confusions=confusions(test.confusion_matrix, report.labels, CONFUSIONS),
        classes=_class_lines(test),
        tiers=tuple(tier_of(name, tier) for name, tier in report.photos.items()),
        garments=tuple(garments(report)),
        recalls=recall_rows(garments(report)),
        photo_curve=photo_curve(report),
        wrong=tuple(_sample(one, report.labels) for one in report.examples.wrong),
        right=tuple(_sample(one, report.labels) for one in report.examples.right),
        curves=_curves(report.history),
    )


def _test_headlines(test: TestFigures) -> tuple[Headline, ...]:
    pictures = count(test.n, "test picture")
    accepted = test.decisions.coverage
    return (
        Headline(
            "Accuracy",
            percent(test.accuracy, FINE),
            interval(*test.accuracy_interval, FINE),
            f"of {pictures}",
        ),
        Headline(
            "Accepted without review",
            percent(accepted, FINE),
            share_interval(accepted, test.n, FINE),
            f"of {pictures}",
        ),
        _right_of_accepted(test.decisions, test.n),
        Headline("Macro F1", number(test.averages.macro.f1), None, f"mean of {len(test.per_class)} classes"),
        Headline(
            "Calibration error",
            percent(test.ece, FINE),
            None,
            f"{percent(test.ece_before, FINE)} uncalibrated",
        ),
    )


def _right_of_accepted(decisions: Coverage, n: int) -> Headline:
    accepted = round(decisions.coverage * n)
    if decisions.accuracy is None:
        return Headline("Right when accepted", NOTHING, None, "none was accepted")
    return Headline(
        "Right when accepted",
        percent(decisions.accuracy, FINE),
        share_interval(decisions.accuracy, accepted, FINE),
        f"of {accepted:,} accepted",
    )


def _photo_headlines(report: Report) -> tuple[Headline, ...]:
    return tuple(
        Headline(
            f"Photos, tier {name}",
            percent_or(tier.macro_accuracy),
            interval(*tier.macro_accuracy_interval) if tier.macro_accuracy_interval else None,
            f"macro accuracy on {count(tier.n, 'photo')} ({tier.split})",
        )
        for name, tier in garments(report).items()
    )


def _class_lines(test: TestFigures) -> tuple[ClassLine, ...]:
    return tuple(
        ClassLine(
            label=label,
            precision=percent(one.precision),
            recall=percent(one.recall),
            between=share_interval(one.recall, one.support),
            f1=percent(one.f1),
            support=one.support,
        )
        for label, one in test.per_class.items()
    )


def _sample(example: Example, labels: Sequence[str]) -> Sample:
    # A report that was made by hand may have fewer probabilities than labels.
    others = [
        (probability, label)
        for label, probability in zip(labels, example.probabilities, strict=False)
        if label != example.predicted
    ]
    probability, second = max(others, default=(0.0, NOTHING))
    return Sample(
        index=example.index,
        truth=example.truth,
        predicted=example.predicted,
        confidence=percent(example.confidence),
        second=f"{second} {percent(probability)}",
    )


def _curves(history: Sequence[Epoch]) -> tuple[Chart, ...]:
    if not history:
        return ()
    epochs = axis_around("epoch", [one.epoch for one in history], whole=True)
    losses = _both(history, [one.loss for one in history], [one.val_loss for one in history])
    accuracies = _both(history, [one.accuracy for one in history], [one.val_accuracy for one in history])
    return (
        chart("Loss per epoch", epochs, axis_around("loss (nats)", _heights(losses)), losses),
        chart(
            "Accuracy per epoch",
            epochs,
            axis_around("accuracy", _heights(accuracies), percent=True),
            accuracies,
        ),
    )


def _both(
    history: Sequence[Epoch], training: Sequence[float], validation: Sequence[float]
) -> tuple[Series, Series]:
    epochs = [float(one.epoch) for one in history]
    return (
        Series("held-out pictures", list(zip(epochs, validation, strict=True))),
        Series("training pictures, augmented", list(zip(epochs, training, strict=True))),
    )


def _heights(series: Sequence[Series]) -> list[float]:
    return [height for one in series for _, height in one.points]
