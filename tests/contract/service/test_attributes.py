"""Further questions of one picture: a release whose network for photos answers colour and pattern, too."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from app.prediction.platform_categories import CategoriesMismatch
from inference.contract import Head, make_whole_picture_input
from tests.contract.service.conftest import INVOCATIONS, V2, MakeApp
from tests.described import Described
from tests.releases import LABELS, a_store
from tests.uploads import a_garment, in_base64, png

READS = make_whole_picture_input(32, 3)
ATTRIBUTES = {
    "colour": Head(labels=("red", "green", "blue"), temperature=1.0, confidence=0.1),
    "sleeve": Head(labels=("long", "short"), temperature=1.0, confidence=0.1, applies_to=LABELS[:1]),
    "pattern": Head(
        labels=("plain", "striped"), temperature=1.0, confidence=0.1, withheld=("plain", "striped")
    ),
}
PHOTO = png(np.random.default_rng(5).integers(0, 256, (60, 40, 3), np.uint8))
PIXELS = png(a_garment())


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("stores")
    return {
        "with": a_store(folder / "with", photos=READS, attributes=ATTRIBUTES),
        "without": a_store(folder / "without", photos=READS),
    }


@pytest.fixture(scope="module")
def client(make_shared_app: MakeApp, stores: dict[str, str]) -> FlaskClient:
    return make_shared_app(model_store=stores["with"]).test_client()


@pytest.fixture(scope="module")
def without(make_shared_app: MakeApp, stores: dict[str, str]) -> FlaskClient:
    """A client of a service whose release has no attributes."""
    return make_shared_app(model_store=stores["without"]).test_client()


def told(client: FlaskClient, upload: bytes) -> dict[str, Any]:
    """The answer, without what names the release and the request."""
    answer: dict[str, Any] = client.post("/predict", data=upload).get_json()
    return {key: value for key, value in answer.items() if key not in {"model", "request_id"}}


def test_what_is_decided_of_each_is_logged_and_counted(
    make_app: MakeApp, stores: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_app(model_store=stores["with"], log_format="json").test_client()

    answer = client.post("/predict", data=PHOTO).get_json()
    client.post("/predict", data=PIXELS)

    of_photo, of_pixels = map(json.loads, capsys.readouterr().err.splitlines()[-2:])
    accepted = {f"{name}_accepted": one["decision"] == "accept" for name, one in answer["attributes"].items()}
    assert {name: of_photo[name] for name in accepted} == accepted
    assert of_photo["colour_accepted"] == of_photo["pictures"] == of_pixels["pictures"] == 1
    assert of_photo["accepted"] == (answer["decision"] == "accept")
    assert "colour_accepted" not in of_pixels
    counted = 'wardrobe_attribute_predictions_total{attribute="pattern",decision="review",reason="unproven"}'
    assert f"{counted} 1.0\n" in client.get("/metrics/prometheus").text


def test_a_photo_gets_an_answer_to_each_and_is_otherwise_answered_as_without(
    client: FlaskClient, without: FlaskClient
) -> None:
    answer = told(client, PHOTO)

    attributes = answer.pop("attributes")
    assert answer == told(without, PHOTO)
    assert {name: list(one["probabilities"]) for name, one in attributes.items()} == {
        name: list(head.labels) for name, head in ATTRIBUTES.items()
    }
    reasons = {name: one["reason"] for name, one in attributes.items()}
    assert reasons == {
        "colour": None,
        "sleeve": None if answer["label"] == LABELS[0] else "inapplicable",
        "pattern": "unproven",
    }
    for one in attributes.values():
        shares = one["probabilities"]
        assert sum(shares.values()) == pytest.approx(1)
        assert one["confidence"] == shares[one["label"]] == max(shares.values())


def test_in_every_dialect_photos_have_them_and_pixels_have_none(client: FlaskClient) -> None:
    expected, images = told(client, PHOTO)["attributes"], [in_base64(PHOTO), in_base64(PIXELS)]

    photo, pixels = client.post("/predict/batch", json={"images": images}).get_json()["predictions"]
    of_sagemaker = client.post(INVOCATIONS, data=PHOTO, content_type="image/png").get_json()

    assert photo["attributes"] == of_sagemaker["attributes"] == expected
    assert "attributes" not in pixels
    assert "attributes" not in told(client, PIXELS)


IN_BASE64 = {"images": [in_base64(PHOTO), in_base64(PIXELS), in_base64(PHOTO)]}


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/predict?top=2&seen=1&explain=1", {"data": PHOTO}),
        ("/predict/batch", {"json": IN_BASE64}),
        ("/model", None),
        ("/v2/models/wardrobe", None),
    ],
)
def test_answers_with_attributes_are_as_described(
    client: FlaskClient, path: str, how: dict[str, Any] | None
) -> None:
    described, method = Described(client.get("/openapi.json").get_json()), "get" if how is None else "post"
    template = path.partition("?")[0].replace("wardrobe", "{name}")

    answer = client.open(path, method=method.upper(), **(how or {}))

    assert described.complaints(method, template, answer) == []


def test_open_inference_has_tensors_of_each(client: FlaskClient) -> None:
    expected = told(client, PHOTO)["attributes"]
    images = [in_base64(PHOTO), in_base64(PIXELS)]
    sent = {"inputs": [{"name": "image", "datatype": "BYTES", "shape": [2], "data": images}]}

    declared = {one["name"]: one["shape"] for one in client.get("/v2/models/wardrobe").get_json()["outputs"]}
    outputs = {one["name"]: one for one in client.post(V2, json=sent).get_json()["outputs"]}

    assert declared.keys() == outputs.keys()
    for name, one in expected.items():
        size = len(one["probabilities"])
        assert declared[f"probabilities_{name}"] == [-1, size]
        assert outputs[f"label_{name}"]["data"] == [one["label"], ""]  # pixels have none
        assert outputs[f"reason_{name}"]["data"] == [one["reason"] or "", ""]
        assert outputs[f"decision_{name}"]["data"] == [one["decision"], ""]
        assert outputs[f"confidence_{name}"]["data"] == pytest.approx([one["confidence"], 0], abs=1e-6)
        shares = [*one["probabilities"].values(), *[0.0] * size]
        assert outputs[f"probabilities_{name}"]["data"] == pytest.approx(shares, abs=1e-6)


def test_the_model_and_the_contract_name_them(client: FlaskClient, without: FlaskClient) -> None:
    found = client.get("/model").get_json()["attributes"]
    described = client.get("/openapi.json").get_json()["components"]["schemas"]["Prediction"]

    assert {name: one["labels"] for name, one in found.items()} == {
        name: list(head.labels) for name, head in ATTRIBUTES.items()
    }
    assert found["sleeve"]["applies_to"] == list(LABELS[:1])
    assert described["properties"]["attributes"]["properties"].keys() == ATTRIBUTES.keys()
    assert "attributes" not in without.get("/model").get_json()


def test_a_target_of_the_operator_accepts_no_attribute_of_which_the_report_says_nothing(
    make_app: MakeApp, stores: dict[str, str]
) -> None:
    client = make_app(model_store=stores["with"], accept_target=0.9).test_client()

    attributes = told(client, PHOTO)["attributes"]

    assert {one["decision"] for one in attributes.values()} == {"review"}


def test_the_operators_categories_may_have_the_labels_of_an_attribute(
    make_app: MakeApp, stores: dict[str, str], tmp_path: Path
) -> None:
    names = {label: {"id": str(number), "names": {"de": label}} for number, label in enumerate(LABELS)}
    colours = {
        label: {"id": f"c-{label}", "names": {"de": f"{label}!"}} for label in ("red", "green", "blue")
    }
    file = tmp_path / "taxonomy.json"
    file.write_text(json.dumps(names | {"colour": colours}), "utf-8")

    answer = told(make_app(model_store=stores["with"], taxonomy=file).test_client(), PHOTO)

    colour = answer["attributes"]["colour"]
    assert colour["category"]["id"] == f"c-{colour['label']}"
    assert colour["category"]["name"] == f"{colour['label']}!"
    assert "category" not in answer["attributes"]["pattern"]
    assert answer["category"]["id"] == str(answer["class_id"])

    with pytest.raises(CategoriesMismatch, match=r"'colour' is no attribute of .*, which has none"):
        make_app(model_store=stores["without"], taxonomy=file)
