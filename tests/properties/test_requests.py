"""Whatever a client sends, the answer is one of the promised ones, in the promised form."""

import contextlib
import json
from urllib.parse import quote_from_bytes

from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from app.errors import RequestError
from app.payloads.archives import unpack
from tests.hostile.corpus import FORM, entries
from tests.properties.conftest import assert_promised
from tests.properties.mutations import nearly
from tests.properties.test_pictures import JSON_VALUES, PICTURES

SMALL = [entry for entry in entries() if len(entry.body) < 2000]
ARCHIVES = [entry.body for entry in SMALL if entry.name.startswith("zip/")]
FORMS = [entry.body for entry in SMALL if entry.name.startswith("form/")]
DOCUMENTS = [entry.body for entry in SMALL if entry.name.startswith("json/")]
PATHS = st.sampled_from(["/predict", "/predict/batch"])
JSON = "application/json"
TYPES = st.sampled_from([JSON, FORM, "", "application/x-www-form-urlencoded", "image/png"]) | st.text(
    st.characters(min_codepoint=32, max_codepoint=255), max_size=40
)


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


NAMES = st.sampled_from(["top", "seen", "url"])
QUERIES = st.binary(max_size=60) | st.builds("{}={}".format, NAMES, st.text(max_size=8)).map(str.encode)


@given(query=QUERIES)
def test_any_query_is_answered(client: FlaskClient, query: bytes) -> None:
    text = quote_from_bytes(query, safe="=&%+;")

    assert_promised(client.post(f"/predict?{text}", data=PICTURES[0]))


@given(path=st.binary(max_size=60), method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]))
def test_any_path_is_answered(client: FlaskClient, path: bytes, method: str) -> None:
    answer = client.open("/" + quote_from_bytes(path, safe="/%"), method=method)

    assert answer.status_code in {200, 308, 400, 404, 405, 415}


@given(
    offered=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80),
    accept=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80),
)
def test_any_header_is_answered(client: FlaskClient, offered: str, accept: str) -> None:
    headers = {"X-Request-ID": offered, "Accept": accept, "Authorization": offered, "Origin": accept}

    assert client.get("/metrics", headers=headers).status_code == 200


@given(body=nearly(ARCHIVES))
def test_an_archive_is_unpacked_within_its_limits_or_refused(body: bytes) -> None:
    taken = 0
    with contextlib.suppress(RequestError):
        for member in unpack(body, max_files=10, max_member_bytes=5000, max_total_bytes=20_000):
            taken += len(member.content) if isinstance(member.content, bytes) else 0
            assert taken <= 20_000
