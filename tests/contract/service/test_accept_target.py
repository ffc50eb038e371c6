"""WARDROBE_ACCEPT_TARGET: how many of the accepted answers are right is the operator's choice."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.contract import make_whole_picture_input
from reports.promises import AcceptPoint, PossiblePromise
from tests.contract.service.conftest import MakeApp, ready
from tests.documents import blocks
from tests.releases import a_store
from tests.uploads import UPLOAD, a_garment, png

READS = make_whole_picture_input(32, 3)
PHOTO = png(np.pad(np.dstack([a_garment(), a_garment(), a_garment() // 2]), ((1, 1), (1, 1), (0, 0))))

CURVES = {
    "held-out pictures": ((0.1, 0.9, 0.9, 0.89), (0.2, 0.8, 0.97, 0.96), (0.3, 0.5, 0.99, 0.985)),
    "photos of tier C": ((0.1, 0.7, 0.8, 0.75), (0.2, 0.5, 0.96, 0.93), (0.3, 0.2, 1.0, 0.95)),
}
"""Threshold, accepted, right, lower bound."""

POINTS = {
    kind: tuple(
        AcceptPoint(threshold=one, accepted_share=two, right_share=three, lower_bound=four)
        for one, two, three, four in points
    )
    for kind, points in CURVES.items()
}


def cells_of(page: str) -> list[list[str]]:
    """The words of each row of the page's tables."""
    return [re.sub("<[^>]*>", " ", row).split() for row in re.findall("<tr>.*?</tr>", page, re.DOTALL)]


@pytest.mark.parametrize(("target", "threshold"), [("0.7", 0.1), ("0.9", 0.2), ("0.94", 0.3)])
def test_the_lowest_threshold_that_shows_the_target_for_all_kinds_of_pictures_decides(
    make_app: MakeApp, tmp_path: Path, target: str, threshold: float
) -> None:
    app = make_app(model_store=a_store(tmp_path, reads=READS, acceptance=POINTS), accept_target=target)
    client = app.test_client()

    answer = client.post("/predict", data=UPLOAD).get_json()
    model = client.get("/model").get_json()

    assert (answer["decision"] == "accept") == (answer["confidence"] >= threshold)
    assert model["thresholds"]["confidence"] == threshold
    assert model["accept_target"]["gives"]["photos of tier C"] == next(
        {"accepted": point.accepted_share, "right": point.right_share, "lower_bound": point.lower_bound}
        for point in POINTS["photos of tier C"]
        if point.threshold == threshold
    )
    page = client.get("/metrics", headers={"Accept": "text/html"}).text
    assert f"What this service accepts, so that at least {float(target):.0%} are right" in page
    assert ready(app)["accept_target"] == {"status": "ok"}


def test_photos_have_a_threshold_of_their_own_where_a_network_answers_them(
    make_app: MakeApp, tmp_path: Path
) -> None:
    curves = {
        "held-out pictures": (
            AcceptPoint(threshold=0.01, accepted_share=0.8, right_share=0.97, lower_bound=0.96),
        ),
        "photos of tier C": (
            AcceptPoint(threshold=0.99, accepted_share=0.2, right_share=1.0, lower_bound=0.95),
        ),
    }
    store = a_store(tmp_path, acceptance=curves, photos=READS)
    client = make_app(model_store=store, accept_target=0.94).test_client()

    model = client.get("/model").get_json()
    answers = [client.post("/predict", data=upload).get_json() for upload in (UPLOAD, PHOTO)]
    page = client.get("/metrics", headers={"Accept": "text/html"}).text

    assert (model["thresholds"]["confidence"], model["photo_thresholds"]["confidence"]) == (0.01, 0.99)
    assert [one["decision"] for one in answers] == ["accept", "review"]
    gives = model["accept_target"]["gives"]
    assert {kind: point["accepted"] for kind, point in gives.items()} == {
        "held-out pictures": 0.8,
        "photos of tier C": 0.2,
    }
    assert ["Users&#39;", "own", "photos", "20.0%", "99.0%", "100.0%", "95.0%"] in cells_of(page)


def test_the_report_page_has_the_table_of_what_could_be_promised(make_app: MakeApp, tmp_path: Path) -> None:
    possible = (
        PossiblePromise(
            promised=0.9, accepted_share=0.8, right_share=0.97, lower_bound=0.95, confidence=0.75
        ),
        PossiblePromise(promised=0.99, accepted_share=0.0),
    )
    store = a_store(tmp_path, possible_promises=possible)

    page = make_app(model_store=store).test_client().get("/metrics", headers={"Accept": "text/html"}).text

    cells = cells_of(page)
    assert ["90%", "80.0%", "75.0%", "97.0%", "95.0%"] in cells
    assert ["99%", "0.0%", "—", "—", "—"] in cells


def test_a_report_that_counts_its_answers_is_read_as_the_training_reads_it(
    make_app: MakeApp, tmp_path: Path
) -> None:
    """The surest ten are too few to be tested; the first failure after that ends the tests."""
    rows = ((0.1, 400, 0.96), (0.2, 300, 0.93), (0.3, 200, 0.97), (0.4, 10, 0.74))
    points = tuple(
        AcceptPoint(threshold=one, answers=two, accepted_share=two / 400, right_share=0.99, lower_bound=three)
        for one, two, three in rows
    )
    store = a_store(tmp_path, acceptance={"held-out pictures": points})

    model = make_app(model_store=store, accept_target=0.95).test_client().get("/model").get_json()

    assert model["thresholds"]["confidence"] == 0.3


@pytest.mark.parametrize(
    ("release", "said"),
    [
        ({"acceptance": POINTS}, "no network that answers photos"),
        (
            {"acceptance": {"held-out pictures": POINTS["held-out pictures"]}, "photos": READS},
            "says of no photos",
        ),
    ],
)
def test_photos_of_which_nothing_is_shown_are_reviewed_and_readyz_says_why(
    make_app: MakeApp, tmp_path: Path, release: dict[str, Any], said: str
) -> None:
    app = make_app(model_store=a_store(tmp_path, **release), accept_target=0.9)
    client = app.test_client()

    model = client.get("/model").get_json()
    page = " ".join(client.get("/metrics", headers={"Accept": "text/html"}).text.split())

    assert client.post("/predict", data=PHOTO).get_json()["reason"] == "unproven"
    assert (model["thresholds"]["confidence"], model["photo_thresholds"]["confidence"]) == (
        0.2,
        None,
    )
    assert list(model["accept_target"]["gives"]) == ["held-out pictures"]
    assert said in ready(app)["accept_target"]["error"]
    assert "Every decision about photos is <code>review</code>" in page


@pytest.mark.parametrize(
    ("acceptance", "said"),
    [(POINTS, "The highest share that it shows is 0.95."), ({}, "does not say what each threshold accepts")],
)
def test_a_target_that_the_data_do_not_support_accepts_nothing_and_says_why(
    make_app: MakeApp, tmp_path: Path, acceptance: dict[str, tuple[AcceptPoint, ...]], said: str
) -> None:
    app = make_app(model_store=a_store(tmp_path, reads=READS, acceptance=acceptance), accept_target=0.97)

    answers = [app.test_client().post("/predict", data=body).get_json() for body in (UPLOAD, PHOTO)]
    assert [(answer["decision"], answer["reason"]) for answer in answers] == [("review", "unproven")] * 2
    condition = ready(app)
    assert (condition["status"], condition["accept_target"]["status"]) == ("ready", "failing")
    assert said in condition["accept_target"]["error"]


@pytest.mark.parametrize("target", [None, "0.9", "0.97"])
def test_the_log_says_at_the_start_what_a_target_takes_away(
    make_app: MakeApp, tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str | None
) -> None:
    settings = {} if target is None else {"accept_target": target}

    make_app(model_store=a_store(tmp_path, reads=READS, acceptance=POINTS), **settings)

    log = capsys.readouterr().err
    assert ("no attribute is accepted, and no title confirms an answer" in log) == (target is not None)
    assert ("Every decision is review." in log) == (target == "0.97")


def test_the_highest_share_that_the_message_names_is_accepted_by_the_bundled_release(
    make_app: MakeApp,
) -> None:
    refused = ready(make_app(model_store="bundled", accept_target=0.98))["accept_target"]["error"]
    highest = float(refused.removesuffix(".").rpartition(" ")[2])

    assert ready(make_app(model_store="bundled", accept_target=highest))["accept_target"] == {"status": "ok"}
    assert (
        ready(make_app(model_store="bundled", accept_target=highest + 0.001))["accept_target"]["status"]
        == "failing"
    )


def test_a_report_that_shows_no_share_is_said_to_show_none(make_app: MakeApp, tmp_path: Path) -> None:
    half = {
        pictures: tuple(point.model_copy(update={"lower_bound": 0.4}) for point in points)
        for pictures, points in POINTS.items()
    }
    app = make_app(model_store=a_store(tmp_path, reads=READS, acceptance=half), accept_target=0.97)

    assert "No lower share of at least 0.5 is shown, either." in ready(app)["accept_target"]["error"]


def test_the_runbook_shows_what_a_stricter_target_changes_in_the_bundled_release(make_app: MakeApp) -> None:
    serve, look = next(
        block.steps for block in blocks() if block.body.startswith("$ WARDROBE_ACCEPT_TARGET=0.96")
    )
    assert serve.command.endswith(" make serve")

    answer = make_app(model_store="bundled", accept_target=0.96).test_client().get("/model").text

    assert re.fullmatch(re.escape(look.output.strip()).replace("…", ".*"), answer.strip())
