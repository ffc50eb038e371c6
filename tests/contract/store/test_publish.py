"""Publishing, pulling and looking after releases, on every store."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from model_store.cache import pull_release
from model_store.errors import (
    AlreadyExists,
    GateRefused,
    ReleaseCorrupt,
    StoreError,
)
from model_store.local_releases import open_release
from model_store.promotions import read_current_promotion, read_newest_promotion, roll_back_release
from model_store.publish import list_prunable_releases, prune_releases, publish_release
from model_store.signing import TrustedKeys, create_key_pair, read_trusted_keys, sign_release
from model_store.store import Store
from model_store.store_keys import list_releases, make_file_key, make_manifest_key
from reports.judge import judge_release
from tests.contract.store.conftest import on_a_folder

Make = Callable[..., Path]


def overwrite(store: Store, key: str, data: bytes, scratch: Path) -> None:
    (scratch / "source").write_bytes(data)
    store.upload(key, scratch / "source")


def published(store: Store, folder: Path, *, promoted: bool = True) -> str:
    """Publish a release; its version."""
    return publish_release(folder, store, judge_release, author="ann", promote=promoted).manifest.version


def test_a_published_release_is_current_and_pulls_whole(store: Store, releases: Make, tmp_path: Path) -> None:
    folder = releases(1)

    made = publish_release(folder, store, judge_release, author="ann")
    pulled = pull_release(store, read_current_promotion(store).version, tmp_path / "cache")

    assert made.promotion == read_newest_promotion(store)
    assert pulled.version == open_release(folder).version
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 6
    assert all((pulled.folder / path).read_bytes() == (folder / path).read_bytes() for path in files)


@on_a_folder
def test_publishing_again_mends_what_was_damaged(store: Store, releases: Make, tmp_path: Path) -> None:
    version = published(store, releases(1))
    before, key = store.list_entries(""), make_file_key(version, "model.onnx")
    overwrite(store, key, b"damaged", tmp_path)

    published(store, releases(1))

    assert [one for one in store.list_entries("") if one.key != key] == [
        one for one in before if one.key != key
    ]
    assert pull_release(store, version, tmp_path / "cache").version == version


def worse(store: Store, folder: Path) -> None:
    """It is worse anyway."""


def damaged(store: Store, folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"damaged")


def another_of_its_version(store: Store, folder: Path) -> None:
    store.create(make_manifest_key(open_release(folder).version), b"{}")


@on_a_folder
@pytest.mark.parametrize(
    ("spoil", "accuracy", "error", "words"),
    [
        (worse, 0.50, GateRefused, r"50\.00% right, before 93\.00%"),
        (damaged, 0.93, ReleaseCorrupt, r"model\.onnx: 7 bytes"),
        (another_of_its_version, 0.93, AlreadyExists, "another release of this version"),
    ],
)
def test_what_is_refused_sends_nothing(  # noqa: PLR0917 - fixtures and a case's four parts
    store: Store,
    releases: Make,
    spoil: Callable[[Store, Path], None],
    accuracy: float,
    error: type[StoreError],
    words: str,
) -> None:
    published(store, releases(1, accuracy=0.50))
    published(store, releases(2, accuracy=0.93))
    folder = releases(3, accuracy=accuracy)
    spoil(store, folder)
    before = store.list_entries("")

    with pytest.raises(error, match=words):
        publish_release(folder, store, judge_release, author="ann")

    assert store.list_entries("") == before


def test_prune_keeps_current_and_those_before_it_and_removes_the_rest_with_their_signatures(
    store: Store, releases: Make, tmp_path: Path
) -> None:
    versions = [published(store, releases(seed)) for seed in (1, 2, 3)]
    signed(releases(5), tmp_path)
    orphan = published(store, releases(5), promoted=False)
    unfinished = "20261120T101500Z-00000000"  # a publisher was killed
    store.create(make_file_key(unfinished, "model.onnx"), b"half")
    spared = list_prunable_releases(store, keep=2)

    removed = prune_releases(store, keep=2, older_than=timedelta(0))

    assert spared == []  # within the last hour, which may be promoted at this moment
    assert {release.version for release in removed} == {versions[0], orphan, unfinished}
    assert {release.version for release in list_releases(store)} == {versions[1], versions[2]}
    assert roll_back_release(store, "ann").version == versions[1]


def signed(folder: Path, keys: Path) -> TrustedKeys:
    """Sign a release with a new key; the trust in it."""
    keys.mkdir(exist_ok=True)
    public = create_key_pair(keys / "key.pem")
    sign_release(folder, keys / "key.pem")
    return read_trusted_keys(public)


@on_a_folder
def test_a_published_release_can_be_signed_later(store: Store, releases: Make, tmp_path: Path) -> None:
    folder, cache = releases(1), tmp_path / "cache"
    first = publish_release(folder, store, judge_release, author="ann")
    pull_release(store, first.manifest.version, cache)

    for keys in ("ours", "next"):
        trusted = signed(folder, tmp_path / keys)
        again = publish_release(folder, store, judge_release, author="ann")
        pulled = pull_release(store, first.manifest.version, cache, trusted)

        assert again.promotion == first.promotion
        assert (pulled.folder / "manifest.sig").read_bytes() == (folder / "manifest.sig").read_bytes()
