"""What the pages at / and /docs are made of: all of it from this service, in few bytes."""

import gzip
import re

import pytest
from flask.testing import FlaskClient

from app.api.docs import FOLDER as DOCS_FOLDER
from app.api.web_page import FOLDER as PAGE_FOLDER
from app.api.web_page import fill_in_picture_formats, translate_page
from app.middleware.headers import CONTENT_SECURITY_POLICY

PAGE = (PAGE_FOLDER / "index.html").read_text("utf-8")
DOCS = (DOCS_FOLDER / "index.html").read_text("utf-8")
LINK = re.compile(r'(?:href|src)="([^"]+)"')
NAMED = sorted({name for name in LINK.findall(PAGE + DOCS) if "." in name.rpartition("/")[2]})

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "jpg": "image/jpeg",
    "svg": "image/svg+xml",
    "": "text/html; charset=utf-8",
}


@pytest.mark.parametrize("name", ["", "docs", *NAMED])
def test_whatever_a_page_names_is_there_as_what_it_is_and_sent_once(client: FlaskClient, name: str) -> None:
    first = client.get(f"/{name}", headers={"Accept-Encoding": "gzip"})
    whole = client.get(f"/{name}")
    again = client.get(f"/{name}", headers={"If-None-Match": first.headers["ETag"]})

    packed = "Content-Encoding" in first.headers
    unpacked = gzip.decompress(first.data) if packed else first.data
    assert (first.status_code, first.headers["Content-Type"]) == (200, TYPES[name.partition(".")[2]])
    assert first.headers["Cache-Control"] == "no-cache"
    assert ("Accept-Encoding" in first.vary, "Accept-Encoding" in whole.vary) == (packed, packed)
    assert unpacked == whole.data
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        *("/page/nothing", "/page/nothing.js", "/page/..", "/page/..%2fpage.py", "/page/__init__.py"),
        *("/docs/nothing", "/docs/swagger-ui.js", "/docs/..%2fkeys.py", "/docs/LICENSE"),
    ],
)
def test_nothing_but_the_pages_own_files_is_found(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("heic", [True, False])
def test_text_and_file_picker_offer_heic_only_where_it_is_read(heic: bool) -> None:
    page = fill_in_picture_formats(PAGE, ["PNG", "HEIC", "AVIF"] if heic else ["PNG", "AVIF"])

    assert ("image/heic,image/heif,.heic,.heif" in page, "HEIC, AVIF</span>" in page) == (heic, heic)
    assert 'accept="image/png,' in page


def test_the_page_offers_what_the_service_reads(client: FlaskClient) -> None:
    page, refusal = client.get("/").text, client.post("/predict", data=b"no picture").get_json()["detail"]

    offered = re.search(r'translate="no">(.*?)<', page)
    assert offered is not None
    names = offered[1].split(", ")
    assert refusal.endswith(f"Send {', '.join(names[:-1])} or {names[-1]}.")
    for name in names:
        assert f"image/{name.lower()}" in page


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_loads_nothing_from_other_servers_and_holds_no_code(client: FlaskClient, path: str) -> None:
    page = client.get(path)

    assert (
        re.findall(r'<script(?![^>]*(?:\bsrc=|"application/json"))|<style|\bstyle=|\bon\w+=', page.text) == []
    )
    assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, "no wider than every page's"
    assert [name for name in NAMED if ":" in name or name.startswith("/")] == []


@pytest.mark.parametrize(
    ("accepted", "language", "text"),
    [("de-AT,en;q=0.8", "de", '"Accept":"Annehmen"'), ("fr", "en", "{}"), ("", "en", "{}")],
)
def test_the_start_page_has_the_readers_language_and_its_texts(
    client: FlaskClient, accepted: str, language: str, text: str
) -> None:
    answer = client.get("/", headers={"Accept-Language": accepted})

    texts = re.search(r'id="texts">(.*?)</script>', answer.text)
    assert texts is not None
    assert text in texts[1]
    assert f'<html lang="{language}">' in answer.text
    assert "Accept-Language" in answer.vary


def test_a_text_of_the_operator_cannot_end_the_element_that_holds_it() -> None:
    page = translate_page(PAGE, "de", {"Clear": "</script><script>alert(1)</script>"})

    assert "<script>alert" not in page


def test_a_browser_that_looks_for_an_icon_finds_ours(client: FlaskClient) -> None:
    answer = client.get("/favicon.ico")

    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
