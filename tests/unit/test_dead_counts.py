"""Counts of dead processes: nothing is lost, nothing counts twice, and their files become one."""

import subprocess
import sys
from pathlib import Path

from app.observability.dead_counts import merge_dead, nobody_merging
from app.observability.shared_counts import Cells, Family
from tests.service import ROOT
from tests.unit.test_shared_counts import told

LIVE_AND_DIE = """
import sys
from pathlib import Path
from app.observability.shared_counts import Cells, Distribution, Family
folder, colour = Path(sys.argv[1]), sys.argv[2]
counters = Cells(folder, "counter")
counters.add(Family(counters, "hats", "hats_total", "Hats.", ("colour",)).cell(colour), 2.0)
Distribution(Cells(folder, "histogram"), "sizes", "Sizes.", (1.0, 2.0), {}).add(1.5)
"""

THREE_LIVES = [
    'hats_total{colour="green"} 2.0',
    'hats_total{colour="red"} 4.0',
    "sizes_count 3.0",
    "sizes_sum 4.5",
    'sizes_bucket{le="+Inf"} 3.0',
    'sizes_bucket{le="1.0"} 0.0',
    'sizes_bucket{le="2.0"} 3.0',
]


def live_and_die(folder: Path, colour: str) -> None:
    """A process that counts two hats and one size, and ends."""
    subprocess.run([sys.executable, "-c", LIVE_AND_DIE, str(folder), colour], cwd=ROOT, check=True)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_the_dead_had_counted_is_told_from_one_file_of_each_kind(tmp_path: Path) -> None:
    for colour in ("red", "green"):
        live_and_die(tmp_path, colour)
    merge_dead(tmp_path)
    live_and_die(tmp_path, "red")

    merge_dead(tmp_path)

    assert files(tmp_path) == ["counter_dead.db", "histogram_dead.db"]
    assert sorted(told(tmp_path)) == sorted(THREE_LIVES)


def test_the_living_go_on_counting_where_they_did(tmp_path: Path) -> None:
    counters = Cells(tmp_path, "counter")
    hats = Family(counters, "hats", "hats_total", "Hats.", ("colour",)).cell("red")
    counters.add(hats, 1.0)
    live_and_die(tmp_path, "red")

    merge_dead(tmp_path)
    counters.add(hats, 1.0)

    assert len(list(tmp_path.glob("counter_*"))) == 2
    assert 'hats_total{colour="red"} 4.0' in told(tmp_path)


def test_nothing_is_moved_while_somebody_reads(tmp_path: Path) -> None:
    live_and_die(tmp_path, "red")
    before = files(tmp_path)

    with nobody_merging(tmp_path):
        merge_dead(tmp_path)
        during = files(tmp_path)
    merge_dead(tmp_path)

    assert during == before
    assert files(tmp_path) == ["counter_dead.db", "histogram_dead.db"]


def test_a_file_that_its_process_died_over_is_taken_away(tmp_path: Path) -> None:
    live_and_die(tmp_path, "red")
    [left] = tmp_path.glob("counter_*")
    left.write_bytes(b"")

    merge_dead(tmp_path)

    assert files(tmp_path) == ["counter_dead.db", "histogram_dead.db"]
    assert "sizes_count 1.0" in told(tmp_path)
