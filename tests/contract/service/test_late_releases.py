"""A release that is not whole yet is served once it is; one of wrong bytes, once it is promoted again."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.observability.metrics import Metrics
from app.releases.serving import Models
from app.releases.watcher import ReleaseWatcher
from model_store.catalogue import promotion_key
from model_store.errors import StoreBroken, StoreError, StoreRefused
from model_store.signing import new_key, sign
from model_store.store import FolderStore
from tests.contract.service.conftest import logged
from tests.places import Place

FILES = ("manifest.json", "model.onnx", "model.keras", "report.json", "figures/confusion-matrix.png")
PAGE = b"<!doctype html><title>Maintenance</title><p>We will be back soon." + b" " * 500


class Following:
    """A service that polls when a test says so, and what it counted."""

    def __init__(self, place: Place, models: Models, store: FolderStore | None = None) -> None:
        self.place, self.models, self.metrics = place, models, Metrics(None)
        settings = place.settings()
        self.watcher = ReleaseWatcher(settings, lambda: store or place.store, models, self.metrics)

    def poll(self) -> str:
        """The letter of what is served after a poll; ! where it may be outdated."""
        self.watcher.poll()
        return self.place.served(self.models)

    @property
    def counted(self) -> float:
        text = self.metrics.exposition("text/plain")[0].decode()
        return float(re.findall(r"^wardrobe_releases_refused_total (\S+)$", text, re.MULTILINE)[0])


def following(place: Place) -> Following:
    return Following(place, place.start())


def absent(path: Path) -> None:
    path.unlink()


def short(path: Path) -> None:
    rewrite(path, path.read_bytes()[:-20])


def a_page(path: Path) -> None:
    rewrite(path, PAGE)


def of_this_size_and_other_bytes(path: Path) -> None:
    rewrite(path, bytes(path.stat().st_size))


def rewrite(path: Path, content: bytes) -> None:
    path.unlink()  # the file is a link to the one that all tests share
    path.write_bytes(content)


SPOILT = (absent, short, a_page, of_this_size_and_other_bytes)
Spoil = Callable[[Path], None]


def spoilt(place: Place, name: str, spoil: Spoil) -> Callable[[], None]:
    """Spoil a file of B; what brings it back."""
    path = place.folder("B") / name
    sound = path.read_bytes()
    spoil(path)

    def mend() -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(sound)

    return mend


CASES = [(name, spoil) for name in FILES for spoil in SPOILT]


def is_fetched(name: str, spoil: Spoil) -> bool:
    """Whether the content alone shows that a file is wrong; the manifest is read before any is fetched."""
    return spoil is of_this_size_and_other_bytes and name != "manifest.json"


@pytest.mark.parametrize(("name", "spoil"), CASES)
def test_a_release_that_is_right_later_is_served_then_and_refused_until_then(
    place: Place, name: str, spoil: Spoil
) -> None:
    place.log("+A")
    service = following(place)
    mend = spoilt(place, name, spoil)
    place.log("+B")
    with logged() as lines:
        tries = [(service.poll(), place.refused(service.models)) for _ in range(4)]
        mend()
        later = service.poll()
    if for_good := is_fetched(name, spoil):
        place.log("+B")
    end = service.poll(), place.refused(service.models)

    assert tries == [("A!", "B")] * 4
    assert later == ("A!" if for_good else "B")
    assert end == ("B", "")
    assert service.models.current.number == 2 + for_good
    assert (sum("is refused" in line for line in lines), service.counted) == (1 + for_good, 1.0)


def test_what_a_release_waits_for_is_said_anew_once_another_file_is_in_the_way(place: Place) -> None:
    place.log("+A")
    service = following(place)
    mends = [spoilt(place, name, absent) for name in ("model.keras", "model.onnx")]
    place.log("+B")
    said = list[str]()
    for mend in mends:
        service.poll()
        said.extend(refusal.reason for refusal in service.models.refusals)
        mend()

    first, second = said
    assert ("model.keras" in first, "model.onnx" in second) == (True, True)
    assert (service.poll(), service.models.refusals) == ("B", ())


def test_each_file_of_a_release_is_tried_here(place: Place) -> None:
    folder = place.folder("B")

    assert {str(path.relative_to(folder)) for path in folder.rglob("*.*")} == set(FILES)


@pytest.mark.parametrize(("name", "spoil"), CASES)
def test_at_a_start_the_next_candidate_serves_meanwhile(place: Place, name: str, spoil: Spoil) -> None:
    mend = spoilt(place, name, spoil)
    place.log("+A +B")

    service = following(place)
    first = place.served(service.models), place.refused(service.models)
    mend()

    assert first == ("A!", "B")
    assert (service.poll(), service.models.refusals) == ("B", ())


def test_candidates_that_arrive_one_after_another_are_served_as_they_come(place: Place) -> None:
    place.log("+A +B +C")
    mend_b = spoilt(place, "manifest.json", absent)
    shutil.move(place.folder("C"), place.cache.parent / "C")

    service = following(place)
    first = place.served(service.models), place.refused(service.models)
    mend_b()
    second = service.poll(), place.refused(service.models)
    shutil.move(place.cache.parent / "C", place.folder("C"))
    third = service.poll(), place.refused(service.models)

    assert (first, second, third) == (("A!", "CB"), ("B!", "C"), ("C", ""))


@pytest.mark.parametrize("text", [b"", PAGE], ids=["cut short", "a page"])
def test_a_record_that_cannot_be_read_is_named_and_the_service_serves_on(place: Place, text: bytes) -> None:
    place.log("+A")
    service = following(place)
    place.log("+B")
    record = Path(place.store.address, promotion_key(2))
    sound = record.read_bytes()
    record.write_bytes(text)

    first = service.poll(), str(service.models.fault and service.models.fault.error)
    restarted = following(place)
    second = place.served(restarted.models), str(restarted.models.fault and restarted.models.fault.error)
    record.write_bytes(sound)

    assert first == second
    assert first[0] == "A!"
    assert f"{record}: not a promotion" in first[1]
    assert [(each.poll(), each.models.fault) for each in (service, restarted)] == [("B", None)] * 2


def test_a_newer_promotion_ends_the_tries(place: Place) -> None:
    place.log("+A")
    service = following(place)
    mend = spoilt(place, "model.onnx", absent)
    place.log("+B")
    before = service.poll()
    place.log("+C")
    after = service.poll()
    mend()

    assert (before, after, service.poll(), service.poll()) == ("A!", "C", "C", "C")


def test_a_candidate_that_arrived_since_serves_where_a_newer_promotion_cannot_be_served(place: Place) -> None:
    place.log("+A")
    service, mend = following(place), spoilt(place, "model.onnx", absent)
    place.log("+B")
    before = service.poll()
    mend()
    shutil.move(place.folder("C"), place.cache.parent / "C")
    place.log("+C")

    assert (before, service.poll(), place.refused(service.models)) == ("A!", "B!", "C")


class Refusing(FolderStore):
    """A store that refuses files of one release, as S3 does with archived objects."""

    error: StoreError | None = None
    version = ""

    def read(self, key: str) -> bytes:
        if self.error is not None and self.version in key:
            raise self.error
        return super().read(key)


@pytest.mark.parametrize("error", [StoreRefused("archived"), StoreBroken("of a later version")])
def test_files_that_the_store_refuses_do_not_keep_the_next_candidate_from_a_start(
    place: Place, error: StoreError
) -> None:
    place.log("+A +B")
    store = Refusing(Path(place.store.address))
    store.error, store.version = error, place.versions["B"]

    service = Following(place, place.start(store), store)
    first = place.served(service.models), str(service.models.fault and service.models.fault.error)
    second = service.poll()
    store.error = None

    assert (first, second) == (("A!", str(error)), "A!")
    assert (service.poll(), service.models.fault) == ("B", None)


class Counting(FolderStore):
    """A store that counts what is read of it."""

    keys: list[str]

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.keys = []

    def read(self, key: str) -> bytes:
        self.keys.append(key)
        return super().read(key)

    def download(self, key: str, to: Path, limit: int | None = None) -> None:
        self.keys.append(key)
        super().download(key, to, limit)


def test_a_try_asks_for_manifest_and_sizes_before_files(place: Place) -> None:
    place.log("+A")
    store = Counting(Path(place.store.address))
    service = Following(place, place.start(), store)
    spoilt(place, "report.json", short)
    place.log("+B")

    service.poll()
    store.keys.clear()
    for _ in range(3):
        service.poll()

    assert {key.rpartition("/")[2] for key in store.keys if key.startswith("releases/")} == {"manifest.json"}


def of_another_key(path: Path) -> None:
    new_key(path.with_name("other.pem"))
    sign(path.parent, path.with_name("other.pem"))


@pytest.mark.parametrize("spoil", [*SPOILT, of_another_key])
def test_a_signature_that_is_wrong_is_tried_again(place: Place, tmp_path: Path, spoil: Spoil) -> None:
    trusted = new_key(tmp_path / "key.pem")
    for letter in "AB":
        sign(place.folder(letter), tmp_path / "key.pem")
    spoil(place.folder("B") / "manifest.sig")
    place.log("+A")
    models = place.start(trusted_keys=trusted)
    watcher = place.follow(models, trusted_keys=trusted)
    place.log("+B")

    watcher.poll()
    before = place.served(models), place.refused(models)
    sign(place.folder("B"), tmp_path / "key.pem")
    watcher.poll()

    assert (before, place.served(models), models.refusals) == (("A!", "B"), "B", ())


def too_new(manifest: dict[str, Any]) -> None:
    manifest["schema_version"] += 1


def answering_otherwise(manifest: dict[str, Any]) -> None:
    for network in manifest["networks"].values():
        network["golden"]["answers"]["label"] = network["golden"]["answers"]["label"][::-1]


@pytest.mark.parametrize("change", [too_new, answering_otherwise])
def test_what_no_try_would_mend_is_refused_for_good(
    place: Place, change: Callable[[dict[str, Any]], None]
) -> None:
    place.log("+A")
    service, path = following(place), place.folder("B") / "manifest.json"
    sound = path.read_bytes()
    manifest = json.loads(sound)
    change(manifest)
    rewrite(path, json.dumps(manifest).encode())
    place.log("+B")
    first = service.poll(), place.refused(service.models)
    rewrite(path, sound)

    assert first == ("A!", "B")
    assert [service.poll() for _ in range(3)] == ["A!"] * 3
    assert [refusal.for_good for refusal in service.models.refusals] == [True]
