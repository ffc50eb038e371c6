"""A release's answers to its test set: compared as releases are published, and refused where damaged."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from model_store.errors import GateRefused, ReleaseCorrupt
from model_store.evidence import evidence_in_folder, evidence_in_store
from model_store.local import bundled, open_release
from model_store.manifest import FileEntry, Manifest
from model_store.predictions import (
    PHOTO_PREDICTIONS,
    PREDICTIONS,
    TEST_SET,
    PhotoPrediction,
    Right,
    photo_predictions_in,
    photo_predictions_text,
    predictions_in,
    predictions_text,
    right_in,
)
from model_store.promotions import current
from model_store.publish import promote, publish
from model_store.store import FolderStore
from tests.releases import CREATED_AT, a_release

N = 10_000
"""Pictures in the test set of `a_release`."""


def right_but(wrong: range) -> Right:
    right = np.ones(N, bool)
    right[list(wrong)] = False
    return right


def listing(path: str, content: bytes) -> Manifest:
    """The manifest of the bundled release, with one file more."""
    manifest = bundled().manifest
    entry = FileEntry(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    return manifest.model_copy(update={"files": {**manifest.files, path: entry}})


def released(folder: Path, seed: int, right: Right | None, accuracy: float | None = None) -> Path:
    claimed = float(right.mean()) if right is not None else accuracy or 0.0
    at = CREATED_AT + timedelta(seconds=seed)
    return a_release(folder / str(seed), seed=seed, accuracy=claimed, created_at=at, right=right)


def by_publishing(folder: Path, first: Path, second: Path) -> None:
    store = FolderStore(folder / "store")
    publish(first, store, by="ann")
    publish(second, store, by="ann")


def by_promoting(folder: Path, first: Path, second: Path) -> None:
    store = FolderStore(folder / "store")
    publish(first, store, by="ann")
    sent = publish(second, store, by="ann", promote=False)
    promote(sent.manifest.version, store, by="ann")


@pytest.mark.parametrize("follow", [by_publishing, by_promoting])
def test_a_release_that_is_worse_by_two_tenths_of_a_point_is_refused(
    tmp_path: Path, follow: Callable[[Path, Path, Path], None]
) -> None:
    first = released(tmp_path, 1, right_but(range(700)))
    second = released(tmp_path, 2, right_but(range(20, 740)))

    with pytest.raises(GateRefused, match=r"20 newly right, 40 newly wrong, p = 0\.0067"):
        follow(tmp_path, first, second)


def test_a_release_that_keeps_no_predictions_is_compared_by_accuracy_alone(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    publish(released(tmp_path, 1, right_but(range(700))), store, by="ann")

    old = publish(released(tmp_path, 2, None, accuracy=0.928), store, by="ann")
    new = publish(released(tmp_path, 3, right_but(range(695))), store, by="ann")

    assert "noise 0.006" in old.verdict
    assert "noise 0.006" in new.verdict
    assert current(store).version == new.manifest.version


def test_predictions_are_read_back_from_folder_and_store_as_they_were(tmp_path: Path) -> None:
    right = right_but(range(3, 9))
    release, store = open_release(released(tmp_path, 1, right)), FolderStore(tmp_path / "store")
    publish(release.folder, store, by="ann")

    found = [evidence_in_folder(release).right, evidence_in_store(store, release.manifest).right]

    assert all(one is not None and np.array_equal(one, right) for one in found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("truth,predicted\n0,0\n", "1 rows, but the test set has 10000 pictures"),
        ("truth,predicted\n" + "0,x\n" * N, "Expected a row `truth,predicted` per picture"),
        ("truth,predicted\n" + "0,0,0\n" * N, "Expected a row `truth,predicted` per picture"),
        ("", "Expected a row `truth,predicted` per picture"),
    ],
)
def test_predictions_of_another_form_are_refused_with_their_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setattr("tests.releases.predictions_text", lambda *_: text)
    release = open_release(released(tmp_path, 1, right_but(range(700))))

    with pytest.raises(ReleaseCorrupt, match=f"{PREDICTIONS}: .*{message}"):
        evidence_in_folder(release)


def test_a_picture_of_a_file_is_named_by_its_content_and_its_group(tmp_path: Path) -> None:
    digests, groups = ("0123456789abcdef" * 4, "fedcba9876543210" * 4), ("0123456789abcdef" * 4,) * 2
    text = predictions_text(np.array([3, 3]), np.array([3, 6]), digests, groups).encode()
    manifest = listing(PREDICTIONS, text)
    manifest = manifest.model_copy(update={"headline": manifest.headline.model_copy(update={"test_n": 2})})

    found = predictions_in(manifest, lambda _: text, "here")

    assert text.splitlines()[0] == b"truth,predicted,picture,group"
    assert found == {
        "0123456789abcdef": PhotoPrediction("0123456789abcdef", TEST_SET, 3, 3),
        "fedcba9876543210": PhotoPrediction("0123456789abcdef", TEST_SET, 3, 6),
    }
    assert right_in(manifest, lambda _: text, "here").tolist() == [True, False]  # type: ignore[union-attr]


def test_answers_to_photos_are_read_back_as_they_were() -> None:
    kept = {
        "00ff": PhotoPrediction("sender 7", "B, worn", 3, 3),
        "ab12": PhotoPrediction("sender 9", "C", 3, 6),
    }
    text = photo_predictions_text(kept).encode()

    manifest = listing(PHOTO_PREDICTIONS, text)

    assert photo_predictions_in(manifest, lambda _: text, "here") == kept


@pytest.mark.parametrize("text", ["photo\nab12,7,C,3\n", "photo\nab12,7,C,3,x\n"])
def test_answers_to_photos_of_another_form_are_refused(text: str) -> None:
    manifest = listing(PHOTO_PREDICTIONS, text.encode())

    with pytest.raises(
        ReleaseCorrupt, match=r"here/photo-predictions\.csv: .*Expected a row `photo,group,tier"
    ):
        photo_predictions_in(manifest, lambda _: text.encode(), "here")


def test_predictions_that_were_changed_in_the_store_are_not_believed(tmp_path: Path) -> None:
    folder = released(tmp_path, 1, right_but(range(700)))
    store = FolderStore(tmp_path / "store")
    manifest = publish(folder, store, by="ann").manifest
    kept = tmp_path / "store" / "releases" / manifest.version / PREDICTIONS
    kept.write_text(kept.read_text().replace("0,1", "0,0"))

    with pytest.raises(ReleaseCorrupt, match="its sha256 is not that of the manifest"):
        publish(released(tmp_path, 2, right_but(range(800))), store, by="ann")


@pytest.mark.parametrize(
    ("path", "content", "read"),
    [
        (PREDICTIONS, "truth,predicted,picture,group\n" + "0,0,aa,aa\n" * N, predictions_in),
        (PHOTO_PREDICTIONS, "photo,group,tier,truth,predicted\n" + "aa,g,A,0,0\n" * 2, photo_predictions_in),
    ],
)
def test_a_picture_with_two_rows_would_hide_a_group_and_is_refused(
    path: str, content: str, read: Callable[..., object]
) -> None:
    with pytest.raises(ReleaseCorrupt, match="the picture aa has two rows"):
        read(listing(path, content.encode()), lambda _: content.encode(), "here")
