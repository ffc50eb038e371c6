"""Counting in files: processes add up, what is dead and current goes, and nothing is lost as files grow."""

import os
import threading
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from app.observability.shared_counts import FIRST_BYTES, Cells, Distribution, Family


def told(directory: Path) -> list[str]:
    """The samples that a scraper is told, without comments."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(directory))  # type: ignore[no-untyped-call]
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_counts_of_two_processes_add_up(tmp_path: Path) -> None:
    first, second = Cells(tmp_path, "counter"), Cells(tmp_path, "counter")

    for cells, count in ((first, 3.0), (second, 4.0)):
        cells.add(Family(cells, "hats", "hats_total", "Hats.", ("colour",)).cell("red"), count)

    assert told(tmp_path) == ['hats_total{colour="red"} 7.0']


def test_a_value_on_a_bound_counts_below_it_and_buckets_pile_up(tmp_path: Path) -> None:
    sizes = Distribution(Cells(tmp_path, "histogram"), "sizes", "Sizes.", (1.0, 2.0), {})

    for size in (0.5, 1.0, 2.0, 9.0):
        sizes.add(size)

    assert told(tmp_path) == [
        "sizes_sum 12.5",
        'sizes_bucket{le="1.0"} 2.0',
        'sizes_bucket{le="2.0"} 3.0',
        'sizes_bucket{le="+Inf"} 4.0',
        "sizes_count 4.0",
    ]


def test_a_dead_process_takes_its_gauge_along_and_leaves_its_counts(tmp_path: Path) -> None:
    gauges, counters = Cells(tmp_path, "gauge_livesum"), Cells(tmp_path, "counter")
    gauges.set(Family(gauges, "busy", "busy", "Busy.").cell(), 5.0)
    counters.add(Family(counters, "hats", "hats_total", "Hats.").cell(), 2.0)

    mark_process_dead(os.getpid(), str(tmp_path))  # type: ignore[no-untyped-call]

    assert told(tmp_path) == ["hats_total 2.0"]


def test_a_cell_keeps_counting_when_the_file_grows(tmp_path: Path) -> None:
    cells = Cells(tmp_path, "counter")
    family = Family(cells, "hats", "hats_total", "Hats.", ("colour",))
    first, before = family.cell("red"), cells.values
    before[first] += 1.0

    for number in range(FIRST_BYTES // 50):
        cells.add(family.cell(f"colour {number}"), 1.0)
    before[first] += 1.0

    assert len(cells.values) > len(before)
    assert cells.values[first] == 2.0
    assert told(tmp_path).count('hats_total{colour="red"} 2.0') == 1
    assert len(told(tmp_path)) == FIRST_BYTES // 50 + 1


def test_two_threads_that_meet_a_new_label_get_one_cell(tmp_path: Path) -> None:
    family = Family(Cells(tmp_path, "counter"), "hats", "hats_total", "Hats.", ("colour",))
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(family.cell("red"))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [found[0]] * 8
    assert len(told(tmp_path)) == 1
