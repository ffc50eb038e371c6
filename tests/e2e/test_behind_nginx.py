"""Two services behind nginx: what clients see when one is killed, both are renewed, or both are away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.documents import blocks
from tests.load import under_load
from tests.nginx import Fleet, fleet, nginx
from tests.service import free_port
from tests.uploads import UPLOAD
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


CLIENTS = 2
"""Enough to have a request on its way all the time; more would only slow the starts down."""

LARGE = UPLOAD + b"\0" * 3_000_000
"""More than nginx keeps in memory; decoders stop at the picture's end."""


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two services that no test kills."""
    with fleet(tmp_path_factory.mktemp("fleet"), LOG_FORMAT="json") as behind:
        yield behind


def test_a_service_killed_or_renewed_under_load_fails_no_request(tmp_path: Path, little_store: str) -> None:
    with (
        fleet(tmp_path, MODEL_STORE=little_store, DRAIN_SECONDS="1") as behind,
        under_load(behind.url, UPLOAD, clients=CLIENTS) as record,
    ):
        wait_for("answers of both", lambda: min(each.predictions() for each in behind.services) > 50)
        before = [service.predictions() for service in behind.services]
        behind.services[0].kill()
        since = record.answered
        wait_for("answers of the other alone", lambda: record.answered > since + 100)
        large = {
            requests.post(f"{behind.url}/predict", data=LARGE, timeout=120).status_code for _ in range(4)
        }
        again = behind.start_again(0)
        cut_by_the_kill = len(record.cut)
        wait_for("answers of the one that is back", lambda: again.predictions() > 50)
        status = behind.services[1].stop()
        renewed = behind.start_again(1)
        wait_for("answers of the renewed one", lambda: renewed.predictions() > 50)

    assert min(before) > sum(before) / 4
    # What nginx has begun to pass on it cannot ask the other service for.
    assert [cut for cut in record.cut[:cut_by_the_kill] if "IncompleteRead" not in cut] == []
    assert record.cut[cut_by_the_kill:] == []
    assert (set(record.statuses), large, status) == ({200}, {200}, 0)


def test_what_nginx_answers_itself_looks_like_the_services_answer(tmp_path: Path) -> None:
    with nginx(tmp_path, [free_port(), free_port()]) as url:
        too_large = requests.post(f"{url}/predict", data=b"\0" * 60_000_000, timeout=120)
        away = requests.post(f"{url}/predict", data=UPLOAD, timeout=120)

    for answer, status, kind in ((too_large, 413, "too-large"), (away, 503, "unreachable")):
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json().keys() == {"type", "title", "status", "detail", "request_id"}
        assert answer.json()["type"] == f"urn:wardrobe:problem:{kind}"
        assert answer.headers["X-Request-ID"] == answer.json()["request_id"]
    assert away.headers["Retry-After"] == "5"


@pytest.mark.parametrize(("offered", "kept"), [("order-66", True), ("no id", False)])
def test_a_request_has_one_id_and_address_in_both_logs(untouched: Fleet, offered: str, kept: bool) -> None:
    claims = {"X-Forwarded-For": "203.0.113.9", "X-Request-ID": offered}
    answer = requests.post(f"{untouched.url}/predict", data=UPLOAD, headers=claims, timeout=120)
    given = answer.headers["X-Request-ID"]

    log = untouched.folder / "access.log"
    wait_for("nginx's line", lambda: f"request_id={given}" in log.read_text("utf-8"))
    [line] = wait_for(
        "the service's line",
        lambda: [
            line
            for service in untouched.services
            for line in service.lines()
            if line.get("request_id") == given
        ],
    )
    assert (given == offered) == kept
    assert line["client"] == "127.0.0.1"  # no client chooses its address by writing one


def test_the_service_answers_below_a_prefix(untouched: Fleet, tmp_path: Path) -> None:
    [block] = [
        one for one in blocks() if one.document.endswith("behind-a-proxy.md") and one.language == "nginx"
    ]
    ports = [service.port for service in untouched.services]
    of_the_root = "location / {\n        proxy_pass http://wardrobe;\n"

    with nginx(tmp_path, ports, {of_the_root: block.body.strip() + "\n"}) as url:
        answer = requests.post(f"{url}/wardrobe/predict", data=UPLOAD, timeout=120)
        page = requests.get(f"{url}/wardrobe/", timeout=120)
        contract = requests.get(f"{url}/wardrobe/openapi.json", timeout=120).json()

    assert (answer.status_code, page.status_code) == (200, 200)
    assert contract["servers"] == [{"url": "/wardrobe"}]
