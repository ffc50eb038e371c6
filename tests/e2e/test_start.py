"""A start is quick and small, listens where it is told to, and ends with one line if it cannot serve."""

import json
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inference.cores import count_usable_cores
from tests.commands import done
from tests.e2e.conftest import Serve
from tests.service import ROOT, Service, free_port, ready, start, tcp_sockets
from tests.uploads import UPLOAD, png

pytestmark = pytest.mark.slow

IMPORTED = "import json, sys, wsgi; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
FOR_S3 = {"boto3", "botocore", "urllib3"}
FOR_A_RATE = {"flask_limiter", "limits", "redis"}
FOR_TRAINING = {"keras", "matplotlib", "onnx", "pillow_heif", "rich", "sklearn", "tensorflow"}

FILE_LIMIT = 1_000_000
"""Bytes beyond which a process under test may not write a file; a larger upload would have to."""

End = Callable[..., tuple[int, str]]


def test_a_bundled_start_imports_nothing_that_it_does_not_use() -> None:
    ran = done([sys.executable, "-c", IMPORTED])

    imported = set(json.loads(ran.stdout.splitlines()[-1]))

    assert "onnxruntime" in imported
    assert imported & (FOR_S3 | FOR_A_RATE | FOR_TRAINING) == set()


def test_wsgi_py_serves_when_python_runs_it_and_listens_where_bind_says(tmp_path: Path) -> None:
    service = start(tmp_path, words=["wsgi.py"], WEB_CONCURRENCY="1", BIND="0.0.0.0")

    try:
        service.wait_until_ready()
        answer, listening = service.get("/healthz"), listening_addresses(service)
    finally:
        service.stop()

    assert answer.json() == {"status": "live"}
    assert listening == ["00000000"]


def test_workers_are_one_a_core_hold_little_memory_and_write_no_upload_to_the_disk(serve: Serve) -> None:
    large = png(np.random.default_rng(0).integers(0, 256, (1200, 1200, 3), np.uint8))
    assert len(large) > 4 * FILE_LIMIT

    with serve(MODEL_STORE="bundled", WEB_CONCURRENCY="") as service:
        workers, listening = service.worker_pids(), listening_addresses(service)
        held = [megabytes(pid) for pid in workers]
        for pid in workers:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
        answers = [service.post("/predict", files={"image": ("a.png", large)}) for _ in range(8)]
        mapped = "".join(Path(f"/proc/{pid}/maps").read_text("utf-8") for pid in workers)

    assert listening == ["0100007F"]  # the loopback alone
    assert len(workers) == count_usable_cores()
    assert max(held) < 160
    assert {answer.status_code for answer in answers} == {200}
    assert [name for name in ("tensorflow", "keras", "matplotlib", "sklearn") if name in mapped] == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "RATE_LIMIT_STORAGE",
            "redis://:top-secret@cache:port/0",
            "WARDROBE_RATE_LIMIT_STORAGE: the address",
        ),
        ("GUNICORN_CMD_ARGS", "--worker-class=gevent", "gevent is no worker that serves here"),
        ("GUNICORN_CMD_ARGS", "-k sync", "`gunicorn -c /dev/null -k gthread --threads 4 wsgi:app` works"),
        ("PROMETHEUS_MULTIPROC_DIR", "/nowhere/counts", "=/nowhere/counts: No such file or directory. Make"),
    ],
)
def test_a_failed_start_has_one_status_and_ends_with_the_line_that_says_why(
    end_of_start: End, name: str, value: str, message: str
) -> None:
    status, log = end_of_start(**{name: value})

    assert status == 1, log
    [line] = {line for line in log.splitlines() if line.startswith("wardrobe: ")}
    assert message in line
    assert "Traceback" not in log
    assert "top-secret" not in log
    assert log.splitlines()[-1] == line


def test_with_json_logs_the_reason_of_a_failed_start_is_the_last_line_and_json(end_of_start: End) -> None:
    status, log = end_of_start(SLOTS="many", LOG_FORMAT="json")

    last = [json.loads(line) for line in log.splitlines()][-1]
    assert status != 0
    assert (last["level"], "WARDROBE_SLOTS=many: expected" in last["message"]) == ("CRITICAL", True)


def test_threads_that_the_worker_does_not_use_are_one_line_of_the_log(serve: Serve) -> None:
    with serve(GUNICORN_CMD_ARGS="--threads 3", WEB_CONCURRENCY="2") as service:
        log = service.text()

    [line] = [line for line in log.splitlines() if "--threads" in line]
    assert "--threads 3 has no effect" in line
    assert "warning" in line


def test_the_line_for_other_workers_names_a_start_that_works(tmp_path: Path) -> None:
    port = str(free_port())
    words = ["-m", "gunicorn", "-c", "/dev/null", "-k", "gthread", "--threads", "4", "wsgi:app"]
    given = f"--bind 127.0.0.1:{port} --no-control-socket"

    with ready(start(tmp_path, words=words, PORT=port, GUNICORN_CMD_ARGS=given)) as service:
        answer = service.post("/predict", data=UPLOAD)

    assert answer.status_code == 200, service.text()
    assert "Using worker: gthread" in service.text()


def test_the_log_says_which_file_of_variables_was_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / ".env").write_text(f"WARDROBE_MODEL_STORE={tmp_path}/empty\n", "utf-8")

    ended = done([sys.executable, "-m", "app"], tmp_path, PYTHONPATH=str(ROOT), PORT=str(free_port()))

    assert f"{tmp_path}/.env was read; variables of the environment prevail." in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("wardrobe: ")
    assert f"{tmp_path}/empty" in ended.stderr.splitlines()[-1]
    assert ended.returncode == 1, ended.stderr


A_LATER_WORKER = """
import sys, wsgi
from pathlib import Path
from app.settings import Settings
shared = Path(sys.argv[1])
(shared / "started").touch()
wsgi.create_app, wsgi.RETRY_SECONDS = lambda settings: settings.no_such_field, 0
wsgi.start(Settings(prometheus_dir=shared))
"""


def test_a_later_worker_that_fails_in_an_unforeseen_way_is_tried_again_by_the_master(tmp_path: Path) -> None:
    ended = done([sys.executable, "-c", A_LATER_WORKER, str(tmp_path)])

    # gunicorn's master ends the service at statuses 3 and 4 alone.
    assert ended.returncode == 1, ended.stderr
    assert "no_such_field" in ended.stderr
    assert "wardrobe: a worker cannot start. Trying again in 0 s.\n" in ended.stderr


def test_a_port_in_use_ends_the_start_with_one_line(end_of_start: End) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        status, log = end_of_start(PORT=address.rpartition(":")[2])

    advice = "Choose another port with PORT=, or address with BIND=."
    assert (status, log) == (1, f"wardrobe: {address}: Address already in use. {advice}\n")


def listening_addresses(service: Service) -> list[str]:
    """Where its port takes connections, as /proc/net/tcp has it."""
    return [row[1].partition(":")[0] for row in tcp_sockets(service.port, "0A")]


def megabytes(pid: int) -> float:
    """Memory of a process (PSS: what it shares counts in part)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    [kilobytes] = [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    return kilobytes / 1024
