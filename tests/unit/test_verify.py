"""A folder is a release only if it is exactly what its manifest says."""

import hashlib
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model_store.errors import FormatRefused, ManifestInvalid, NotFound, ReleaseCorrupt
from model_store.files import content_hash
from model_store.local import open_release
from model_store.manifest import FileEntry
from tests.releases import CREATED_AT, a_release


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return a_release(tmp_path / "release")


def test_a_whole_release_opens_under_its_name(folder: Path) -> None:
    release = open_release(folder)

    assert release.version.startswith(f"{CREATED_AT:%Y%m%dT%H%M%SZ}-")
    assert set(release.manifest.files) == {
        "model.keras",
        "model.onnx",
        "report.json",
        "figures/confusion-matrix.png",
    }


def test_the_same_content_has_the_same_name_and_other_content_another(tmp_path: Path) -> None:
    names = [
        open_release(a_release(tmp_path / str(n), seed=seed)).version for n, seed in enumerate((1, 1, 2))
    ]

    assert names[0] == names[1] != names[2]


def test_a_version_can_be_worked_out_with_sha256sum(folder: Path) -> None:
    listing = "find . -type f ! -name manifest.json -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum"

    printed = subprocess.run(listing, shell=True, cwd=folder, check=True, capture_output=True).stdout

    assert open_release(folder).version.endswith(hashlib.sha256(printed).hexdigest()[:8])


def test_a_time_in_another_zone_is_named_in_utc(tmp_path: Path) -> None:
    made = datetime.fromisoformat("2026-11-20T12:15:00+02:00")

    manifest = open_release(a_release(tmp_path / "release", created_at=made)).manifest

    assert manifest.version.startswith("20261120T101500Z-")
    assert manifest.created_at == made.astimezone(UTC)


def test_sealing_twice_leaves_no_trace_of_the_first_manifest(tmp_path: Path) -> None:
    a_release(tmp_path / "release", seed=1)

    a_release(tmp_path / "release", seed=2)

    assert open_release(tmp_path / "release").manifest.training["seed"] == 2
    assert list((tmp_path / "release").glob(".*")) == []


def test_a_flipped_byte_is_found_and_the_file_named(folder: Path) -> None:
    data = bytearray((folder / "model.onnx").read_bytes())
    data[100] ^= 1
    (folder / "model.onnx").write_bytes(data)

    with pytest.raises(ReleaseCorrupt, match=r"model\.onnx: sha256 [0-9a-f]{64}, but manifest\.json says"):
        open_release(folder)


def test_a_truncated_file_is_found_by_its_size(folder: Path) -> None:
    (folder / "report.json").write_bytes(b"{}")

    with pytest.raises(ReleaseCorrupt, match=r"report\.json: 2 bytes, but manifest\.json says \d{4}"):
        open_release(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "figures" / "confusion-matrix.png").unlink()

    with pytest.raises(ReleaseCorrupt, match=r"figures/confusion-matrix\.png missing"):
        open_release(folder)


@pytest.mark.parametrize("name", ["extra.txt", "figures/extra.png", ".hidden"])
def test_a_file_that_the_manifest_does_not_know_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")

    with pytest.raises(ReleaseCorrupt, match=f"{name} is not in manifest.json"):
        open_release(folder)


def test_a_link_is_refused_even_to_the_right_bytes(folder: Path) -> None:
    (folder / "model.onnx").rename(folder.parent / "elsewhere")
    (folder / "model.onnx").symlink_to(folder.parent / "elsewhere")

    with pytest.raises(ReleaseCorrupt, match=r"model\.onnx: a link"):
        open_release(folder)


def test_a_linked_folder_is_refused(folder: Path) -> None:
    (folder / "figures").rename(folder.parent / "figures")
    (folder / "figures").symlink_to(folder.parent / "figures")

    with pytest.raises(ReleaseCorrupt, match="figures: a link"):
        open_release(folder)


def test_a_path_out_of_the_folder_is_refused_before_any_file_is_read(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"]["../outside"] = {"sha256": "0" * 64, "size": 0}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    with pytest.raises(ManifestInvalid, match="files"):
        open_release(folder)


def test_a_manifest_that_was_given_another_file_list_no_longer_fits_its_version(folder: Path) -> None:
    text = (folder / "manifest.json").read_text("utf-8")
    entry = open_release(folder).manifest.files["model.onnx"]
    (folder / "manifest.json").write_text(text.replace(entry.sha256, "0" * 64), "utf-8")

    with pytest.raises(ReleaseCorrupt, match="its files hash to"):
        open_release(folder)


@pytest.mark.parametrize("name", ["model.h5", "MODEL.H5", "figures/weights.pkl", "scaler.joblib", "net.pth"])
def test_a_release_with_a_format_that_can_run_code_is_not_sealed(tmp_path: Path, name: str) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / name).write_bytes(b"")

    with pytest.raises(FormatRefused, match=name):
        a_release(tmp_path)


def test_a_file_name_that_no_url_could_carry_is_not_sealed(tmp_path: Path) -> None:
    (tmp_path / "two words.png").write_bytes(b"")

    with pytest.raises(ManifestInvalid, match=r"files\.two words\.png"):
        a_release(tmp_path)


def test_a_folder_without_a_manifest_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"manifest\.json: no such file"):
        open_release(tmp_path)


def test_a_file_that_a_release_must_have_cannot_be_left_out(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    del manifest["files"]["model.keras"]
    (folder / "model.keras").unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    with pytest.raises(ReleaseCorrupt, match=r"model\.keras is not in manifest\.json"):
        open_release(folder)


def test_the_content_hash_does_not_depend_on_order() -> None:
    one, two = FileEntry(sha256="1" * 64, size=1), FileEntry(sha256="2" * 64, size=2)

    assert content_hash({"a": one, "b": two}) == content_hash({"b": two, "a": one})
    assert content_hash({"a": one, "b": two}) != content_hash({"a": two, "b": one})
