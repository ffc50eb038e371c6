"""A release that accepts less with words, or without a proof, does not follow one that does."""

from typing import Any

import pytest

from model_store.errors import GateRefused, ReleaseCorrupt
from model_store.local_releases import open_bundled_release
from reports.gate import check_candidate_release
from reports.values import check_report, read_report
from reports.word_figures import WordFigures
from tests.unit.test_gate import of_test

REPORT = read_report(open_bundled_release())
assert REPORT.words is not None
WORDS = REPORT.words


def change_words(**changed: Any) -> WordFigures:
    return WORDS.model_copy(update=changed)


def change_set(**changed: Any) -> WordFigures:
    """The figures with another set A at the chosen threshold; without the set if nothing is named."""
    at = []
    for figures in WORDS.named.at:
        sets = dict(figures.sets)
        first = sets.pop("A")
        if changed:
            sets["A"] = first.model_copy(update=changed)
        at.append(figures.model_copy(update={"sets": sets}))
    return change_words(named=WORDS.named.model_copy(update={"at": tuple(at)}))


def change_threshold(threshold: float | None) -> WordFigures:
    return change_words(named=WORDS.named.model_copy(update={"threshold": threshold}))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(None, "no figures", id="no figures"),
        pytest.param(change_threshold(None), "accept nothing, before from 0.9", id="accepts nothing"),
        pytest.param(change_threshold(0.0), "threshold 0 is not between", id="accepts everything"),
        pytest.param(change_threshold(0.77), "nothing was measured at the threshold 0.77", id="not tried"),
        pytest.param(change_words(wrong_word=1e-320), "factor wrong_word", id="a factor of nearly 0"),
        pytest.param(change_words(network="pixels"), "with the network pixels", id="another network"),
        pytest.param(change_set(), "set A is not measured", id="a set is missing"),
        pytest.param(change_set(accepted=1456), "set A: 1,456 of 1,710 accepted", id="10 points less"),
        pytest.param(change_set(right_lower_bound=0.97), "set A: 97.0% are right at least", id="unproven"),
    ],
)
def test_a_release_that_accepts_less_with_words_is_refused(words: WordFigures | None, said: str) -> None:
    with pytest.raises(GateRefused, match=said):
        check_candidate_release(of_test(number=1, words=words), of_test(words=WORDS))


@pytest.mark.parametrize(
    ("words", "current"),
    [
        pytest.param(WORDS, WORDS, id="the same"),
        pytest.param(change_set(accepted=1500), WORDS, id="a little less"),
        pytest.param(None, None, id="none of both"),
        pytest.param(None, change_threshold(None), id="none, and words accepted nothing"),
        pytest.param(WORDS, None, id="the first with words"),
    ],
)
def test_a_release_that_accepts_as_much_with_words_follows(
    words: WordFigures | None, current: WordFigures | None
) -> None:
    assert "Not measurably worse" in check_candidate_release(
        of_test(number=1, words=words), of_test(words=current)
    )


@pytest.mark.parametrize(
    ("words", "is_opened"),
    [
        (None, True),
        (WORDS, True),
        (change_threshold(None), True),
        (change_threshold(0.51), True),
        (change_threshold(0.0), False),
        (change_threshold(0.5), False),
        (change_threshold(1.0), False),
        (change_words(wrong_word=0.5, wrong_person=1e-6), True),
        (change_words(wrong_word=1e-320), False),
        (change_words(wrong_broad_word=0.6), False),
        (change_words(wrong_person=1e-7), False),
    ],
)
def test_a_release_is_opened_only_if_its_numbers_about_words_can_be_meant(
    words: WordFigures | None, is_opened: bool
) -> None:
    report = REPORT.replace_fields(words=words)

    if is_opened:
        check_report(report, REPORT.labels, "report.json")
    else:
        with pytest.raises(ReleaseCorrupt, match=r"words: the (threshold|factor)"):
            check_report(report, REPORT.labels, "report.json")
