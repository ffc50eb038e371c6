"""`wsgi:app` is a plain WSGI application: it runs under another server, and gunicorn.conf.py runs others."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.service import ROOT, free_port
from tests.uploads import a_garment, png
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

OTHER_APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"other"]
"""


def test_granian_serves_it_unchanged() -> None:
    port = free_port()

    with serving(port, "granian", "--interface", "wsgi", "--port", str(port), "wsgi:app") as url:
        answer = requests.post(f"{url}/predict", data=png(a_garment()), timeout=60)
        empty = requests.post(f"{url}/predict", timeout=60)

    assert answer.status_code == 200
    assert len(answer.json()["probabilities"]) == 10
    assert (empty.status_code, empty.headers["Content-Type"]) == (400, "application/problem+json")


def test_gunicorns_file_serves_any_other_app(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(OTHER_APP, "utf-8")
    port = free_port()
    options = ["-c", "gunicorn.conf.py", "-b", f"127.0.0.1:{port}", "--pythonpath", str(tmp_path)]

    with serving(port, "gunicorn", *options, "other:app") as url:
        text = requests.get(url, timeout=60).text

    assert text == "other"


@contextmanager
def serving(port: int, program: str, *arguments: str) -> Iterator[str]:
    """A server on a port, until the block ends; gives its URL."""
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [Path(sys.executable).parent / program, *arguments], cwd=ROOT, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(f"{url}: {program}", lambda: answers(url), 60)
            yield url
        finally:
            process.terminate()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False
