"""`wsgi:app` is a plain WSGI application: it runs under another server."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import ROOT, Service, free_port
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow


def test_granian_serves_it_unchanged(tmp_path: Path) -> None:
    port = free_port()
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]

    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen([*granian, "wsgi:app"], cwd=ROOT, stdout=log, stderr=log) as process,
    ):
        service = Service(f"http://127.0.0.1:{port}", process, tmp_path / "log")
        try:
            service.wait_until_ready()
            answer = service.post("/predict", data=png(a_garment()))
            empty = service.post("/predict")
        finally:
            process.terminate()

    assert answer.status_code == 200
    assert len(answer.json()["probabilities"]) == 10
    assert (empty.status_code, empty.headers["Content-Type"]) == (400, "application/problem+json")
