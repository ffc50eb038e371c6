"""Twelve publishers at once, each a process, all let go at the moment of their promotion."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from model_store.cache import pull
from model_store.promotions import current, history
from model_store.publish import publish
from model_store.store import open_store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PUBLISHERS = 12


@pytest.fixture
def folders(releases: Callable[..., Path]) -> list[str]:
    return [str(releases(100 + number)) for number in range(PUBLISHERS)]


def race(address: str, folders: list[str]) -> tuple[list[int], str]:
    """Let them go; exit codes, and what was said on stderr."""
    command = [sys.executable, "-m", "tests.contract.store.publisher", "race", address, *folders]
    ended = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(ended.stdout), ended.stderr


@pytest.mark.parametrize("kind", ["folder", "moto"])
def test_of_twelve_publishers_one_wins_and_the_others_are_told(
    request: pytest.FixtureRequest,
    releases: Callable[..., Path],
    folders: list[str],
    tmp_path: Path,
    kind: str,
) -> None:
    address = request.getfixturevalue(f"{kind}_address")
    store = open_store(address)
    publish(releases(1), store, by="ann")

    codes, said = race(address, folders)

    assert sorted(codes) == [0] + [1] * (PUBLISHERS - 1)
    assert said.count(f"promoted {current(store).version} first, so") == PUBLISHERS - 1
    assert [promotion.number for promotion in history(store)] == [1, 2]
    assert pull(store, current(store).version, tmp_path / "cache").version == current(store).version


def test_where_creating_is_not_atomic_the_log_stays_valid_with_one_current(
    swift_address: str,
    releases: Callable[..., Path],
    folders: list[str],
    tmp_path: Path,
) -> None:
    store = open_store(swift_address)
    publish(releases(1), store, by="ann")

    codes, said = race(swift_address, folders)

    assert 1 <= codes.count(0) == PUBLISHERS - codes.count(1)
    assert said.count("first, so") == codes.count(1)
    assert [promotion.number for promotion in history(store)] == [1, 2]
    assert pull(store, current(store).version, tmp_path / "cache").version == current(store).version
