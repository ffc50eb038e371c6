"""POST /predict: one picture in every form, the same answer."""

import io
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from typing_extensions import Buffer

from tests.contract.service.conftest import MakeApp
from tests.releases import LABELS
from tests.uploads import UPLOAD, a_garment, in_base64, png, zipped

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def answer(client: FlaskClient) -> dict[str, Any]:
    """The plain answer to the garment."""
    body: dict[str, Any] = client.post("/predict", data=UPLOAD).get_json()
    return body


A_FORM = (
    b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n'
    + b"Content-Type: image/png\r\n\r\n"
    + UPLOAD
    + b"\r\n--x--\r\n"
)

FORMS: dict[str, dict[str, Any]] = {
    "raw": {"data": UPLOAD},
    "raw called a form": {"data": UPLOAD, "content_type": FORM},
    "raw called JSON": {"data": UPLOAD, "content_type": "application/json"},
    "raw called multipart": {"data": UPLOAD, "content_type": "multipart/form-data; boundary=x"},
    "multipart image": {"data": {"image": (io.BytesIO(UPLOAD), "a.png")}},
    "multipart image without a filename": {
        "data": A_FORM.replace(b'; filename="a.png"', b""),
        "content_type": "multipart/form-data; boundary=x",
    },
    "multipart file": {"data": {"file": (io.BytesIO(UPLOAD), "a.png")}},
    "base64": {"json": {"image": in_base64(UPLOAD)}},
    "base64 without padding": {
        "json": {"image": in_base64(UPLOAD + bytes(len(UPLOAD) % 3 == 0)).rstrip("=")}
    },
    "base64 for URLs": {"json": {"image": in_base64(UPLOAD).replace("+", "-").replace("/", "_")}},
    "data URL": {"json": {"image": f"data:image/png;base64,{in_base64(UPLOAD)}"}},
    "data URL in capitals": {"json": {"image": f"DATA:image/png;base64,{in_base64(UPLOAD)}"}},
    "pixels": {"json": {"pixels": a_garment().tolist()}},
    "JSON called a form": {"data": b' {"image": "%s"}' % in_base64(UPLOAD).encode(), "content_type": FORM},
    "JSON with a byte order mark": {
        "data": f' {{"image": "{in_base64(UPLOAD)}"}}'.encode("utf-8-sig"),
        "content_type": FORM,
    },
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_gets_the_same_probabilities(
    client: FlaskClient, answer: dict[str, Any], form: dict[str, Any]
) -> None:
    response = client.post("/predict", **form)

    assert response.status_code == 200
    assert response.get_json()["probabilities"] == answer["probabilities"]


def test_a_filename_that_is_not_utf_8_is_named(client: FlaskClient) -> None:
    form = A_FORM.replace(b"a.png", "grün.png".encode("latin-1"))

    response = client.post("/predict", data=form, content_type="multipart/form-data; boundary=x")

    assert response.status_code == 400
    assert "headers that are not UTF-8, such as its filename" in response.get_json()["detail"]


def test_the_largest_picture_may_come_in_base64(make_app: MakeApp) -> None:
    noise = png(np.random.default_rng(0).integers(0, 256, (320, 320, 3), np.uint8))
    client = make_app(max_upload_bytes=len(noise)).test_client()

    assert client.post("/predict", json={"image": in_base64(noise)}).status_code == 200


def test_an_answer_names_every_class_and_the_likeliest_one(
    client: FlaskClient, answer: dict[str, Any]
) -> None:
    label, probability = max(answer["probabilities"].items(), key=lambda pair: pair[1])

    assert tuple(answer["probabilities"]) == LABELS
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert (answer["label"], answer["confidence"]) == (label, probability)
    assert LABELS[answer["class_id"]] == label
    assert answer["decision"] in ("accept", "review")
    assert (answer["reason"] is None) == (answer["decision"] == "accept")
    assert 0 <= answer["familiarity"] <= 1
    assert answer["model"] == {"version": client.get("/model").get_json()["version"]}


def test_top_adds_the_likeliest_classes_and_removes_nothing(
    client: FlaskClient, answer: dict[str, Any]
) -> None:
    topped = client.post("/predict?top=3", data=UPLOAD).get_json()

    listed = [entry["probability"] for entry in topped["top"]]
    assert listed == sorted(answer["probabilities"].values(), reverse=True)[:3]
    assert [entry["label"] for entry in topped["top"]] == [LABELS[one["class_id"]] for one in topped["top"]]
    assert topped["top"][0]["label"] == answer["label"]
    assert topped["probabilities"] == answer["probabilities"]


def test_seen_adds_the_picture_that_the_model_saw(client: FlaskClient, answer: dict[str, Any]) -> None:
    seen = client.post("/predict?seen=1", data=UPLOAD).get_json()["seen"]

    again = client.post("/predict", json={"image": seen}).get_json()
    assert again["probabilities"] == answer["probabilities"]


def test_a_batch_is_not_explained(client: FlaskClient) -> None:
    response = client.post("/predict/batch?explain=1", data=zipped(a=UPLOAD))

    assert response.status_code == 400
    assert response.get_json()["detail"].endswith("`explain` is unknown. This route has `top`, `seen`.")


@pytest.mark.parametrize(
    "query", ["top=0", "top=11", "top=all", "top=", "top=²", "seen=maybe", "explain=2", "tpo=3"]
)
def test_an_unknown_parameter_or_value_is_named(client: FlaskClient, query: str) -> None:
    response = client.post(f"/predict?{query}", data=UPLOAD)

    assert response.status_code == 400
    assert query.partition("=")[0] in response.get_json()["detail"]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"data": b""}, 400, "no picture"),
        ({"data": {"photo": (io.BytesIO(UPLOAD), "a.png")}}, 400, "photo"),
        ({"data": {"image": "text, not a file"}, "content_type": "multipart/form-data"}, 400, "=@FILE"),
        ({"data": b"--x\r\nbroken", "content_type": "multipart/form-data; boundary=x"}, 400, "multipart"),
        ({"data": A_FORM[:-9], "content_type": "multipart/form-data; boundary=x"}, 400, "before its last"),
        ({"data": b"{", "content_type": "application/json"}, 400, "JSON"),
        ({"json": [1, 2]}, 400, "is an array, not an object"),
        ({"json": {}}, 400, "either `image` or `pixels`, and is empty."),
        ({"json": {"img": "", "top": 3}}, 400, "either `image` or `pixels`, and has `img`, `top`."),
        ({"json": dict.fromkeys("abcdef")}, 400, "and has `a`, `b`, `c`, `d`, `e` and others."),
        ({"json": {"image": in_base64(UPLOAD), "pixels": []}}, 400, "either"),
        ({"json": {"image": 5}}, 400, "is a number, not a string"),
        ({"json": {"image": "not base64!"}}, 400, "base64"),
        ({"json": {"image": in_base64(b"plain text")}}, 415, "PNG, JPEG"),
        (
            {"json": {"image": in_base64(in_base64(UPLOAD).encode())}},
            400,
            "`image` is base64 of base64: encode",
        ),
        (
            {"json": {"image": in_base64(f"data:image/png;base64,{in_base64(UPLOAD)}".encode())}},
            400,
            "of base64",
        ),
        ({"json": {"image": f"b'{in_base64(UPLOAD)}'"}}, 400, "begins with b': send the text without b'...'"),
        ({"json": {"image": f'b"{in_base64(UPLOAD)}"'}}, 400, 'begins with b": send the text without b"..."'),
        (
            {"json": {"image": f"data:image/png;base64,b'{in_base64(UPLOAD)}'"}},
            400,
            "begins with b': send the text without b'...'",
        ),
        (
            {"json": {"image": f"data:;base64, DATA:;base64,{in_base64(UPLOAD)}"}},
            400,
            "has two data: prefixes",
        ),
        ({"data": b"%PDF-1.7 and so on"}, 415, "PDF"),
        ({"data": UPLOAD[:200]}, 422, "is truncated"),
        ({"json": {"pixels": [[0] * 28] * 27 + [[256] * 28]}}, 422, "256"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(
    client: FlaskClient, body: dict[str, Any], status: int, detail: str
) -> None:
    response = client.post("/predict", **body)

    assert (response.status_code, response.get_json()["status"]) == (status, status)
    assert detail in response.get_json()["detail"]


@pytest.mark.parametrize("size", [10, 100_000])
@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
@pytest.mark.parametrize(
    ("header", "part", "detail"),
    [
        ("multipart/form-data", 'name="image"; filename="a.png"', "names no boundary. Let the library"),
        (
            "multipart/form-data; boundary=y",
            'name="image"; filename="a.png"',
            "is not in it. Let the library",
        ),
        ("multipart/form-data; boundary=x", 'name="image"', "`image` came as text, not as a file."),
    ],
)
def test_a_form_that_a_client_put_together_wrongly_is_answered_with_its_fault_at_any_size(  # noqa: PLR0917
    client: FlaskClient, path: str, header: str, part: str, detail: str, size: int
) -> None:
    body = f"--x\r\nContent-Disposition: form-data; {part}\r\n\r\n".encode() + bytes(size) + b"\r\n--x--\r\n"

    answer = client.post(path, data=body, content_type=header)

    assert answer.status_code == 400
    assert detail in answer.get_json()["detail"]


class Failing(io.RawIOBase):
    """A body whose stream fails as it is read."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def readinto(self, buffer: Buffer, /) -> int:
        raise self._error


@pytest.mark.parametrize(
    ("stream", "server_ends_it"),
    [
        (Failing(ConnectionResetError()), True),
        (Failing(ValueError("read of closed file")), True),
        (io.BytesIO(UPLOAD[:-1]), True),
        (io.BytesIO(UPLOAD[:-1]), False),
    ],
)
def test_a_body_that_ends_before_its_length_is_the_clients_affair(
    client: FlaskClient, stream: io.RawIOBase, server_ends_it: bool
) -> None:
    server = {"wsgi.input": stream, "wsgi.input_terminated": server_ends_it}

    answer = client.post("/predict", environ_overrides=server | {"CONTENT_LENGTH": str(len(UPLOAD))})

    assert answer.status_code == 400
    assert "ended early" in answer.get_json()["detail"]
