"""A start is quick and small: nothing is imported that was not asked for."""

import json
import subprocess
import sys

import pytest

from benchmarks.side_by_side.peers import BY_NAME, OURS, ROOT
from benchmarks.side_by_side.servers import serving

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


def test_a_bundled_start_imports_nothing_that_it_does_not_use() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    imported = set(json.loads(ran.stdout.splitlines()[-1]))

    assert "onnxruntime" in imported
    assert imported & NOT_ASKED_FOR == set()


def test_master_and_workers_hold_little_memory(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(BY_NAME[OURS], tmp_path_factory.mktemp("start")) as server:
        master, *workers = server.family.megabytes_each()

    # 25 and 60 were measured.
    assert master < 75
    assert max(workers) < 120
