"""A start is quick and small: nothing is imported that was not asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inference.cores import usable_cores
from tests.service import ROOT, running

IMPORTED = "import json, sys, wsgi; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"

NOT_ASKED_FOR = {
    "boto3",
    "botocore",
    "flask_limiter",
    "keras",
    "limits",
    "matplotlib",
    "onnx",
    "PIL",
    "redis",
    "rich",
    "sklearn",
    "tensorflow",
    "urllib3",
}
"""What only S3, a rate, another kind of model, or training needs."""

A_COUNT = "expected 1 to 1024, how many workers to start; without it there is one for each core."


def test_a_bundled_start_imports_nothing_that_it_does_not_use() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    imported = set(json.loads(ran.stdout.splitlines()[-1]))

    assert "onnxruntime" in imported
    assert imported & NOT_ASKED_FOR == set()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("WEB_CONCURRENCY", "x", A_COUNT),
        ("WEB_CONCURRENCY", "0", A_COUNT),
        ("WEB_CONCURRENCY", "1.5", A_COUNT),
        ("PORT", "70000", "expected 1 to 65535, the port to listen on; without it that is 8000."),
    ],
)
def test_what_is_no_number_is_told_in_one_line(name: str, value: str, complaint: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "app"],
        cwd=ROOT,
        env=os.environ | {name: value},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"wardrobe: {name}={value}: {complaint}\n"


def test_an_empty_number_of_workers_is_as_good_as_none(tmp_path: Path) -> None:
    with running(tmp_path, WEB_CONCURRENCY="") as service:
        assert len(service.worker_pids()) == usable_cores()


def test_a_worker_holds_little_memory(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        held = [megabytes(pid) for pid in service.worker_pids()]

    assert max(held) < 120


def megabytes(pid: int) -> float:
    """Memory of a process (PSS: what it shares counts in part)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    [kilobytes] = [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    return kilobytes / 1024
