"""Everything that is hostile, posted to a real gunicorn, which answers and lives."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.hostile.corpus import Entry, entries
from tests.service import ROOT, Service, running

pytestmark = pytest.mark.slow

FORBIDDEN = ("Traceback", 'File "', ".py", str(ROOT), "site-packages", "hush-hush", "/etc/", "root:x:")
"""What no answer may contain: code, places on the server, keys, files of the server."""

FORBIDDEN_IN_LOG = ("Traceback", 'File "', "hush-hush", "alert(1)", "slipped", "Set-Cookie")
"""What no log may contain: code, keys, anything that was in an upload."""

TOLD_BACK = ("form/absolute.multipart",)
"""Where the sender's own name for a file looks like a place on the server."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("hostile")
    with running(folder, LOG_FORMAT="json", LOG_LEVEL="DEBUG") as service:
        yield service


def test_every_hostile_file_is_answered_honestly_and_no_worker_dies(service: Service) -> None:
    before = service.worker_pids()

    complaints = [complaint for entry in entries() for complaint in _complaints(service, entry)]

    assert "\n".join(complaints) == ""
    assert service.worker_pids() == before
    assert not Path("/tmp/slipped.png").exists()


def test_the_log_of_all_that_holds_no_traceback_and_nothing_that_was_sent(service: Service) -> None:
    service.post("/predict", data=b"?", headers={"Authorization": "Bearer hush-hush"})
    lines = service.log.read_text("utf-8").splitlines()

    assert [line for line in lines if any(secret in line for secret in FORBIDDEN_IN_LOG)] == []


def _complaints(service: Service, entry: Entry) -> Iterator[str]:
    """What is wrong with the answers to one entry."""
    single = _post(service, "/predict", entry)
    batch = None if entry.batch is None else _post(service, "/predict/batch", entry)
    for answer, expected in ((single, entry.statuses), (batch, entry.batch)):
        if answer is not None and expected is not None:
            yield from _faults(entry, answer, expected)


def _post(service: Service, path: str, entry: Entry) -> requests.Response:
    return service.post(path, data=entry.body, headers={"Content-Type": entry.content_type})


def _faults(entry: Entry, answer: requests.Response, expected: frozenset[int]) -> Iterator[str]:
    said = f"{entry.name} -> {answer.status_code} {answer.text[:200]}"
    if answer.status_code not in expected:
        yield f"{said}: not one of {sorted(expected)}"
    kind = "application/json" if answer.status_code == 200 else "application/problem+json"
    if answer.headers["Content-Type"] != kind or json.loads(answer.text)["request_id"] != _id(answer):
        yield f"{said}: not {kind} with a request id"
    leaks = [word for word in FORBIDDEN if word in answer.text and entry.name not in TOLD_BACK]
    if leaks:
        yield f"{said}: leaks {leaks}"


def _id(answer: requests.Response) -> str:
    return answer.headers["X-Request-ID"]
