"""The benchmark beside peers: what is sent, what is believed, what is told, and how a stopped run goes on."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.side_by_side.balance import is_balanced
from benchmarks.side_by_side.conformance import Answer, DoesNotConform, check
from benchmarks.side_by_side.forms import Form, Request
from benchmarks.side_by_side.peers import BY_NAME, FOLDER, PEERS, ROOT, Peer
from benchmarks.side_by_side.plots import draw
from benchmarks.side_by_side.record import Cell, Entry, Plan, Record, Start, open_record
from benchmarks.side_by_side.releases import BUNDLED_RELEASE, Release
from benchmarks.side_by_side.summary import Row, Spread, costs, rows
from benchmarks.side_by_side.uploads import UPLOADS, checked_pictures
from benchmarks.side_by_side.wrk import Load, LoadFailed, parse

LABELS = ["Ankle boot", "Trouser", "Bag"]

WRK = """Running 1s test @ http://127.0.0.1:8000
  1 threads and 8 connections
Requests/sec:   4000.00
RESULT {"requests": 8100, "microseconds": 2000000, "p50": 1500, "p99": 4250, "refused": 100, "failed": 3}
"""


def plan(peers: tuple[str, ...] = ("wardrobe", "fastapi"), rounds: int = 2) -> Plan:
    return Plan(peers=peers, connections={"png": (8,)}, rounds=rounds, seconds=1)


def a_load(per_second: float, p99: float = 2.0, errors: int = 0) -> Load:
    return Load(answers=int(per_second), per_second=per_second, p50=1.0, p99=p99, errors=errors)


def record(folder: Path, ours: tuple[Load, ...], theirs: tuple[Load, ...]) -> Record:
    """What rounds of both saw, from the first on."""
    made = Record(plan(rounds=max(len(ours), len(theirs))), folder)
    for name, loads in (("wardrobe", ours), ("FastAPI", theirs)):
        for number, load in enumerate(loads, start=1):
            made.loads[Cell(name, "png", 8, number)] = load
    return made


def row_of(made: Record, peer: str) -> Row:
    [row] = [row for row in rows(made) if row.peer == peer]
    return row


def answering(bodies: dict[bytes, object], status: int = 200) -> Callable[[Request], Answer]:
    """A peer that answers each known body with its JSON, and the others with the first."""
    first = next(iter(bodies.values()))
    return lambda request: Answer(status, json.dumps(bodies.get(request.body, first)).encode())


def seen_by(labels: list[str], form: Form) -> dict[bytes, object]:
    """Answers that name these labels for the example pictures."""
    pairs = zip(checked_pictures(), labels, strict=True)
    return {form.request(picture).body: {"label": label} for picture, label in pairs}


def test_what_wrk_saw_is_told_per_second_and_in_milliseconds() -> None:
    seen = parse(WRK)

    assert seen == Load(answers=8000, per_second=4000, p50=1.5, p99=4.25, errors=103)


def test_wrk_without_a_result_is_told_with_its_own_words() -> None:
    with pytest.raises(LoadFailed, match="unable to connect"):
        parse("unable to connect to 127.0.0.1:8000 Connection refused\n")


def test_a_peer_that_sees_what_we_see_is_measured() -> None:
    form = Form("raw body")
    peer = Peer(name="a peer", command=(), forms={"png": form})

    check(peer, answering(seen_by(LABELS, form)), LABELS, ["png"])


def test_a_peer_that_sees_something_else_is_refused_with_both_answers() -> None:
    form = Form("raw body")
    peer = Peer(name="a peer", command=(), forms={"png": form})
    wrong = ["Ankle boot", "Trouser", "Dress"]

    with pytest.raises(DoesNotConform, match=r"'Dress'.*raw body.*'Bag'"):
        check(peer, answering(seen_by(wrong, form)), LABELS, ["png"])


def test_a_peer_that_answers_anything_but_200_is_refused_with_what_it_said() -> None:
    peer = Peer(name="a peer", command=(), forms={"png": Form("raw body")}, classifies=False)

    with pytest.raises(DoesNotConform, match=r"answered 500 to raw body: .*no such thing"):
        check(peer, answering({b"": "no such thing"}, status=500), LABELS, ["png"])


def test_a_peer_that_breaks_the_connection_is_refused() -> None:
    peer = Peer(name="a peer", command=(), forms={"png": Form("raw body")})

    def breaks(_: Request) -> Answer:
        raise ConnectionResetError

    with pytest.raises(DoesNotConform, match="did not answer to raw body"):
        check(peer, breaks, LABELS, ["png"])


def test_an_answer_of_the_open_inference_protocol_names_its_label() -> None:
    form = Form("V2 BYTES")
    peer = Peer(name="a peer", command=(), forms={"png": form})
    answers = {
        form.request(picture).body: {"outputs": [{"name": "label", "data": [label]}]}
        for picture, label in zip(checked_pictures(), LABELS, strict=True)
    }

    check(peer, answering(dict(answers)), LABELS, ["png"])


def test_answers_without_a_label_are_refused() -> None:
    peer = Peer(name="a peer", command=(), forms={"png": Form("raw body")})

    with pytest.raises(DoesNotConform, match="names no label"):
        check(peer, answering({b"": {"class": 3}}), LABELS, ["png"])


def test_json_pixels_are_28_rows_of_28_numbers() -> None:
    request = Form("rows in JSON").request(checked_pictures()[0])

    sent = json.loads(request.body)["pixels"]

    assert request.content_type == "application/json"
    assert [len(row) for row in sent] == [28] * 28
    assert {type(value) for row in sent for value in row} == {int}


def test_ratios_are_taken_within_a_round_and_told_with_their_spread(tmp_path: Path) -> None:
    # The machine ran at half its speed in the second round: both slow down, the ratio does not.
    made = record(tmp_path, (a_load(4000), a_load(2000)), (a_load(2000, p99=4.0), a_load(1000, p99=8.0)))

    theirs = row_of(made, "FastAPI")

    assert theirs.per_second == Spread(1500, 1000, 2000)
    assert theirs.ratio == Spread(2, 2, 2)
    assert theirs.p99_ratio == Spread(0.375, 0.25, 0.5)
    assert row_of(made, "wardrobe").ratio is None


def test_a_round_with_errors_is_told_and_gives_no_ratio(tmp_path: Path) -> None:
    made = record(tmp_path, (a_load(4000), a_load(4000)), (a_load(8000, errors=7), a_load(2000)))

    theirs = row_of(made, "FastAPI")

    assert theirs.errors == 7
    assert theirs.ratio == Spread(2, 2, 2)


def test_a_peer_that_only_fails_has_no_ratio(tmp_path: Path) -> None:
    made = record(tmp_path, (a_load(4000),), (a_load(0, errors=7),))

    assert row_of(made, "FastAPI").ratio is None


def test_what_a_peer_takes_is_told_over_its_starts() -> None:
    told = costs({("FastAPI", 1): Start(1.0, 190), ("FastAPI", 2): Start(3.0, 210)})

    assert [(cost.peer, cost.start_seconds.median, cost.megabytes.most) for cost in told] == [
        ("FastAPI", 2.0, 210)
    ]


def test_every_round_begins_with_another_peer() -> None:
    turns = plan(("wardrobe", "fastapi", "litserve"), rounds=3)

    firsts = [turns.turn(number)[0].peer.name for number in (1, 2, 3)]

    assert firsts == ["wardrobe", "FastAPI", "LitServe"]


def test_a_peer_is_measured_with_the_uploads_that_it_takes() -> None:
    counts = dict.fromkeys(UPLOADS, (1, 8))
    everything = Plan(peers=("mlserver",), connections=counts, rounds=1, seconds=1)

    cells = everything.all_cells()

    assert {cell.upload for cell in cells} == {"png", "jpeg", "jpeg-12mp", "pixels"}
    assert [cell.connections for cell in cells] == [1, 8] * 4


def test_those_of_the_floor_serve_the_light_network_as_well(tmp_path: Path) -> None:
    light = replace(BUNDLED_RELEASE, name="conv3_valid")
    peers = ("wardrobe", "no-op", "bare_view", "fastapi")
    both = Plan(peers=peers, connections={"png": (8,), "jpeg": (8,)}, rounds=1, seconds=1, light=light)

    cells = [cell for cell in both.all_cells() if cell.release == "conv3_valid"]

    assert cells == [Cell(name, "png", 8, 1, "conv3_valid") for name in ("wardrobe", "no-op", "bare view")]


def test_a_ratio_is_taken_between_servers_of_the_same_network(tmp_path: Path) -> None:
    made = record(tmp_path, (a_load(4000),), ())
    made.plan = replace(
        plan(("wardrobe", "no-op"), rounds=1), light=Release("conv3_valid", BUNDLED_RELEASE.folder)
    )
    made.loads[Cell("wardrobe", "png", 8, 1, "conv3_valid")] = a_load(6000)
    made.loads[Cell("no-op", "png", 8, 1, "conv3_valid")] = a_load(8000)

    assert row_of(made, "no-op").ratio == Spread(0.75, 0.75, 0.75)


def test_one_that_has_to_be_balanced_is_not_measured_with_fewer_connections_than_workers() -> None:
    counts = {"png": (1, 8)}
    balanced = Plan(peers=("fastapi_balanced",), connections=counts, rounds=1, seconds=1)

    assert [cell.connections for cell in balanced.all_cells()] == [8]


@pytest.mark.parametrize(
    ("held", "balanced"), [((4, 4), True), ((5, 3), True), ((6, 2), False), ((8,), False), ((), False)]
)
def test_connections_are_balanced_where_the_busiest_worker_holds_little_more_than_half(
    held: tuple[int, ...], balanced: bool
) -> None:
    assert is_balanced(held) is balanced


def test_the_share_of_the_busiest_worker_is_told(tmp_path: Path) -> None:
    lopsided = replace(a_load(2000), held=(6, 2))
    made = record(tmp_path, (a_load(4000),), (lopsided, replace(lopsided, held=(4, 4))))

    assert row_of(made, "FastAPI").busiest == Spread(0.625, 0.5, 0.75)
    assert row_of(made, "wardrobe").busiest is None


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    stopped = record(tmp_path, (a_load(4000), a_load(4100)), (a_load(2000),))
    stopped.starts["wardrobe", 1] = Start(0.5, 180.0)
    stopped.keep({})

    again = open_record(stopped.plan, tmp_path)

    assert again.loads == stopped.loads
    assert again.starts == stopped.starts
    assert again.missing(Entry(BY_NAME["wardrobe"]), 2) == []
    assert again.missing(Entry(BY_NAME["fastapi"]), 2) == [Cell("FastAPI", "png", 8, 2)]


def test_a_complete_run_is_measured_anew(tmp_path: Path) -> None:
    complete = record(tmp_path, (a_load(4000),), (a_load(2000),))
    complete.keep({})

    again = open_record(complete.plan, tmp_path)

    assert again.loads == {}


def test_a_run_of_another_plan_is_left_behind(tmp_path: Path) -> None:
    stopped = record(tmp_path, (a_load(4000), a_load(4100)), (a_load(2000),))
    stopped.keep({})

    again = open_record(plan(rounds=5), tmp_path)

    assert again.loads == {}


def test_a_peer_that_was_left_out_does_not_keep_a_run_open(tmp_path: Path) -> None:
    alone = record(tmp_path, (a_load(4000),), ())
    alone.not_measured["FastAPI"] = "It did not start."

    kept = json.loads(alone.keep({}).read_text("utf-8"))

    assert kept["complete"]
    assert kept["not_measured"] == {"FastAPI": "It did not start."}
    assert kept["machine"]["cores"] >= 1


def test_plots_are_drawn_of_every_view_even_where_a_peer_did_not_answer(tmp_path: Path) -> None:
    made = record(tmp_path, (a_load(4000), a_load(4100)), (a_load(2000), a_load(1900, errors=1)))
    made.loads[Cell("FastAPI", "png", 64, 1)] = a_load(0, p99=0)

    draw(rows(made), costs({("FastAPI", 1): Start(1.0, 190)}), tmp_path)

    assert {path.name for path in tmp_path.glob("*.png")} == {
        "benchmark-rate.png",
        "benchmark-p99.png",
        "benchmark-ratio.png",
        "benchmark-costs.png",
    }


@pytest.mark.parametrize("peer", [peer for peer in PEERS if peer.lock], ids=lambda peer: peer.name)
def test_a_peer_decodes_and_infers_with_our_versions(peer: Peer) -> None:
    assert peer.lock is not None
    shared = re.compile(
        r"^((?:onnxruntime|opencv-python-headless|numpy|tensorflow|keras)==\S+)", re.MULTILINE
    )

    theirs = set(shared.findall(peer.lock.read_text("utf-8")))

    assert theirs
    assert theirs <= set(shared.findall((ROOT / "requirements" / "dev.txt").read_text("utf-8")))


def test_every_lock_of_a_peer_belongs_to_one_that_takes_part() -> None:
    locks = {path.stem for path in FOLDER.glob("*.txt")}

    assert locks == {peer.lock.stem for peer in PEERS if peer.lock}
    assert locks == {path.stem for path in FOLDER.glob("*.in")}
