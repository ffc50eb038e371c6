"""The threshold of the second look is the smallest one that words of shops have shown to be enough."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.part_words import read_part_answers, write_part_answers
from training.evaluation.part_words import FIRST_LOOK, PRODUCT_SIZES, PartAnswers, measure_part_words

ROOT = Path(__file__).parents[2]
KINDS = 6
FIRST = 0.9


def make_answers(wrong_in_parts: float, *, photos: int = 1500, of_product: int = 1) -> PartAnswers:
    """Photos that show their kind clearly, and whose parts show two other kinds with a probability."""
    truth = np.arange(photos) // of_product % (KINDS - 1)
    rows = np.arange(photos)
    whole = np.full((photos, KINDS), 0.001)
    whole[rows, truth] = 1 - 0.001 * (KINDS - 1)
    largest = whole.copy()
    for step in (1, 2):
        largest[rows, (truth + step) % (KINDS - 1)] = wrong_in_parts
    return PartAnswers(
        whole=whole,
        largest=largest,
        truth=truth,
        sets=np.array([("A", "B", "C")[number // of_product % 3] for number in range(photos)]),
        groups=np.array([f"shop {number // of_product // 20}" for number in range(photos)]),
        products=np.array([f"{number // of_product}" if of_product > 1 else "" for number in range(photos)]),
        other_column=KINDS - 1,
    )


@pytest.mark.parametrize(
    ("wrong_in_parts", "threshold"),
    [(0.001, 0.9), (0.1, 0.93), (0.25, 0.97), (0.9, None)],
    ids=["never", "seldom", "often", "nearly always"],
)
def test_the_smallest_threshold_that_keeps_wrong_words_out_is_taken(
    wrong_in_parts: float, threshold: float | None
) -> None:
    """A wrong word of which a part shows p has p / (p + .01) after the second look."""
    assert measure_part_words(make_answers(wrong_in_parts), FIRST).threshold == threshold


@pytest.mark.parametrize("of_product", [3, 6])
def test_products_of_several_photos_hold_a_threshold_back(of_product: int) -> None:
    answers = make_answers(0.2, photos=900, of_product=of_product)
    # The tiers alone would hold, because few photos show another kind in a part.
    alone = make_answers(0.001, photos=3000)
    both = PartAnswers.join_answers([answers, replace(alone, groups=np.char.add("other ", alone.groups))])

    promise = measure_part_words(both, FIRST)

    name = next(name for name, (least, most) in PRODUCT_SIZES.items() if least <= of_product <= most)
    [first] = {point.beside[f"{name}{FIRST_LOOK}"].wrong_accepted for point in promise.at}
    assert promise.at[0].beside[name].wrong_accepted > 2 * first
    assert promise.threshold == 0.97


def test_a_kind_without_a_label_is_not_looked_for_in_parts() -> None:
    answers = make_answers(0.001)
    shown = answers.largest.copy()
    shown[:, answers.other_column] = 0.9

    seen = replace(answers, largest=shown)

    assert (seen.weigh_second_look() == answers.weigh_second_look()).all()


def test_the_kept_answers_of_the_bundled_network_choose_a_threshold(tmp_path: Path) -> None:
    kept = read_part_answers(ROOT / "lab" / "part-answers.npz")
    write_part_answers(tmp_path / "again.npz", kept, [*map(str, range(19)), "other"])

    promise = measure_part_words(kept, FIRST)

    assert promise.threshold == 0.9
    assert set(promise.at[0].sets) == {"A", "B", "C"}
    assert (read_part_answers(tmp_path / "again.npz").whole == kept.whole).all()
