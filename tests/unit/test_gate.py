"""Which release may follow which: the gate's rules as a table."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from inference.contract import Imaging, InputContract
from model_store.errors import GateRefused
from model_store.gate import chance, check_gate, noise
from model_store.local import open_release
from model_store.manifest import Manifest
from tests.releases import LABELS, a_release

SWAPPED = (LABELS[1], LABELS[0], *LABELS[2:])
SHARPER = InputContract(imaging=Imaging(sharpen_sigma=2.5))


@pytest.fixture(scope="module")
def current(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Accuracy 0.93 on 10,000 pictures."""
    return open_release(a_release(tmp_path_factory.mktemp("release"))).manifest


def like(manifest: Manifest, **headline: Any) -> Manifest:
    return manifest.model_copy(update={"headline": manifest.headline.model_copy(update=headline)})


@pytest.mark.parametrize(
    ("accuracy", "n"),
    [(0.99, 10_000), (0.9301, 10_000), (0.93, 10_000), (0.9242, 10_000), (0.86, 30)],
    ids=["much better", "a little better", "equal", "worse by less than noise", "worse on a small sample"],
)
def test_a_release_not_measurably_worse_may_follow(current: Manifest, accuracy: float, n: int) -> None:
    candidate = like(current, test_accuracy=accuracy, test_n=n)

    verdict = check_gate(candidate, current)

    assert verdict.startswith(f"Not measurably worse than current: test accuracy {accuracy:.4f} against 0.93")


@pytest.mark.parametrize("accuracy", [0.9235, 0.90, 0.1, 0.0])
def test_a_measurably_worse_release_is_refused_with_both_figures(current: Manifest, accuracy: float) -> None:
    with pytest.raises(GateRefused, match=rf"test accuracy {accuracy:.4f} against 0\.9300.*--force"):
        check_gate(like(current, test_accuracy=accuracy), current)


# 1.645 * sqrt(0.93 * 0.07 * 2 / 10,000), worked out by hand
@pytest.mark.parametrize(("accuracy", "expected"), [(0.93, 0.005936), (1.0, 0.0)])
def test_noise_is_that_of_a_two_proportion_test(current: Manifest, accuracy: float, expected: float) -> None:
    headline = like(current, test_accuracy=accuracy).headline

    assert noise(headline, headline) == pytest.approx(expected, abs=1e-6)


# By hand: 2^-5; of 6 pictures 5 or 6 (7/64); of 2 at least 1 (3/4).
@pytest.mark.parametrize(
    ("worse", "better", "expected"), [(5, 0, 1 / 32), (5, 1, 7 / 64), (1, 1, 3 / 4), (0, 0, 1.0), (0, 9, 1.0)]
)
def test_the_chance_is_that_of_mcnemars_exact_test(worse: int, better: int, expected: float) -> None:
    assert chance(worse, better) == pytest.approx(expected)


@pytest.mark.parametrize(("worse", "better"), [(60, 40), (3000, 2900), (40, 60)])
def test_the_chance_of_many_pictures_is_the_binomial_tests(worse: int, better: int) -> None:
    exact = binomtest(worse, worse + better, 0.5, alternative="greater").pvalue

    assert chance(worse, better) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("newly_right", "newly_wrong", "refused"),
    [(40, 60, True), (45, 55, False), (60, 40, False), (480, 500, False), (0, 4, False), (0, 5, True)],
)
def test_two_tenths_of_a_point_are_seen_where_releases_answer_alike(
    current: Manifest, newly_right: int, newly_wrong: int, refused: bool
) -> None:
    n = 10_000
    ours = np.ones(n, bool)
    ours[:newly_wrong] = False
    theirs = np.ones(n, bool)
    theirs[newly_wrong : newly_wrong + newly_right] = False
    candidate = like(current, test_accuracy=0.93 + (newly_right - newly_wrong) / n)

    try:
        verdict = check_gate(candidate, current, (ours, theirs))
    except GateRefused as error:
        verdict = str(error)

    assert f"{newly_right} newly right, {newly_wrong} newly wrong" in verdict
    assert ("measurably worse than current" in verdict and not verdict.startswith("Not")) == refused


def test_accuracies_on_different_test_sets_are_not_compared_and_that_is_said(current: Manifest) -> None:
    other = like(current, test_accuracy=0.5)
    other = other.model_copy(update={"data": other.data.model_copy(update={"test_sha256": "f" * 64})})

    assert "were not compared" in check_gate(other, current)


def test_the_first_release_has_nothing_to_be_compared_with(current: Manifest) -> None:
    assert check_gate(current, None).startswith("The first release")


def test_a_changed_temperature_is_no_reason_to_refuse(current: Manifest) -> None:
    candidate = current.model_copy(update={"model": replace(current.model, temperature=1.7)})

    assert check_gate(candidate, current).startswith("Not measurably worse")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"labels": SWAPPED}, r'\["Trouser", "T-shirt/top".*\["T-shirt/top", "Trouser"'),
        ({"input": SHARPER}, r'"sharpen_sigma": 2\.5.*"sharpen_sigma": 1\.0'),
    ],
    ids=["labels", "input"],
)
def test_labels_and_input_may_not_change(current: Manifest, change: dict[str, Any], shown: str) -> None:
    candidate = like(current, test_accuracy=0.99)
    candidate = candidate.model_copy(update={"model": replace(current.model, **change)})

    with pytest.raises(GateRefused, match=shown):
        check_gate(candidate, current)
