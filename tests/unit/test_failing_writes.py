"""Publish, promote and roll back on a store that fails after a write: the error says what stands."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from model_store.errors import (
    PromotionUnchecked,
    StoreBroken,
    StoreError,
    StoreRefused,
    StoreUnreachable,
)
from model_store.promotions import read_current_promotion, roll_back_release
from model_store.publish import promote_release, publish_release
from model_store.store import FolderStore, Store
from model_store.store_keys import make_manifest_key
from reports.judge import describe_release_verdict
from tests.releases import a_release

SILENT = "no answer. Look at AWS_ENDPOINT_URL_S3, the network and the server."


class Failing(FolderStore):
    """A store that fails from its write `number` on.

    Attributes:
        writes: so far.
    """

    def __init__(self, root: Path, number: int, error: type[StoreError], *, answers: bool) -> None:
        super().__init__(root)
        self._number, self._error, self._answers, self.writes = number, error, answers, 0

    def _written(self) -> None:
        self.writes += 1
        if not self._answers:
            self._check()

    def _check(self) -> None:
        if self.writes >= self._number:
            raise self._error(SILENT)

    def read(self, key: str) -> bytes:
        self._check()
        return super().read(key)

    def list_entries(self, prefix: str) -> list:  # type: ignore[type-arg]  # as in the parent
        self._check()
        return super().list_entries(prefix)

    def download(self, key: str, target: Path, limit: int | None = None) -> None:
        self._check()
        super().download(key, target, limit)

    def create(self, key: str, data: bytes) -> None:
        self._check()
        super().create(key, data)
        self._written()

    def upload(self, key: str, source: Path) -> None:
        self._check()
        super().upload(key, source)
        self._written()

    def delete(self, key: str) -> None:
        self._check()
        super().delete(key)
        self._written()


class FailingAtAny(Failing):
    """A store that fails from its operation `number` on, and does not do that one."""

    def _check(self) -> None:
        self.writes += 1
        super()._check()

    def _written(self) -> None:
        """Writes are counted before they are done, as reads are."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four releases."""
    folder = tmp_path_factory.mktemp("shelf")
    return [a_release(folder / str(seed), seed=seed, keeps_answers=False) for seed in range(4)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, shelf: list[Path]) -> Path:
    """The folder of a store in which three releases were promoted, and the fourth was not."""
    folder = tmp_path_factory.mktemp("filled") / "store"
    for made in shelf:
        publish_release(
            made, FolderStore(folder), describe_release_verdict, author="ann", promote=made != shelf[-1]
        )
    return folder


Act = Callable[[Store, list[Path]], object]


def rolls_back(store: Store, shelf: list[Path]) -> object:
    return roll_back_release(store, "ann")


def promotes(store: Store, shelf: list[Path]) -> object:
    return promote_release(a_version(shelf[-1]), store, describe_release_verdict, author="ann")


def publishes(store: Store, shelf: list[Path]) -> object:
    for path in shelf[-1].rglob("*.onnx"):
        store.delete(f"releases/{a_version(shelf[-1])}/{path.name}")
    store.delete(make_manifest_key(a_version(shelf[-1])))
    return publish_release(shelf[-1], store, describe_release_verdict, author="ann")


def a_version(made: Path) -> str:
    return FolderStore(made).read("manifest.json").decode().partition('"version": "')[2].partition('"')[0]


@pytest.mark.parametrize("answers", [True, False], ids=["silent after", "answer lost"])
@pytest.mark.parametrize("error", [StoreUnreachable, StoreRefused, StoreBroken])
@pytest.mark.parametrize("act", [rolls_back, promotes, publishes])
def test_an_error_after_any_write_says_which_promotion_stands_or_else_there_is_none(
    filled: Path, shelf: list[Path], tmp_path: Path, act: Act, error: type[StoreError], *, answers: bool
) -> None:
    number, failed = 0, list[StoreError]()
    while not failed or len(failed) == number:
        number += 1
        shutil.copytree(filled, tmp_path / str(number))
        try:
            act(Failing(tmp_path / str(number), number, error, answers=answers), shelf)
        except StoreError as stopped:
            failed.append(stopped)
            holding = read_current_promotion(FolderStore(tmp_path / str(number)))
            promoted = holding.number > len(shelf) - 1
            assert isinstance(stopped, PromotionUnchecked) == promoted, (number, stopped)
            assert (f"Promotion {holding.number}" in str(stopped)) == promoted
            assert (f"{holding.version} current" in str(stopped)) == promoted
            assert SILENT in str(stopped)

    assert any(isinstance(stopped, PromotionUnchecked) for stopped in failed)


@pytest.mark.parametrize("act", [rolls_back, promotes, publishes])
def test_an_error_at_any_operation_after_a_record_says_that_it_stands(
    filled: Path, shelf: list[Path], tmp_path: Path, act: Act
) -> None:
    number, standing, is_stopped = 0, 0, True
    while is_stopped:
        number += 1
        shutil.copytree(filled, tmp_path / str(number))
        try:
            act(FailingAtAny(tmp_path / str(number), number, StoreUnreachable, answers=True), shelf)
            is_stopped = False
        except StoreUnreachable as stopped:
            assert read_current_promotion(FolderStore(tmp_path / str(number))).number == len(shelf) - 1, (
                number,
                stopped,
            )
        except PromotionUnchecked as stopped:
            standing += "stands" in str(stopped)

    assert standing > 1


def test_the_error_says_what_to_look_at_before_a_rollback_is_repeated(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "store")
    store = Failing(tmp_path / "store", 3, StoreUnreachable, answers=True)  # the probe takes two

    with pytest.raises(PromotionUnchecked) as stopped:
        roll_back_release(store, "ann")

    back = read_current_promotion(FolderStore(tmp_path / "store"))
    assert str(stopped.value) == (
        f"{store.address}: Promotion {back.number} may be written, which makes {back.version} current: the "
        "store failed then. Before you repeat the command, look at `wardrobe releases --store "
        f"{store.address} log`. {SILENT}"
    )
