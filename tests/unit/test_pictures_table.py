"""The table of labelled pictures."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.pictures.table import Pictures

IMAGES = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2)
SOME = Pictures.of_pixels(IMAGES, np.array([2, 0, 1], np.uint8))


def test_pixels_without_files_are_named_by_their_bytes_and_each_is_in_a_group_of_its_own() -> None:
    contents = [hashlib.sha256(one.tobytes()).hexdigest() for one in IMAGES]

    assert SOME.sha256.tolist() == SOME.groups.tolist() == contents
    assert (SOME.files, SOME.networks) == ((), ("pixels",) * 3)


def test_pictures_that_are_taken_keep_all_that_is_known_of_them_in_the_order_asked_for() -> None:
    every = replace(
        SOME,
        groups=np.array(["a", "b", "c"]),
        files=(Path("0.png"), Path("1.png"), Path("2.png")),
        tiers=np.array(["A", "B", "C"]),
        kinds=np.array(["bag", "hat", "tie"]),
        sources=np.array(["north", "", "south"]),
    )

    found = every.take(np.array([2, 0]))

    assert found.images.tolist() == [IMAGES[2].tolist(), IMAGES[0].tolist()]
    assert found.classes.tolist() == [1, 2]
    assert found.sha256.tolist() == [every.sha256[2], every.sha256[0]]
    assert found.files == (Path("2.png"), Path("0.png"))
    columns = (found.groups, found.tiers, found.kinds, found.sources)
    assert [one.tolist() for one in columns] == [["c", "a"], ["C", "A"], ["tie", "bag"], ["south", "north"]]
