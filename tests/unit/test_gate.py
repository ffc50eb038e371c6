"""Which release may follow which: the gate's rules as a table."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from inference.contract import Imaging, InputContract, whole_pictures
from model_store.comparison import chance, chance_by_group, noise
from model_store.errors import GateRefused
from model_store.evidence import Evidence
from model_store.gate import check_gate
from model_store.local import open_release
from model_store.manifest import Manifest
from model_store.predictions import TEST_SET, PhotoPrediction
from model_store.report import PhotoDecisions, PhotoFigures
from tests.releases import LABELS, a_release

SWAPPED = (LABELS[1], LABELS[0], *LABELS[2:])
SHARPER = InputContract(imaging=Imaging(sharpen_sigma=2.5))
LARGER = InputContract(shape=(64, 64), polarity="none", framing="whole")


@pytest.fixture(scope="module")
def current(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Accuracy 0.93 on 10,000 pictures."""
    return open_release(a_release(tmp_path_factory.mktemp("release"))).manifest


def like(manifest: Manifest, **headline: Any) -> Manifest:
    return manifest.model_copy(update={"headline": manifest.headline.model_copy(update=headline)})


def evidence(manifest: Manifest, **more: Any) -> Evidence:
    return Evidence(manifest=manifest, **more)


@pytest.mark.parametrize(
    ("accuracy", "n"),
    [(0.99, 10_000), (0.9301, 10_000), (0.93, 10_000), (0.9242, 10_000), (0.86, 30)],
    ids=["much better", "a little better", "equal", "worse by less than noise", "worse on a small sample"],
)
def test_a_release_not_measurably_worse_may_follow(current: Manifest, accuracy: float, n: int) -> None:
    candidate = like(current, test_accuracy=accuracy, test_n=n)

    verdict = check_gate(evidence(candidate), evidence(current))

    assert verdict.startswith(f"Not measurably worse than current: test accuracy {accuracy:.4f} against 0.93")


@pytest.mark.parametrize("accuracy", [0.9235, 0.90, 0.1, 0.0])
def test_a_measurably_worse_release_is_refused_with_both_figures(current: Manifest, accuracy: float) -> None:
    with pytest.raises(GateRefused, match=rf"test accuracy {accuracy:.4f} against 0\.9300.*--force"):
        check_gate(evidence(like(current, test_accuracy=accuracy)), evidence(current))


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
        verdict = check_gate(evidence(candidate, right=ours), evidence(current, right=theirs))
    except GateRefused as error:
        verdict = str(error)

    assert f"{newly_right} newly right, {newly_wrong} newly wrong" in verdict
    assert ("measurably worse than current" in verdict and not verdict.startswith("Not")) == refused


def test_accuracies_on_different_test_sets_are_not_compared_and_that_is_said(current: Manifest) -> None:
    other = like(current, test_accuracy=0.5)
    other = other.model_copy(update={"data": other.data.model_copy(update={"test_sha256": "f" * 64})})

    assert "were not compared" in check_gate(evidence(other), evidence(current))


def of_pictures(right: int, of: int) -> dict[str, PhotoPrediction]:
    """The first so many of these pictures are answered right; each is a group of its own."""
    return {
        f"{name:04}": PhotoPrediction(f"{name:04}", TEST_SET, 0, int(name >= right)) for name in range(of)
    }


@pytest.mark.parametrize(
    ("common", "right", "refused"), [(300, 292, False), (300, 200, True), (140, 100, False)]
)
def test_test_sets_that_differ_are_compared_on_the_pictures_that_both_answered(
    current: Manifest, common: int, right: int, refused: bool
) -> None:
    grown = current.model_copy(update={"data": current.data.model_copy(update={"test_sha256": "f" * 64})})
    further = {f"new {name}": PhotoPrediction(f"new {name}", TEST_SET, 0, 0) for name in range(200)}
    ours = evidence(grown, pictures=of_pictures(right, common) | further)
    theirs = evidence(current, pictures=of_pictures(295, 300))

    with pytest.raises(GateRefused, match="300 pictures of both test sets") if refused else nullcontext():
        verdict = check_gate(ours, theirs)
        assert ("300 pictures of both test sets" in verdict) == (common == 300)
        assert ("were not compared" in verdict) == (common < 150)


@pytest.mark.parametrize(("groups", "refused"), [(20, True), (1, False)])
def test_many_copies_of_one_picture_that_is_newly_wrong_do_not_outvote_a_test_set(
    current: Manifest, groups: int, refused: bool
) -> None:
    pictures = {
        f"{name:04}": PhotoPrediction(f"{name % groups if name < 20 else name}", TEST_SET, 0, int(name < 20))
        for name in range(300)
    }
    same = like(current, test_n=300)
    ours = evidence(same, right=np.arange(300) >= 20, pictures=pictures)
    theirs = evidence(same, right=np.ones(300, bool))

    with pytest.raises(GateRefused, match="in 300 groups") if refused else nullcontext():
        assert "in 281 groups 0 newly right, 20 newly wrong, p = 0.5)" in check_gate(ours, theirs)


def test_small_losses_on_pictures_of_growing_test_sets_do_not_add_up(current: Manifest) -> None:
    def grown(digit: str) -> Manifest:
        return current.model_copy(
            update={"data": current.data.model_copy(update={"test_sha256": digit * 64})}
        )

    first, second, third = (
        evidence(grown(digit), pictures=of_pictures(right, 300))
        for digit, right in (("a", 300), ("b", 297), ("c", 294))
    )

    assert check_gate(second, first).startswith("Not measurably worse")
    assert check_gate(third, second).startswith("Not measurably worse")
    with pytest.raises(GateRefused, match=r"best release before.*0 newly right, 6 newly wrong"):
        check_gate(third, second, [first])


def test_the_first_release_has_nothing_to_be_compared_with(current: Manifest) -> None:
    assert check_gate(evidence(current), None).startswith("The first release")


def test_a_changed_temperature_is_no_reason_to_refuse(current: Manifest) -> None:
    candidate = current.model_copy(update={"model": replace(current.model, temperature=1.7)})

    assert check_gate(evidence(candidate), evidence(current)).startswith("Not measurably worse")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"labels": SWAPPED}, r'\["Trouser", "T-shirt/top".*\["T-shirt/top", "Trouser"'),
        ({"input": LARGER}, r'"shape": \[64, 64\].*"shape": \[28, 28\].*--from bundled.*--force'),
    ],
    ids=["labels", "input"],
)
def test_labels_and_input_may_not_change(current: Manifest, change: dict[str, Any], shown: str) -> None:
    candidate = like(current, test_accuracy=0.99)
    candidate = candidate.model_copy(update={"model": replace(current.model, **change)})

    with pytest.raises(GateRefused, match=shown):
        check_gate(evidence(candidate), evidence(current))


def test_a_second_network_may_come_but_neither_go_nor_read_another_size(
    current: Manifest, tmp_path: Path
) -> None:
    of_32, of_40 = (
        open_release(a_release(tmp_path / str(edge), photos=whole_pictures(edge, 3))).manifest
        for edge in (32, 40)
    )

    assert check_gate(evidence(of_32), evidence(current)).startswith("Not measurably worse")
    for candidate in (current, of_40):
        with pytest.raises(GateRefused, match=r'"photos": \[32, 32\]'):
            check_gate(evidence(candidate), evidence(of_32))


def test_another_conversion_of_photos_is_no_reason_to_refuse(current: Manifest) -> None:
    candidate = current.model_copy(update={"model": replace(current.model, input=SHARPER)})

    assert check_gate(evidence(candidate), evidence(current)).startswith("Not measurably worse")


# Photos: as many of each tier as the bundled release was measured on, four from each sender.
PHOTOS = {"A": 413, "B": 356, "C": 435}


def answers(**right: int) -> dict[str, PhotoPrediction]:
    """The first so many photos of each tier are answered right."""
    return {
        f"{tier}{number:04}": PhotoPrediction(f"{tier}{number // 4}", tier, 0, int(number >= of))
        for tier, of in right.items()
        for number in range(PHOTOS.get(tier, 400))
    }


def figures(accuracy: float, n: int, half: float = 0.05, split: str = "development") -> PhotoFigures:
    return PhotoFigures(
        split=split,
        n=n,
        macro_accuracy=accuracy,
        macro_accuracy_interval=(max(accuracy - half, 0), min(accuracy + half, 1)),
        accuracy=accuracy,
        per_class={},
        ece=0.0,
        decisions=PhotoDecisions(
            confidence_threshold=0.9,
            familiarity_threshold=0.02,
            coverage=0.5,
            accuracy=1.0,
            ambiguous=0.5,
            unfamiliar=0.0,
        ),
        auroc=None,
        sources={},
    )


def tiers(split: str = "development", **accuracy: float) -> dict[str, PhotoFigures]:
    return {tier: figures(share, PHOTOS.get(tier, 400), split=split) for tier, share in accuracy.items()}


def measured(manifest: Manifest, split: str = "development", **right: int) -> Evidence:
    """A release that keeps its answers to photos; so many of each tier are right."""
    shares = {tier: of / PHOTOS.get(tier, 400) for tier, of in right.items()}
    return evidence(manifest, tiers=tiers(split, **shares), answers=answers(**right))


def other(manifest: Manifest, number: int) -> Manifest:
    return manifest.model_copy(update={"version": f"20261120T10150{number}Z-3f9a1c2e"})


@pytest.mark.parametrize(
    ("candidate", "served", "shown"),
    [
        (
            {"tiers": tiers(A=0.95, B=0.87, C=0.23)},
            {"tiers": tiers(A=0.95, B=0.87, C=0.755)},
            r"tier C 0\.2300 against 0\.7550 .*by the intervals of 435 and 435 photos",
        ),
        (
            {"tiers": tiers(A=0.95, C=0.23), "answers": answers(A=395, C=100)},
            {"tiers": tiers(A=0.95, C=0.755), "answers": answers(A=395, C=328)},
            r"tier C 0\.2299 against 0\.7540 .*0 newly right, 228 newly wrong",
        ),
    ],
    ids=["by intervals, as of reports without single answers", "photo by photo"],
)
def test_a_release_that_fails_on_photos_alone_is_refused(
    current: Manifest, candidate: dict[str, Any], served: dict[str, Any], shown: str
) -> None:
    with pytest.raises(GateRefused, match=shown):
        check_gate(evidence(current, **candidate), evidence(other(current, 1), **served))


@pytest.mark.parametrize(("of_one_sender", "refused"), [(8, False), (1, True)])
def test_the_photos_of_one_sender_are_not_many_losses(
    current: Manifest, of_one_sender: int, refused: bool
) -> None:
    right = {f"{n}": PhotoPrediction(f"{n // of_one_sender}", "A", 0, 0) for n in range(400)}
    wrong = right | {f"{n}": replace(right[f"{n}"], predicted=1) for n in range(8)}

    ours, theirs = (evidence(current, tiers=tiers(A=0.98), answers=one) for one in (wrong, right))

    if not refused:
        assert "8 newly wrong, p = 0.5)" in check_gate(ours, theirs)
        return
    with pytest.raises(GateRefused, match=r"8 newly wrong, p = 0\.0039"):
        check_gate(ours, theirs)


def test_what_is_as_good_on_every_tier_may_follow_and_each_is_named(current: Manifest) -> None:
    verdict = check_gate(
        measured(current, A=396, B=310, C=326), measured(other(current, 1), A=395, B=309, C=328)
    )

    assert verdict.startswith("Not measurably worse than current: test accuracy 0.93")
    assert all(f"accuracy on tier {tier} " in verdict for tier in "ABC")


def test_a_release_that_lost_a_tier_is_refused(current: Manifest) -> None:
    with pytest.raises(GateRefused, match=r"not measured on photos of tier C \(.* was\).*--force"):
        check_gate(measured(current, A=413, B=356), measured(other(current, 1), A=395, B=309, C=328))


@pytest.mark.parametrize(
    ("split", "right", "refused"),
    [
        ("cross-fitted", 380, None),
        ("cross-fitted", 340, "accuracy on own pictures 0.8500 against 0.9500"),
        ("development", 380, "fewer than 300 own pictures of both"),
    ],
)
def test_own_pictures_stand_for_a_lost_tier_where_others_than_their_learners_answered(
    current: Manifest, split: str, right: int, refused: str | None
) -> None:
    candidate = measured(current, split, shop=right)
    served = measured(other(current, 1), shop=380, C=328)

    try:
        verdict = check_gate(candidate, served)
    except GateRefused as error:
        verdict = str(error)

    assert "Not measured on photos of tier C" in verdict or refused is not None
    assert ("--force" in verdict) == (refused is not None)
    assert refused is None or refused in verdict


def test_photos_of_the_bundled_tiers_do_not_stand_for_another_one(current: Manifest) -> None:
    candidate = measured(current, "cross-fitted", A=413, B=356)

    with pytest.raises(GateRefused, match="fewer than 300 own pictures"):
        check_gate(candidate, measured(other(current, 1), A=395, B=309, C=328))


def test_what_could_not_be_compared_is_named(current: Manifest) -> None:
    ood = figures(0.5, 271).model_copy(update={"macro_accuracy": None, "accuracy": None})

    verdict = check_gate(
        evidence(current, tiers={"X": ood, "shop": figures(0.9, 50)}),
        evidence(other(current, 1), tiers={"X": ood}),
    )

    assert "Tier X has no accuracy to compare." in verdict
    assert "was not measured on photos of tier shop" in verdict


@pytest.mark.parametrize("kind", ["pixels", "photos"])
def test_the_fifth_of_five_small_losses_is_refused(current: Manifest, kind: str) -> None:
    """Each release loses so little against the one before that chance explains it."""
    line = []
    for number in range(6):
        if kind == "pixels":
            right = np.arange(10_000) >= 700 + 4 * number
            manifest = like(other(current, number), test_accuracy=float(right.mean()))
            line.append(evidence(manifest, right=right))
        else:
            line.append(measured(other(current, number), C=328 - 4 * number))

    verdicts = []
    for number in range(1, 6):
        try:
            verdicts.append(check_gate(line[number], line[number - 1], line[: number - 1]))
        except GateRefused as error:
            verdicts.append(str(error))
            break

    assert "the best release before" in verdicts[-1]
    assert verdicts[-1].endswith("--force promotes it anyway.")
    assert line[0].version in verdicts[-1]
    assert check_gate(line[5], line[4]).startswith("Not measurably worse")  # nothing but the sum


def test_what_is_better_than_current_but_not_than_the_best_before_is_compared_with_that(
    current: Manifest,
) -> None:
    best = like(other(current, 1), test_accuracy=0.95)

    with pytest.raises(GateRefused, match=rf"the best release before.* 0\.9500 of {best.version}"):
        check_gate(evidence(current), evidence(like(other(current, 2), test_accuracy=0.90)), [evidence(best)])


# By hand: of two signs both (1/4); of three senders with 1, 1 and 2 the sums 4 and 2 of ±1±1±2 (1/8 + 2/8).
@pytest.mark.parametrize(
    ("losses", "expected"), [([3, 1], 1 / 4), ([1, -1, 2], 3 / 8), ([63], 1 / 2), ([], 1.0), ([0, 0], 1.0)]
)
def test_the_chance_counts_all_photos_of_a_sender_as_one(losses: list[int], expected: float) -> None:
    assert chance_by_group(losses) == pytest.approx(expected)


@pytest.mark.parametrize(("worse", "better"), [(5, 1), (60, 40), (0, 3)])
def test_with_one_photo_a_sender_it_is_mcnemars(worse: int, better: int) -> None:
    assert chance_by_group([1] * worse + [-1] * better) == pytest.approx(chance(worse, better))
