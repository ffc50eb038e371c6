"""Two services behind nginx: what clients and logs see; test_compose.py kills one of two under load."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.documents import blocks
from tests.nginx import Fleet, fleet, nginx
from tests.service import free_port
from tests.uploads import UPLOAD
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two services that no test kills."""
    with fleet(tmp_path_factory.mktemp("fleet"), LOG_FORMAT="json") as behind:
        yield behind


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
