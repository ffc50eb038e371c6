"""Releases whose photos were measured with a conversion that was removed: their photos are all reviewed."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from inference.contract import GREY_28, Imaging, InputContract, Thresholds, whole_pictures
from inference.convert import decoded_to_pixels
from inference.decode import MAX_PIXELS, decode
from inference.pixels import pixels_to_png
from tests.contract.service.conftest import MakeApp, ready
from tests.contract.service.test_accept_target import POINTS
from tests.drawn_garments import on_a_floor, on_plain
from tests.releases import a_store
from tests.uploads import UPLOAD, in_base64, png

OLDER = InputContract(
    imaging=Imaging(cascade={"plain_share": 0.85, "segmentation": "grabcut", "worn": "both"})
)
PHOTOS = [png(picture) for picture in (on_a_floor(), on_plain(40, 255))]
FAMILIAR_ALONE = Thresholds(confidence=0.01, familiarity=0.99)


@pytest.fixture
def client(make_app: MakeApp, tmp_path: Path) -> FlaskClient:
    store = a_store(
        tmp_path / "older",
        reads=OLDER,
        photo_thresholds=FAMILIAR_ALONE,
        cluttered_thresholds=FAMILIAR_ALONE,
    )
    return make_app(model_store=store).test_client()


def test_every_photo_is_unproven_and_readyz_says_why(client: FlaskClient) -> None:
    answers = [client.post("/predict", data=photo).get_json() for photo in PHOTOS]
    condition = client.get("/readyz").get_json()["photos"]

    assert [(one["decision"], one["reason"]) for one in answers] == [("review", "unproven")] * 2
    assert condition["status"] == "unproven"
    assert "measured with a conversion that was removed" in condition["error"]


def test_photos_are_seen_as_a_new_release_sees_them(client: FlaskClient) -> None:
    seen = client.post("/predict?seen=1", data=PHOTOS[1]).get_json()["seen"]

    pixels = decoded_to_pixels(decode(PHOTOS[1], MAX_PIXELS), GREY_28)
    assert seen == f"data:image/png;base64,{in_base64(pixels_to_png(pixels))}"


def test_pixels_are_answered_as_before(client: FlaskClient, make_app: MakeApp, tmp_path: Path) -> None:
    newer = make_app(model_store=a_store(tmp_path / "newer")).test_client()

    older_answer, newer_answer = (one.post("/predict", data=UPLOAD).get_json() for one in (client, newer))

    assert older_answer["decision"] == "accept"
    assert older_answer["probabilities"] == newer_answer["probabilities"]


def test_the_manifest_is_shown_as_it_was_written(client: FlaskClient) -> None:
    shown = client.get("/model").get_json()

    assert shown["manifest"]["model"]["input"]["imaging"]["cascade"] == OLDER.imaging.cascade


def test_no_target_makes_their_photos_accepted(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(model_store=a_store(tmp_path, reads=OLDER, acceptance=POINTS), accept_target=0.9)

    answers = [app.test_client().post("/predict", data=one).get_json() for one in (UPLOAD, *PHOTOS)]

    assert [one["reason"] for one in answers[1:]] == ["unproven"] * 2
    assert "conversion that was removed" in ready(app)["accept_target"]["error"]
    gives = app.test_client().get("/model").get_json()["accept_target"]["gives"]
    assert list(gives) == ["held-out pictures"]


def test_a_network_for_photos_is_not_concerned(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(model_store=a_store(tmp_path, reads=OLDER, photos=whole_pictures(32, 3)))

    answer = app.test_client().post("/predict", data=PHOTOS[0]).get_json()

    assert answer["reason"] != "unproven"
    assert "photos" not in ready(app)


def test_newer_releases_say_nothing_of_it(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(model_store=a_store(tmp_path))

    answer = app.test_client().post("/predict", data=PHOTOS[1]).get_json()

    assert answer["decision"] == "accept"
    assert "photos" not in ready(app)
