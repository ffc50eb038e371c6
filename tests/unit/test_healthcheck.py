"""What the image's HEALTHCHECK asks; tests/e2e/test_container.py runs it in one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.healthcheck import port_in_use
from tests.service import ROOT, free_port


@pytest.mark.parametrize(
    ("name", "port"), [("environ", "8080"), ("environ-of-others", "8000"), ("not-to-be-read", "8000")]
)
def test_the_port_that_sagemaker_named_outranks_the_images_own(tmp_path: Path, name: str, port: str) -> None:
    (tmp_path / "environ").write_bytes(b"PATH=/bin\0PORT=8080\0MOTTO=a=b\0")
    (tmp_path / "environ-of-others").write_bytes(b"HOME=/\0")

    assert port_in_use({"PORT": "8000"}, tmp_path / name) == port


def test_nobody_there_is_exit_1_and_a_line() -> None:
    port = str(free_port())

    ended = subprocess.run(
        [sys.executable, "-m", "app.healthcheck"],
        cwd=ROOT,
        env=os.environ | {"PORT": port},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"wardrobe: http://127.0.0.1:{port}/healthz: ")
    assert "refused" in ended.stderr
