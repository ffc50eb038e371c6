"""The report for people: every figure is the report's, whatever the report has or has not."""

from pathlib import Path

import pytest

from app.web.report_page.charts import FRAME, Axis, Series, axis_around, chart
from app.web.report_page.heat import STEPS, heat_rows
from app.web.report_page.page import page_of
from app.web.report_page.weaknesses import weaknesses
from app.web.report_page.wording import duration, number, share_interval, size
from model_store.local import BUNDLED
from model_store.manifest import DataSet
from model_store.report import Epoch, Report, parse_report
from tests.releases import a_report

THE_DATA = DataSet(name="made-up", train_sha256="d" * 64, test_sha256="e" * 64)
KEPT = sorted((Path(__file__).parents[1] / "fixtures").glob("schema-*/report.json"))


def the_bundled_report() -> Report:
    return parse_report((BUNDLED / "report.json").read_bytes(), "bundled")


def a_little_report(*labels: str) -> Report:
    return a_report(labels, 0.9, THE_DATA)


def test_the_headline_figures_are_the_reports() -> None:
    report = the_bundled_report()

    shown = {one.name: one for one in page_of(report).headlines}

    assert shown["Accuracy"].value == f"{report.test.accuracy:.2%}"
    low, high = report.test.accuracy_interval
    assert shown["Accuracy"].between == f"{low * 100:.2f} to {high:.2%}"
    assert shown["Accepted without review"].value == f"{report.test.decisions.coverage:.2%}"
    assert shown["Calibration error"].value == f"{report.test.ece:.2%}"
    tier, photos = next(iter(report.photos.items()))
    assert shown[f"Photos, tier {tier}"].value == f"{photos.macro_accuracy:.1%}"
    assert photos.split in shown[f"Photos, tier {tier}"].note


def test_intervals_that_are_worked_out_here_are_those_of_the_report() -> None:
    test = the_bundled_report().test
    low, high = test.accuracy_interval

    assert share_interval(test.accuracy, test.n, 2) == f"{low * 100:.2f} to {high:.2%}"


def test_every_class_has_its_line() -> None:
    report = the_bundled_report()

    lines = page_of(report).classes

    assert [line.label for line in lines] == list(report.labels)
    assert [line.recall for line in lines] == [f"{one.recall:.1%}" for one in report.test.per_class.values()]
    assert [line.support for line in lines] == [one.support for one in report.test.per_class.values()]


def test_a_cell_of_the_heat_map_tells_count_and_share_of_its_row() -> None:
    (_, shirt) = heat_rows(((90, 10), (300, 700)), ("Hat", "Shirt"))

    assert [(cell.count, cell.share, cell.right) for cell in shirt.cells] == [
        (300, "30.0", False),
        (700, "70.0", True),
    ]
    assert shirt.cells[0].told == "Shirt taken for Hat: 300 of 1,000, 30.0%"


def test_the_more_there_are_the_deeper_the_shade() -> None:
    (row, _) = heat_rows(((0, 1000), (0, 0)), ("Hat", "Shirt"))
    (mistaken, _) = heat_rows(((990, 10), (0, 0)), ("Hat", "Shirt"))

    assert [cell.shade for cell in row.cells] == [0, STEPS]
    assert 0 < mistaken.cells[1].shade < mistaken.cells[0].shade


def test_every_shade_has_its_colour() -> None:
    styles = (BUNDLED.parents[1] / "app" / "web" / "page" / "report.css").read_text("utf-8")

    assert [step for step in range(STEPS + 1) if f".heat-{step} {{" not in styles] == []


def test_three_classes_get_a_matrix_of_three() -> None:
    page = page_of(a_little_report("hat", "scarf", "glove"))

    assert [len(row.cells) for row in page.heat] == [3, 3, 3]
    assert [(one.truth, one.predicted, one.count) for one in page.confusions] == [
        ("hat", "scarf", 100),
        ("scarf", "glove", 100),
        ("glove", "hat", 100),
    ]


def test_of_two_hundred_classes_the_worst_pairs_stand_for_the_matrix() -> None:
    page = page_of(a_little_report(*(f"kind {number:03}" for number in range(200))))

    assert page.heat == ()
    assert len(page.confusions) == 10
    assert len(page.classes) == 200


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.parent.name)
def test_what_an_old_report_does_not_have_is_left_out(path: Path) -> None:
    page = page_of(parse_report(path.read_bytes(), str(path)))

    assert (page.tiers, page.recalls, page.photo_curve) == ((), (), None)
    assert page.headlines[0].value == "93.00%"


def test_a_model_without_a_history_has_no_curves() -> None:
    page = page_of(a_little_report("hat", "scarf").model_copy(update={"history": ()}))

    assert page.curves == ()


def test_a_matrix_that_does_not_fit_the_labels_is_left_out() -> None:
    report = a_little_report("hat", "scarf")
    ragged = report.test.model_copy(update={"confusion_matrix": ((1, 2, 3), (4,))})

    page = page_of(report.model_copy(update={"test": ragged}))

    assert (page.heat, page.confusions) == ((), ())


def test_a_loss_that_diverged_leaves_a_gap() -> None:
    epochs = [
        Epoch(epoch=epoch, loss=loss, accuracy=0.5, val_loss=0.5, val_accuracy=0.5, seconds=1)
        for epoch, loss in enumerate((0.7, float("nan"), float("inf"), 1e300, 0.6), start=1)
    ]

    page = page_of(a_little_report("hat", "scarf").model_copy(update={"history": tuple(epochs)}))

    training = page.curves[0].lines[1]
    assert len(training.dots) == 2


def test_lines_stay_within_their_frame() -> None:
    drawn = chart(
        "loss",
        axis_around("epoch", [1, 40], whole=True),
        axis_around("loss", [0.113, 0.671]),
        [Series("loss", [(1, 0.671), (40, 0.113)])],
    )

    (line,) = drawn.lines
    assert [FRAME.left <= x <= FRAME.right and FRAME.top <= y <= FRAME.bottom for x, y in line.dots] == [
        True,
        True,
    ]
    assert [tick.text for tick in drawn.y_ticks] == ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]


@pytest.mark.parametrize("values", [[], [0.0], [1.0], [5.0, 5.0], [float("nan")], [1e-12, 2e-12]])
def test_an_axis_of_little_has_ticks_all_the_same(values: list[float]) -> None:
    axis = axis_around("share", values, percent=True) if values != [5.0, 5.0] else axis_around("loss", values)

    drawn = chart("little", Axis("x", 0, 1), axis, [])

    assert len(drawn.y_ticks) > 1


def test_weaknesses_name_what_the_report_is_worst_at() -> None:
    told = weaknesses(the_bundled_report())

    assert told[0].startswith("Shirt is recognised least often: 84.7%")
    assert told[1] == "Shirt is taken for T-shirt/top in 71 of 1,000 (7.1%)."
    assert any("Sneaker is recognised least often: 20.8% of 24 photos" in sentence for sentence in told)


def test_a_model_without_a_mistake_has_no_weakness() -> None:
    assert weaknesses(a_report(("hat", "scarf"), 1.0, THE_DATA)) == ()


def test_numbers_are_written_as_people_write_them() -> None:
    assert [duration(1.5), duration(2104.9), duration(7500)] == ["1.5 s", "35 min 5 s", "2 h 5 min"]
    assert [size(1), size(31_000), size(1_393_171)] == ["1 byte", "31 kB", "1.39 MB"]
    assert [number(0.15036), number(46.92), number(311_530)] == ["0.1504", "46.92", "311,530"]


def test_no_interval_is_told_of_nothing() -> None:
    assert share_interval(0.0, 0) == "not known"
