"""What grows faster than the work is told, and what does not is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.growth.curves import BATCHES, curves
from benchmarks.growth.kept import keep, kept
from benchmarks.growth.plot import draw
from benchmarks.growth.slopes import Seen, growth, slope
from inference.decode import decode
from inference.header import MAX_PIXELS

SIZES = (1, 2, 4, 8, 16)


def seen(power: float, errors: int = 0) -> list[Seen]:
    """A curve whose times grow by this power of the size."""
    return [
        Seen(
            size=size,
            answers=100,
            per_second=100 / size,
            p50=1.0 * size**power,
            p99=2.0 * size**power,
            processor=1.0 * size**power,
            errors=errors,
        )
        for size in SIZES
    ]


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_law_is_found(power: float) -> None:
    assert slope(SIZES, [3.0 * size**power for size in SIZES]) == pytest.approx(power)


def test_what_every_request_costs_hides_no_growth() -> None:
    sizes = [4**step for step in range(10)]

    found = slope(sizes, [1000.0 + size**1.5 for size in sizes])

    assert found == pytest.approx(1.5, abs=0.1)


def test_work_that_costs_in_proportion_is_sound() -> None:
    verdict = growth("pictures of a batch", 1, 1, seen(1.0))

    assert verdict.sound


@pytest.mark.parametrize(("power", "errors"), [(1.3, 0), (1.0, 1)])
def test_a_cost_that_grows_faster_and_errors_are_not(power: float, errors: int) -> None:
    verdict = growth("pictures of a batch", 1, 1, seen(power, errors))

    assert not verdict.sound


def test_a_load_that_nobody_answered_has_no_bound() -> None:
    assert slope(SIZES, [1.0, 2.0, 4.0, 8.0, 0.0]) == float("inf")


def test_pictures_grow_up_to_what_is_taken_by_default() -> None:
    sizes = {curve.name: [point.size for point in curve.points] for curve in curves()}

    assert 0.9 * MAX_PIXELS < sizes["pixels of a JPEG"][-1] <= MAX_PIXELS
    assert sizes["pixels of a PNG"] == sizes["pixels of a JPEG"]
    assert BATCHES[-1] == 256


@pytest.mark.parametrize("name", ["pixels of a JPEG", "pixels of a PNG"])
def test_the_smallest_picture_is_one_that_the_service_reads(name: str) -> None:
    [curve] = [curve for curve in curves() if curve.name == name]

    decoded = decode(curve.points[0].request().body, MAX_PIXELS)

    assert decoded.picture.shape == (28, 21, 3)


def test_a_batch_holds_as_many_files_as_it_says() -> None:
    [curve] = [curve for curve in curves() if curve.name == "pictures of a batch"]

    body = curve.points[3].request().body

    assert curve.points[3].size == 8
    assert body.count(b'name="image"') == 8
    assert body.count(b"--\r\n") == 1


def test_a_stopped_run_goes_on_where_it_was_and_a_complete_one_begins_anew(tmp_path: Path) -> None:
    plan = [curve for curve in curves() if curve.name == "workers"]
    points = {one.size: one for one in seen(0.0)[:2]}

    keep(plan, 3, {"workers": points}, tmp_path)
    stopped = kept(plan, 3, tmp_path)
    other = kept(plan, 5, tmp_path)
    whole = {point.size: replace(points[1], size=point.size) for point in plan[0].points}
    keep(plan, 3, {"workers": whole}, tmp_path)
    complete = kept(plan, 3, tmp_path)

    assert stopped == {"workers": points}
    assert other == {"workers": {}}
    assert complete == {"workers": {}}


def test_every_curve_is_drawn_even_where_nothing_was_answered(tmp_path: Path) -> None:
    unanswered = replace(seen(0.0)[-1], p50=0.0, p99=0.0)
    its = {curve.name: [*seen(1.0)[:-1], unanswered] for curve in curves()}
    growths = [growth(curve.name, curve.cost, curve.wait, its[curve.name]) for curve in curves()]

    draw(its, growths, tmp_path / "growth.png")

    assert (tmp_path / "growth.png").stat().st_size > 10_000
