"""The cache: what stays, what serves when the store is away, and what a bare artifact is."""

import os
import pwd
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model_store.cache import (
    ARRIVING_PREFIX,
    get_cached_release_path,
    pull_bare_artifact,
    pull_release,
    resolve_cache_folder,
)
from model_store.cache_notes import (
    MIN_UNUSED_SECONDS,
    find_remembered_release,
    prune_cache,
    remember_current_release,
)
from model_store.errors import (
    BadAddress,
    NotFound,
    NothingPromoted,
    ReleaseCorrupt,
    StoreRefused,
    UnsafeFormat,
)
from model_store.local_releases import open_bare_artifact, open_release
from model_store.named_release import find_release, parse_store_address
from model_store.publish import publish_release
from model_store.store import MAX_PARTIAL_AGE_SECONDS, PARTIAL_FOLDER, FolderStore, open_store
from reports.judge import describe_release_verdict
from tests.releases import a_release

SINCE = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three releases."""
    folder = tmp_path_factory.mktemp("shelf")
    return [a_release(folder / str(seed), seed=seed, keeps_answers=False) for seed in range(3)]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def sent(store: FolderStore, made: Path, *, promoted: bool = False) -> str:
    """Bring a release into the store; its version."""
    return publish_release(
        made, store, describe_release_verdict, author="ann", promote=promoted
    ).manifest.version


def pulled(store: FolderStore, cache: Path, made: Path, used: int = 1) -> str:
    """Publish and pull a release that was used last at `used` seconds."""
    release = pull_release(store, sent(store, made), cache)
    os.utime(release.folder, (used, used))
    return release.version


def bare_upload(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())
    return folder


def test_a_release_of_a_store_is_named_with_its_version_or_is_the_current_one(
    store: FolderStore, shelf: list[Path], tmp_path: Path
) -> None:
    first, second = (sent(store, made, promoted=True) for made in shelf[:2])

    found = [
        find_release(name, tmp_path / "cache").version for name in (f"{store.address}@{first}", store.address)
    ]

    assert found == [first, second]
    assert parse_store_address(f"s3://ann@shop/models@{first}") == "s3://ann@shop/models"
    assert parse_store_address(str(shelf[0])) is None


def test_a_release_in_the_cache_is_used_without_asking_the_store(
    store: FolderStore, cache: Path, shelf: list[Path]
) -> None:
    version = pulled(store, cache, shelf[0])

    assert pull_release(FolderStore(cache / "no-store"), version, cache).version == version


def test_a_release_damaged_in_the_cache_is_fetched_again(
    store: FolderStore, cache: Path, shelf: list[Path]
) -> None:
    version = pulled(store, cache, shelf[0])
    remember_current_release(
        cache, "s3://shop/a", open_release(get_cached_release_path(cache, version)), SINCE
    )
    (get_cached_release_path(cache, version) / "model.onnx").write_bytes(b"damaged")

    assert find_remembered_release(cache, "s3://shop/a") is None
    assert open_release(pull_release(store, version, cache).folder).version == version


def test_a_bare_artifact_that_the_cache_has_stays_where_it_is_and_a_damaged_one_is_replaced(
    cache: Path, tmp_path: Path
) -> None:
    store = FolderStore(bare_upload(tmp_path / "bare", "m.keras", "m.json"))
    bare = pull_bare_artifact(store, cache)
    folder = bare.folder.stat().st_ino

    assert pull_bare_artifact(store, cache).folder.stat().st_ino == folder
    bare.model.write_bytes(b"damaged")
    assert open_bare_artifact(pull_bare_artifact(store, cache).folder) == bare


def test_what_was_current_is_remembered_for_its_store_alone(
    store: FolderStore, cache: Path, shelf: list[Path]
) -> None:
    release = open_release(get_cached_release_path(cache, pulled(store, cache, shelf[0])))
    bare = pull_bare_artifact(FolderStore(bare_upload(cache.with_name("bare"), "m.keras", "m.json")), cache)
    remember_current_release(cache, "s3://shop/a", release, SINCE)
    remember_current_release(cache, "s3://shop/b", bare, SINCE)

    found = [find_remembered_release(cache, f"s3://shop/{name}") for name in "abc"]

    assert [one and (one.release, one.since) for one in found] == [(release, SINCE), (bare, SINCE), None]


@pytest.mark.parametrize(
    ("keep", "noted", "removed"),
    [(2, [], {2}), (1, [1], {2, 3}), (3, [], set()), (1, [2], {1, 3}), (1, [2, 3], {1})],
)
def test_what_was_used_last_stays_in_the_cache_and_what_any_store_had_as_current(  # noqa: PLR0917
    store: FolderStore, cache: Path, shelf: list[Path], keep: int, noted: list[int], removed: set[int]
) -> None:
    versions = {
        seed: pulled(store, cache, shelf[seed - 1], used) for seed, used in ((1, 300), (2, 100), (3, 200))
    }
    for seed in noted:
        remember_current_release(
            cache, f"s3://shop/{seed}", open_release(get_cached_release_path(cache, versions[seed])), SINCE
        )
    (cache / "last-damaged.json").write_bytes(b"")
    (cache / f"{ARRIVING_PREFIX}left-by-a-crash").mkdir()
    (cache / "releases" / ".DS_Store").touch()
    os.utime(cache / "releases" / ".DS_Store", (1, 1))

    gone = prune_cache(cache, keep)

    assert set(gone) == {versions[seed] for seed in removed}
    assert list(cache.glob(f"{ARRIVING_PREFIX}*")) == []


def test_what_is_pulled_again_was_used_last(store: FolderStore, cache: Path, shelf: list[Path]) -> None:
    first, second = (pulled(store, cache, shelf[seed], used) for seed, used in ((0, 100), (1, 200)))

    pull_release(store, first, cache)

    assert prune_cache(cache, keep=1) == [second]


@pytest.mark.parametrize(("ago", "goes"), [(MIN_UNUSED_SECONDS - 60, False), (MIN_UNUSED_SECONDS + 1, True)])
def test_what_another_service_may_open_now_stays_for_ten_minutes(
    store: FolderStore, cache: Path, shelf: list[Path], ago: float, goes: bool
) -> None:
    version = pulled(store, cache, shelf[0], int(time.time() - ago))

    assert prune_cache(cache, keep=0) == [version] * goes


def test_what_a_command_has_in_use_is_not_pruned(
    store: FolderStore, shelf: list[Path], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    held, idle = (pulled(store, cache, shelf[seed], used) for seed, used in ((0, 100), (1, 200)))
    release = find_release(f"{store.address}@{held}", cache)
    os.utime(release.folder, (100, 100))  # as of a command that reads it again an hour later

    assert prune_cache(cache, keep=0) == [idle]
    assert open_release(release.folder).version == held


def test_a_cache_that_cannot_be_written_is_named(cache: Path) -> None:
    cache.write_bytes(b"a file")

    with pytest.raises(StoreRefused, match=r"cache: .*The cache needs a folder to write to"):
        prune_cache(cache, keep=3)


@pytest.mark.parametrize("name", [".lock", "releases", "bare", "releases/VERSION"])
def test_a_symbolic_link_in_the_cache_is_not_followed(
    store: FolderStore, cache: Path, shelf: list[Path], tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "outside"
    version = sent(store, shelf[0])
    bare_upload(Path(store.address), "model.keras", "metrics.json")
    bare_upload(outside, "kept")
    link = cache / name.replace("VERSION", version)
    link.parent.mkdir(parents=True)
    link.symlink_to(outside / "kept" if name == ".lock" else outside)

    with pytest.raises(StoreRefused, match=str(link)):
        pull_release(store, version, cache)
        pull_bare_artifact(store, cache)
    with pytest.raises(StoreRefused, match=str(link)):
        prune_cache(cache, keep=0)

    assert [path.name for path in outside.rglob("*")] == ["kept"]
    assert (outside / "kept").read_bytes() == b"kept"


def test_a_half_written_file_of_yesterday_is_removed_from_a_folder_store(store: FolderStore) -> None:
    store.create("key", b"")
    left = Path(store.address, PARTIAL_FOLDER, "left")
    left.write_bytes(b"half")
    old = left.stat().st_mtime - MAX_PARTIAL_AGE_SECONDS - 1
    os.utime(left, (old, old))

    store.create("other", b"")

    assert not left.exists()
    assert [entry.key for entry in store.list_entries("")] == ["key", "other"]


def test_what_a_file_system_keeps_at_its_root_is_not_listed(store: FolderStore) -> None:
    store.create("lost+found/#12", b"")
    store.create("model.keras", b"")

    assert [entry.key for entry in store.list_entries("")] == ["model.keras"]


@pytest.mark.parametrize(
    ("names", "error", "words"),
    [
        ((), NothingPromoted, "neither a promoted release nor a .keras file"),
        (("a.keras",), ReleaseCorrupt, "a model without its metrics"),
        (("a.keras", "b.keras", "m.json"), ReleaseCorrupt, r"2 \.keras files \(a\.keras, b\.keras\)"),
        (("a.keras", "m.json", "n.json"), ReleaseCorrupt, r"2 \.json files \(m\.json, n\.json\)"),
        (("a.h5", "m.json"), UnsafeFormat, r"a\.h5: \.h5 files can run code.*wardrobe adopt model\.h5"),
        (("a.keras", "b.pkl", "m.json"), UnsafeFormat, r"b\.pkl: \.pkl files can run code"),
    ],
)
def test_any_other_folder_or_upload_is_refused_by_what_is_wrong_with_it(
    tmp_path: Path, cache: Path, names: tuple[str, ...], error: type[Exception], words: str
) -> None:
    uploaded = bare_upload(tmp_path / "uploaded", *names)

    with pytest.raises(error, match=words):
        open_bare_artifact(uploaded)
    with pytest.raises(error, match=words):
        pull_bare_artifact(FolderStore(uploaded), cache)


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder for temporary files of a user without a name and a home."""

    def unknown(_: int) -> None:
        raise KeyError("uid not found")

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_user_without_a_home_has_a_cache_that_no_other_user_can_write(homeless: Path) -> None:
    folder = resolve_cache_folder()

    assert folder == homeless / f"wardrobe-{os.getuid()}" / ".cache" / "wardrobe"
    assert (homeless / f"wardrobe-{os.getuid()}").stat().st_mode & 0o777 == 0o700
    assert resolve_cache_folder() == folder
    assert resolve_cache_folder(Path("/var/cache/shop")) == Path("/var/cache/shop")


def test_a_home_that_is_not_there_holds_no_cache(
    homeless: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nonexistent"))
    assert resolve_cache_folder() == homeless / f"wardrobe-{os.getuid()}" / ".cache" / "wardrobe"

    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve_cache_folder() == tmp_path / ".cache" / "wardrobe"


def test_a_folder_that_others_can_write_is_no_cache(homeless: Path) -> None:
    (homeless / f"wardrobe-{os.getuid()}").mkdir()
    (homeless / f"wardrobe-{os.getuid()}").chmod(0o777)

    with pytest.raises(StoreRefused, match=r"others may write here.*WARDROBE_CACHE_DIR"):
        resolve_cache_folder()


def test_a_file_is_no_store_and_a_keras_file_is_adopted(tmp_path: Path) -> None:
    (tmp_path / "x.keras").touch()

    with pytest.raises(BadAddress, match=r"x\.keras is a file.*`wardrobe adopt .*x\.keras`"):
        find_release(str(tmp_path / "x.keras"), tmp_path / "cache")


def test_a_store_below_a_home_that_is_not_there_is_refused_in_a_sentence(homeless: Path) -> None:
    with pytest.raises(BadAddress, match="~/store: there is no home folder"):
        open_store("~/store")


@pytest.mark.parametrize("name", ["nowhere", "model.keras", "nowhere@20261120T101500Z-3f9a1c2e"])
def test_a_release_whose_folder_is_not_there_is_named_with_what_would_do(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        NotFound, match=r"no such file or folder\. Name bundled, a release's folder, or a store"
    ):
        find_release(f"{tmp_path}/{name}", tmp_path / "cache")
