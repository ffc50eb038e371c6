"""Records of the log that cannot be read: each command names them, passes over them and goes on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_store.catalogue import promotion_key
from model_store.local import LocalRelease, open_release
from model_store.promotions import current, history, roll_back
from model_store.store import Store
from tests.commands import wardrobe
from tests.contract.store.conftest import on_a_folder
from tests.contract.store.test_prune_races import fill
from tests.releases import a_release

pytestmark = on_a_folder

UNREADABLE: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda record: record[:40],
    "empty": lambda record: b"",
    "of a later version": lambda record: record.replace(b'"promote"', b'"canary"'),
    "noise": lambda record: bytes(range(128, 256)),
    "far too long": lambda record: record + bytes(20_000_000),
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> list[LocalRelease]:
    folder = tmp_path_factory.mktemp("releases")
    return [open_release(a_release(folder / str(seed), seed=seed, per_class=20)) for seed in range(4)]


@pytest.fixture
def made(store: Store, shelf: list[LocalRelease]) -> list[str]:
    """Four releases, promoted in turn; their versions."""
    return fill(store, shelf)


def damage(store: Store, number: int, how: str, scratch: Path) -> None:
    record = store.read(promotion_key(number))
    (scratch / "record").write_bytes(UNREADABLE[how](record))
    store.upload(promotion_key(number), scratch / "record")


@pytest.mark.parametrize(
    ("number", "how", "serving", "removed"),
    [
        (1, "noise", 3, [0, 1, 2]),
        (3, "cut short", 3, [0, 1, 2]),
        (4, "cut short", 1, [0]),
        (4, "of a later version", 1, [0]),
        (4, "empty", 1, [0]),
    ],
)
def test_list_show_and_prune_name_a_record_that_cannot_be_read_and_go_on(  # noqa: PLR0917
    store: Store,
    made: list[str],
    number: int,
    how: str,
    serving: int,
    removed: list[int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(store, number, how, tmp_path)

    def typed(*words: str) -> Any:
        capsys.readouterr()
        assert wardrobe("releases", ["--store", store.address, *words, "--json"]) == 0
        said = capsys.readouterr()
        assert f"Promotion {number} is passed over" in said.err
        return json.loads(said.out)

    listed, shown = typed("list"), typed("show", "current")
    pruned = typed("prune", "--keep", "1", "--older-than", "0")

    assert [one["version"] for one in listed if one["current"]] == [made[serving]]
    assert shown["manifest"]["version"] == made[serving]
    assert {one["version"] for one in pruned} == {made[index] for index in removed}


@pytest.mark.parametrize(("number", "how"), [(2, "far too long"), (4, "of a later version"), (4, "empty")])
def test_a_release_is_published_after_a_record_that_cannot_be_read(  # noqa: PLR0917
    store: Store,
    made: list[str],
    releases: Callable[..., Path],
    number: int,
    how: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(store, number, how, tmp_path)

    wardrobe("publish", [str(releases(9)), store.address, "--by", "bob"])

    said = capsys.readouterr().out
    assert f"Promotion {number} is passed over" in said
    assert (current(store).number, current(store).by) == (5, "bob")
    assert [promotion.number for promotion in history(store)] == [one for one in range(1, 6) if one != number]


def test_rolling_back_from_a_record_that_cannot_be_read_goes_where_services_fell_back_to(
    store: Store, made: list[str], tmp_path: Path
) -> None:
    damage(store, 4, "cut short", tmp_path)

    promotion = roll_back(store, "eve")

    assert (promotion.number, promotion.version) == (5, made[1])
    assert current(store) == promotion
