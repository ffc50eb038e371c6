"""Publishers that all come to their promotion at one moment, each in a process of its own."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from model_store.cache import pull_release
from model_store.promotions import read_current_promotion, read_promotions
from model_store.publish import publish_release
from model_store.store import open_store
from reports.judge import judge_release
from tests.commands import done

PUBLISHERS = 12


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "winners"),
    [("folder", 1), ("moto", 1), ("swift", PUBLISHERS)],  # Swift's create-if-absent is not atomic
)
def test_of_twelve_publishers_the_losers_learn_it_and_one_whole_release_is_current(
    request: pytest.FixtureRequest, releases: Callable[..., Path], tmp_path: Path, kind: str, winners: int
) -> None:
    address = request.getfixturevalue(f"{kind}_address")
    store = open_store(address)
    publish_release(releases(1), store, judge_release, author="ann")
    folders = [str(releases(100 + number)) for number in range(PUBLISHERS)]

    ended = done([sys.executable, "-m", "tests.contract.store.publisher", address, *folders])

    codes = json.loads(ended.stdout)
    assert 1 <= codes.count(0) <= winners
    assert ended.stderr.count("first, so") == codes.count(1) == PUBLISHERS - codes.count(0)
    assert [promotion.number for promotion in read_promotions(store)] == [1, 2]
    assert (
        pull_release(store, read_current_promotion(store).version, tmp_path / "cache").version
        == read_current_promotion(store).version
    )
