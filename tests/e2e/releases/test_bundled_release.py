"""The release that every installation contains: as right as it says it is, on every test picture."""

import pytest

from model_store.local_releases import BUNDLED_FOLDER, open_bundled_release
from tests.e2e.releases.agreement import assert_answers_as_reported
from tests.picture_page import DOUBTED, EXAMPLES
from tests.service import Service
from tests.system_parts import require_system_part
from training.data.pixel_data_sets import FASHION_MNIST_FOLDER, read_idx_folder

pytestmark = pytest.mark.slow


def test_all_test_pictures_are_answered_as_the_report_says(bundled_service: Service) -> None:
    require_system_part("dataset-fashion-mnist", FASHION_MNIST_FOLDER.is_dir(), "`make data` installs it")

    assert_answers_as_reported(bundled_service, read_idx_folder(FASHION_MNIST_FOLDER).test)


def test_it_is_right_often_enough_and_small_enough(bundled_service: Service) -> None:
    report = bundled_service.get("/metrics").json()

    assert bundled_service.get("/model").json()["version"] == open_bundled_release().version
    assert report["test"]["accuracy"] >= 0.948
    assert report["test"]["n"] == 10_000
    assert report["test"]["ece"] <= 0.01
    assert report["model"]["mflops"] <= 80
    assert sum(path.stat().st_size for path in BUNDLED_FOLDER.rglob("*") if path.is_file()) < 28_000_000


@pytest.mark.parametrize(
    ("example", "label"),
    [
        ("trouser.png", "Trouser"),
        ("bag.png", "Bag"),
        ("sneaker.png", "Sneaker"),
        ("ankle-boot.png", "Ankle boot"),
        ("photo-dress.jpg", "Dress"),
        ("photo-t-shirt.jpg", "T-shirt/top"),
        ("photo-trousers.jpg", "Trouser"),
        ("photo-sneakers-cluttered.jpg", "Sneaker"),
    ],
)
def test_it_knows_the_examples(bundled_service: Service, example: str, label: str) -> None:
    answer = bundled_service.post("/predict", data=(EXAMPLES / example).read_bytes()).json()

    assert answer["label"] == label


def test_a_known_weakness_is_sent_to_review(bundled_service: Service) -> None:
    answer = bundled_service.post("/predict", data=DOUBTED.read_bytes()).json()

    assert answer["decision"] == "review"


@pytest.mark.parametrize(
    ("example", "colour"),
    [("photo-trousers.jpg", "black"), ("photo-t-shirt.jpg", "white"), ("bag.png", None)],
)
def test_it_knows_the_colour_of_photos_alone(
    bundled_service: Service, example: str, colour: str | None
) -> None:
    answer = bundled_service.post("/predict", data=(EXAMPLES / example).read_bytes()).json()

    assert answer.get("attributes", {}).get("colour", {}).get("label") == colour
