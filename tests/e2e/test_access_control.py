"""API keys and proxies of a real gunicorn, tried by unauthorised clients."""

from pathlib import Path

import pytest

from app.security.api_keys import hash_key
from tests.e2e.conftest import Serve
from tests.service import Service
from tests.uploads import UPLOAD
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

KEY = {"Authorization": "Bearer right-secret"}
RIGHT = f"shop:{hash_key('right-secret')}\n"


def test_a_worker_that_dies_while_the_keys_cannot_be_read_ends_no_other(tmp_path: Path, serve: Serve) -> None:
    keys = tmp_path / "keys"
    keys.write_text(RIGHT, "utf-8")

    with serve(API_KEYS_FILE=str(keys), WEB_CONCURRENCY="2") as service:
        wait_for("both workers", lambda: service.text().count("Serving ") == 2)
        keys.unlink()
        service.kill_worker(service.worker_pids()[0])
        wait_for("a failed try", lambda: "Trying again in 5 s." in service.text())
        health = {service.get("/readyz").status_code for _ in range(10)}
        keys.write_text(RIGHT, "utf-8")
        wait_for("the third worker", lambda: service.text().count("Serving ") == 3)
        mended = statuses_of(service)

    assert (health, mended) == ({200}, {200})


def test_a_made_up_address_is_not_believed_by_gunicorn_either(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # what some images set, and gunicorn heeds by itself

    with serve(WEB_CONCURRENCY="1", RATE_LIMIT="2/hour") as service:
        answers = [service.post("/predict", data=UPLOAD, headers=claiming(number)) for number in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert {answer.headers["Server"] for answer in answers} == {"gunicorn"}, "without its version"
    assert "203.0.113." not in service.text()
    assert "client=127.0.0.1" in service.text()


def statuses_of(service: Service) -> set[int]:
    """Of requests enough to reach both workers."""
    return {service.get("/model", headers=KEY).status_code for _ in range(8)}


def claiming(number: int) -> dict[str, str]:
    """Every header by which a client could say that it is another one."""
    names = ("X-Forwarded-For", "X-Real-IP", "Client-IP")
    address = f"203.0.113.{number}"
    return dict.fromkeys(names, address) | {
        "Forwarded": f"for={address}",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "SCRIPT_NAME": "/predict",  # where gunicorn lets whom it believes say that we are mounted
    }
