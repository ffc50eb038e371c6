"""What the report page says: the report's own figures, and the weaknesses that follow from them."""

from pathlib import Path

import pytest

from app.web.report_page import (
    LONGEST_METRICS,
    Figure,
    confusions,
    duration,
    figures_of,
    interval,
    number,
    percent,
    readable,
    share_interval,
    weaknesses,
)
from model_store.local import BUNDLED
from model_store.manifest import DataSet
from model_store.report import ClassFigures, Report, parse_report
from tests.pictures import garment_picture, jpeg
from tests.releases import a_report

THE_DATA = DataSet(name="made-up", train_sha256="d" * 64, test_sha256="e" * 64)


def the_bundled_report() -> Report:
    return parse_report((BUNDLED / "report.json").read_bytes(), "bundled")


def a_perfect_report(pictures: int, interval_of_accuracy: tuple[float, float]) -> Report:
    """A report of two classes without a mistake on so many test pictures."""
    report = a_report(("hat", "scarf"), 1.0, THE_DATA)
    half = pictures // 2
    test = report.test.model_copy(
        update={
            "n": pictures,
            "accuracy": 1.0,
            "accuracy_interval": interval_of_accuracy,
            "confusion_matrix": ((half, 0), (0, half)),
            "per_class": dict.fromkeys(
                report.labels, ClassFigures(precision=1, recall=1, f1=1, support=half)
            ),
        }
    )
    return report.model_copy(update={"test": test})


def test_intervals_computed_for_the_page_are_those_of_the_report() -> None:
    test = the_bundled_report().test

    assert share_interval(test.accuracy, test.n, 2) == interval(test.accuracy_interval, 2)


def test_weaknesses_name_what_the_report_is_worst_at() -> None:
    sentences = list(weaknesses(the_bundled_report()))

    assert sentences[0].startswith("Shirt is recognised least often: 84.7%")
    assert sentences[1] == "Shirt is taken for T-shirt/top in 71 of 1,000 (7.1%)."
    assert any("Sneaker is recognised least often: 20.8% of 24 photos" in one for one in sentences)


def test_a_small_test_set_without_mistakes_is_named_as_the_weakness() -> None:
    sentences = list(weaknesses(a_perfect_report(10, (0.7225, 1.0))))

    assert sentences == [
        "No mistake was found in 10 test pictures.",
        "On only 10 test pictures, the 95% interval of the accuracy is wide: 72.2 to 100.0%.",
    ]


def test_a_large_test_set_without_mistakes_is_no_weakness() -> None:
    assert list(weaknesses(a_perfect_report(10_000, (0.9996, 1.0)))) == [
        "No mistake was found in 10,000 test pictures."
    ]


def test_a_matrix_that_does_not_fit_the_labels_has_no_confusions() -> None:
    report = a_report(("hat", "scarf"), 0.9, THE_DATA)
    ragged = report.test.model_copy(update={"confusion_matrix": ((1, 2, 3), (4,))})

    assert confusions(report.model_copy(update={"test": ragged})) == []


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100.0%"), (0.9999, "> 99.9%"), (0.9949, "99.5%"), (0.0001, "< 0.1%"), (0.0, "0.0%"), (None, "—")],
)
def test_only_all_is_a_hundred_percent_and_only_none_is_nought(share: float | None, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.0, "0"), (0.15036, "0.1504"), (46.92, "46.92"), (311_530, "311,530"), (float("nan"), "nan")],
)
def test_numbers_have_four_digits_and_no_negative_zero(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1.5, "0:00:02"), (2104.9, "0:35:05"), (None, "—"), (float("inf"), "—"), (1e300, "—")],
)
def test_durations_are_hours_minutes_and_seconds(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_a_share_of_nothing_has_no_interval() -> None:
    assert share_interval(0.0, 0) == "—"


def test_figures_come_with_their_size_and_other_files_are_left_out() -> None:
    files = {
        "reliability.png": (BUNDLED / "figures" / "reliability.png").read_bytes(),
        "photo.png": jpeg(garment_picture()),
        "text.png": b"hello",
        "broken.png": b"\x89PNG\r\n\x1a\n",
    }

    assert figures_of(files) == {"reliability": Figure("reliability.png", 500, 550)}


@pytest.mark.parametrize(
    ("metrics", "text"),
    [
        (b'{"accuracy": 0.91, "by": ["x"]}', '{\n  "accuracy": 0.91,\n  "by": [\n    "x"\n  ]\n}'),
        (b"{", "{"),
        (b"", ""),
        (b"\xff", "\ufffd"),
        (b"[" * 100_000, "[" * LONGEST_METRICS + "…"),
        (b"9" * 5000, "9" * 5000),
    ],
    ids=["json", "cut short", "empty", "no text", "deep", "a long number"],
)
def test_metrics_of_any_form_become_text(metrics: bytes, text: str) -> None:
    assert readable(metrics) == text


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[1] / "fixtures").glob("schema-*")))
def test_weaknesses_of_an_old_report_are_found(path: Path) -> None:
    report = parse_report((path / "report.json").read_bytes(), path.name)

    assert len(list(weaknesses(report))) > 1
