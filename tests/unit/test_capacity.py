"""docs/scaling.md tells what follows from what was measured, and the arithmetic is right."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.observability.metrics import Metrics
from app.releases.load import load
from app.releases.watcher import ReleaseWatcher
from app.settings import Settings
from benchmarks.capacity.__main__ import BLOCKS, PAGE
from benchmarks.capacity.fits import (
    Design,
    Values,
    bent_line,
    best_bent_line,
    fit,
    saturating,
    straight_line,
    universal,
)
from benchmarks.capacity.model import described
from benchmarks.capacity.plan import (
    FOLLOWED_GETS,
    POLL_GETS,
    START_REQUESTS,
    Fleet,
    Release,
    core_hours_per_million,
    hours_for,
    machines_for,
    p99_wait,
)
from benchmarks.capacity.strains import Strain, strains
from benchmarks.results import FOLDER
from benchmarks.side_by_side.document import filled, read_results
from model_store.folder import FolderStore
from model_store.publish import publish
from model_store.store import Entry
from tests.releases import a_release

SIZES = np.array([1, 2, 4, 8, 16, 32, 64, 128, 256, 512], float)
A_FLEET = Fleet(machines=100, workers=2, refresh=30.0, jitter=0.2)
A_RELEASE = Release(size=3_000_000, files=10)


def made_of(design: Design, parameters: tuple[float, ...], sizes: Values, noise: float = 0.0) -> Values:
    exact = design(sizes) @ np.array(parameters)
    off = np.random.default_rng(1).normal(0, noise, len(sizes)) if noise else 0.0
    made: Values = exact * (1 + off)
    return made


@pytest.mark.parametrize(
    ("design", "parameters"),
    [
        (straight_line, (0.6, 0.61)),
        (universal, (1e-3, 2e-4, 5e-7)),
        (saturating(2), (1e-3, 5e-4, 6e-7)),
        (bent_line(32), (1.3, 0.5, 0.02)),
    ],
)
def test_known_parameters_are_found_again(design: Design, parameters: tuple[float, ...]) -> None:
    found = fit(design, SIZES.tolist(), made_of(design, parameters, SIZES).tolist())

    assert found.parameters == pytest.approx(parameters)
    assert found.worst == pytest.approx(0, abs=1e-9)
    assert found.left_out == pytest.approx(0, abs=1e-9)


def test_noise_is_told_as_a_miss_and_moves_the_parameters_little() -> None:
    found = fit(universal, SIZES.tolist(), made_of(universal, (1e-3, 2e-4, 5e-7), SIZES, 0.05).tolist())

    assert found.parameters == pytest.approx((1e-3, 2e-4, 5e-7), rel=0.25)
    assert 0.01 < found.worst < 0.15
    assert found.left_out is not None
    assert found.left_out > 0.01


def test_the_knee_of_a_bent_line_is_found() -> None:
    knee, found = best_bent_line(SIZES.tolist(), made_of(bent_line(64), (1.0, 0.5, 0.01), SIZES).tolist())

    assert knee == 64
    assert found.parameters == pytest.approx((1.0, 0.5, 0.01))


def test_no_parameter_is_negative() -> None:
    falling = (10.0 - 0.01 * SIZES).tolist()

    found = fit(straight_line, SIZES.tolist(), falling)

    assert found.parameters[1] == 0
    assert found.parameters[0] > 0


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="2 points cannot settle 3"):
        fit(universal, [1, 2], [1, 2])


def test_with_no_point_to_spare_none_is_left_out() -> None:
    assert fit(straight_line, [1, 2], [1, 2]).left_out is None


@pytest.mark.parametrize(("servers", "utilisation"), [(1, 0.6), (2, 0.6), (2, 0.9)])
def test_waits_are_those_of_a_queue_that_is_played_through(servers: int, utilisation: float) -> None:
    random = np.random.default_rng(3)
    count = 300_000
    arrivals = np.cumsum(random.exponential(1 / (servers * utilisation), count))
    work = random.exponential(1, count)

    waits = np.fromiter(played_through(arrivals, work, servers), float, count)

    assert p99_wait(servers, utilisation) == pytest.approx(np.quantile(waits, 0.99), rel=0.1)


def played_through(arrivals: Values, work: Values, servers: int) -> Iterator[float]:
    free = [0.0] * servers
    for arrival, each in zip(arrivals.tolist(), work.tolist(), strict=True):
        first = free.index(min(free))
        begins = max(arrival, free[first])
        free[first] = begins + each
        yield begins - arrival


def test_nobody_waits_for_what_idles() -> None:
    assert p99_wait(2, 0.0) == 0


@pytest.mark.parametrize(("rate", "machines"), [(600, 1), (601, 2), (10_000, 17)])
def test_machines_are_whole_and_enough(rate: float, machines: int) -> None:
    assert machines_for(rate, of_one=1000, utilisation=0.6) == machines


@pytest.mark.parametrize("utilisation", [0.0, 1.0, 60.0])
def test_a_utilisation_that_is_no_share_is_refused(utilisation: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        machines_for(100, 1000, utilisation)


def test_labels_take_hours_by_machines_and_core_hours_whatever_the_machines() -> None:
    assert hours_for(3.6e6, of_one_per_second=1000, machines=1) == 1
    assert hours_for(3.6e6, of_one_per_second=1000, machines=10) == pytest.approx(0.1)
    assert core_hours_per_million(3600) == 1


def test_a_fleet_asks_as_often_as_its_settings_say() -> None:
    assert A_FLEET.gets_per_day == 576_000
    assert A_FLEET.gets_per_second == pytest.approx(200 / 30)
    assert A_FLEET.gets_per_second_in_step == pytest.approx(200 / 12)
    assert A_FLEET.seconds_to_follow == pytest.approx(36)


def test_a_release_goes_to_each_machine_once() -> None:
    assert A_FLEET.bytes_of_a_change(A_RELEASE) == 300_000_000
    assert A_FLEET.requests_of_a_start(A_RELEASE) == 100 * (2 * 3 + 10)
    assert A_FLEET.requests_of_a_change(A_RELEASE) == 100 * (2 * 2 + 10)
    assert A_FLEET.megabits_of_a_change(A_RELEASE) == pytest.approx(2400 / 36)


class Counting(FolderStore):
    """A store that notes what it is asked for: one request to S3 each."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[str] = []

    def read(self, key: str) -> bytes:
        self.asked.append(key)
        return super().read(key)

    def download(self, key: str, to: Path, limit: int | None = None) -> None:
        self.asked.append(key)
        super().download(key, to, limit)

    def entries(self, prefix: str) -> list[Entry]:
        self.asked.append(prefix)
        return super().entries(prefix)

    def count(self) -> int:
        """Of requests since it was last asked for them."""
        count = len(self.asked)
        self.asked.clear()
        return count


def test_workers_ask_the_store_as_often_as_the_plan_says(tmp_path: Path) -> None:
    store = Counting(tmp_path / "store")
    first, second = (a_release(tmp_path / name, seed=seed) for seed, name in enumerate(("first", "second")))
    publish(first, store, by="ann")
    store.count()
    settings = Settings(model_store=store.address, cache_dir=tmp_path / "cache")
    files = sum(1 for path in first.rglob("*") if path.is_file())

    workers = [load(settings, store) for _ in range(2)]
    started = store.count()
    followers = [ReleaseWatcher(settings, store, models, Metrics(None)) for models in workers]
    followers[0].poll()
    polled = store.count()
    publish(second, store, by="ann", force=True)
    store.count()
    for follower in followers:
        follower.poll()
    followed = store.count()

    assert workers[0].current.version == workers[1].current.version
    assert started == 2 * START_REQUESTS + files
    assert polled == POLL_GETS
    assert followed == 2 * FOLLOWED_GETS + files


def test_what_is_shared_is_told_from_what_breaks_first_to_what_breaks_last() -> None:
    results = read_results(FOLDER)["capacity"]

    found = strains(results["model"], results["scrape"], A_FLEET)

    reached = [each.reached_at for each in found]
    assert reached == sorted(reached)


def test_a_limit_is_reached_where_machines_take_as_much_as_there_is() -> None:
    half = Strain(what="", of_one=2.0, basis="", limit=11.0, limit_basis="", cure="")

    assert half.reached_at == 5


def test_the_page_tells_what_follows_from_the_results_that_are_kept() -> None:
    page, results = PAGE.read_text("utf-8"), read_results(FOLDER)

    anew: dict[str, Any] = {**results, "capacity": {**results["capacity"], "model": described(results)}}

    assert filled(page, results, BLOCKS) == page, "make capacity writes it anew"
    assert filled(page, anew, BLOCKS) == page, "a result was measured again: make capacity"
