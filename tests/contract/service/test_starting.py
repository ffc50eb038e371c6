"""What a start serves: by what the log says, by what is wrong with releases, and by what the cache has."""

import fcntl
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.releases.load import load_models
from model_store.cache import LOCK_FILE
from model_store.errors import (
    NotFound,
    RecordUnreadable,
    ReleaseCorrupt,
    SignatureMissing,
    SignatureWrong,
    StoreBroken,
    StoreError,
    StoreRefused,
    StoreUnreachable,
)
from model_store.opening_marks import FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS, mark_opening
from model_store.promotions import read_current_promotion, read_promotions
from model_store.signing import create_key_pair, sign_release
from model_store.store import FolderStore
from model_store.store_keys import make_file_key
from tests.places import Place

STORES = Path(__file__).parents[2] / "fixtures" / "stores"
"""As code of that version wrote them: promotions and a rollback each. 2.0.0 has continued that of 1.0.0."""


@pytest.mark.parametrize(
    ("steps", "cached", "serves", "refuses"),
    [
        ("+A +B", "A", "B", ""),
        ("+A +B +X +Y", "", "B!", "YX"),
        ("+A +G +X", "", "A!", "XG"),
        ("+A +B -A +X", "B", "A!", "X"),
        ("+a +b", "A", "B", ""),
    ],
)
def test_a_start_serves_the_first_candidate_that_can_be_served_and_names_those_before_it(
    place: Place, steps: str, cached: str, serves: str, refuses: str
) -> None:
    if cached:
        place.serve_before(cached)
    place.log(steps)

    models = place.start()

    number = len(steps.split())
    assert (place.served(models), place.refused(models)) == (serves, refuses)
    assert {one.promotion_number for one in models.refusals} <= {number}
    assert models.fault is None
    assert models.current.promotion_number == (None if refuses else number)


@pytest.mark.parametrize(
    ("steps", "cached", "error"),
    [
        ("+X", "A", ReleaseCorrupt),
        ("+G +B -G", "B", NotFound),
        ("+A ?", "", RecordUnreadable),
        ("+a +x", "A", ReleaseCorrupt),  # a record of 1.0.0 names no other candidate
    ],
)
def test_where_no_candidate_can_be_served_a_start_ends_whatever_the_cache_has(
    place: Place, steps: str, cached: str, error: type[StoreError]
) -> None:
    if cached:
        place.serve_before(cached)
    place.log(steps)

    with pytest.raises(error):
        place.start()


def test_a_pinned_version_that_cannot_be_served_ends_the_start(place: Place) -> None:
    place.log("+A +X")

    with pytest.raises(ReleaseCorrupt, match=r"model\.onnx"):
        place.start(model_version=place.versions["X"])


def test_a_store_that_2_0_0_wrote_is_served_and_rolled_back(tmp_path: Path) -> None:
    shutil.copytree(STORES / "2.0.0", tmp_path / "store")
    store = FolderStore(tmp_path / "store")
    first, second, _, last = [record.version for record in read_promotions(store)]
    place = Place(store, tmp_path / "cache", {"A": first, "B": second, "C": last})
    place.serve_before("B")  # which was rolled back

    models = place.start()
    (tmp_path / "changed").write_bytes(b"damaged")
    store.upload(make_file_key(read_current_promotion(store).version, "model.onnx"), tmp_path / "changed")
    shutil.rmtree(place.cache)
    later = place.start()

    assert (place.served(models), models.refusals) == ("C", ())
    assert place.served(later) == "A!"


class Silent(FolderStore):
    """A store that does not answer, or about one release alone."""

    def __init__(self, place: Place, about: str = "", error: type[StoreError] = StoreUnreachable) -> None:
        super().__init__(Path(place.store.address))
        self._about, self._error = about and place.versions[about], error

    def read(self, key: str) -> bytes:
        if self._about in key:
            raise self._error(f"{key}: no answer.")
        return super().read(key)


@pytest.mark.parametrize(
    ("steps", "cached", "unanswered", "refuses"),
    [("+A +B", "B", "", ""), ("+A +C -A +B +X", "A", "B", "X")],
)
def test_where_the_store_does_not_answer_what_was_served_last_is_if_it_is_a_candidate(
    place: Place, steps: str, cached: str, unanswered: str, refuses: str
) -> None:
    place.serve_before(cached)
    place.log(steps)

    models = place.start(Silent(place, unanswered))

    assert (place.served(models), place.refused(models)) == (f"{cached}!", refuses)
    assert isinstance(models.fault and models.fault.error, StoreUnreachable)


def test_a_folder_that_is_away_is_no_wrong_address_where_the_cache_serves(
    place: Place, tmp_path: Path
) -> None:
    place.serve_before("A")
    place.log("+A")
    Path(place.store.address).rename(tmp_path / "away")

    assert place.served(place.start()) == "A!"


@pytest.mark.parametrize("error", [StoreRefused, StoreBroken])  # such as files that S3 has archived
def test_files_that_the_store_refuses_do_not_keep_the_next_candidate_from_a_start(
    place: Place, error: type[StoreError]
) -> None:
    place.log("+A +B")

    models = place.start(Silent(place, "B", error))

    assert place.served(models) == "A!"
    assert isinstance(models.fault and models.fault.error, error)


def test_where_current_cannot_be_fetched_what_a_rollback_left_is_not_served(place: Place) -> None:
    place.serve_before("C")
    place.log("+A +C -A +B")

    with pytest.raises(StoreUnreachable):
        place.start(Silent(place, "B"))


@pytest.mark.parametrize(
    ("steps", "ended", "ago", "serves"),
    [
        ("+A +B", 1, 0, "A!"),
        ("+A +B", 1, FIRST_PAUSE_SECONDS + 1, "B"),
        ("+A +B", 2, FIRST_PAUSE_SECONDS + 1, "A!"),
        ("+A +B", 30, MAX_PAUSE_SECONDS - 60, "A!"),
        ("+A +B", 30, MAX_PAUSE_SECONDS + 1, "B"),
        ("+B", 1, 0, "B"),
    ],
)
def test_a_release_that_ended_a_process_gives_way_to_the_next_candidate_for_a_while(
    place: Place, steps: str, ended: int, ago: float, serves: str
) -> None:
    place.log(steps)
    mark = place.mark("B", ended, ago)

    models = place.start()

    said = str(models.fault and models.fault.error)
    assert place.served(models) == serves
    assert mark.exists() == (serves == "A!")
    assert ("a process ended while it opened this release" in said) == (serves == "A!")


def test_a_release_that_was_served_here_needs_no_mark(place: Place) -> None:
    place.log("+A +B")
    place.serve_before("B")
    place.mark("B", ended=1)

    assert place.served(place.start()) == "B"


def test_a_process_that_opens_a_release_now_does_not_stand_in_the_way(place: Place) -> None:
    place.log("+A +B")
    place.cache.mkdir()

    with mark_opening(place.cache, place.versions["B"], is_last_candidate=False):
        models = place.start()

    assert place.served(models) == "B"


@contextmanager
def held(cache: Path) -> Iterator[None]:
    """The cache's lock, taken as any other process may."""
    with (cache / LOCK_FILE).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_where_the_time_of_a_start_is_over_the_last_good_release_is_served(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.serve_before("A")
    place.log("+A +B")
    monkeypatch.setattr("app.releases.load.MAX_START_SECONDS", 0.2)

    with held(place.cache):
        models = place.start()

    assert place.served(models) == "A!"
    assert "another process has held this lock for" in str(models.fault and models.fault.error)


def test_a_start_needs_no_lock_for_what_its_cache_knows_and_no_other_user_may_take_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.serve_before("A")
    place.log("+A")
    (place.cache / LOCK_FILE).chmod(0o644)
    monkeypatch.setattr("app.releases.load.MAX_NOTE_SECONDS", 0.1)

    with held(place.cache):
        models = place.start()

    assert (place.served(models), models.fault) == ("A", None)
    assert stat.S_IMODE((place.cache / LOCK_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("version", ["current", "A"])
def test_an_unsigned_release_does_not_start_where_keys_are_trusted(
    place: Place, tmp_path: Path, version: str
) -> None:
    place.log("+A")

    with pytest.raises(SignatureMissing, match="--sign KEY"):
        place.start(
            model_version=place.versions.get(version, version),
            trusted_keys=create_key_pair(tmp_path / "key.pem"),
        )


def test_a_cached_release_that_nobody_trusts_any_more_does_not_start(place: Place, tmp_path: Path) -> None:
    place.log("+A")
    trusted = create_key_pair(tmp_path / "key.pem")
    sign_release(place.folder("A"), tmp_path / "key.pem")

    assert place.served(place.start(trusted_keys=trusted)) == "A"
    with pytest.raises(SignatureWrong):
        place.start(trusted_keys=create_key_pair(tmp_path / "new.pem"))


def test_a_bare_model_is_refused_where_keys_are_trusted_and_the_bundled_release_needs_none(
    place: Place, tmp_path: Path
) -> None:
    bare, trusted = FolderStore(tmp_path / "bare"), create_key_pair(tmp_path / "key.pem")
    bare.create("model.keras", b"")
    bare.create("metrics.json", b"{}")

    with pytest.raises(SignatureMissing, match="carries no signature"):
        place.start(bare, trusted_keys=trusted)
    assert load_models(place.settings(model_store="bundled", trusted_keys=trusted), None).current.manifest
