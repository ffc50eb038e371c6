"""A file of a shop's own words and answers of people: the newer of both is used, after kills as well."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from labelling.journal.journal_file import Journal
from labelling.lists.categories import make_category_key
from labelling.lists.list_reading import DEFAULT_LIST_OPTIONS
from labelling.lists.own_words import CategoryAnswer, ShopWords, parse_meaning
from labelling.lists.words_file import make_shop_words_path, read_shop_words
from labelling.review.words_intake import import_shop_words
from labelling.write.own_words_file import write_shop_words
from tests.unit.test_label_crashes import RUN, killed_at_every_write

TABLE = "table.csv"
FIRST = {"Kindad": "gloves", "Sallid": "scarf"}
EARLIER, LATER = "2026-11-22T10:00:00.000Z", "2026-11-23T10:00:00.000Z"


def answer(folder: Path, meanings: Mapping[str, str], at: str) -> None:
    """Keep answers of people, as a command with corrections does, and write the file of words."""
    with Journal(folder / TABLE, RUN) as journal:
        answers = {
            make_category_key(name): CategoryAnswer(name, parse_meaning(kinds), at)
            for name, kinds in meanings.items()
        }
        journal.keep_category_answers(answers)
        rows = ShopWords(category_answers=tuple(journal.read_category_answers())).make_rows()
        write_shop_words(folder / TABLE, rows, journal)


def take_words(folder: Path) -> tuple[str, dict[str, str]]:
    """Give the file beside the table to `--words`; the sentence, and what each category means then."""
    file = make_shop_words_path(folder / TABLE)
    with Journal(folder / TABLE, RUN) as journal:
        words = read_shop_words(file, DEFAULT_LIST_OPTIONS, print)
        sentence = import_shop_words(file, words, journal, folder / TABLE)
        answers = journal.read_category_answers()
    return sentence, {one.category: "|".join(sorted(one.meaning)) for one in answers}


def edit_words(folder: Path, old: str, new: str) -> None:
    file = make_shop_words_path(folder / TABLE)
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (folder := tmp_path / "shop").mkdir()
    answer(folder, FIRST, EARLIER)
    return folder


def test_a_kill_at_any_moment_after_an_answer_lets_no_older_row_replace_it(
    shop: Path, tmp_path: Path
) -> None:
    with killed_at_every_write(shop, tmp_path) as states:
        answer(shop, {"Kindad": "none of these"}, LATER)

    assert len(states) > 4
    for state in states:
        with Journal(state / TABLE, RUN) as journal:
            before = {one.category: one.meaning for one in journal.read_category_answers()}
        _, meanings = take_words(state)
        assert meanings["Kindad"] == "|".join(before["Kindad"])
        # Also if the owner has changed another row.
        edit_words(state, "Sallid,scarf", "Sallid,scarf|hat")
        sentence, meanings = take_words(state)
        assert meanings == {"Kindad": "|".join(before["Kindad"]), "Sallid": "hat|scarf"}
        assert "1 row replaces earlier answers about categories: `Sallid`." in sentence


def test_an_answer_after_a_run_that_could_not_write_the_file_stays(shop: Path) -> None:
    with Journal(shop / TABLE, RUN) as journal:
        newer = CategoryAnswer("Kindad", parse_meaning("belt"), LATER)
        journal.keep_category_answers({make_category_key("Kindad"): newer})
    edit_words(shop, "Sallid,scarf", "Sallid,")

    sentence, meanings = take_words(shop)

    assert meanings == {"Kindad": "belt", "Sallid": ""}
    assert "`Sallid`. " in sentence
    assert "differs from answers of people about 1 category: `Kindad`. The answers are used." in sentence


def test_a_row_that_was_taken_once_replaces_no_later_answer(shop: Path) -> None:
    edit_words(shop, "Kindad,gloves", "Kindad,belt")
    assert take_words(shop)[1]["Kindad"] == "belt"
    with Journal(shop / TABLE, RUN) as journal:
        newer = CategoryAnswer("Kindad", parse_meaning("scarf"), "2026-12-24T10:00:00.000Z")
        journal.keep_category_answers({make_category_key("Kindad"): newer})

    assert take_words(shop)[1]["Kindad"] == "scarf"


def test_a_row_saved_by_a_spreadsheet_in_another_form_is_unchanged(shop: Path) -> None:
    answer(shop, {"Kindad": "gloves|scarf"}, EARLIER)
    with Journal(shop / TABLE, RUN) as journal:
        newer = CategoryAnswer("Kindad", parse_meaning("belt"), LATER)
        journal.keep_category_answers({make_category_key("Kindad"): newer})
    written = make_shop_words_path(shop / TABLE).read_text("utf-8")
    kinds = next(line.split(",")[1] for line in written.splitlines() if line.startswith("Kindad"))
    edit_words(
        shop, f"Kindad,{kinds},category", f'"KINDAD ","{" | ".join(reversed(kinds.split("|")))}",Category'
    )

    assert take_words(shop)[1]["Kindad"] == "belt"


def test_a_row_that_the_owner_sets_back_to_an_earlier_meaning_replaces_the_answer(shop: Path) -> None:
    answer(shop, {"Kindad": "belt"}, LATER)
    edit_words(shop, "Kindad,belt", "Kindad,gloves")

    assert take_words(shop)[1]["Kindad"] == "gloves"
