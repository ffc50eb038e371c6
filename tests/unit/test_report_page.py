"""What the report page says: the report's own figures, and the weaknesses that follow from them."""

import re
from collections.abc import Callable
from html import unescape

import pytest

from model_store.local_releases import BUNDLED_FOLDER, open_bundled_release
from model_store.manifest import DataSet
from reports.answer_counts import AnswerCounts, ConfidenceBin, PhotoExample, PhotoExamples
from reports.page.advice import (
    advise_on_promises,
    describe_acceptance,
    describe_unkept_promises,
    explain_no_acceptance,
)
from reports.page.html_page import make_report_page, read_report_figures
from reports.page.sentences import describe_weaknesses
from reports.page.wording import ENGLISH_WORDING, NUMBER_EXAMPLE, PERCENTAGE_EXAMPLE, Wording
from reports.photo_figures import UnknownSource, UnknownSources
from reports.promises import HELD_OUT_PICTURES, AcceptPoint, PossiblePromise, Promise
from reports.values import Report, read_report
from tests.releases import a_report


def of_two_classes(**changes: object) -> Report:
    """A report without a mistake."""
    data = DataSet(name="made-up", train_sha256="d" * 64, test_sha256="e" * 64)
    report = a_report(("hat", "scarf"), 1.0, data)
    return report.model_copy(update={"test": report.test.model_copy(update=changes)})


WIDE = "On only 10 test pictures, the 95% interval of the accuracy is wide: 72.2 to 100.0%."


@pytest.mark.parametrize(
    ("pictures", "bounds", "expected"),
    [
        (10, (0.7225, 1.0), ["No mistake was found in 10 test pictures.", WIDE]),
        (10_000, (0.9996, 1.0), ["No mistake was found in 10,000 test pictures."]),
    ],
)
def test_a_small_test_set_is_a_weakness_and_a_large_one_is_none(
    pictures: int, bounds: tuple[float, float], expected: list[str]
) -> None:
    assert (
        list(describe_weaknesses(of_two_classes(n=pictures, accuracy_interval=bounds), ENGLISH_WORDING))
        == expected
    )


def stuck(lower: float, confusion: list[list[int]]) -> Report:
    """A report of 100 scarves and hats of which nothing is accepted at 95% right."""
    report = of_two_classes(n=100, confusion_matrix=confusion)
    promise = Promise(
        pictures=HELD_OUT_PICTURES,
        promised=0.95,
        needed=59,
        n=100,
        accepted=0,
        accepted_right=0,
        lower_bound=0,
    )
    possible = (
        PossiblePromise(promised=0.85, accepted_share=min(2 * lower, 1.0), right_share=0.9, lower_bound=0.88),
        PossiblePromise(promised=0.9, accepted_share=lower, right_share=0.925, lower_bound=0.9125),
        PossiblePromise(promised=0.95, accepted_share=0.0),
    )
    return report.model_copy(update={"promises": (promise,), "possible_promises": possible})


def adopted(report: Report) -> Report:
    """The same of a model that was trained elsewhere."""
    training = report.training.model_copy(update={"configuration": {"origin": "adopted: unknown"}})
    return report.model_copy(update={"training": training})


def few(report: Report) -> Report:
    """The same of 40 answers that decide."""
    promise = report.promises[0].model_copy(update={"n": 40})
    return report.model_copy(update={"promises": (promise,)})


def of_published_data(report: Report) -> Report:
    """The same of a training of the published data set."""
    return report.model_copy(update={"data": report.data.model_copy(update={"name": "Fashion-MNIST"})})


NOR = [
    "With wardrobe train --accept-right 0.85, none would be accepted: that takes 19 answers without an "
    "error, or more with some.",
    "A person has to look at every answer. The review sheet of wardrobe label --review shows the least sure "
    "ones first.",
]
WHY = (
    "Held-out pictures: no threshold proves that 95% of the sure answers are right, both here and for the "
    "other pictures that it decides about. Too many of them are wrong, or too few were checked. None is "
    "accepted."
)
OF_THESE = (
    "40.0% of the answers would be accepted, 92.5% of these right, of all such at least 91.2% (95% sure)."
)
MIXED_UP = (
    "hat and scarf are mixed up most, in 30 of 100 answers: give both one name, or bring more pictures of "
)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        pytest.param(
            stuck(0.4, [[60, 10], [20, 10]]),
            [
                WHY,
                f"{MIXED_UP}hat; the class has 1,000.",
                f"With wardrobe train --accept-right 0.9, {OF_THESE}",
            ],
            id="two classes are mixed up, and a lower share can be promised",
        ),
        pytest.param(
            adopted(stuck(0.4, [[60, 10], [20, 10]])),
            [
                WHY,
                "hat and scarf are mixed up most, in 30 of 100 answers.",
                f"With wardrobe adopt --accept-right 0.9, {OF_THESE}",
                "With wardrobe adopt --accept-right 0.85, 80.0% of the answers would be accepted, 90.0% of "
                "these right, of all such at least 88.0% (95% sure).",
            ],
            id="an adopted model, which no training here changes and for which two lower shares are named",
        ),
        pytest.param(
            of_published_data(stuck(0.0, [[60, 10], [20, 10]])),
            [WHY, "hat and scarf are mixed up most, in 30 of 100 answers.", *NOR],
            id="published data, which nobody can add to, and no share can be promised",
        ),
        pytest.param(
            few(stuck(0.4, [[60, 10], [20, 10]])),
            [
                "Held-out pictures: 40 answers cannot show that 95% are right: that takes 59 answers without "
                "an error, or more with some. None is accepted.",
                f"With wardrobe train --accept-right 0.9, {OF_THESE}",
            ],
            id="too few answers, whose mistakes are not the reason",
        ),
        pytest.param(of_two_classes(), [], id="something is accepted"),
    ],
)
def test_where_nothing_is_accepted_it_says_why_and_what_would_help(
    report: Report, expected: list[str]
) -> None:
    assert list(advise_on_promises(report, ENGLISH_WORDING)) == expected
    assert list(describe_acceptance(report, ENGLISH_WORDING)) == expected


def proving(right: float, bound: float, answers: int | None = 110) -> AcceptPoint:
    """What the threshold of 75% shows of `answers` answers."""
    return AcceptPoint(
        threshold=0.75, answers=answers, accepted_share=0.9, right_share=right, lower_bound=bound
    )


LOOK = "The label may be wrong, and not the answer. Look at doubted.html first: {} may be enough."
NEARLY = (
    "Held-out pictures: {}% of the answers with a confidence of 75% or more are right, which proves {}%, not "
    "95%. None is accepted."
)


@pytest.mark.parametrize(
    ("change", "points", "expected"),
    [
        (
            stuck,
            [proving(59 / 60, 0.9225, 60), proving(108 / 110, 0.9436)],
            [NEARLY.format("98.2", "94.4"), LOOK.format("1 corrected label")],
        ),
        (
            stuck,
            [proving(106 / 110, 0.9187)],
            [NEARLY.format("96.4", "91.9"), LOOK.format("3 corrected labels")],
        ),
        (stuck, [proving(102 / 110, 0.8721)], [NEARLY.format("92.7", "87.2")]),
        (stuck, [proving(108 / 110, 0.9436, None)], [NEARLY.format("98.2", "94.4")]),
        (lambda *of: adopted(stuck(*of)), [proving(108 / 110, 0.9436)], [NEARLY.format("98.2", "94.4")]),
        (stuck, [proving(1.0, 0.97)], [WHY]),  # other pictures have the same threshold
    ],
    ids=[
        *("one label", "three labels", "more wrong answers than that", "an older report"),
        *("no page of doubted labels", "proved here"),
    ],
)
def test_it_says_how_near_the_answers_come_and_whether_a_few_labels_may_be_enough(
    change: Callable[[float, list[list[int]]], Report], points: list[AcceptPoint], expected: list[str]
) -> None:
    report = change(0.4, [[60, 10], [20, 10]]).model_copy(
        update={"acceptance": {HELD_OUT_PICTURES: tuple(points)}}
    )

    said = list(advise_on_promises(report, ENGLISH_WORDING))

    assert said[: len(expected)] == expected
    assert said[len(expected)].startswith("hat and scarf are mixed up most")


def accepting(*possible: PossiblePromise) -> Report:
    """A report of which 80 answers are accepted at 95% right."""
    report = stuck(0.4, [[70, 0], [0, 30]])
    promise = report.promises[0].model_copy(
        update={"accepted": 80, "accepted_right": 79, "lower_bound": 0.96}
    )
    return report.model_copy(update={"promises": (promise,), "possible_promises": possible})


FEWER = PossiblePromise(promised=0.9, accepted_share=0.9, right_share=0.95, lower_bound=0.92, confidence=0.55)
AS_TRAINED = PossiblePromise(
    promised=0.95, accepted_share=0.8, right_share=0.99, lower_bound=0.985, confidence=0.8
)
AS_IT_IS = (
    "For 95% right, 80.0% of the answers (confidence 80% or more) are accepted, 99.0% of these right, of all "
    "such at least 98.5% (95% sure)."
)


def test_what_is_accepted_comes_first_as_a_fact_and_then_what_other_shares_would_accept() -> None:
    report = accepting(FEWER, AS_TRAINED, PossiblePromise(promised=0.99, accepted_share=0.0))

    assert list(describe_acceptance(report, ENGLISH_WORDING)) == [
        AS_IT_IS,
        "With wardrobe train --accept-right 0.9, 90.0% of the answers (confidence 55% or more) would be "
        "accepted, 95.0% of these right, of all such at least 92.0% (95% sure).",
        "With wardrobe train --accept-right 0.99, none would be accepted: that takes 299 answers without an "
        "error, or more with some.",
    ]


def test_shares_that_accept_the_same_answers_say_so_and_repeat_no_figure() -> None:
    others = [AS_TRAINED.model_copy(update={"promised": share}) for share in (0.9, 0.98)]

    assert list(describe_acceptance(accepting(others[0], AS_TRAINED, others[1]), ENGLISH_WORDING)) == [
        AS_IT_IS,
        "With wardrobe train --accept-right 0.9, the same answers would be accepted as for 95% right.",
        "With wardrobe train --accept-right 0.98, the same answers would be accepted as for 95% right.",
    ]


def test_an_older_report_knows_no_confidence_so_that_none_of_its_answers_count_as_the_same() -> None:
    older = [one.model_copy(update={"confidence": None}) for one in (FEWER, AS_TRAINED)]

    assert list(describe_acceptance(accepting(*older), ENGLISH_WORDING)) == [
        AS_IT_IS.replace(" (confidence 80% or more)", ""),
        "With wardrobe train --accept-right 0.9, 90.0% of the answers would be accepted, 95.0% of these "
        "right, of all such at least 92.0% (95% sure).",
    ]


STAYS = "Too few of your pictures are a random sample, so the threshold of the previous release is kept."


@pytest.mark.parametrize(
    ("accepted", "right", "expected"),
    [
        (
            40,
            39,
            "40 accepted answers cannot show that 95% are right: that takes 59 answers without an error, or "
            "more with some.",
        ),
        (80, 74, "92.5% of 80 accepted answers are right, which does not show that 95% of all such are."),
    ],
)
def test_where_the_threshold_of_the_release_before_stays_it_names_accepted_answers_and_one_reason(
    accepted: int, right: int, expected: str
) -> None:
    (promise,) = stuck(0.4, [[70, 0], [0, 30]]).promises
    counts = {"accepted": accepted, "accepted_right": right, "lower_bound": 0.8}
    of_own = promise.model_copy(update={"pictures": "photos of tier own", **counts})

    assert list(describe_unkept_promises([of_own], ENGLISH_WORDING, {})) == [
        f"Photos, tier own: {expected} {STAYS}"
    ]


def test_a_single_answer_is_named_in_the_singular() -> None:
    (promise,) = stuck(0.4, [[70, 0], [0, 30]]).promises

    assert explain_no_acceptance(promise.model_copy(update={"n": 1}), ENGLISH_WORDING) == (
        "Held-out pictures: 1 answer cannot show that 95% are right: that takes 59 answers without an "
        "error, or more with some."
    )


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (ENGLISH_WORDING.percent(1.0), "100.0%"),
        (ENGLISH_WORDING.percent(0.9999), "> 99.9%"),
        (ENGLISH_WORDING.percent(0.0001), "< 0.1%"),
        (ENGLISH_WORDING.percent(None), "—"),
        (ENGLISH_WORDING.number(-0.0), "0"),
        (ENGLISH_WORDING.number(311_530), "311,530"),
        (ENGLISH_WORDING.duration(2104.9), "0:35:05"),
        (ENGLISH_WORDING.duration(100_000), "27:46:40"),
        (ENGLISH_WORDING.duration(None), "—"),
        (ENGLISH_WORDING.duration(float("inf")), "—"),
        (ENGLISH_WORDING.share_interval(0.0, 0), "—"),
    ],
)
def test_a_figure_is_rounded_and_never_says_more_than_was_measured(shown: str, text: str) -> None:
    assert shown == text


GERMAN = Wording("de", {"1,234.5": "1.234,5", "50%": "50\u00a0%", "{low} to {high}": "{low} bis {high}"})


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (GERMAN.percent(0.9999), "> 99,9\u00a0%"),
        (GERMAN.number(311_530), "311.530"),
        (GERMAN.number(0.15042), "0,1504"),
        (GERMAN.interval((0.945, 0.953)), "94,5 bis 95,3\u00a0%"),
        (GERMAN.area(0.978), "0,978"),
        (GERMAN.points(0.0128), "+1,3"),
        (GERMAN.points(-0.02), "-2,0"),
        (Wording("tlh", {"1,234.5": "wa'"}).number(311_530), "311,530"),
    ],
)
def test_a_figure_is_written_as_the_readers_language_writes_it(shown: str, text: str) -> None:
    assert shown == text


def test_a_text_keeps_a_place_that_has_no_value_and_never_fails() -> None:
    words = Wording("de", {"{share} right": "{Anteil} {share} {"})

    assert words.t("{share} right", share="5%") == "{Anteil} 5% {"


MARK = "\u00a4"


class Marked(dict[str, str]):
    """Translations of whatever is asked for, each the English text behind a mark."""

    def get(self, english: str, default: object = None) -> str:
        return english if english in (NUMBER_EXAMPLE, PERCENTAGE_EXAMPLE) else MARK + english


def unmarked(page: str) -> set[str]:
    """The sentences, names and headers of a page that no translation was asked for."""
    tags = r'(?:(?:a|caption|h[1-3]|li|p|strong|summary|title)\b|th scope="col")'
    texts = re.findall(rf"<{tags}[^>]*>([^<]+)|</[^>]*>([^<]+)", page)
    named = re.findall(r'\b(?:alt|aria-label)="([^"]+)"', page)
    return {
        unescape(one).strip() for one in named + [text for pair in texts for text in pair] if MARK not in one
    }


def test_every_sentence_and_header_is_translated() -> None:
    release = open_bundled_release()
    page = {
        "name": MARK,
        "version": MARK,
        "manifest": release.manifest,
        "contract": release.manifest.get_contract("pixels"),
    }

    unknown = UnknownSource(n=4, right=3, accepted=2, accepted_right=2)
    size = len(release.manifest.labels)
    counts = AnswerCounts(
        confusion_matrix=((60, 40, *[0] * (size - 2)), *[(0,) * size] * (size - 1)),
        confidence_bins=(ConfidenceBin(n=100, right=60, mean_confidence=0.7),),
    )
    tier = UnknownSources(
        of_all=unknown, sources={MARK: unknown}, lower_bound=None, auroc=None, answer_counts=counts
    )
    example = PhotoExample(
        figure="reliability", truth=MARK, predicted="Bag", confidence=0.9, decision="accept"
    )
    examples = PhotoExamples(
        tier="C", collection=MARK, right=(example,), wrong=(example,), reviewed=(example,)
    )
    report = read_report(release).model_copy(
        update={"unknown_sources": {"C": tier}, "photo_examples": examples}
    )

    shown = make_report_page(
        report, read_report_figures(BUNDLED_FOLDER), lambda name, _: name, Wording("x", Marked()), **page
    )

    assert shown.count("too few sources for a bound") == 1
    names = {path.name for path in (BUNDLED_FOLDER / "figures").iterdir()}
    assert {text for text in unmarked(shown) - names if text.strip(" .,:")} == {"F1"}
