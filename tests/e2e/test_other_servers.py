"""`wsgi:app` is a plain WSGI application: it runs under another server, and gunicorn.conf.py runs others."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.service import ROOT, free_port
from tests.uploads import a_garment, png
from tests.waiting import wait_for

BIN = Path(sys.executable).parent
PORT = "PORT"

OTHER_APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"other"]
"""


def test_granian_serves_it_unchanged(tmp_path: Path) -> None:
    command = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", PORT, "wsgi:app"]

    with serving(command, tmp_path) as url:
        answer = requests.post(f"{url}/predict", data=png(a_garment()), timeout=60)
        empty = requests.post(f"{url}/predict", timeout=60)

    assert answer.status_code == 200
    assert len(answer.json()["probabilities"]) == 10
    assert empty.status_code == 400
    assert empty.headers["Content-Type"] == "application/problem+json"


def test_gunicorns_file_serves_any_other_app(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(OTHER_APP, "utf-8")
    address = ["-b", f"127.0.0.1:{PORT}", "--pythonpath", str(tmp_path)]

    with serving(["gunicorn", "-c", "gunicorn.conf.py", *address, "other:app"], tmp_path) as url:
        text = requests.get(url, timeout=60).text

    assert text == "other"


@contextmanager
def serving(command: list[str], directory: Path) -> Iterator[str]:
    """A server on a free port, until the block ends; gives its URL."""
    port = str(free_port())
    arguments = [argument.replace(PORT, port) for argument in command]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [BIN / arguments[0], *arguments[1:]], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}: {command[0]}", lambda: _answers(url), 60)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False
