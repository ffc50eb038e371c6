"""The storage of rates never answers, refuses the password, or is no Redis: no request is lost."""

import socket

import pytest

from app.security import rate_limits
from tests.contract.service.conftest import MakeApp
from tests.redis_server import PASSWORD, redis_server
from tests.stub_server import answering
from tests.uploads import UPLOAD

UNREACHABLE = "Rate limit storage unreachable - falling back to in-memory storage"
"""What flask-limiter logs."""


def test_a_redis_that_never_answers_refuses_no_client_and_the_rate_counts_here(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        client = make_app(rate_limit="2/hour", rate_limit_storage=address).test_client()
        statuses = [client.post("/predict", data=UPLOAD).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert UNREACHABLE in capsys.readouterr().err


def test_a_redis_that_refuses_the_password_costs_no_request(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    with redis_server() as counts:
        wrong = counts.address.replace(PASSWORD, "not-the-secret")
        client = make_app(rate_limit="9/hour", rate_limit_storage=wrong).test_client()
        answer = client.post("/predict", data=UPLOAD)

    log = capsys.readouterr().err
    assert answer.status_code == 200
    assert UNREACHABLE in log
    assert "not-the-secret" not in log


def test_a_storage_that_is_no_redis_costs_no_request(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "STORAGE_TIMEOUT_SECONDS", 0.5)
    with answering(400) as (url, _):
        storage = url.replace("http", "redis")
        client = make_app(rate_limit="9/hour", rate_limit_storage=storage).test_client()
        statuses = [client.post("/predict", data=UPLOAD).status_code for _ in range(3)]

    assert statuses == [200, 200, 200]
