"""A category whose word people contradict is named in the summary of a table."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from inference.contract import LABEL
from inference.words.kinds import KIND
from labelling.decide.decisions import RunDecisions
from labelling.journal.human_answer import LEFT_OUT_LABEL, AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal
from labelling.rows import PhotoRecord
from labelling.write.run_tables import write_tables
from tests.journals import fill
from tests.unit.test_shop_that_is_not_read import SHOP, photo

JEANS = [photo(f"{number}", "Naised > Jeans", trousers=0.5, skirt=0.4) for number in range(1, 7)]
OTHERS = [photo(f"{number}", "Naised > Pluusid", shirt=0.5, dress=0.4) for number in range(7, 10)]


def notes(folder: Path, answers: Sequence[tuple[PhotoRecord, str, str]]) -> str:
    """The sentences of the summary, once people answered an attribute of some products."""
    said = {
        AnswerSubject(one.sha256, head, one.product): HumanAnswer(label, "2026-11-30")
        for one, head, label in answers
    }
    with Journal(folder / "table.csv", SHOP) as journal:
        fill(journal, SHOP, [*JEANS, *OTHERS], said)
        return " ".join(write_tables(folder / "table.csv", RunDecisions(journal)).notes)


def test_a_word_that_all_answers_contradict_is_named_with_what_rests_on_it(tmp_path: Path) -> None:
    said = notes(tmp_path, [(one, LABEL, "Dress") for one in JEANS[:3]])

    assert "People answered 3 products of `Jeans`, and none as trousers, as the word is read. " in said
    assert "3 accepted products rest on it." in said


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [(one, LABEL, "Dress") for one in JEANS[:2]],
        [*((one, LABEL, "Dress") for one in JEANS[:3]), (JEANS[3], LABEL, "Trouser")],
        [(one, LABEL, LEFT_OUT_LABEL) for one in JEANS[:3]],
        [(one, LABEL, "Dress") for one in OTHERS],
    ],
    ids=["no answer", "two answers", "one agrees", "left out", "no known word"],
)
def test_a_word_is_not_named_with_fewer_answers_or_another_opinion(
    answers: list[tuple[PhotoRecord, str, str]], tmp_path: Path
) -> None:
    assert "People answered" not in notes(tmp_path, answers)


def test_an_answer_about_the_kind_is_an_answer_too(tmp_path: Path) -> None:
    said = notes(tmp_path, [(one, KIND, "skirt") for one in JEANS[:4]])

    assert "People answered 4 products of `Jeans`" in said
