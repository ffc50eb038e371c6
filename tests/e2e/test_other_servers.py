"""`wsgi:app` is a plain WSGI application: it runs under another server, too."""

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

STOPPED_SECONDS = 120
"""After which a server that was asked to stop is killed, so that a hang of it is none of the tests."""


def test_granian_serves_it_unchanged(tmp_path: Path) -> None:
    with serving(tmp_path, "granian", "--interface", "wsgi", "--port", "PORT", "wsgi:app") as url:
        answer = requests.post(f"{url}/predict", data=png(a_garment()), timeout=120)
        empty = requests.post(f"{url}/predict", timeout=120)

    assert answer.status_code == 200
    assert len(answer.json()["probabilities"]) == 10
    assert (empty.status_code, empty.headers["Content-Type"]) == (400, "application/problem+json")


@contextmanager
def serving(folder: Path, module: str, *options: str) -> Iterator[str]:
    """Run a server on a free port, PORT in its options, until the block ends; gives its URL."""
    port = str(free_port())
    command = [sys.executable, "-m", module, *(option.replace("PORT", port) for option in options)]
    url = f"http://127.0.0.1:{port}"
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log) as one,
    ):
        try:
            wait_for(f"{url} to answer", lambda: answers(url))
            yield url
        finally:
            one.terminate()
            try:
                one.wait(STOPPED_SECONDS)
            except subprocess.TimeoutExpired:
                one.kill()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False
