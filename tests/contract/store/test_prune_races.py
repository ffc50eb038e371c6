"""Prunes beside rollbacks and promotions, one operation of the store at a time, in many orders: whatever the
order, current is in the store, or a command has said that it went. In a folder."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import pytest

from model_store.catalogue import PROBES, file_key, manifest_key
from model_store.errors import ReleaseRemoved, StoreError
from model_store.local import LocalRelease, open_release
from model_store.promotions import append, current, is_whole, newest, roll_back
from model_store.publish import promote, prune
from model_store.records import Promotion
from model_store.store import Store, open_store
from reports.judge import forced
from tests.releases import a_release

ORDERS = 20
"""How many are tried of each scene."""

ENDS_SECONDS = 60

Act = Callable[[Store, list[str]], Promotion | None]
"""What one process does, given the versions in the order of their promotion; the promotion that it made."""


class Turns:
    """Lets one actor at a time do its next operation, in an order drawn by chance."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._changed = threading.Condition()
        self._acting = set[int]()
        self._waiting = dict[int, bool]()

    def begin(self, actor: int) -> None:
        self._acting.add(actor)

    def end(self, actor: int) -> None:
        with self._changed:
            self._acting.discard(actor)
            self._give_next()

    def take(self, actor: int) -> None:
        with self._changed:
            self._waiting[actor] = False
            self._give_next()
            assert self._changed.wait_for(lambda: self._waiting[actor], ENDS_SECONDS)
            del self._waiting[actor]

    def _give_next(self) -> None:
        if self._waiting and self._waiting.keys() == self._acting:
            self._waiting[self._random.choice(sorted(self._waiting))] = True
        self._changed.notify_all()


class InTurns:
    """A store whose operations wait for their turn; probes, which no other actor sees, do not."""

    def __init__(self, inner: Store, turns: Turns, actor: int) -> None:
        self._inner, self._turns, self._actor = inner, turns, actor

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def call(key: str, *rest: Any, **named: Any) -> Any:
            if not key.startswith(PROBES):
                self._turns.take(self._actor)
            return found(key, *rest, **named)

        return call


def rolls_back(store: Store, versions: list[str]) -> Promotion | None:
    return roll_back(store, "eve")


def promotes_the_first(store: Store, versions: list[str]) -> Promotion | None:
    return promote(versions[0], store, forced, by="bob").promotion


def prunes(store: Store, versions: list[str]) -> Promotion | None:
    prune(store, keep=1, older_than=timedelta(0))
    return None


SCENES: dict[str, tuple[Act, ...]] = {
    "rollback": (rolls_back, prunes),
    "rollback, two prunes": (rolls_back, prunes, prunes),
    "promotion, two prunes": (promotes_the_first, prunes, prunes),
    "rollback, promotion, prune": (rolls_back, promotes_the_first, prunes),
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> list[LocalRelease]:
    folder = tmp_path_factory.mktemp("releases")
    return [open_release(a_release(folder / str(seed), seed=seed, keeps_answers=False)) for seed in range(3)]


@contextmanager
def acting(store: Store, seed: int, scene: tuple[Act, ...], versions: list[str]) -> Iterator[list[object]]:
    """What each actor of a scene came to, an error or a promotion, once all have ended."""
    turns, ends = Turns(seed), list[object]([None] * len(scene))

    def act(number: int) -> None:
        try:
            ends[number] = scene[number](cast("Store", InTurns(store, turns, number)), versions)
        except StoreError as error:
            ends[number] = error
        finally:
            turns.end(number)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(len(scene))]
    for number in range(len(scene)):
        turns.begin(number)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(ENDS_SECONDS)
    yield ends


def fill(store: Store, shelf: list[LocalRelease]) -> list[str]:
    """Put releases there and promote each."""
    for release in shelf:
        for path in release.manifest.files:
            store.upload(file_key(release.version, path), release.folder / path)
        store.upload(manifest_key(release.version), release.folder / "manifest.json")
        append(store, release.version, "promote", "ann", newest(store))
    return [release.version for release in shelf]


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_current_is_in_the_store_or_a_command_says_that_it_went_in_whatever_order_they_do_their_steps(
    shelf: list[LocalRelease], folder_address: str, scene: tuple[Act, ...]
) -> None:
    for seed in range(ORDERS):
        store = open_store(f"{folder_address}/{seed}")
        versions = fill(store, shelf)
        with acting(store, seed, scene, versions) as ends:
            holding = current(store)
            went = [str(end) for end in ends if isinstance(end, ReleaseRemoved)]
            told = any(said.startswith(holding.version) for said in went)
            assert is_whole(store, holding.version) or told, (seed, ends)
            assert all(isinstance(end, StoreError | Promotion | None) for end in ends), (seed, ends)
