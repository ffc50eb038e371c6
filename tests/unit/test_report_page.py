"""What the report page says: the report's own figures, and the weaknesses that follow from them."""

import pytest

from model_store.manifest import DataSet
from model_store.report import Report
from model_store.report_page.page import (
    duration,
    number,
    percent,
    share_interval,
    weaknesses,
)
from tests.releases import a_report


def of_two_classes(**changes: object) -> Report:
    """A report without a mistake."""
    data = DataSet(name="made-up", train_sha256="d" * 64, test_sha256="e" * 64)
    report = a_report(("hat", "scarf"), 1.0, data)
    return report.model_copy(update={"test": report.test.model_copy(update=changes)})


WIDE = "On only 10 test pictures, the 95% interval of the accuracy is wide: 72.2 to 100.0%."


@pytest.mark.parametrize(
    ("pictures", "bounds", "expected"),
    [
        (10, (0.7225, 1.0), ["No mistake was found in 10 test pictures.", WIDE]),
        (10_000, (0.9996, 1.0), ["No mistake was found in 10,000 test pictures."]),
    ],
)
def test_a_small_test_set_is_a_weakness_and_a_large_one_is_none(
    pictures: int, bounds: tuple[float, float], expected: list[str]
) -> None:
    assert list(weaknesses(of_two_classes(n=pictures, accuracy_interval=bounds))) == expected


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (percent(1.0), "100.0%"),
        (percent(0.9999), "> 99.9%"),
        (percent(0.0001), "< 0.1%"),
        (percent(None), "—"),
        (number(-0.0), "0"),
        (number(311_530), "311,530"),
        (duration(2104.9), "0:35:05"),
        (duration(None), "—"),
        (duration(float("inf")), "—"),
        (share_interval(0.0, 0), "—"),
    ],
)
def test_a_figure_is_rounded_and_never_says_more_than_was_measured(shown: str, text: str) -> None:
    assert shown == text
