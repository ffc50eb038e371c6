"""`wsgi:app` is a plain WSGI application: it runs under another server, too."""

from pathlib import Path

import pytest

from tests.service import free_port, start
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow


def test_granian_serves_it_unchanged(tmp_path: Path) -> None:
    port = str(free_port())
    service = start(
        tmp_path, words=["-m", "granian", "--interface", "wsgi", "--port", port, "wsgi:app"], PORT=port
    )
    try:
        service.wait_until_ready()
        answer, empty = service.post("/predict", data=png(a_garment())), service.post("/predict")
    finally:
        service.kill()  # how it ends is its own affair

    assert answer.status_code == 200
    assert len(answer.json()["probabilities"]) == 10
    assert (empty.status_code, empty.headers["Content-Type"]) == (400, "application/problem+json")
