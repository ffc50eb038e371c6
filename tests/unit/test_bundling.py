"""The bundled release is replaced whole, and not by a worse one."""

from pathlib import Path

import pytest

from model_store.errors import GateRefused, ReleaseCorrupt
from model_store.local import open_release
from model_store.publish import replace_bundled
from tests.releases import a_release


def test_a_new_bundled_release_leaves_nothing_of_the_old_one(tmp_path: Path) -> None:
    old, new = a_release(tmp_path / "old", seed=1), a_release(tmp_path / "new", seed=2)
    replace_bundled(old, tmp_path / "place" / "bundled", force=False)

    replace_bundled(new, tmp_path / "place" / "bundled", force=False)

    assert open_release(tmp_path / "place" / "bundled").version == open_release(new).version
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["bundled"]


def test_a_worse_release_does_not_replace_the_bundled_one(tmp_path: Path) -> None:
    good, bad = (
        a_release(tmp_path / "good", accuracy=0.93),
        a_release(tmp_path / "bad", seed=2, accuracy=0.80),
    )
    replace_bundled(good, tmp_path / "bundled", force=False)

    with pytest.raises(GateRefused):
        replace_bundled(bad, tmp_path / "bundled", force=False)

    assert open_release(tmp_path / "bundled").version == open_release(good).version


def test_a_damaged_release_replaces_nothing(tmp_path: Path) -> None:
    good, damaged = a_release(tmp_path / "good"), a_release(tmp_path / "damaged", seed=2)
    replace_bundled(good, tmp_path / "bundled", force=False)
    (damaged / "model.onnx").write_bytes(b"")

    with pytest.raises(ReleaseCorrupt):
        replace_bundled(damaged, tmp_path / "bundled", force=False)

    assert open_release(tmp_path / "bundled").version == open_release(good).version
