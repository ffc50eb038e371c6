"""The benchmark beside peers: what is sent, which answers count, and what rows are computed."""

import json
import re
from collections.abc import Callable

import pytest

from benchmarks.side_by_side.conformance import Answer, DoesNotConform, check
from benchmarks.side_by_side.forms import Form, Request
from benchmarks.side_by_side.peers import FOLDER, PEERS, ROOT, Peer
from benchmarks.side_by_side.summary import Cell, Row, Spread, Start, costs, rows
from benchmarks.side_by_side.uploads import checked_pictures
from benchmarks.side_by_side.wrk import Load, LoadFailed, parse

LABELS = ["Ankle boot", "Trouser", "Bag"]

WRK = """Running 1s test @ http://127.0.0.1:8000
  1 threads and 8 connections
Requests/sec:   4000.00
RESULT {"requests": 8100, "microseconds": 2000000, "p50": 1500, "p99": 4250, "refused": 100, "failed": 3}
"""


def a_load(per_second: float, p99: float = 2.0, errors: int = 0) -> Load:
    return Load(answers=int(per_second), per_second=per_second, p50=1.0, p99=p99, errors=errors)


def row_of(peer: str, ours: tuple[Load, ...], theirs: tuple[Load, ...]) -> Row:
    """A peer's row after rounds of both, from the first on."""
    loads = {
        Cell(name, "png", 8, number): load
        for name, seen in (("wardrobe", ours), ("FastAPI", theirs))
        for number, load in enumerate(seen, start=1)
    }
    [row] = [row for row in rows(loads) if row.peer == peer]
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


def test_ratios_are_taken_within_a_round_with_their_spread() -> None:
    # The machine ran at half its speed in the second round: both slow down, the ratio does not.
    ours, theirs = (a_load(4000), a_load(2000)), (a_load(2000, p99=4.0), a_load(1000, p99=8.0))

    row = row_of("FastAPI", ours, theirs)

    assert row.per_second == Spread(1500, 1000, 2000)
    assert row.ratio == Spread(2, 2, 2)
    assert row.p99_ratio == Spread(0.375, 0.25, 0.5)
    assert row_of("wardrobe", ours, theirs).ratio is None


def test_a_round_with_errors_is_counted_and_gives_no_ratio() -> None:
    row = row_of("FastAPI", (a_load(4000), a_load(4000)), (a_load(8000, errors=7), a_load(2000)))

    assert row.errors == 7
    assert row.ratio == Spread(2, 2, 2)


def test_a_peer_that_only_fails_has_no_ratio() -> None:
    assert row_of("FastAPI", (a_load(4000),), (a_load(0, errors=7),)).ratio is None


def test_what_a_peer_takes_is_told_over_its_starts() -> None:
    told = costs({("FastAPI", 1): Start(1.0, 190), ("FastAPI", 2): Start(3.0, 210)})

    assert [(cost.peer, cost.start_seconds.median, cost.megabytes.most) for cost in told] == [
        ("FastAPI", 2.0, 210)
    ]


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
