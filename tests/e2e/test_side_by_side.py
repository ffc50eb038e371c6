"""The benchmark beside peers, run for a second on what needs no installing: this service, a small view."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.side_by_side.conformance import DoesNotConform, check
from benchmarks.side_by_side.peers import RAW, Peer
from tests.commands import done
from tests.stub_server import answering
from tests.system_parts import require_system_part

pytestmark = pytest.mark.slow

COMMAND = (
    *(sys.executable, "-m", "benchmarks.side_by_side", "--peers", "wardrobe", "no-op"),
    *("--uploads", "png", "photo", "--connections", "4", "--rounds", "1", "--seconds", "1"),
)


def test_a_benchmark_saves_a_row_for_every_server(tmp_path: Path) -> None:
    require_system_part("wrk", shutil.which("wrk") is not None, "apt-get install wrk")
    command = [*COMMAND, "--out", str(tmp_path)]

    ran = done(command)

    assert ran.returncode == 0, ran.stderr
    summary = json.loads((tmp_path / "benchmark.json").read_text("utf-8"))["summary"]
    assert {(row["peer"], row["upload"]) for row in summary["rows"]} == {
        ("wardrobe", "png"),
        ("wardrobe", "photo"),
        ("no-op", "png"),
    }
    assert {row["errors"] for row in summary["rows"]} == {0}
    assert all(cost["megabytes"]["least"] > 0 for cost in summary["costs"])


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b'{"label": "Dress"}', "'Dress'.*raw body.*'Bag'"),
        (500, b"no such thing", "answered 500 to raw body: no such thing"),
        (200, b'{"class": 3}', "names no label"),
    ],
)
def test_a_peer_that_answers_otherwise_than_we_do_is_not_measured(
    status: int, body: bytes, said: str
) -> None:
    peer = Peer(name="a peer", command=(), forms={"png": RAW})

    with answering(status, body) as (url, _), pytest.raises(DoesNotConform, match=said):
        check(peer, int(url.rpartition(":")[2]), ["Ankle boot", "Trouser", "Bag"], ["png"])
