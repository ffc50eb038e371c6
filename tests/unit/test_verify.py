"""A folder is a release only if it is exactly what its manifest says."""

import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.contract import whole_pictures
from model_store.errors import FormatRefused, ManifestInvalid, NotFound, ReleaseCorrupt, ReleaseError
from model_store.local import open_release
from tests.releases import CREATED_AT, a_release


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return a_release(tmp_path / "release")


def test_a_whole_release_opens_under_a_version_that_sha256sum_gives_too(folder: Path) -> None:
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


@pytest.mark.parametrize("name", ["photos.keras", "photos.onnx"])
def test_a_release_with_a_second_network_has_to_hold_it(tmp_path: Path, name: str) -> None:
    folder = a_release(tmp_path / "two", photos=whole_pictures(32, 3))
    (folder / name).unlink()
    rewrite(folder, lambda files: files.pop(name))

    with pytest.raises(ReleaseCorrupt, match=f"{re.escape(name)} is not in manifest"):
        open_release(folder)


def flip_a_byte(folder: Path) -> None:
    data = bytearray((folder / "model.onnx").read_bytes())
    data[100] ^= 1
    (folder / "model.onnx").write_bytes(data)


def truncate(folder: Path) -> None:
    (folder / "report.json").write_bytes(b"{}")


def remove_a_figure(folder: Path) -> None:
    (folder / "figures" / "confusion-matrix.png").unlink()


def add_a_figure(folder: Path) -> None:
    (folder / "figures" / "extra.png").write_bytes(b"")


def link_a_file(folder: Path) -> None:
    (folder / "model.onnx").rename(folder.parent / "elsewhere")
    (folder / "model.onnx").symlink_to(folder.parent / "elsewhere")


def link_a_folder(folder: Path) -> None:
    (folder / "figures").rename(folder.parent / "figures")
    (folder / "figures").symlink_to(folder.parent / "figures")


def rewrite(folder: Path, change: Callable[[dict[str, dict[str, object]]], object]) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    change(manifest["files"])
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def name_another_file(folder: Path) -> None:
    rewrite(folder, lambda files: files["model.onnx"].update(sha256="0" * 64))


def leave_the_model_out(folder: Path) -> None:
    (folder / "model.keras").unlink()
    rewrite(folder, lambda files: files.pop("model.keras"))


def remove_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


@pytest.mark.parametrize(
    ("damage", "error", "words"),
    [
        (flip_a_byte, ReleaseCorrupt, r"model\.onnx: sha256 [0-9a-f]{64}, but manifest\.json says"),
        (truncate, ReleaseCorrupt, r"report\.json: 2 bytes, but manifest\.json says \d{4}"),
        (remove_a_figure, ReleaseCorrupt, r"figures/confusion-matrix\.png missing"),
        (add_a_figure, ReleaseCorrupt, r"figures/extra\.png is not in manifest\.json"),
        (link_a_file, ReleaseCorrupt, r"model\.onnx: a link"),
        (link_a_folder, ReleaseCorrupt, "figures: a link"),
        (name_another_file, ReleaseCorrupt, "its files hash to"),
        (leave_the_model_out, ReleaseCorrupt, r"model\.keras is not in manifest\.json"),
        (remove_the_manifest, NotFound, r"manifest\.json: no such file"),
    ],
)
def test_a_folder_that_is_not_what_its_manifest_says_is_refused_and_the_difference_named(
    folder: Path, damage: Callable[[Path], None], error: type[ReleaseError | NotFound], words: str
) -> None:
    damage(folder)

    with pytest.raises(error, match=words):
        open_release(folder)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("model.h5", FormatRefused),
        ("MODEL.H5", FormatRefused),
        ("figures/weights.pkl", FormatRefused),
        ("scaler.joblib", FormatRefused),
        ("net.pth", FormatRefused),
        ("two words.png", ManifestInvalid),
    ],
)
def test_a_file_that_can_run_code_is_not_sealed(tmp_path: Path, name: str, error: type[ReleaseError]) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / name).write_bytes(b"")

    with pytest.raises(error, match=name):
        a_release(tmp_path)
