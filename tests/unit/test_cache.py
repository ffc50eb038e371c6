"""The cache: what stays, what serves when the store is away, and what a bare artifact is."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model_store.cache import ARRIVING, last_good, prune_cache, pull, pull_bare, release_folder, remember
from model_store.errors import FormatRefused, NotFound, NothingPromoted, ReleaseCorrupt, StoreRefused
from model_store.folder import PARTIAL, PARTIAL_SECONDS, FolderStore
from model_store.local import BareArtifact, open_bare, open_release
from model_store.publish import publish
from tests.releases import a_release

SINCE = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)


def pulled(tmp_path: Path, seed: int, used: int) -> str:
    """Publish and pull a release that was used last at `used` seconds."""
    store = FolderStore(tmp_path / "store")
    version = publish(a_release(tmp_path / str(seed), seed=seed), store, by="ann").manifest.version
    release = pull(store, version, tmp_path / "cache")
    os.utime(release.folder, (used, used))
    return version


def test_a_release_in_the_cache_is_used_without_asking_the_store(tmp_path: Path) -> None:
    version = pulled(tmp_path, seed=1, used=1)

    release = pull(FolderStore(tmp_path / "no-store"), version, tmp_path / "cache")

    assert release.version == version


def test_a_release_that_was_damaged_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    version = pulled(tmp_path, seed=1, used=1)
    (release_folder(tmp_path / "cache", version) / "model.onnx").write_bytes(b"damaged")

    release = pull(FolderStore(tmp_path / "store"), version, tmp_path / "cache")

    assert open_release(release.folder).version == version


@pytest.mark.parametrize("version", ["../../etc", "latest", "20261120T101500Z-3f9a1c2e/.."])
def test_a_version_that_is_none_is_not_looked_for_on_the_disk(tmp_path: Path, version: str) -> None:
    with pytest.raises(NotFound, match="is no version"):
        pull(FolderStore(tmp_path), version, tmp_path / "cache")


def test_what_was_current_is_remembered_for_its_store_alone(tmp_path: Path) -> None:
    version = pulled(tmp_path, seed=1, used=1)
    cache = tmp_path / "cache"
    remember(cache, "s3://shop/a", open_release(release_folder(cache, version)), SINCE)

    found = last_good(cache, "s3://shop/a")

    assert found is not None
    assert (found.release.version, found.since) == (version, SINCE)
    assert last_good(cache, "s3://shop/b") is None


def test_what_was_current_and_is_damaged_now_is_not_served(tmp_path: Path) -> None:
    version = pulled(tmp_path, seed=1, used=1)
    cache = tmp_path / "cache"
    remember(cache, "s3://shop/a", open_release(release_folder(cache, version)), SINCE)
    (release_folder(cache, version) / "model.onnx").write_bytes(b"damaged")

    assert last_good(cache, "s3://shop/a") is None


def test_a_bare_artifact_is_remembered_too(tmp_path: Path) -> None:
    bare_upload(tmp_path / "store", "model.keras", "metrics.json")
    artifact = pull_bare(FolderStore(tmp_path / "store"), tmp_path / "cache")
    remember(tmp_path / "cache", "s3://shop/a", artifact, SINCE)

    found = last_good(tmp_path / "cache", "s3://shop/a")

    assert found is not None
    assert found.release == artifact


def test_the_releases_used_last_stay_in_the_cache(tmp_path: Path) -> None:
    versions = [pulled(tmp_path, seed, used) for seed, used in ((1, 300), (2, 100), (3, 200))]

    removed = prune_cache(tmp_path / "cache", keep=2, in_use=[])

    assert removed == [versions[1]]


def test_a_release_in_use_stays_whatever_its_age(tmp_path: Path) -> None:
    versions = [pulled(tmp_path, seed, used) for seed, used in ((1, 100), (2, 200), (3, 300))]

    removed = prune_cache(tmp_path / "cache", keep=1, in_use=[versions[0]])

    assert sorted(removed) == sorted(versions[1:])


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file")

    with pytest.raises(StoreRefused, match=r"cache: .*The cache needs a folder to write to"):
        prune_cache(tmp_path / "cache", keep=3, in_use=[])


@pytest.mark.parametrize("name", [".lock", "releases", "bare", "releases/VERSION"])
def test_a_symbolic_link_in_the_cache_is_not_followed(tmp_path: Path, name: str) -> None:
    store, cache, outside = FolderStore(tmp_path / "store"), tmp_path / "cache", tmp_path / "outside"
    version = publish(a_release(tmp_path / "1", seed=1), store, by="ann").manifest.version
    bare_upload(tmp_path / "bare store", "model.keras", "metrics.json")
    outside.mkdir()
    (outside / "kept").write_bytes(b"kept")
    link = cache / name.replace("VERSION", version)
    link.parent.mkdir(parents=True)
    link.symlink_to(outside / "kept" if name == ".lock" else outside)
    pull_it = {
        "bare": lambda: pull_bare(FolderStore(tmp_path / "bare store"), cache),
    }.get(name, lambda: pull(store, version, cache))

    with pytest.raises(StoreRefused, match=str(link)):
        pull_it()
    with pytest.raises(StoreRefused, match=str(link)):
        prune_cache(cache, keep=0, in_use=[])

    assert [path.name for path in outside.rglob("*")] == ["kept"]
    assert (outside / "kept").read_bytes() == b"kept"


def test_what_a_crash_left_half_there_is_removed(tmp_path: Path) -> None:
    (tmp_path / f"{ARRIVING}x").mkdir()

    prune_cache(tmp_path, keep=3, in_use=[])

    assert not (tmp_path / f"{ARRIVING}x").exists()


def test_a_half_written_file_of_yesterday_is_removed_from_a_folder_store(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.create("key", b"")
    left = tmp_path / PARTIAL / "left"
    left.write_bytes(b"half")
    old = left.stat().st_mtime - PARTIAL_SECONDS - 1
    os.utime(left, (old, old))

    store.create("other", b"")

    assert not left.exists()
    assert [entry.key for entry in store.entries("")] == ["key", "other"]


def bare_upload(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())
    return folder


def test_one_model_and_one_metrics_file_are_found_whatever_they_are_called(tmp_path: Path) -> None:
    bare_upload(tmp_path, "My Model.KERAS", "eval-2026.json", "README.md")

    artifact = open_bare(tmp_path)

    assert isinstance(artifact, BareArtifact)
    assert (artifact.model.name, artifact.report.name) == ("My Model.KERAS", "eval-2026.json")


@pytest.mark.parametrize(
    ("names", "error", "words"),
    [
        ((), NothingPromoted, "neither a promoted release nor a .keras file"),
        (("metrics.json",), NothingPromoted, "neither a promoted release nor a .keras file"),
        (("a.keras",), ReleaseCorrupt, "a model without its metrics"),
        (("a.keras", "b.keras", "m.json"), ReleaseCorrupt, r"2 \.keras files \(a\.keras, b\.keras\)"),
        (("a.keras", "m.json", "n.json"), ReleaseCorrupt, r"2 \.json files \(m\.json, n\.json\)"),
        (
            ("a.h5", "m.json"),
            FormatRefused,
            r"a\.h5: \.h5 files can run code.*model\.save|\.save\('model\.keras",
        ),
        (("a.keras", "b.pkl", "m.json"), FormatRefused, r"b\.pkl: \.pkl files can run code"),
    ],
)
def test_any_other_folder_is_refused_by_what_is_wrong_with_it(
    tmp_path: Path, names: tuple[str, ...], error: type[Exception], words: str
) -> None:
    bare_upload(tmp_path, *names)

    with pytest.raises(error, match=words):
        open_bare(tmp_path)
