"""A release of two networks: 28 x 28 grey pixels go to one, photos to the other, whichever way they come."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import ExifTags, Image

from inference.arrays import Picture, Pixels
from inference.classifier import open_classifier
from inference.contract import whole_pictures
from inference.decode import MAX_PIXELS, decode
from model_store.files import GRAPH, PHOTO_GRAPH
from model_store.local import open_release
from tests.commands import wardrobe
from tests.contract.service.conftest import INVOCATIONS, TF, V2, MakeApp
from tests.releases import a_store
from tests.uploads import a_garment, in_base64, png

Json = dict[str, Any]

READS = whole_pictures(32, 3)
RANDOM = np.random.default_rng(3)
SMALL: Pixels = a_garment(1)
COLOUR: Pixels = RANDOM.integers(0, 256, (32, 32, 3), np.uint8)
PIXELS = png(SMALL)
PHOTO = png(
    np.repeat(np.repeat(COLOUR[..., ::-1], 4, axis=0), 4, axis=1)
)  # 128 x 128, whose means are COLOUR


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    a_store(folder, photos=READS)
    return folder / "made"


@pytest.fixture(scope="module")
def client(make_shared_app: MakeApp, release: Path) -> FlaskClient:
    return make_shared_app(model_store=str(release.parent / "store")).test_client()


@pytest.fixture(scope="module")
def expected(release: Path) -> dict[str, list[float]]:
    """What each network says, asked by itself."""
    manifest = open_release(release).manifest
    of_pixels = open_classifier(release / GRAPH, manifest.contract("pixels"))
    of_photos = open_classifier(release / PHOTO_GRAPH, manifest.contract("photos"))
    return {
        "pixels": of_pixels.classify(SMALL[np.newaxis])[0].answer.probabilities.tolist(),
        "photos": of_photos.classify(COLOUR[np.newaxis])[0].answer.probabilities.tolist(),
    }


def shares(answer: Json) -> list[float]:
    return list(answer["probabilities"].values())


@pytest.mark.parametrize(
    ("network", "how"),
    [
        ("pixels", {"data": PIXELS}),
        ("pixels", {"json": {"pixels": SMALL.tolist()}}),
        ("photos", {"data": PHOTO}),
        ("photos", {"json": {"image": in_base64(PHOTO)}}),
        ("photos", {"json": {"pixels": COLOUR.tolist()}}),
        ("photos", {"data": png(COLOUR[..., ::-1])}),
    ],
)
def test_pixels_go_to_the_first_network_and_photos_to_the_second(
    client: FlaskClient, expected: dict[str, list[float]], network: str, how: dict[str, Any]
) -> None:
    answer = client.post("/predict", **how)

    assert answer.status_code == 200, answer.text
    assert shares(answer.get_json()) == pytest.approx(expected[network], abs=1e-5)


def upside_down(picture: Picture) -> bytes:
    """A PNG whose EXIF says that it has to be turned by half a turn."""
    exif, file = Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.Orientation] = 3
    Image.fromarray(np.ascontiguousarray(picture[::-1, ::-1])).save(file, "PNG", exif=exif)
    return file.getvalue()


@pytest.mark.parametrize(
    ("upload", "seen"),
    [
        (png(np.full((64, 64), 99, np.uint8)), np.full((32, 32, 3), 99, np.uint8)),
        (png(np.full((64, 64), 99 * 257, np.uint16)), np.full((32, 32, 3), 99, np.uint8)),
        (png(np.full((64, 64, 4), (0, 0, 0, 155), np.uint8)), np.full((32, 32, 3), 100, np.uint8)),
        (png(np.full((8, 8, 3), 99, np.uint8)), np.full((32, 32, 3), 99, np.uint8)),
        (upside_down(COLOUR), COLOUR),
    ],
    ids=["grey", "16-bit", "transparent", "8 x 8", "upside down by EXIF"],
)
def test_odd_pictures_are_read_upright_opaque_and_in_8_bits(
    client: FlaskClient, upload: bytes, seen: Picture
) -> None:
    answer = client.post("/predict?seen=1", data=upload).get_json()

    read = decode(base64.b64decode(answer["seen"].partition(",")[2]), MAX_PIXELS)
    assert np.array_equal(read.picture, seen)


@pytest.mark.parametrize("shape", [(1, 4000, 3), (4000, 1, 3), (1, 1, 3)])
def test_pictures_of_extreme_shapes_are_answered(client: FlaskClient, shape: tuple[int, ...]) -> None:
    answer = client.post("/predict", data=png(np.full(shape, 99, np.uint8)))

    assert answer.status_code == 200
    assert sum(shares(answer.get_json())) == pytest.approx(1, abs=1e-5)


def test_a_batch_of_both_and_the_pictures_of_other_protocols_go_where_they_belong(
    client: FlaskClient, expected: dict[str, list[float]]
) -> None:
    images = [in_base64(PHOTO), {"pixels": SMALL.tolist()}, in_base64(PHOTO), in_base64(PIXELS)]
    image = {"name": "image", "datatype": "BYTES", "shape": [1], "data": [in_base64(PHOTO)]}

    batch = client.post("/predict/batch", json={"images": images}).get_json()["predictions"]
    of_v2 = client.post(V2, json={"inputs": [image]}).get_json()["outputs"][0]["data"]
    of_tf = client.post(TF, json={"instances": [{"b64": in_base64(PHOTO)}]}).get_json()["predictions"][0]
    of_sagemaker = client.post(INVOCATIONS, data=PHOTO, content_type="image/png").get_json()

    for one, network in zip(batch, ("photos", "pixels", "photos", "pixels"), strict=True):
        assert shares(one) == pytest.approx(expected[network], abs=1e-5)
    for of_photo in (of_v2, of_tf, shares(of_sagemaker)):
        assert of_photo == pytest.approx(expected["photos"], abs=1e-5)


def test_seen_and_explain_show_the_photo_as_its_network_read_it(client: FlaskClient) -> None:
    answer = client.post("/predict?seen=1&explain=1", data=PHOTO).get_json()

    seen, heat = (
        cv2.imdecode(np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8), cv2.IMREAD_UNCHANGED)
        for url in (answer["seen"], answer["explanation"]["heat_map"])
    )
    assert seen is not None
    assert heat is not None
    assert np.array_equal(seen, COLOUR[..., ::-1])
    assert heat.shape == (32, 32, 4)


def test_the_model_says_what_both_networks_read(client: FlaskClient) -> None:
    networks = client.get("/model").get_json()["manifest"]["networks"]

    assert networks["pixels"]["contract"]["input"]["shape"] == [28, 28]
    assert networks["photos"]["contract"]["input"]["shape"] == [32, 32]
    assert not any("golden" in one for one in networks.values())


def test_a_table_and_the_command_line_answer_as_the_service_does(
    release: Path, expected: dict[str, list[float]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for answers in labelled_and_predicted(release, [PHOTO, PIXELS], tmp_path, capsys):
        assert [one["confidence"] for one in answers] == pytest.approx(
            [max(expected[network]) for network in ("photos", "pixels")], abs=1e-5
        )


def labelled_and_predicted(
    release: Path, uploads: list[bytes], folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[list[Json], list[Json]]:
    """What the table of `label` and the lines of `predict` say of pictures, each in their order."""
    shop, table = folder / "shop", folder / "table.jsonl"
    shop.mkdir()
    for number, upload in enumerate(uploads):
        (shop / f"{number}.png").write_bytes(upload)

    wardrobe("label", [str(shop), "--out", str(table), "--model", str(release), "--workers", "1"])
    capsys.readouterr()
    wardrobe("predict", [*sorted(map(str, shop.iterdir())), "--model", str(release), "--json"])

    labelled, predicted = table.read_text("utf-8"), capsys.readouterr().out
    return [json.loads(line) for line in labelled.splitlines()], [
        json.loads(line) for line in predicted.splitlines()
    ]


def test_a_second_network_that_answers_otherwise_than_when_it_was_made_is_not_served(
    make_app: MakeApp, tmp_path: Path
) -> None:
    store = a_store(tmp_path, photos=READS)
    manifest = next((tmp_path / "store" / "releases").glob("*/manifest.json"))
    changed = json.loads(manifest.read_bytes())
    changed["networks"]["photos"]["golden"]["answers"]["label"][0].reverse()
    manifest.write_text(json.dumps(changed), "utf-8")

    with pytest.raises(Exception, match="differ by"):
        make_app(model_store=store)
