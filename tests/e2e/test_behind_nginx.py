"""Two services behind nginx: what clients see when one is killed, both are renewed, or both are away."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from model_store.promotions import append, newest
from model_store.publish import publish
from model_store.store import open_store
from tests.load import under_load
from tests.nginx import Fleet, fleet, nginx, predictions_of
from tests.releases import a_release
from tests.s3_servers import free_ports
from tests.service import free_port
from tests.uploads import a_garment, png
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

UPLOAD = png(a_garment())

CLIENTS = 2
"""Enough to have a request on its way all the time; more would only slow the starts down."""

LARGE = UPLOAD + b"\0" * 3_000_000
"""More than nginx keeps in memory; decoders stop at the picture's end."""

TOO_LARGE = 60_000_000


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two services that nobody kills."""
    with fleet(tmp_path_factory.mktemp("fleet"), LOG_FORMAT="json") as behind:
        yield behind


def test_a_service_killed_under_load_fails_no_request_and_gets_its_share_again(
    tmp_path: Path, little_store: Path
) -> None:
    with (
        fleet(tmp_path, MODEL_STORE=str(little_store)) as behind,
        under_load(behind.url, UPLOAD, CLIENTS) as record,
    ):
        wait_for("answers of both", lambda: min(map(predictions_of, behind.services)) > 50)
        before = [predictions_of(service) for service in behind.services]
        behind.services[0].kill()
        since = record.answered
        wait_for("answers of the other alone", lambda: record.answered > since + 100)
        large = {requests.post(f"{behind.url}/predict", data=LARGE, timeout=30).status_code for _ in range(4)}
        again = behind.start_again(0)
        wait_for("answers of the one that is back", lambda: predictions_of(again) > 50)

    assert min(before) > sum(before) / 4
    assert (record.cut, set(record.statuses), large) == ([], {200}, {200})


def test_a_new_release_comes_one_service_after_the_other_and_every_request_is_answered(
    tmp_path: Path,
) -> None:
    store = open_store(str(tmp_path / "store"))
    old, new = (
        publish(a_release(tmp_path / str(seed), seed=seed), store, by="tests", promote=seed == 0)
        for seed in range(2)
    )

    with (
        fleet(tmp_path, MODEL_STORE=store.address, REFRESH_SECONDS="0", DRAIN_SECONDS="1") as behind,
        under_load(behind.url, UPLOAD, CLIENTS) as record,
    ):
        wait_for("answers of both", lambda: min(map(predictions_of, behind.services)) > 20)
        append(store, new.manifest.version, "promote", "tests", newest(store))
        statuses = []
        for number in range(2):
            statuses.append(behind.services[number].stop())
            renewed = behind.start_again(number)
            wait_for("answers of the renewed one", lambda: predictions_of(renewed) > 20)  # noqa: B023 - at once
        with under_load(behind.url, UPLOAD, CLIENTS) as after:
            wait_for("answers of the new release alone", lambda: after.answered > 50)

    assert statuses == [0, 0]
    assert (record.cut, set(record.statuses)) == ([], {200})
    assert set(record.versions) == {old.manifest.version, new.manifest.version}
    assert set(after.versions) == {new.manifest.version}


def test_what_nginx_answers_itself_looks_like_the_services_answer(tmp_path: Path) -> None:
    nobody = [f"127.0.0.1:{port}" for port in free_ports(2)]
    port = free_port()

    with nginx(tmp_path, port, nobody):
        too_large = requests.post(f"http://127.0.0.1:{port}/predict", data=b"\0" * TOO_LARGE, timeout=60)
        away = requests.post(f"http://127.0.0.1:{port}/predict", data=UPLOAD, timeout=30)

    for answer, status, kind in ((too_large, 413, "too-large"), (away, 503, "unreachable")):
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json().keys() == {"type", "title", "status", "detail", "request_id"}
        assert answer.json()["type"] == f"urn:wardrobe:problem:{kind}"
        assert answer.headers["X-Request-ID"] == answer.json()["request_id"]
    assert away.headers["Retry-After"] == "5"


def test_an_upload_a_little_too_large_is_told_so_by_the_service(untouched: Fleet) -> None:
    refused = requests.post(f"{untouched.url}/predict/batch", data=b"\0" * 50_000_001, timeout=60)

    assert refused.status_code == 413
    assert "X-Model-Version" in refused.headers


def test_a_request_keeps_its_id_and_its_clients_address_through_both_logs(untouched: Fleet) -> None:
    claims = {"X-Forwarded-For": "203.0.113.9"}
    ids = [
        requests.post(f"{untouched.url}/predict", data=UPLOAD, headers=headers, timeout=30).headers[
            "X-Request-ID"
        ]
        for headers in (claims | {"X-Request-ID": "order-66"}, claims | {"X-Request-ID": "no id"})
    ]
    wait_for("nginx's lines", lambda: all(f"request_id={told}" in untouched.log() for told in ids))
    lines = wait_for("the services' lines", lambda: lines_about(untouched, ids))

    assert ids[0] == "order-66"
    assert {line["client"] for line in lines} == {"127.0.0.1"}  # nobody chooses an address by writing one


def lines_about(behind: Fleet, ids: list[str]) -> list[dict[str, Any]] | None:
    """The services' log lines of some requests, once each has one."""
    written = [line for service in behind.services for line in service.log.read_text("utf-8").splitlines()]
    found = [json.loads(line) for line in written if any(f'"{told}"' in line for told in ids)]
    return found if len(found) == len(ids) else None
