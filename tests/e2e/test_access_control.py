"""API keys and proxies of a real gunicorn, tried by unauthorised clients."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.security.api_keys import hash_of
from tests.service import Service, running
from tests.uploads import a_garment, in_base64, png
from tests.waiting import wait_for

UPLOAD = png(a_garment())
KEY = {"Authorization": "Bearer right-secret"}


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """A port of ours that nobody has any business with."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(0.5)
        yield listening


def touched(trap: socket.socket) -> bool:
    """Whether anybody has connected."""
    try:
        trap.accept()[0].close()
    except TimeoutError:
        return False
    return True


def lures(address: str) -> list[str]:
    """What looks like a picture elsewhere, to a server that would go and fetch it."""
    return [
        f"http://{address}/a.png",
        f"https://{address}/a.png",
        f"//{address}/a.png",
        f"ftp://{address}/a.png",
        "file:///etc/passwd",
        "/etc/passwd",
        "../../etc/passwd",
        f"data:http://{address}/a.png",
        f"data:image/png,http://{address}/a.png",
        f"data:image/svg+xml,<svg><image href='http://{address}/a.png'/></svg>",
        f"url(http://{address}/a.png)",
    ]


def test_an_address_in_place_of_a_picture_is_refused_and_never_visited(
    bundled_service: Service, trap: socket.socket
) -> None:
    addresses = lures(f"127.0.0.1:{trap.getsockname()[1]}")

    single = [bundled_service.post("/predict", json={"image": address}) for address in addresses]
    batch = bundled_service.post("/predict/batch", json={"images": addresses})
    errors = [item["error"] for item in batch.json()["predictions"]]

    assert [answer.status_code for answer in single] == [400] * len(addresses)
    assert [error["status"] for error in errors] == [400] * len(addresses)
    assert not touched(trap)
    assert "root:" not in batch.text + "".join(answer.text for answer in single)


def test_a_picture_that_points_elsewhere_is_refused_and_what_it_points_to_is_never_visited(
    bundled_service: Service, trap: socket.socket
) -> None:
    address = f"127.0.0.1:{trap.getsockname()[1]}"
    pointing = [
        f"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://{address}/a'/></svg>",
        f"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'http://{address}/'>]><a>&b;</a>",
        f"push graphic-context\nfill 'url(http://{address}/a.jpg)'\npop graphic-context",
        f"#EXTM3U\nhttp://{address}/a.png",
    ]

    answers = [
        bundled_service.post("/predict", json={"image": in_base64(text.encode())}) for text in pointing
    ]

    assert {answer.status_code for answer in answers} == {415}
    assert not touched(trap)


def test_keys_rotate_break_and_are_mended_while_the_service_runs(tmp_path: Path, little_store: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"shop:{hash_of('right-secret')}\n", "utf-8")

    two = {"MODEL_STORE": str(little_store), "API_KEYS_FILE": str(keys), "WEB_CONCURRENCY": "2"}

    with running(tmp_path, **two) as service:
        before = _statuses(service)
        keys.write_text(f"shop:{hash_of('right-secret')[:40]}", "utf-8")
        half_edited = _statuses(service)
        keys.unlink()
        gone = _statuses(service)
        health = {service.get(path).status_code for path in ("/healthz", "/readyz")}
        keys.write_text(f"shop:{hash_of('new-secret')}\n", "utf-8")
        withdrawn = _statuses(service)
        workers = len(service.worker_pids())

    log = service.log.read_text("utf-8")  # whole: lines are written behind the requests
    assert (before, half_edited, gone, withdrawn) == ({200}, {503}, {503}, {401})
    assert health == {200}
    assert 1 <= log.count("line 1: not `name:sha256`") <= workers  # once a worker, not once a request
    assert 1 <= log.count("No such file or directory. Everybody is refused until it is mended.") <= workers
    assert "can be read again: 1 keys" in log
    assert "Traceback" not in log
    assert "secret" not in log


def test_a_worker_that_dies_while_the_keys_cannot_be_read_takes_nobody_along(
    tmp_path: Path, little_store: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"shop:{hash_of('right-secret')}\n", "utf-8")
    two = {"MODEL_STORE": str(little_store), "API_KEYS_FILE": str(keys), "WEB_CONCURRENCY": "2"}

    with running(tmp_path, **two) as service:
        wait_for("both workers", lambda: service.log.read_text("utf-8").count("Serving ") == 2)
        keys.unlink()
        service.kill_worker(service.worker_pids()[0])
        wait_for("a failed try", lambda: "Trying again in 5 s." in service.log.read_text("utf-8"))
        health = {service.get("/readyz").status_code for _ in range(10)}
        keys.write_text(f"shop:{hash_of('right-secret')}\n", "utf-8")
        wait_for("the third worker", lambda: service.log.read_text("utf-8").count("Serving ") == 3)
        mended = _statuses(service)

    assert health == {200}
    assert mended == {200}


def test_a_made_up_address_is_not_believed_by_gunicorn_either(
    tmp_path: Path, little_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # what some images set, and gunicorn heeds by itself
    one = {"MODEL_STORE": str(little_store), "WEB_CONCURRENCY": "1", "RATE_LIMIT": "2/hour"}

    with running(tmp_path, **one) as service:
        statuses = [
            service.post("/predict", data=UPLOAD, headers=_claiming(number)).status_code
            for number in range(4)
        ]

    log = service.log.read_text("utf-8")  # whole: lines are written behind the requests
    assert statuses == [200, 200, 429, 429]
    assert "203.0.113." not in log
    assert "client=127.0.0.1" in log


def test_one_trusted_proxy_may_tell_one_address_and_its_client_none(
    tmp_path: Path, little_store: Path
) -> None:
    one = {"MODEL_STORE": str(little_store), "WEB_CONCURRENCY": "1", "RATE_LIMIT": "2/hour"}

    with running(tmp_path, TRUSTED_PROXIES="1", **one) as service:
        # A proxy appends the address that it sees; what stands before it, the client wrote.
        statuses = [
            service.post(
                "/predict", data=UPLOAD, headers={"X-Forwarded-For": f"192.0.2.{number}, 203.0.113.9"}
            ).status_code
            for number in range(3)
        ]
        other = service.post("/predict", data=UPLOAD, headers={"X-Forwarded-For": "203.0.113.10"})

    assert statuses == [200, 200, 429]
    assert other.status_code == 200


def test_no_answer_tells_which_versions_serve(bundled_service: Service) -> None:
    answers = [bundled_service.get(path) for path in ("/model", "/nowhere")]

    assert {answer.headers["Server"] for answer in answers} == {"gunicorn"}
    assert not any("X-Powered-By" in answer.headers for answer in answers)


def _statuses(service: Service) -> set[int]:
    """Of requests enough to reach both workers."""
    return {service.get("/model", headers=KEY).status_code for _ in range(8)}


def _claiming(number: int) -> dict[str, str]:
    """Every header by which a client could say that it is another one."""
    address = f"203.0.113.{number}"
    return {
        "X-Forwarded-For": address,
        "X-Real-IP": address,
        "Forwarded": f"for={address}",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Client-IP": address,
        "SCRIPT_NAME": "/predict",  # where gunicorn lets whom it believes say that we are mounted
    }
