"""Whatever a client sends, the answer is one of the promised ones, in the promised form."""

import contextlib
import json
from urllib.parse import quote_from_bytes

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app.errors import BadRequest, RequestError
from app.factory import create_app
from app.payloads.archives import unpack
from app.prediction.answers import read_parameters
from app.settings import Settings
from tests.hostile.corpus import entries
from tests.hostile.documents import FORM
from tests.hostile.entry import JSON, Entry
from tests.properties.mutations import nearly
from tests.properties.test_pictures import JSON_VALUES, PICTURES

PROMISED = frozenset({200, 400, 413, 415, 422})
SMALL: list[Entry] = [entry for entry in entries() if len(entry.body) < 2000]
ARCHIVES = [entry.body for entry in SMALL if entry.name.startswith("zip/")]
FORMS = [entry.body for entry in SMALL if entry.name.startswith("form/")]
DOCUMENTS = [entry.body for entry in SMALL if entry.name.startswith("json/")]
PATHS = st.sampled_from(["/predict", "/predict/batch"])
TYPES = st.sampled_from([JSON, FORM, "", "application/x-www-form-urlencoded", "image/png"]) | st.text(
    st.characters(min_codepoint=32, max_codepoint=255), max_size=40
)


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """The bundled model; nothing that a small upload asks for is slow."""
    settings = Settings(max_pixels=2_000_000, max_upload_bytes=100_000, max_batch=20, log_level="ERROR")
    return create_app(settings).test_client()


def assert_promised(answer: TestResponse) -> None:
    document = answer.get_json()
    assert answer.status_code in PROMISED
    assert answer.mimetype == (
        "application/json" if answer.status_code == 200 else "application/problem+json"
    )
    assert document["request_id"] == answer.headers["X-Request-ID"]
    assert "Traceback" not in answer.text


@given(path=PATHS, body=nearly(PICTURES + ARCHIVES + FORMS + DOCUMENTS), kind=TYPES)
def test_any_body_of_any_type_is_answered(client: FlaskClient, path: str, body: bytes, kind: str) -> None:
    assert_promised(client.post(path, data=body, content_type=kind))


@given(path=PATHS, body=nearly(FORMS))
def test_any_form_is_answered(client: FlaskClient, path: str, body: bytes) -> None:
    assert_promised(client.post(path, data=body, content_type=FORM))


@given(
    path=PATHS,
    document=st.dictionaries(st.sampled_from(["image", "images", "pixels"]) | st.text(), JSON_VALUES),
)
def test_any_document_is_answered(client: FlaskClient, path: str, document: dict[str, object]) -> None:
    assert_promised(client.post(path, data=json.dumps(document), content_type=JSON))


@given(
    image=st.text() | st.text("ABCabc012+/=-_ \n"), marked=st.sampled_from(["", "data:,", "data:x;base64,"])
)
def test_any_text_as_base64_is_answered(client: FlaskClient, image: str, marked: str) -> None:
    assert_promised(client.post("/predict", json={"image": marked + image}))


@given(query=st.binary(max_size=60))
def test_any_query_is_answered(client: FlaskClient, query: bytes) -> None:
    text = quote_from_bytes(query, safe="=&%+;")

    assert_promised(client.post(f"/predict?{text}", data=PICTURES[0]))


@given(path=st.binary(max_size=60), method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]))
def test_any_path_is_answered(client: FlaskClient, path: bytes, method: str) -> None:
    answer = client.open("/" + quote_from_bytes(path, safe="/%"), method=method)

    assert answer.status_code in {200, 308, 404, 405} | PROMISED


@given(
    offered=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80),
    accept=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80),
)
def test_any_header_is_answered(client: FlaskClient, offered: str, accept: str) -> None:
    headers = {"X-Request-ID": offered, "Accept": accept, "Authorization": offered, "Origin": accept}

    assert client.get("/metrics", headers=headers).status_code == 200


@given(top=st.text(max_size=8), seen=st.text(max_size=8), name=st.sampled_from(["top", "seen", "url"]))
def test_query_values_are_read_or_refused(top: str, seen: str, name: str) -> None:
    with contextlib.suppress(BadRequest):
        parameters = read_parameters({"top": top, "seen": seen, name: top}, 10)
        assert parameters.top in range(1, 11)


@given(body=nearly(ARCHIVES))
def test_an_archive_is_unpacked_within_its_limits_or_refused(body: bytes) -> None:
    taken = 0
    with contextlib.suppress(RequestError):
        for member in unpack(body, max_files=10, max_member_bytes=5000, max_total_bytes=20_000):
            taken += len(member.content) if isinstance(member.content, bytes) else 0
            assert taken <= 20_000
