"""The web page's own files: their types, how long they are kept, and that they need no key."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.api.page import FOLDER
from app.middleware.headers import HEADERS
from tests.contract.service.conftest import MakeApp
from tests.contract.service.test_access_control import keys_file

NAMES = sorted(path.name for path in FOLDER.iterdir())


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/page/page.css", "text/css; charset=utf-8"),
        ("/page/page.js", "text/javascript; charset=utf-8"),
        ("/page/icon.svg", "image/svg+xml"),
    ],
)
def test_a_file_is_sent_as_what_it_is_and_asked_for_again_each_time(
    client: FlaskClient, path: str, media_type: str
) -> None:
    first = client.get(path)

    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status_code, first.headers["Content-Type"]) == (200, media_type)
    assert first.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"another"'}).data == first.data


def test_the_page_keeps_the_policy_of_every_other_answer(client: FlaskClient) -> None:
    headers = client.get("/").headers

    assert {name: headers[name] for name in HEADERS if name != "Cache-Control"} == {
        name: value for name, value in HEADERS.items() if name != "Cache-Control"
    }


@pytest.mark.parametrize(
    "name", ["nothing.js", "..", "%2e%2e%2froutes_page.py", "..%2froutes_page.py", "__init__.py"]
)
def test_nothing_but_the_pages_own_files_is_found(client: FlaskClient, name: str) -> None:
    response = client.get(f"/page/{name}")

    assert response.status_code == 404
    assert response.content_type == "application/problem+json"


def test_it_is_open_where_keys_are_asked_for(make_app: MakeApp, tmp_path: Path) -> None:
    client = make_app(api_keys_file=keys_file(tmp_path, "right-secret")).test_client()

    statuses = {client.get(path).status_code for path in ("/", "/page/page.js", "/page/page.css")}

    assert statuses == {200}
    assert client.get("/model").status_code == 401


def test_every_file_that_the_page_names_is_there_and_is_asked_for_at_once() -> None:
    page = (FOLDER / "index.html").read_text("utf-8")
    imported = {
        name
        for script in FOLDER.glob("*.js")
        for name in re.findall(r'from "\./([a-z-]+\.js)"', script.read_text("utf-8"))
    }

    named = set(re.findall(r'(?:href|src)="page/([^"]+)"', page))

    assert named <= set(NAMES)
    assert imported <= named, "a module that is not preloaded waits for another one"
