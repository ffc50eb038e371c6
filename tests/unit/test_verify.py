"""A version that anyone can compute, and what is not sealed; what is not opened: test_bad_releases.py."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from model_store.errors import ManifestInvalid, ReleaseError, UnsafeFormat
from model_store.local_releases import open_release
from tests.releases import CREATED_AT, a_release


def test_a_whole_release_opens_under_a_version_that_sha256sum_gives_too(tmp_path: Path) -> None:
    folder = a_release(tmp_path / "release")
    listing = "find . -type f ! -name manifest.json -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum"
    printed = subprocess.run(listing, shell=True, cwd=folder, check=True, capture_output=True).stdout

    release = open_release(folder)

    assert release.version == f"{CREATED_AT:%Y%m%dT%H%M%SZ}-{hashlib.sha256(printed).hexdigest()[:8]}"
    assert set(release.manifest.files) == {
        "model.keras",
        "model.onnx",
        "report.json",
        "answers.csv.gz",
        "figures/confusion-matrix.png",
    }


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("MODEL.H5", UnsafeFormat),
        ("figures/weights.pkl", UnsafeFormat),
        ("two words.png", ManifestInvalid),
    ],
)
def test_a_file_that_can_run_code_is_not_sealed(tmp_path: Path, name: str, error: type[ReleaseError]) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / name).write_bytes(b"")

    with pytest.raises(error, match=name):
        a_release(tmp_path)
