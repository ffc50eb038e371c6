"""How many workers there are, unless somebody says."""

import os

import pytest

from inference.cores import cores_within, usable_cores


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("50000 100000\n", 1),
        ("100000 100000\n", 1),
        ("150000 100000\n", 2),
        ("200000 100000\n", 2),
        ("230000 100000\n", 3),
        ("900000 100000\n", 4),
        ("max 100000\n", 4),
    ],
)
def test_a_quota_is_used_up_to_its_last_part_of_a_core(quota: str, cores: int) -> None:
    assert cores_within(quota, pinned=4) == cores


def test_a_quota_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        cores_within("-1", pinned=4)


def test_there_are_never_more_than_the_process_is_pinned_to() -> None:
    assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))
