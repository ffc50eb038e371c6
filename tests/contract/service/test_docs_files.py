"""What the page at /docs is made of: all of it from this service, open without a key, in few bytes."""

import gzip
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient

from app.api.docs import FOLDER, VENDORED
from app.middleware.headers import POLICY
from tests.contract.service.conftest import MakeApp
from tests.contract.service.test_access_control import keys_file

PAGE = (FOLDER / "index.html").read_text("utf-8")
NAMED = [name for name in re.findall(r'(?:href|src)="([^"]+)"', PAGE) if name != "./"]

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
}


@pytest.mark.parametrize("name", sorted(set(NAMED)))
def test_whatever_the_page_names_is_there_as_what_it_is(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/{name}")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == TYPES[name.rpartition(".")[2]]
    assert client.get(f"/{name}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("prefix", ["", "/shop"])
def test_with_a_slash_it_is_the_same_page(client: FlaskClient, prefix: str) -> None:
    answer = client.get(f"{prefix}/docs/", environ_overrides={"SCRIPT_NAME": prefix, "PATH_INFO": "/docs/"})

    assert answer.status_code == 308
    assert (
        urljoin(f"http://shop.example{prefix}/docs/", answer.location) == f"http://shop.example{prefix}/docs"
    )


def test_it_leads_home() -> None:
    assert '<a href="./">' in PAGE


def test_it_loads_nothing_from_other_servers_and_holds_no_code(client: FlaskClient) -> None:
    page = client.get("/docs")

    assert [name for name in NAMED if ":" in name or name.startswith("/")] == []
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page.text) == []
    assert page.headers["Content-Security-Policy"] == POLICY, "no wider than every page's"


def test_swagger_ui_is_packed_for_those_who_can_unpack_it(client: FlaskClient) -> None:
    whole = client.get("/docs/swagger-ui-bundle.js")
    packed = client.get("/docs/swagger-ui-bundle.js", headers={"Accept-Encoding": "gzip"})

    assert gzip.decompress(packed.data) == whole.data
    assert len(packed.data) < len(whole.data) / 3
    assert packed.headers["Vary"] == whole.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["swagger-ui.js", "index.html.j2", "..%2fkeys.py", "LICENSE", "nothing"])
def test_nothing_else_of_the_package_is_found(client: FlaskClient, name: str) -> None:
    assert name not in VENDORED
    assert client.get(f"/docs/{name}").status_code == 404


def test_it_is_open_where_keys_are_asked_for(make_app: MakeApp, tmp_path: Path) -> None:
    client = make_app(api_keys_file=keys_file(tmp_path, "right-secret")).test_client()

    assert {client.get(path).status_code for path in ("/docs", "/openapi.json", "/docs/docs.js")} == {200}
