"""The benchmark beside peers: what wrk saw, and what rows are computed of it."""

import re

import pytest

from benchmarks.side_by_side.peers import FOLDER, PEERS, ROOT, Peer
from benchmarks.side_by_side.summary import Cell, Row, Spread, rows
from benchmarks.wrk import Load, parse

WRK = """Running 1s test @ http://127.0.0.1:8000
  1 threads and 8 connections
Requests/sec:   4000.00
RESULT {"requests": 8100, "microseconds": 2000000, "p50": 1500, "p99": 4250, "refused": 100, "failed": 3}
"""


def a_load(per_second: float, errors: int = 0) -> Load:
    return Load(answers=int(per_second), per_second=per_second, p50=1.0, p99=2.0, errors=errors)


def rows_of(ours: list[Load], theirs: list[Load]) -> dict[str, Row]:
    """The rows after rounds of two servers."""
    loads = {
        Cell(name, "png", 8, number): load
        for name, seen in (("wardrobe", ours), ("FastAPI", theirs))
        for number, load in enumerate(seen, start=1)
    }
    return {row.peer: row for row in rows(loads)}


def test_what_wrk_saw_is_counted_per_second_and_in_milliseconds() -> None:
    seen = parse(WRK)

    assert seen == Load(answers=8000, per_second=4000, p50=1.5, p99=4.25, errors=103)


@pytest.mark.parametrize(
    ("ours", "theirs", "ratio"),
    [
        # The machine ran at half its speed in the second round: both slow down, the ratio does not.
        ([a_load(4000), a_load(2000)], [a_load(2000), a_load(1000)], Spread(2, 2, 2)),
        ([a_load(4000), a_load(4000)], [a_load(8000, errors=7), a_load(2000)], Spread(2, 2, 2)),
        ([a_load(4000)], [a_load(0, errors=7)], None),
    ],
    ids=["a slow round", "a round with errors", "errors alone"],
)
def test_ratios_are_taken_within_rounds_without_errors(
    ours: list[Load], theirs: list[Load], ratio: Spread | None
) -> None:
    found = rows_of(ours, theirs)

    assert found["FastAPI"].ratio == ratio
    assert found["FastAPI"].errors == sum(load.errors for load in theirs)
    assert found["wardrobe"].ratio is None


@pytest.mark.parametrize("peer", [peer for peer in PEERS if peer.lock], ids=lambda peer: peer.name)
def test_a_peer_decodes_and_infers_with_our_versions(peer: Peer) -> None:
    shared = re.compile(
        r"^((?:onnxruntime|opencv-python-headless|numpy|tensorflow|keras)==\S+)", re.MULTILINE
    )

    theirs = set(shared.findall((FOLDER / f"{peer.file_name}.txt").read_text("utf-8")))

    assert theirs
    assert theirs <= set(shared.findall((ROOT / "requirements" / "dev.txt").read_text("utf-8")))


def test_every_lock_of_a_peer_belongs_to_one_that_takes_part() -> None:
    locks = {path.stem for path in FOLDER.glob("*.txt")}

    assert locks == {peer.lock.stem for peer in PEERS if peer.lock}
    assert locks == {path.stem for path in FOLDER.glob("*.in")}
