"""Which release may follow which: a table of releases against each other, with what the gate says."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest

from inference.contract import LABEL, Head, Imaging, InputContract, ModelContract
from model_store.errors import GateRefused
from model_store.local_releases import open_bundled_release
from model_store.manifest import Manifest
from model_store.store_keys import make_folder_release_files
from reports.answers import CORRECTED_SET, NO_ANSWERS, NO_CLASS, TEST_SET, Answers
from reports.answers_file import read_release_answers
from reports.comparison import join_groups
from reports.evidence import ReleaseEvidence, read_evidence
from reports.gate import check_candidate_release
from reports.promises import ProductPromise
from reports.values import read_report
from tests.releases import LABELS, with_contract, with_label

N: Final = 2_000
"""Pictures of the test set."""

BOTH: Final = open_bundled_release().manifest.model_copy(
    update={"headline": open_bundled_release().manifest.headline.model_copy(update={"test_n": N})}
)
"""Of a release with a network for photos; MANIFEST's has none, and no attributes."""
MANIFEST: Final = BOTH.model_copy(update={"networks": {"pixels": BOTH.networks["pixels"]}})
CONTRACT: Final = MANIFEST.get_contract("pixels")
COLOURS: Final = Head(labels=("blue", "red"), temperature=1.0, confidence=0.5)


def check(
    said: str,
    candidate: ReleaseEvidence,
    current: ReleaseEvidence | None,
    oldest: ReleaseEvidence | None = None,
) -> None:
    """Ask the gate: it says that the candidate follows, or that it is refused, and why."""
    try:
        found = f"follows: {check_candidate_release(candidate, current, oldest)}"
    except GateRefused as error:
        found = f"refused: {error}"
    assert re.match(said, found), found


def release(found: Answers, number: int = 0, manifest: Manifest = MANIFEST, **more: Any) -> ReleaseEvidence:
    version = f"20261120T1015{number:02}Z-3f9a1c2e"
    return ReleaseEvidence(manifest=manifest.model_copy(update={"version": version}), answers=found, **more)


def answers(name: str, n: int, right: int, accepted: int, wrong: int = 0) -> Answers:
    """Of n pictures of a set the first are right; of the accepted ones so many, the last, are wrong."""
    place = np.arange(n)
    taken = (place < accepted - wrong) | (place >= n - wrong)
    return Answers.make_answers(
        name,
        np.zeros(n, int),
        (place >= right).astype(int),
        pictures=[f"{name[-6:]}{one:05}" for one in place],
        decisions=np.where(taken, "accept", "ambiguous"),
    )


def of_test(right: int = 1900, accepted: int = 1600, wrong: int = 10, **more: Any) -> ReleaseEvidence:
    return release(answers(TEST_SET, N, right, accepted, wrong), **more)


def adding(accepted: int, wrong: int) -> ReleaseEvidence:
    """A release that promises that 95% of what it accepts is right."""
    return of_test(1850, accepted, wrong, promised_shares={TEST_SET: 0.95})


TIERS: Final = {"A": (413, 390, 340, 5), "B": (356, 327, 260, 5), "C": (384, 310, 190, 3)}
"""Photos of each tier; of these how many are right and accepted, and wrong among the accepted."""


def of_tiers(others: int = 2, number: int = 0, **tiers: tuple[int, int, int, int]) -> ReleaseEvidence:
    """A release that answers as TIERS says, but for these tiers, and accepts so many other things."""
    found = of_test().answers
    for name, counts in {**TIERS, **tiers}.items():
        found += answers(name, *counts)
    of_none = answers("X", 263, 263, others)
    found += replace(of_none, truth=np.full(263, NO_CLASS))
    return release(found, number, promised_sets=frozenset({TEST_SET, "A", "B", "C"}))


def of_own(accepted: int) -> ReleaseEvidence:
    return release(of_test().answers + answers("own", 60, 60, accepted))


def of_none(accepted: int) -> ReleaseEvidence:
    """Of 100 pictures of a user's own 20 show none of the classes, of which so many are accepted."""
    truth = np.where(np.arange(100) < 80, 0, NO_CLASS)
    own = answers("own", 100, 80, 50 + accepted, accepted)
    return release(of_test().answers + replace(own, truth=truth))


PARENT: Final = of_tiers()


def child(right: int, accepted: int = 100, wrong: int = 0, name: str = "own") -> ReleaseEvidence:
    """A release that answers as its parent does, and learnt 200 pictures that its parent was asked, too."""
    asked = replace(answers(name, 200, 170, 100), by=np.full(200, PARENT.version))
    own = replace(answers(name, 200, right, accepted, wrong), by=np.full(200, ""))
    return release(PARENT.answers + own, 1, parent_answers=asked)


def kept(count: int = N, **columns: Any) -> ReleaseEvidence:
    """A release that keeps so many answers to the test set, or less of them."""
    return release(replace(of_test().answers, **columns).select_rows(np.arange(count)))


def with_headline(**figures: float) -> Manifest:
    return MANIFEST.model_copy(update={"headline": MANIFEST.headline.model_copy(update=figures)})


def of_shop(pictures: int, corrected: int = 0, gone: int = 0) -> ReleaseEvidence:
    """A release of few pictures, of which some have another truth, and some are not there any more."""
    found = answers(TEST_SET, pictures, pictures - 2, pictures // 2)
    truth = np.where(np.arange(pictures) < corrected, 1, found.truth)
    kept = replace(found, truth=truth).select_rows(np.arange(pictures - gone))
    return release(kept, manifest=with_headline(test_n=pictures - gone))


def measured(right: float, labels: tuple[str, ...] = LABELS) -> ReleaseEvidence:
    return of_test(
        manifest=with_contract(with_headline(test_accuracy=right), with_label(CONTRACT, labels=labels))
    )


def of_contract(contract: ModelContract) -> ReleaseEvidence:
    return of_test(manifest=with_contract(MANIFEST, contract))


def of_photos() -> ReleaseEvidence:
    """A release whose second network reads small photos."""
    network = BOTH.networks["photos"]
    known = network.contract
    reads = replace(known.input, shape=(32, 32))
    contract = replace(known, heads={LABEL: known.class_head}, input=reads)
    other = network.model_copy(update={"contract": contract})
    return of_test(manifest=BOTH.model_copy(update={"networks": {**MANIFEST.networks, "photos": other}}))


def coloured(**changes: Any) -> ReleaseEvidence:
    return of_contract(CONTRACT.replace_heads({"colour": replace(COLOURS, **changes)}))


def with_answers(of: ReleaseEvidence, **right_and_accepted: tuple[int, int]) -> ReleaseEvidence:
    """A release that answers attributes of 400 pictures: the first are right, and the first are accepted."""
    found = NO_ANSWERS
    for name, counts in right_and_accepted.items():
        found += replace(answers(TEST_SET, 400, *counts), attributes=np.full(400, name))
    return replace(of, attribute_answers=found)


def answered(
    right: int = 360, accepted: int = 300, labels: tuple[str, ...] = COLOURS.labels
) -> ReleaseEvidence:
    return with_answers(coloured(labels=labels), colour=(right, accepted))


def two(colour: int) -> ReleaseEvidence:
    both = of_contract(CONTRACT.replace_heads({"colour": COLOURS, "sleeve": COLOURS}))
    return with_answers(both, colour=(colour, 300), sleeve=(360, 300))


WORSE = "refused: .*measurably worse than current: .*% right, before"
ADDED = "refused: .*measurably worse than current: .*% wrong and accepted, before"
LESS = "refused: .*accepts less than current: "
UNLIKE = "refused: .*cannot be compared with current: both decided"

GATE: Final[Mapping[str, tuple[str, ReleaseEvidence, ReleaseEvidence]]] = {
    # On the test set.
    "better": (
        "follows: Not measurably worse than current, 20261120T101507Z-3f9a1c2e, on the pictures that both "
        "decided about and whose label did not change: the evaluation, 2,000 pictures: 97.50% right, "
        "before 95.00%",
        of_test(1950),
        of_test(number=7),
    ),
    "worse by chance": (r"follows: .* 94.75% right, before 95.00% \(p = 0", of_test(1895), of_test()),
    "just worse": (rf"{WORSE} 95.00% \(p = 0.01", of_test(1894), of_test()),
    "all accepted": (
        "refused: .* 5.00% wrong and accepted, before 0.50%",
        of_test(1900, 2000, 100),
        of_test(),
    ),
    "a few more wrong ones": ("follows", of_test(wrong=14), of_test()),
    "fewer accepted": (
        f"{LESS}the evaluation .*69.5% acc.*before .*80.0%",
        of_test(accepted=1390),
        of_test(),
    ),
    # What is accepted beyond the current release keeps the promise.
    "nothing before, the promise kept": ("follows", adding(1600, 40), adding(0, 0)),
    "more accepted, the promise broken by those": (ADDED, adding(1600, 100), adding(600, 2)),
    "no more accepted, more of these wrong": (ADDED, adding(1600, 30), adding(1600, 10)),
    "a little less accepted": ("follows", adding(1540, 10), adding(1600, 10)),
    # Photos of all tiers together.
    "the same photos": (
        r"follows: .*tier A \(413 pictures\): 94.4% right and 82.3% accepted \(98.5% of these right\), "
        r".*tier X \(",
        of_tiers(),
        PARENT,
    ),
    "three points less of each tier": (
        "refused: .*photos, 1,416 pictures: 86.04% right, before 89",
        of_tiers(A=(413, 378, 340, 5), B=(356, 316, 260, 5), C=(384, 298, 190, 3)),
        PARENT,
    ),
    "other things are accepted": (
        "refused: .*photos, .* wrong and accepted, before 1.06%",
        of_tiers(40),
        PARENT,
    ),
    "a tier is accepted less": (
        rf"{LESS}tier C .*39.1% accepted \(98.0% of these right\), before .* 49.5% accepted",
        of_tiers(C=(384, 310, 150, 3)),
        PARENT,
    ),
    "a tier is accepted a little less": ("follows", of_tiers(C=(384, 310, 155, 3)), PARENT),
    "a small tier is accepted less": ("follows: .*tier own", of_own(20), of_own(40)),
    "a small tier is not accepted any more": (
        "refused: .*tier own .* 0.0% accepted, before",
        of_own(0),
        of_own(2),
    ),
    "a small tier is not accepted": ("follows", of_own(0), of_own(0)),
    "an accepted picture of no class is wrong": (
        r"follows: .*tier own \(100 pictures, 20 of them of none of the classes\): 100.0% right and 54.0% "
        r"accepted \(92.6% of these right\), before 100.0% right and 50.0% accepted \(100.0%",
        of_none(4),
        of_none(0),
    ),
    # A child is asked about its publisher's own pictures, which its parent had not learnt.
    "own pictures less right": (
        "refused: .*photos, 1,616 pictures: 87.36% right, before",
        child(155),
        PARENT,
    ),
    "corrections less right": ("follows(?!.*tier own)", child(155, name=CORRECTED_SET), PARENT),
    "another release was asked": ("follows(?!.*tier own)", child(100), of_tiers(number=7)),
    # What current promises has to be shown.
    "answers without names": (f"{UNLIKE} 0 of the 2,000", kept(pictures=np.full(N, "")), of_test()),
    "answers without decisions": (f"{UNLIKE} 0 of the 2,000", kept(decisions=np.full(N, "")), of_test()),
    "answers of another truth": (f"{UNLIKE} 0 of the 2,000", kept(truth=np.ones(N, int)), of_test()),
    "too few": (f"{UNLIKE} 99 of the 2,000.*100 are needed.*--force", kept(99), of_test()),
    "three of 24 corrected": ("follows", of_shop(24, corrected=3), of_shop(24)),
    "three of 102 gone": ("follows", of_shop(102, gone=3), of_shop(102)),
    "many of a small set corrected": (f"{UNLIKE} 14 of the 24 .*18 are needed", of_shop(24, 10), of_shop(24)),
    "all of a small set corrected": (f"{UNLIKE} 0 of the 24", of_shop(24, 24), of_shop(24)),
    "a promised tier is not measured again": (f"{UNLIKE}.* 0 of the 384 .* tier C", of_test(), PARENT),
    "a tier without a promise is not": ("follows", of_test(), replace(PARENT, promised_sets=frozenset())),
    "a promise without answers": (
        f"{UNLIKE} 0 of the 0 pictures of tier B; 1 are needed",
        of_test(),
        of_test(promised_sets=frozenset({"B"})),
    ),
    "no answers are kept": (
        "refused: .*current keeps no answers.*--force",
        of_test(),
        release(NO_ANSWERS),
    ),
    # What clients rely on may come, and neither go nor change.
    "another conversion of photos": (
        "follows",
        of_contract(replace(CONTRACT, input=InputContract(imaging=Imaging(sharpen_sigma=2.5)))),
        of_test(),
    ),
    "other labels": (
        r'refused: .*\["Trouser", "T-shirt/top".*\["T-shirt/top", "Trouser"',
        of_contract(with_label(CONTRACT, labels=(LABELS[1], LABELS[0], *LABELS[2:]))),
        of_test(),
    ),
    "larger pixels": (
        r'refused: .*"shape": \[64, 64\].*"shape": \[28, 28\].*}\. Clients .* form\. --force',
        of_contract(replace(CONTRACT, input=InputContract(shape=(64, 64), polarity="none", framing="whole"))),
        of_test(),
    ),
    "a second network comes": ("follows", of_photos(), of_test()),
    "a second network goes": ("refused: .*has no network for photos, and", of_test(), of_photos()),
    "an attribute comes": ("follows", coloured(), of_test()),
    "an attribute goes": (
        r'refused: .*`colour` with \["blue", "red"\], and .* lacks it',
        of_test(),
        coloured(),
    ),
    "an attribute has other labels": (
        r'refused: .*has \["blue", "green"\]\. .*--force',
        coloured(labels=("blue", "green")),
        coloured(),
    ),
    # Answers to attributes: of two, each may differ by more.
    "an attribute worse": (
        "refused: .*attribute colour, 400 pictures: 88.50% right, before",
        answered(354),
        answered(),
    ),
    "one of two attributes as much worse": ("follows", two(354), two(360)),
    "one of two attributes worse": (f"{WORSE}", two(353), two(360)),
    "an attribute is not accepted": (
        f"{LESS}attribute .* 0.0% accepted, before",
        answered(360, 0),
        answered(),
    ),
    "no answers to attributes are kept": ("follows(?!.*attribute)", answered(1, 1), coloured()),
}


@pytest.mark.parametrize(("said", "candidate", "current"), GATE.values(), ids=GATE)
def test_a_release_follows_unless_it_loses_what_the_current_one_has(
    said: str, candidate: ReleaseEvidence, current: ReleaseEvidence
) -> None:
    check(said, candidate, current)


DECLINED = "refused: .*worse than the oldest release kept by more than 2%: "


@pytest.mark.parametrize(
    ("said", "candidate", "current", "oldest"),
    [
        (
            "follows: .*Nor by more than 2% than the oldest release kept, .*99.50%",
            of_test(1972),
            of_test(1973),
            of_test(1990),
        ),
        (rf"{DECLINED}.* right, before 99\.50%", of_test(1936), of_test(1937), of_test(1990)),
        (rf"{DECLINED}attribute colour, .* 87\.00% right", answered(348), answered(348), answered()),
        ("follows", answered(348), answered(348), answered(labels=("blue", "green"))),
    ],
    ids=["little", "much", "much of an attribute", "an attribute of other labels"],
)
def test_small_losses_do_not_add_up_to_a_decline(
    said: str, candidate: ReleaseEvidence, current: ReleaseEvidence, oldest: ReleaseEvidence
) -> None:
    check(said, candidate, current, oldest)


def test_the_first_release_has_nothing_to_be_compared_with() -> None:
    check("follows: The first release", of_test(), None)


@pytest.mark.parametrize("current", [None, of_test()], ids=["first", "second"])
@pytest.mark.parametrize(
    ("said", "candidate"),
    [
        (
            "refused: .*hardly better than chance: 19.9% .* 20% are needed of 10 classes. --force",
            measured(0.199),
        ),
        ("follows: The first|follows: Not", measured(0.2)),
        ("refused: .*74.9% .* 75% are needed of 2 classes", measured(0.749, LABELS[:2])),
    ],
)
def test_a_release_that_is_hardly_better_than_chance_follows_none(
    said: str, candidate: ReleaseEvidence, current: ReleaseEvidence | None
) -> None:
    check(said, candidate, current)


@pytest.mark.parametrize("named_by", ["candidate", "current"])
@pytest.mark.parametrize(("senders", "said"), [(24, WORSE), (1, "follows")])
def test_many_photos_of_one_sender_are_one_loss(senders: int, said: str, named_by: str) -> None:
    groups = [f"{one % senders}" if one >= N - 24 else f"own {one}" for one in range(N)]
    found = {"candidate": answers(TEST_SET, N, N - 24, 1600), "current": answers(TEST_SET, N, N, 1600)}
    found[named_by] = replace(found[named_by], groups=np.array(groups))

    check(said, release(found["candidate"]), release(found["current"]))


def test_photos_may_be_wrong_as_often_as_the_network_for_photos_promises() -> None:
    """Of 100 further photos that are accepted nine are wrong; 99% are promised of pixels, 95% of photos."""
    candidate, current = of_tiers(A=(413, 390, 350, 11)), of_tiers(A=(413, 390, 250, 2))

    check("follows", candidate, replace(current, promised_shares={TEST_SET: 0.99, "photos": 0.95}))
    check(ADDED, candidate, replace(current, promised_shares={TEST_SET: 0.99, "photos": 0.99}))


def test_the_bundled_release_follows_itself_and_not_where_it_accepts_every_answer() -> None:
    served = read_evidence(make_folder_release_files(open_bundled_release()))
    every = replace(served.answers, decisions=np.full(len(served.answers), "accept"))

    check(r"follows: .*tier A \(.*tier B \(.*tier C \(.*tier X \(", served, served)
    check(f"{ADDED} 0.42%", replace(served, answers=every), served)


def test_the_bundled_release_keeps_its_answer_to_each_picture() -> None:
    served = open_bundled_release()

    found = read_release_answers(served.manifest, lambda path: (served.folder / path).read_bytes(), "here")

    shown = found.select_set(TEST_SET)
    assert found.has_decision.all()
    assert not (found.pictures == "").any()
    assert not np.isnan(shown.distances).any()
    assert np.allclose(found.probabilities.sum(axis=1), 1, atol=1e-3)
    assert shown.is_right.mean() == pytest.approx(served.manifest.headline.test_accuracy)
    assert shown.is_accepted.mean() == pytest.approx(read_report(served).test.decisions.coverage)


def test_pictures_are_of_one_group_if_either_release_joins_them() -> None:
    first = np.array(["a", "a", "e", "e", "b", "", ""])
    second = np.array(["", "c", "c", "", "", "d", "d"])

    assert join_groups(first, second).tolist() == [0, 0, 0, 0, 1, 2, 2]


def of_products(accepted: int, right: int, n: int = 200) -> ProductPromise:
    """A promise that is shown from 59 accepted products without an error."""
    bound = 0.96 if accepted >= 59 and right == accepted else 0.5
    return ProductPromise(
        pictures="products",
        promised=0.95,
        needed=59,
        n=n,
        accepted=accepted,
        accepted_right=right,
        lower_bound=bound,
    )


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (
            of_products(150, 150),
            "follows: .*products by label: 150 of 200 accepted, 150 right, before 160 of 200",
        ),
        (
            of_products(20, 20),
            "refused: .*accepts no product of several photos any more: products by label: 20 of",
        ),
        (None, "refused: .*not measured, so none is accepted, before 160 of 200 accepted, 160 right"),
    ],
)
def test_accepted_products_are_printed_and_may_not_fall_to_none(
    now: ProductPromise | None, said: str
) -> None:
    tested = answers(TEST_SET, N, 1900, 1500)
    current = release(tested, 1, product_promises={LABEL: of_products(160, 160)})

    check(said, release(tested, 2, product_promises={LABEL: now} if now else {}), current)
    check("follows", release(tested, 2), release(tested, 1, product_promises={LABEL: of_products(20, 20)}))
