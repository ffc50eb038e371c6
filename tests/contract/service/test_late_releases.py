"""A release that is not whole yet is served once it is; one of wrong bytes, once it is promoted again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.releases.serving import ModelHolder
from model_store.signing import create_key_pair, sign_release
from model_store.store_keys import make_promotion_key
from tests.contract.service.conftest import logged
from tests.places import Place

FILES = ("manifest.json", "model.onnx", "model.keras", "report.json", "figures/confusion-matrix.png")
PAGE = b"<!doctype html><title>Maintenance</title><p>We will be back soon." + b" " * 500


def following(place: Place, steps: str = "+A", **settings: Any) -> tuple[ModelHolder, Callable[[], str]]:
    """What a service serves, and a poll of it: what is served then, and without which refused candidates."""
    place.log(steps)
    models = place.start(**settings)
    watcher = place.follow(models, **settings)

    def poll() -> str:
        watcher.poll()
        return place.served(models) + f" without {place.refused(models)}" * bool(models.refusals)

    return models, poll


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
    models, poll = following(place)
    mend = spoilt(place, name, spoil)
    place.log("+B")
    with logged() as lines:
        tries = [poll() for _ in range(4)]
        mend()
        later = poll()
    if for_good := is_fetched(name, spoil):
        place.log("+B")

    assert tries == ["A! without B"] * 4
    assert later == ("A! without B" if for_good else "B")
    assert (poll(), models.current.promotion_number) == ("B", 2 + for_good)
    assert sum("is refused" in line for line in lines) == 1 + for_good


def test_candidates_that_arrive_one_after_another_are_served_as_they_come(place: Place) -> None:
    mend_b = spoilt(place, "manifest.json", absent)
    shutil.move(place.folder("C"), place.cache.parent / "C")
    models, poll = following(place, "+A +B +C")

    first = place.served(models), place.refused(models)
    mend_b()
    second = poll()
    shutil.move(place.cache.parent / "C", place.folder("C"))

    assert (first, second, poll()) == (("A!", "CB"), "B! without C", "C")


@pytest.mark.parametrize("text", [b"", PAGE], ids=["cut short", "a page"])
def test_a_record_that_cannot_be_read_is_named_and_the_service_serves_on(place: Place, text: bytes) -> None:
    models, poll = following(place)
    place.log("+B")
    record = Path(place.store.address, make_promotion_key(2))
    sound = record.read_bytes()
    record.write_bytes(text)

    served, said = poll(), str(models.fault and models.fault.error)
    restarted = place.start()
    record.write_bytes(sound)

    assert served == place.served(restarted) == "A!"
    assert said == str(restarted.fault and restarted.fault.error)
    assert f"{record}: not a promotion" in said
    assert (poll(), models.fault) == ("B", None)


def of_another_key(path: Path) -> None:
    create_key_pair(path.with_name("other.pem"))
    sign_release(path.parent, path.with_name("other.pem"))


@pytest.mark.parametrize("spoil", [*SPOILT, of_another_key])
def test_a_signature_that_is_wrong_is_tried_again(place: Place, tmp_path: Path, spoil: Spoil) -> None:
    trusted = create_key_pair(tmp_path / "key.pem")
    for letter in "AB":
        sign_release(place.folder(letter), tmp_path / "key.pem")
    spoil(place.folder("B") / "manifest.sig")
    _, poll = following(place, trusted_keys=trusted)
    place.log("+B")

    before = poll()
    sign_release(place.folder("B"), tmp_path / "key.pem")

    assert (before, poll()) == ("A! without B", "B")


def test_a_release_of_a_newer_schema_is_refused_for_good(place: Place) -> None:
    _, poll = following(place)
    path = place.folder("B") / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["schema_version"] += 1
    mend = spoilt(place, path.name, lambda path: rewrite(path, json.dumps(manifest).encode()))
    place.log("+B")
    first = poll()
    mend()

    assert [first, poll(), poll()] == ["A! without B"] * 3
