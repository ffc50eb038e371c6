"""Publishing, pulling and looking after releases, on every store."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from model_store.cache import pull, pull_bare
from model_store.catalogue import PROMOTIONS, file_key, manifest_key, release_prefix, signature_key, stored
from model_store.errors import (
    AlreadyExists,
    FormatRefused,
    GateRefused,
    LostRace,
    NotFound,
    NothingPromoted,
    ReleaseCorrupt,
    ReleaseRemoved,
    SignatureMissing,
)
from model_store.local import open_release
from model_store.promotions import append, current, following, history, newest, roll_back
from model_store.publish import promote, publish
from model_store.retention import prunable, prune
from model_store.signing import TrustedKeys, new_key, sign, trusted_keys
from model_store.store import Store
from tests.contract.store.publisher import Delegating

Make = Callable[..., Path]


def overwrite(store: Store, key: str, data: bytes, scratch: Path) -> None:
    (scratch / "source").write_bytes(data)
    store.upload(key, scratch / "source")


def signed(folder: Path, keys: Path) -> TrustedKeys:
    """Sign a release with a new key; the trust in it."""
    keys.mkdir(exist_ok=True)
    public = new_key(keys / "key.pem")
    sign(folder, keys / "key.pem")
    return trusted_keys(public)


def version_of(folder: Path) -> str:
    return open_release(folder).version


def test_a_published_release_is_current_and_pulled_byte_for_byte(
    store: Store, releases: Make, tmp_path: Path
) -> None:
    folder = releases(1)

    published = publish(folder, store, by="ann")
    pulled = pull(store, current(store).version, tmp_path / "cache")

    assert published.promotion == newest(store)
    assert pulled.version == version_of(folder)
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 5
    assert all((pulled.folder / path).read_bytes() == (folder / path).read_bytes() for path in files)


def test_the_log_says_who_did_what_and_what_was_current_before(store: Store, releases: Make) -> None:
    first, second = releases(1), releases(2)

    publish(first, store, by="ann")
    publish(second, store, by="bob")
    roll_back(store, "eve")

    log = [(p.number, p.version, p.previous, p.reason, p.by) for p in history(store)]
    assert log == [
        (1, version_of(first), None, "promote", "ann"),
        (2, version_of(second), version_of(first), "promote", "bob"),
        (3, version_of(first), version_of(second), "rollback", "eve"),
    ]


def test_an_empty_store_says_that_nothing_was_promoted(store: Store) -> None:
    assert newest(store) is None
    with pytest.raises(NothingPromoted, match="nothing was promoted here yet") as caught:
        current(store)

    assert store.address in str(caught.value)


def test_a_service_that_has_seen_a_promotion_finds_the_next_one_and_then_nothing(
    store: Store, releases: Make
) -> None:
    publish(releases(1), store, by="ann")
    second = publish(releases(2), store, by="ann")

    assert following(store, 1) == second.promotion
    assert following(store, 2) is None


def test_publishing_the_same_again_changes_nothing(store: Store, releases: Make) -> None:
    first = publish(releases(1), store, by="ann")
    before = store.entries("")

    again = publish(releases(1), store, by="bob")

    assert again.promotion == first.promotion
    assert store.entries("") == before


def test_publishing_again_mends_a_file_that_was_damaged_in_the_store(
    store: Store, releases: Make, tmp_path: Path
) -> None:
    version = publish(releases(1), store, by="ann").manifest.version
    overwrite(store, file_key(version, "model.onnx"), b"damaged", tmp_path)

    publish(releases(1), store, by="ann")

    assert pull(store, version, tmp_path / "cache").version == version


def test_another_release_under_the_same_version_is_refused_and_sends_nothing(
    store: Store, releases: Make
) -> None:
    folder = releases(1)
    store.create(manifest_key(version_of(folder)), b"{}")

    with pytest.raises(AlreadyExists, match="another release of this version"):
        publish(folder, store, by="ann")

    assert len(store.entries("")) == 1


def test_without_promotion_a_release_is_there_and_current_is_as_it_was(store: Store, releases: Make) -> None:
    first = publish(releases(1), store, by="ann")

    second = publish(releases(2, accuracy=0.5), store, by="ann", promote=False)

    assert second.promotion is None
    assert current(store) == first.promotion
    assert {release.version for release in stored(store)} == {first.manifest.version, second.manifest.version}


def test_a_worse_release_is_refused_and_sends_nothing(store: Store, releases: Make) -> None:
    publish(releases(1, accuracy=0.93), store, by="ann")
    before = store.entries("")

    with pytest.raises(GateRefused, match=r"0\.9000 against 0\.9300"):
        publish(releases(2, accuracy=0.90), store, by="ann")

    assert store.entries("") == before


def test_force_publishes_a_worse_release_and_says_so(store: Store, releases: Make) -> None:
    publish(releases(1, accuracy=0.93), store, by="ann")

    forced = publish(releases(2, accuracy=0.90), store, by="ann", force=True)

    assert current(store) == forced.promotion
    assert "0.9000 against 0.9300" in forced.verdict


def test_a_damaged_folder_is_refused_and_sends_nothing(store: Store, releases: Make) -> None:
    folder = releases(1)
    (folder / "model.onnx").write_bytes(b"damaged")

    with pytest.raises(ReleaseCorrupt, match=r"model\.onnx: 7 bytes"):
        publish(folder, store, by="ann")

    assert store.entries("") == []


def test_a_release_that_is_in_the_store_can_be_promoted_later(store: Store, releases: Make) -> None:
    publish(releases(1), store, by="ann")
    version = publish(releases(2), store, by="ann", promote=False).manifest.version

    promote(version, store, by="bob")

    assert current(store).version == version


def test_a_release_with_a_missing_file_is_not_promoted(store: Store, releases: Make) -> None:
    version = publish(releases(1), store, by="ann", promote=False).manifest.version
    store.delete(file_key(version, "report.json"))

    with pytest.raises(ReleaseCorrupt, match=r"report\.json: no bytes are there"):
        promote(version, store, by="ann")

    assert newest(store) is None


@pytest.mark.parametrize("version", ["20261120T101500Z-00000000", "latest", "../../etc/passwd", ""])
def test_promoting_what_is_not_there_is_said_so(store: Store, version: str) -> None:
    with pytest.raises(NotFound):
        promote(version, store, by="ann")


def test_the_second_of_two_promotions_after_the_same_one_is_told_who_was_first(
    store: Store, releases: Make
) -> None:
    first = publish(releases(1), store, by="ann").promotion
    ours = publish(releases(2), store, by="ann", promote=False).manifest.version
    theirs = publish(releases(3), store, by="ann", promote=False).manifest.version
    append(store, theirs, "promote", "bob", first)

    with pytest.raises(LostRace, match=f"bob promoted {theirs} first"):
        append(store, ours, "promote", "ann", first)

    assert current(store).version == theirs


def test_rolling_back_twice_walks_back_twice(store: Store, releases: Make) -> None:
    versions = [publish(releases(seed), store, by="ann").manifest.version for seed in (1, 2, 3)]

    once = roll_back(store, "ann").version
    twice = roll_back(store, "ann").version

    assert [once, twice] == [versions[1], versions[0]]
    with pytest.raises(NothingPromoted, match="no earlier release"):
        roll_back(store, "ann")


def test_prune_keeps_current_and_those_before_it_and_removes_the_rest(store: Store, releases: Make) -> None:
    versions = [publish(releases(seed), store, by="ann").manifest.version for seed in (1, 2, 3, 4)]
    orphan = publish(releases(5), store, by="ann", promote=False).manifest.version

    removed = prune(store, keep=2, older_than=timedelta(0))

    assert {release.version for release in removed} == {versions[0], versions[1], orphan}
    assert {release.version for release in stored(store)} == {versions[2], versions[3]}
    assert roll_back(store, "ann").version == versions[2]


def test_prune_keeps_what_was_published_within_the_last_hour_unless_an_age_is_given(
    store: Store, releases: Make
) -> None:
    for seed in (1, 2):
        publish(releases(seed), store, by="ann")
    publish(releases(3), store, by="ann", promote=False)

    assert prunable(store, keep=1) == []
    assert len(prunable(store, keep=1, older_than=timedelta(0))) == 2


class PrunedBefore(Delegating):
    """A store in which a prune by another process ends just before a release's promotion is written."""

    def __init__(self, inner: Store, version: str) -> None:
        super().__init__(inner)
        self._version = version

    def create(self, key: str, data: bytes) -> None:
        if key.startswith(PROMOTIONS) and self._version in data.decode():
            for entry in self.entries(release_prefix(self._version)):
                self.delete(entry.key)
        super().create(key, data)


def test_a_release_that_is_pruned_before_its_promotion_is_rolled_back_and_reported(
    store: Store, releases: Make
) -> None:
    held = publish(releases(1), store, by="ann").manifest.version
    lost = publish(releases(2), store, by="ann", promote=False).manifest.version

    with pytest.raises(ReleaseRemoved, match=f"{lost} was deleted .*{held} was made current again"):
        promote(lost, PrunedBefore(store, lost), by="bob")

    assert [(p.version, p.reason) for p in history(store)][1:] == [(lost, "promote"), (held, "rollback")]


def test_a_first_release_that_is_pruned_before_its_promotion_is_reported(
    store: Store, releases: Make
) -> None:
    version = version_of(releases(1))

    with pytest.raises(ReleaseRemoved, match="no earlier release is in the store"):
        publish(releases(1), PrunedBefore(store, version), by="ann")


def test_rolling_back_passes_over_a_release_that_is_pruned_at_that_moment(
    store: Store, releases: Make
) -> None:
    oldest, older, _ = (publish(releases(seed), store, by="ann").manifest.version for seed in (1, 2, 3))

    promotion = roll_back(PrunedBefore(store, older), "ann")

    assert promotion == current(store)
    assert promotion.version == oldest


def test_a_flipped_byte_in_the_store_is_refused_and_nothing_stays_in_the_cache(
    store: Store, releases: Make, tmp_path: Path
) -> None:
    folder = releases(1)
    version = publish(folder, store, by="ann").manifest.version
    flipped = bytearray((folder / "model.onnx").read_bytes())
    flipped[len(flipped) // 2] ^= 1
    overwrite(store, file_key(version, "model.onnx"), bytes(flipped), tmp_path)

    with pytest.raises(ReleaseCorrupt, match=r"model\.onnx: sha256"):
        pull(store, version, tmp_path / "cache")

    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == [tmp_path / "cache/.lock"]


def test_a_file_that_grew_in_the_store_is_not_read_to_its_end(
    store: Store, releases: Make, tmp_path: Path
) -> None:
    version = publish(releases(1), store, by="ann").manifest.version
    overwrite(store, file_key(version, "model.keras"), b"x" * 5_000_000, tmp_path)

    with pytest.raises(ReleaseCorrupt, match=r"model\.keras: more than the expected \d+ bytes"):
        pull(store, version, tmp_path / "cache")


def test_a_release_whose_file_vanished_is_refused(store: Store, releases: Make, tmp_path: Path) -> None:
    version = publish(releases(1), store, by="ann").manifest.version
    store.delete(file_key(version, "report.json"))

    with pytest.raises(ReleaseCorrupt, match=r"report\.json"):
        pull(store, version, tmp_path / "cache")


def test_a_hand_made_upload_of_model_and_metrics_is_pulled(store: Store, tmp_path: Path) -> None:
    overwrite(store, "fashion.keras", b"a model", tmp_path)
    overwrite(store, "metrics.json", b'{"accuracy": 0.9}', tmp_path)
    overwrite(store, "notes/readme.json", b"{}", tmp_path)

    bare = pull_bare(store, tmp_path / "cache")

    assert (bare.model.read_bytes(), bare.report.read_bytes()) == (b"a model", b'{"accuracy": 0.9}')
    assert bare.version == pull_bare(store, tmp_path / "cache").version
    assert bare.version.startswith("bare-")


def test_a_hand_made_upload_of_two_models_is_refused_by_their_names(store: Store, tmp_path: Path) -> None:
    overwrite(store, "a.keras", b"", tmp_path)
    overwrite(store, "b.keras", b"", tmp_path)
    overwrite(store, "metrics.json", b"{}", tmp_path)

    with pytest.raises(ReleaseCorrupt, match=r"a\.keras, b\.keras"):
        pull_bare(store, tmp_path / "cache")


def test_a_hand_made_upload_of_an_h5_says_how_to_convert_it(store: Store, tmp_path: Path) -> None:
    overwrite(store, "model.h5", b"", tmp_path)
    overwrite(store, "metrics.json", b"{}", tmp_path)

    with pytest.raises(FormatRefused, match=r"model\.h5.*save\('model\.keras'\)"):
        pull_bare(store, tmp_path / "cache")


def test_a_signed_release_is_pulled_with_its_signature_and_stays_checked_in_the_cache(
    store: Store, releases: Make, tmp_path: Path
) -> None:
    folder = releases(1)
    trusted = signed(folder, tmp_path)
    version = publish(folder, store, by="ann").manifest.version

    pulled = pull(store, version, tmp_path / "cache", trusted)
    store.delete(signature_key(version))

    assert (pulled.folder / "manifest.sig").read_bytes() == (folder / "manifest.sig").read_bytes()
    assert pull(store, version, tmp_path / "cache", trusted) == pulled


def test_an_unsigned_release_is_not_even_fetched_where_a_signature_is_asked_for(
    store: Store, releases: Make, tmp_path: Path
) -> None:
    trusted = signed(releases(2), tmp_path)
    version = publish(releases(1), store, by="ann").manifest.version

    with pytest.raises(SignatureMissing, match=version):
        pull(store, version, tmp_path / "cache", trusted)

    assert not (tmp_path / "cache" / "releases").exists()


def test_a_release_that_was_cached_before_it_was_signed_is_fetched_again(
    store: Store, releases: Make, tmp_path: Path
) -> None:
    folder = releases(1)
    version = publish(folder, store, by="ann").manifest.version
    pull(store, version, tmp_path / "cache")
    trusted = signed(folder, tmp_path)

    publish(folder, store, by="ann")

    assert (pull(store, version, tmp_path / "cache", trusted).folder / "manifest.sig").exists()


def test_signing_a_published_release_anew_replaces_its_signature_alone(
    store: Store, releases: Make, tmp_path: Path
) -> None:
    folder = releases(1)
    signed(folder, tmp_path)
    first = publish(folder, store, by="ann")
    rotated = signed(folder, tmp_path / "next")

    again = publish(folder, store, by="ann")

    assert again.promotion == first.promotion
    assert pull(store, first.manifest.version, tmp_path / "cache", rotated).manifest == first.manifest


def test_pruning_takes_signatures_along(store: Store, releases: Make, tmp_path: Path) -> None:
    folder = releases(1)
    signed(folder, tmp_path)
    publish(folder, store, by="ann", promote=False)
    publish(releases(2), store, by="ann")

    prune(store, keep=1, older_than=timedelta(0))

    assert [entry.key for entry in store.entries("") if entry.key.endswith(".sig")] == []
