"""The figures of photos from sources that the answering heads have not learnt."""

import re

import numpy as np
import pytest

from model_store.local_releases import open_bundled_release
from reports.answers import NO_CLASS, Answers
from reports.model_card import make_model_card
from reports.values import read_report
from training.data.fashion import FASHION_MNIST_LABELS
from training.evaluation.photos import compute_unknown_source_figures, mark_known_source_answers
from training.thresholds.requirements import choose_deciding_answers


def test_a_source_is_unknown_where_one_network_of_folds_gave_all_of_its_answers() -> None:
    answers = answered(sources=["shop", "shop", "town", "town", "", "own"], folds=[1, 2, 3, 3, 1, 0])

    assert answers.is_from_unknown_source.tolist() == [False, False, True, True, False, False]


def test_unknown_sources_are_counted_apart_and_not_in_the_figures_of_tiers() -> None:
    answers = answered(
        sources=["shop", "shop", "town", "town", "lawn", "town"],
        folds=[1, 2, 3, 3, 1, 3],
        truth=[0, 0, 0, 0, 1, NO_CLASS],
        predicted=[0, 0, 0, 1, 1, 1],
        decisions=["accept", "accept", "accept", "accept", "ambiguous", "unfamiliar"],
        familiarity=[0.9, 0.9, 0.8, 0.1, 0.7, 0.2],
    )

    found = compute_unknown_source_figures(answers, FASHION_MNIST_LABELS)["A"]

    assert tuple(vars(found.of_all).values()) == (3, 2, 2, 1)
    assert {name: tuple(vars(one).values()) for name, one in found.sources.items()} == {
        "lawn": (1, 1, 0, 0),
        "town": (2, 1, 2, 1),
    }
    assert found.lower_bound is None
    assert found.interval is None
    assert found.classes == {"T-shirt/top": 2, "Trouser": 1}
    assert found.auroc == pytest.approx(2 / 3)
    assert mark_known_source_answers(answers).tolist() == [True, True, False, False, False, True]


def test_ten_sources_give_a_bound_and_the_card_gives_each_source_of_fewer() -> None:
    names = [f"shop {number}" for number in range(10) for _ in range(30)]
    few = answered(sources=["stall"], decisions=["accept"], sets="C")

    found = compute_unknown_source_figures(
        answered(sources=names, decisions=["accept"] * 300) + few, FASHION_MNIST_LABELS
    )
    card = make_model_card(
        open_bundled_release().manifest.contracts,
        read_report(open_bundled_release()).model_copy(update={"unknown_sources": found}),
    )

    assert found["A"].lower_bound is not None and 0.8 < found["A"].lower_bound < 1
    assert found["A"].interval is not None and found["A"].interval[0] > 0.8
    mean = "100.0% (95.2% to 100.0%)"
    assert f"| A: product shots | all 10 | 300 | {mean} | {mean} | 300 of 300 |" in card
    assert re.search(r"\| T-shirt/top \| .* \| 300 \| 1 \|$", card, re.MULTILINE)
    assert "shop 3" not in card
    assert "| C: users' own photos | all 1 | 1 | 100.0% | 100.0% | 1 of 1 | too few sources |" in card
    assert "| C: users' own photos | stall | 1 | 100.0% | 100.0% | 1 of 1 |  |" in card


SIZES = {f"shop {number}": 4 for number in range(9)} | {"mail order": 400}
"""Nine small sources and a large one."""
NAMES = [name for name, n in SIZES.items() for _ in range(n)]
OF_FEW = [0, 1, 1, 1] * 9 + [0] * 400
"""What is so in a quarter of the photos of small sources, and in all of the large one."""
OF_MANY = [0, 0, 0, 1] * 9 + [0] * 100 + [1] * 300
"""What is so in three quarters of the former, and in a quarter of the latter."""


@pytest.mark.parametrize(
    ("wrong", "share"),
    [
        pytest.param(OF_FEW, (9 * 0.25 + 1) / 10, id="a large source counts as one in the mean over sources"),
        pytest.param(OF_MANY, (9 * 3 + 100) / 436, id="all photos, where a large source is worse"),
    ],
)
def test_right_and_accepted_are_the_lower_of_two_shares_with_an_interval_by_source(
    wrong: list[int], share: float
) -> None:
    decisions = np.where(np.array(wrong) == 0, "accept", "ambiguous").tolist()

    found = compute_unknown_source_figures(
        answered(sources=NAMES, predicted=wrong, decisions=decisions), FASHION_MNIST_LABELS
    )["A"]

    for value, interval in (found.right_share, found.accepted_share):
        assert value == pytest.approx(share)
        assert interval is not None
        low, high = interval
        assert low < share < high
        # Of ten sources, however many photos one of them has.
        assert high - low > 0.2


@pytest.mark.parametrize(
    ("sources", "photos", "alone"),
    [
        pytest.param(10, 6, True, id="enough"),
        pytest.param(9, 7, False, id="too few sources"),
        pytest.param(10, 5, False, id="fewer photos than a promise takes"),
    ],
)
def test_a_tier_of_enough_unknown_sources_is_decided_by_these_alone(
    sources: int, photos: int, alone: bool
) -> None:
    names = [f"shop {number}" for number in range(sources) for _ in range(photos)]
    known = answered(sources=["known", "known"], folds=[1, 2])

    found = choose_deciding_answers(answered(sources=names) + known)

    assert found.sources.tolist() == [*names, *([] if alone else ["known", "known"])]


def answered(**columns: object) -> Answers:
    n = len(columns["sources"])  # type: ignore[arg-type]
    zeros = np.zeros(n, np.int64)
    return Answers.make_answers(**{"sets": "A", "truth": zeros, "predicted": zeros, "folds": 1, **columns})  # type: ignore[arg-type]
