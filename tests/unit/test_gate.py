"""Which release may follow which: the gate's rules as a table."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from inference.contract import Head, Imaging, InputContract, whole_pictures
from model_store.catalogue import files_in_folder
from model_store.errors import GateRefused
from model_store.local import bundled, open_release
from model_store.manifest import Manifest
from reports.answers import CORRECTED, NO_ANSWERS, NONE_OF_THESE, TEST_SET, Answers, answers_in
from reports.comparison import joined_groups
from reports.evidence import Evidence, evidence_of
from reports.gate import check_gate
from reports.intervals import chance_by_group
from reports.values import report_of
from tests.releases import (
    LABELS,
    a_release,
    with_contract,
    with_label,
)

SAID = {
    1950: "95.00% before, of 2,000 pictures",
    1900: "as before, ",
    1895: "95.00% before: the difference is within chance (p = 0.",
}
"""What follows the share of right answers where so many are."""

SWAPPED = (LABELS[1], LABELS[0], *LABELS[2:])
SHARPER = InputContract(imaging=Imaging(sharpen_sigma=2.5))
LARGER = InputContract(shape=(64, 64), polarity="none", framing="whole")
PHOTOS = {"A": 413, "B": 356, "C": 384}
N = 2_000
"""Pictures of the test set."""


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Of a release whose test set has N pictures."""
    return open_release(a_release(tmp_path_factory.mktemp("release"), per_class=N // 10)).manifest


def answers(name: str, n: int, right: int, accepted: int, wrong: int = 0) -> Answers:
    """Of n pictures of a set the first are right; of the accepted ones so many, the last, are wrong."""
    place = np.arange(n)
    taken = (place < accepted - wrong) | (place >= n - wrong)
    return Answers.of(
        name,
        np.zeros(n, int),
        (place >= right).astype(int),
        pictures=[f"{name[-6:]}{one:05}" for one in place],
        decisions=np.where(taken, "accept", "ambiguous"),
    )


def on_test_set(right: int = 1900, accepted: int = 1600, wrong: int = 10) -> Answers:
    return answers(TEST_SET, N, right, accepted, wrong)


def of_other_things(accepted: int) -> Answers:
    names, taken = [f"x{one}" for one in range(263)], np.arange(263) < accepted
    decisions = np.where(taken, "accept", "unfamiliar")
    return Answers.of("X", [NONE_OF_THESE] * 263, np.zeros(263, int), pictures=names, decisions=decisions)


def photos(**tiers: tuple[int, int, int]) -> Answers:
    """Of each tier how many are right, accepted, and wrong among the accepted."""
    found = NO_ANSWERS
    for name, of in tiers.items():
        found += answers(name, PHOTOS.get(name, 400), *of)
    return found


ALL_TIERS = {"A": (390, 340, 5), "B": (327, 260, 5), "C": (310, 190, 3)}


def release(manifest: Manifest, found: Answers, number: int = 0, **more: Any) -> Evidence:
    version = f"20261120T1015{number:02}Z-3f9a1c2e"
    return Evidence(manifest=manifest.model_copy(update={"version": version}), answers=found, **more)


def photographed(
    manifest: Manifest, number: int = 0, others: int = 2, **tiers: tuple[int, int, int]
) -> Evidence:
    """A release that answers as ALL_TIERS says, but for these tiers, and accepts so many other things."""
    found = on_test_set() + photos(**{**ALL_TIERS, **tiers}) + of_other_things(others)
    return release(manifest, found, number, promised=frozenset({TEST_SET, "A", "B", "C"}))


@pytest.mark.parametrize(
    ("right", "accepted", "wrong", "refused"),
    [
        (1950, 1600, 10, None),
        (1900, 1600, 10, None),
        (1895, 1600, 10, None),
        (1894, 1600, 10, r"94\.70% are right, 95\.00% before: more than chance explains \(p = 0\.01"),
        (1880, 1600, 10, r"94\.00% are right, 95\.00% before: more than chance explains \(p . .*\).*--force"),
        (1900, 1700, 10, None),
        (1900, 2000, 100, r"5\.00% are wrong and accepted, 0\.50% before"),
        (1900, 1600, 14, None),
        (1900, 1390, 10, r"accepts less than current: the test set .*69\.5% accepted, .*before .*80\.0%"),
        (
            1900,
            0,
            0,
            r"accepts less than current: the test set \(2,000 pictures\) 95\.0% right, none accepted; before",
        ),
    ],
    ids=[
        *("better", "the same", "worse by chance", "just worse", "worse", "more accepted", "all accepted"),
        *("a few more wrong ones", "fewer accepted", "none accepted"),
    ],
)
def test_a_release_follows_unless_the_test_set_shows_a_loss(
    manifest: Manifest, right: int, accepted: int, wrong: int, refused: str | None
) -> None:
    current, candidate = (
        release(manifest, on_test_set()),
        release(manifest, on_test_set(right, accepted, wrong), 1),
    )

    with pytest.raises(GateRefused, match=refused) if refused else nullcontext():
        assert check_gate(candidate, current).startswith(
            f"Not measurably worse than current, {current.version}. Of 2,000 pictures of the test set "
            f"{right / N:.2%} are right, {SAID[right]}"
        )


@pytest.mark.parametrize(
    ("before", "accepted", "wrong", "refused"),
    [
        ((0, 0), 1600, 40, False),
        ((0, 0), 1600, 120, True),
        ((600, 2), 1600, 42, False),
        ((600, 2), 1600, 100, True),
        ((1600, 10), 1600, 30, True),
        ((1600, 10), 1540, 10, False),
    ],
    ids=[
        *("nothing before, the promise kept", "nothing before, the promise broken"),
        *("more accepted, the promise kept by those", "more accepted, the promise broken by those"),
        *("no more accepted, more of these wrong", "a little less accepted"),
    ],
)
def test_a_release_may_accept_more_where_what_it_adds_keeps_the_promise(
    manifest: Manifest, before: tuple[int, int], accepted: int, wrong: int, refused: bool
) -> None:
    current = release(manifest, on_test_set(1850, *before), promise={TEST_SET: 0.95})
    candidate = release(manifest, on_test_set(1850, accepted, wrong), 1, promise={TEST_SET: 0.95})

    with (
        pytest.raises(GateRefused, match=r"wrong and accepted, .* before: more") if refused else nullcontext()
    ):
        check_gate(candidate, current)


@pytest.mark.parametrize(
    ("tiers", "others", "refused"),
    [
        ({}, 2, None),
        ({"A": (378, 340, 5), "B": (316, 260, 5), "C": (298, 190, 3)}, 2, r"photos .* are right, 89"),
        ({"A": (390, 413, 23)}, 2, r"photos .* wrong and accepted, 1\.06% before"),
        ({}, 40, r"photos .* wrong and accepted, 1\.06% before"),
        ({"C": (310, 150, 3)}, 2, r"tier C .*39\.1% accepted, 98\.0% of these right; before .* 49\.5% acc"),
        ({"C": (310, 155, 3)}, 2, None),
        (
            {"C": (310, 0, 0)},
            2,
            r"tier C \(384 pictures\) 80\.7% right, none accepted; before 80\.7% right, 49\.5% accepted",
        ),
        ({}, 0, None),
    ],
    ids=[
        *("the same", "three points less of each tier", "a tier is accepted as a whole"),
        *("other things are accepted", "a tier is accepted less", "a little less", "a tier is not accepted"),
        "no other thing is accepted",
    ],
)
def test_photos_of_all_tiers_are_compared_together(
    manifest: Manifest, tiers: dict[str, tuple[int, int, int]], others: int, refused: str | None
) -> None:
    candidate = photographed(manifest, 1, others, **tiers)

    with pytest.raises(GateRefused, match=refused) if refused else nullcontext():
        verdict = check_gate(candidate, photographed(manifest))
        assert (
            "Tier A (413 pictures) 94.4% right, 82.3% accepted, 98.5% of these right; before 94.4% right"
            in verdict
        )
        assert "tier X (" in verdict


@pytest.mark.parametrize(("before", "now", "refused"), [(40, 20, False), (2, 0, True), (0, 0, False)])
def test_a_small_tier_may_be_accepted_less_but_not_at_all_no_more(
    manifest: Manifest, before: int, now: int, refused: bool
) -> None:
    current, candidate = (
        release(manifest, on_test_set() + answers("own", 60, 60, accepted), number)
        for number, accepted in enumerate((before, now))
    )

    with pytest.raises(GateRefused, match=r"tier own .*none accepted") if refused else nullcontext():
        assert "tier own" in check_gate(candidate, current)


def test_accepting_every_answer_does_not_follow_the_bundled_release() -> None:
    served = evidence_of(files_in_folder(bundled()))
    every = replace(served.answers, decisions=np.full(len(served.answers), "accept"))
    candidate = replace(served, answers=every)

    with pytest.raises(GateRefused, match=r"of 10,000 pictures .* wrong and accepted, .* before: more"):
        check_gate(candidate, served)


def test_the_bundled_release_follows_itself() -> None:
    served = evidence_of(files_in_folder(bundled()))

    verdict = check_gate(served, served)

    assert all(f"ier {name} (" in verdict for name in "ABCX")


def test_the_bundled_release_keeps_its_answer_to_each_picture() -> None:
    release = bundled()

    found = answers_in(release.manifest, lambda path: (release.folder / path).read_bytes(), "here")

    assert found.decided.all()
    assert not (found.pictures == "").any()
    assert not np.isnan(found.of_set(TEST_SET).distances).any()
    assert np.allclose(found.probabilities.sum(axis=1), 1, atol=1e-3)
    headline, tested = release.manifest.headline, found.of_set(TEST_SET)
    assert tested.right.mean() == pytest.approx(headline.test_accuracy)
    assert tested.accepted.mean() == pytest.approx(report_of(release).test.decisions.coverage)


def without_names(found: Answers) -> Answers:
    return replace(found, pictures=np.full(len(found), ""))


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        (without_names(on_test_set()), "0 of the 2,000 pictures"),
        (replace(on_test_set(), decisions=np.full(N, "")), "0 of the 2,000 pictures"),
        (on_test_set().take(np.arange(99)), "99 of the 2,000 pictures"),
        (replace(on_test_set(), truth=np.ones(N, int)), "0 of the 2,000 pictures"),
    ],
    ids=["without names", "without decisions", "too few", "of another truth"],
)
def test_a_release_that_shares_too_few_answers_cannot_be_compared(
    manifest: Manifest, kept: Answers, shown: str
) -> None:
    message = (
        f"cannot be compared with current: both decided {shown} of the test set.*100 are needed.*--force"
    )
    for candidate, current in ((kept, on_test_set()), (on_test_set(), kept)):
        with pytest.raises(GateRefused, match=message):
            check_gate(release(manifest, candidate, 1), release(manifest, current))


def test_a_release_without_answers_says_so_before_its_successor_is_forced(manifest: Manifest) -> None:
    message = (
        "cannot be compared with current: current keeps no answers.*as releases of Wardrobe 1.0.0 do.*--force"
    )

    with pytest.raises(GateRefused, match=message):
        check_gate(release(manifest, on_test_set(), 1), release(manifest, NO_ANSWERS))


@pytest.mark.parametrize(("n", "passes"), [(60, True), (59, False)])
def test_all_pictures_of_a_small_set_are_enough(manifest: Manifest, n: int, passes: bool) -> None:
    small = manifest.model_copy(update={"headline": manifest.headline.model_copy(update={"test_n": 60})})
    found = answers(TEST_SET, 60, 55, 40)

    with nullcontext() if passes else pytest.raises(GateRefused, match=r"59 of the 60 .*60 are needed"):
        check_gate(release(small, found.take(np.arange(n)), 1), release(small, found))


def test_a_promised_tier_that_was_not_measured_again_cannot_be_compared(manifest: Manifest) -> None:
    current = photographed(manifest)
    candidate = replace(current, answers=current.answers.take(current.answers.sets != "C"))

    with pytest.raises(
        GateRefused, match=r"compared with current: both decided 0 of the 384 pictures of tier C"
    ):
        check_gate(candidate, current)
    assert check_gate(candidate, replace(current, promised=frozenset({"A"})))


def test_a_promise_without_answers_cannot_be_compared(manifest: Manifest) -> None:
    current = release(manifest, on_test_set(), promised=frozenset({"B"}))

    with pytest.raises(GateRefused, match=r"0 of the 0 pictures of tier B; 1 are needed"):
        check_gate(current, current)


def test_the_first_release_has_nothing_to_be_compared_with(manifest: Manifest) -> None:
    assert check_gate(release(manifest, on_test_set()), None).startswith("The first release")


@pytest.mark.parametrize("change", [{"temperature": 1.7}, {"input": SHARPER}])
def test_another_temperature_or_conversion_of_photos_is_no_reason_to_refuse(
    manifest: Manifest, change: Mapping[str, Any]
) -> None:
    contract = manifest.contract("pixels")
    other = with_label(contract, **change) if "temperature" in change else replace(contract, **change)
    candidate = with_contract(manifest, other)

    verdict = check_gate(release(candidate, on_test_set(), 1), release(manifest, on_test_set()))

    assert verdict.startswith("Not measurably worse")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"labels": SWAPPED}, r'\["Trouser", "T-shirt/top".*\["T-shirt/top", "Trouser"'),
        ({"input": LARGER}, r'"shape": \[64, 64\].*"shape": \[28, 28\].*}\. Clients .* form\. --force'),
    ],
    ids=["labels", "input"],
)
def test_labels_and_input_may_not_change(manifest: Manifest, change: Mapping[str, Any], shown: str) -> None:
    contract = manifest.contract("pixels")
    other = with_label(contract, **change) if "labels" in change else replace(contract, **change)
    candidate = with_contract(manifest, other)

    with pytest.raises(GateRefused, match=shown):
        check_gate(release(candidate, on_test_set(2000)), release(manifest, on_test_set()))


def test_a_second_network_may_come_but_neither_go_nor_read_another_size(
    manifest: Manifest, tmp_path: Path
) -> None:
    of_32, of_40 = (
        open_release(a_release(tmp_path / str(edge), photos=whole_pictures(edge, 3), per_class=200)).manifest
        for edge in (32, 40)
    )

    assert check_gate(release(of_32, on_test_set(), 1), release(manifest, on_test_set())).startswith(
        "Not measurably"
    )
    for candidate, said in ((manifest, "has no network for photos, and"), (of_40, r'"photos": \[32, 32\]')):
        with pytest.raises(GateRefused, match=said):
            check_gate(release(candidate, on_test_set(), 1), release(of_32, on_test_set()))


@pytest.mark.parametrize("named_by", ["candidate", "current"])
@pytest.mark.parametrize(("senders", "refused"), [(24, True), (1, False)])
def test_many_photos_of_one_sender_are_one_loss(
    manifest: Manifest, senders: int, refused: bool, named_by: str
) -> None:
    groups = [f"{one % senders}" if one >= N - 24 else f"own {one}" for one in range(N)]
    ours, theirs = (answers(TEST_SET, N, right, 1600) for right in (N - 24, N))
    of = {"groups": np.array(groups)}
    ours, theirs = (replace(ours, **of), theirs) if named_by == "candidate" else (ours, replace(theirs, **of))

    with pytest.raises(GateRefused, match=r"are right, .* before: more") if refused else nullcontext():
        check_gate(release(manifest, ours, 1), release(manifest, theirs))


def child(parent: Evidence, right: int, name: str = "own") -> Evidence:
    """A release that answers as its parent does, and learnt 200 pictures that its parent was asked, too."""
    asked = replace(answers(name, 200, 170, 100), by=np.full(200, parent.version))
    own = replace(answers(name, 200, right, min(right, 100)), by=np.full(200, ""))
    return release(parent.manifest, parent.answers + own, 1, of_parent=asked)


@pytest.mark.parametrize(
    ("right", "name", "refused"), [(170, "own", False), (155, "own", True), (155, CORRECTED, False)]
)
def test_a_child_is_compared_on_its_publishers_own_pictures(
    manifest: Manifest, right: int, name: str, refused: bool
) -> None:
    parent = photographed(manifest)

    with pytest.raises(GateRefused, match=r"of 1,616 photos .* right") if refused else nullcontext():
        verdict = check_gate(child(parent, right, name), parent)
        assert ("tier own" in verdict) == (name == "own")


def test_accepting_all_own_pictures_at_nine_right_of_ten_is_refused(manifest: Manifest) -> None:
    parent = photographed(manifest)
    found = child(parent, 180)
    every = np.where(found.answers.sets == "own", "accept", found.answers.decisions)

    with pytest.raises(GateRefused, match=r"wrong and accepted, .* before: more"):
        check_gate(replace(found, answers=replace(found.answers, decisions=every)), parent)


def test_another_releases_answers_to_own_pictures_are_no_evidence(manifest: Manifest) -> None:
    parent, other = photographed(manifest), photographed(manifest, 7)

    assert "tier own" not in check_gate(child(other, 100), parent)


@pytest.mark.parametrize(("each", "refused"), [(3, False), (9, True)])
def test_small_losses_do_not_add_up_to_a_decline(manifest: Manifest, each: int, refused: bool) -> None:
    """Each release loses so little against the one before that chance explains it."""
    line = [release(manifest, on_test_set(1990 - each * number, 1600, 0), number) for number in range(7)]
    line[5] = replace(line[5], answers=on_test_set(1990 - each * 6 + 1, 1600, 0))

    expected = r"worse than the oldest release kept by more than 2%: .* right, 99\.50% before"
    with pytest.raises(GateRefused, match=expected) if refused else nullcontext():
        assert "Not measurably worse than the oldest release kept, " in check_gate(line[6], line[5], line[0])


@pytest.mark.parametrize(
    ("worse", "better"), [(5, 0), (5, 1), (1, 1), (0, 0), (0, 9), (60, 40), (3000, 2900), (40, 60)]
)
def test_the_chance_is_that_of_mcnemars_exact_test(worse: int, better: int) -> None:
    changed = worse + better
    exact = binomtest(worse, changed, 0.5, alternative="greater").pvalue if changed else 1.0

    assert chance_by_group(np.repeat([1, -1], [worse, better])) == pytest.approx(exact, abs=0.005)


def test_pictures_are_of_one_group_if_either_release_joins_them() -> None:
    first = np.array(["a", "a", "e", "e", "b", "", ""])
    second = np.array(["", "c", "c", "", "", "d", "d"])

    assert joined_groups(first, second).tolist() == [0, 0, 0, 0, 1, 2, 2]


def test_photos_may_be_wrong_as_often_as_the_network_for_photos_promises(manifest: Manifest) -> None:
    """Of 100 further photos that are accepted nine are wrong; 99% are promised of pixels, 95% of photos."""
    promise = {TEST_SET: 0.99, "photos": 0.95}
    before = on_test_set() + photos(A=(390, 250, 2), B=(327, 260, 5), C=(310, 190, 3))
    after = on_test_set() + photos(A=(390, 350, 11), B=(327, 260, 5), C=(310, 190, 3))
    current, candidate = (release(manifest, one, n, promise=promise) for n, one in enumerate((before, after)))

    check_gate(candidate, current)

    with pytest.raises(GateRefused, match=r"wrong and accepted, .* before: more"):
        check_gate(candidate, replace(current, promise={TEST_SET: 0.99, "photos": 0.99}))


def test_an_accepted_picture_of_no_class_counts_as_wrong_among_the_accepted(manifest: Manifest) -> None:
    """Of 100 pictures 20 show none of the classes; both releases accept 50 right ones, the new one 4."""
    place = np.arange(100)
    truth = np.where(place < 80, 0, NONE_OF_THESE)

    def own(of_none: int) -> Answers:
        accepted = (place < 50) | ((place >= 80) & (place < 80 + of_none))
        decisions = np.where(accepted, "accept", "ambiguous")
        return Answers.of(
            "own", truth, np.zeros(100, int), pictures=[f"o{one}" for one in place], decisions=decisions
        )

    current, candidate = (release(manifest, on_test_set() + own(one), one) for one in (0, 4))

    verdict = check_gate(candidate, current)

    assert (
        "ier own (100 pictures, 20 of them show none of the classes) 100.0% right, 54.0% accepted, 92.6%"
        in verdict
    )
    assert "before 100.0% right, 50.0% accepted, 100.0% of these right" in verdict


COLOURS = Head(labels=("blue", "red"), temperature=1.0, confidence=0.5)


@pytest.mark.parametrize(
    ("before", "now", "refused"),
    [
        ({}, {"colour": COLOURS}, None),
        ({"colour": COLOURS}, {"colour": replace(COLOURS, temperature=2.0)}, None),
        ({"colour": COLOURS}, {}, r"the attribute `colour` with \[\"blue\", \"red\"\], and .* lacks it"),
        (
            {"colour": COLOURS},
            {"colour": replace(COLOURS, labels=("blue", "green"))},
            r'has \["blue", "green"\]\. .*--force',
        ),
    ],
    ids=["one comes", "as before", "one goes", "other labels"],
)
def test_an_attribute_may_come_and_may_not_go_or_change_its_labels(
    manifest: Manifest, before: dict[str, Head], now: dict[str, Head], refused: str | None
) -> None:
    (network,) = manifest.networks.values()
    current, candidate = (
        release(with_contract(manifest, network.contract.with_heads(heads)), on_test_set(), number)
        for number, heads in enumerate((before, now))
    )

    with pytest.raises(GateRefused, match=refused) if refused else nullcontext():
        check_gate(candidate, current)


def of_attributes(**right_and_accepted: tuple[int, int]) -> Answers:
    """Of 400 pictures the first are right, and the first are accepted."""
    found = NO_ANSWERS
    for name, (right, accepted) in right_and_accepted.items():
        found += replace(answers(TEST_SET, 400, right, accepted), attributes=np.array([name] * 400))
    return found


@pytest.mark.parametrize(
    ("now", "refused"),
    [
        ({"colour": (355, 300), "sleeve": (360, 300)}, None),
        (
            {"colour": (354, 300)},
            r"worse than current: of 400 answers to the attribute colour 88\.50% are right",
        ),
        ({"colour": (354, 300), "sleeve": (360, 300)}, None),
        (
            {"colour": (353, 300), "sleeve": (360, 300)},
            r"attribute colour 88\.25% are right, 90\.00% before: more than",
        ),
        ({"colour": (360, 200)}, r"accepts less than current: attribute colour .*50\.0% accepted"),
        ({"colour": (360, 0)}, r"attribute colour \(400 answers\) 90\.0% right, none accepted"),
    ],
    ids=[
        "a little worse",
        "one worse",
        "one of two as much worse",
        "one of two worse",
        "accepts less",
        "accepts none",
    ],
)
def test_an_attribute_may_not_get_worse_by_more_than_chance_explains(
    manifest: Manifest, now: dict[str, tuple[int, int]], refused: str | None
) -> None:
    (network,) = manifest.networks.values()
    both = with_contract(manifest, network.contract.with_heads(dict.fromkeys(now, COLOURS)))
    before = of_attributes(**dict.fromkeys(now, (360, 300)))
    current, candidate = (
        release(both, on_test_set(), number, of_attributes=found)
        for number, found in enumerate((before, of_attributes(**now)))
    )

    with pytest.raises(GateRefused, match=refused) if refused else nullcontext():
        assert "f 400 answers to the attribute colour" in check_gate(candidate, current)


@pytest.mark.parametrize(
    ("right", "labels", "refused"),
    [(348, ("blue", "red"), True), (353, ("blue", "red"), False), (348, ("blue", "green"), False)],
    ids=["declined", "a little worse", "other labels then"],
)
def test_small_losses_of_an_attribute_do_not_add_up_to_a_decline(
    manifest: Manifest, right: int, labels: tuple[str, ...], refused: bool
) -> None:
    (network,) = manifest.networks.values()
    heads = [{"colour": replace(COLOURS, labels=one)} for one in (labels, COLOURS.labels, COLOURS.labels)]
    oldest, current, candidate = (
        release(
            with_contract(manifest, network.contract.with_heads(head)),
            on_test_set(),
            number,
            of_attributes=of_attributes(colour=(count, 300)),
        )
        for number, (head, count) in enumerate(zip(heads, (360, right, right), strict=True))
    )

    expected = (
        r"worse than the oldest release kept by more than 2%: .*colour 87\.00% are right, 90\.00% before"
    )
    with pytest.raises(GateRefused, match=expected) if refused else nullcontext():
        check_gate(candidate, current, oldest)


def test_attributes_that_no_release_kept_answers_of_are_not_compared(manifest: Manifest) -> None:
    (network,) = manifest.networks.values()
    both = with_contract(manifest, network.contract.with_heads({"colour": COLOURS}))
    current, candidate = (
        release(both, on_test_set()),
        release(both, on_test_set(), 1, of_attributes=of_attributes(colour=(1, 1))),
    )

    assert "attribute" not in check_gate(candidate, current)
