"""A shop whose language is recognised and not read: what answers about its categories do."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from inference.contract import LABEL
from inference.posterior import FormulaFigures
from inference.reasons import Reason
from inference.release_labels import NONE, OTHER_KIND
from inference.words.kinds import KIND
from labelling.decide.category_questions import CategoryQuestion
from labelling.decide.decisions import RunDecisions
from labelling.journal.journal_file import Journal
from labelling.lists.own_words import CategoryAnswer, ShopWord
from labelling.lists.words_file import format_shop_words
from labelling.rows import HeadAnswer, PhotoRecord
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.run_tables import write_tables
from tests.journals import fill

CLASSES = ("T-shirt/top", "Trouser", "Dress", "Shirt")
CLASS_OF = dict(zip(("top", "trousers", "dress", "shirt"), CLASSES, strict=True))
KINDS = ("top", "trousers", "dress", "shirt", "skirt", OTHER_KIND)
AT = "2026-11-30T03:00:00.000Z"

SHOP = RunSettings(
    source="pood.csv",
    version="1",
    heads={LABEL: CLASSES, KIND: KINDS},
    further={name: name for name in ("title", "category", "sku")},
    by=ProductGrouping(column="sku", folder=None, proven=(LABEL, KIND)),
    figures=FormulaFigures(),
)


def answer_of(labels: Sequence[str], shares: dict[str, float], reason: Reason | None) -> HeadAnswer:
    probabilities = tuple(shares.get(label, 0.0) for label in labels)
    best = max(shares, key=shares.__getitem__)
    return HeadAnswer(label=best, confidence=shares[best], reason=reason, probabilities=probabilities)


def photo(sku: str, category: str, is_doubtful: bool = True, **shares: float) -> PhotoRecord:
    """A photo of a product, with what it gives to each kind."""
    classes = {CLASS_OF.get(kind, NONE): share for kind, share in shares.items()}
    of_kinds = {OTHER_KIND if kind == "other" else kind: share for kind, share in shares.items()}
    reason = Reason.AMBIGUOUS if is_doubtful else None
    return PhotoRecord(
        path=f"{sku}.jpg",
        sha256=sku,
        answers={LABEL: answer_of(CLASSES, classes, reason), KIND: answer_of(KINDS, of_kinds, reason)},
        cells={"title": f"Naiste {sku} pikkade varrukatega", "category": category, "sku": sku},
        product=sku,
    )


LIST = (
    photo("1", "Naised > Pluusid", top=0.45, shirt=0.4),
    photo("2", "Naised > Pluusid", shirt=0.5, dress=0.4),
    photo("3", "Naised > Pluusid", dress=0.6, trousers=0.3),
    photo("4", "Naised > Püksid", trousers=0.5, skirt=0.4),
    photo("5", "Mehed > Püksid", trousers=0.6, top=0.3),
    photo("6", "Kingitused > Parfüüm", is_doubtful=False, top=0.98),
    photo("7", "Sale", is_doubtful=False, dress=0.97),
    photo("8", "Naised > Jeans", trousers=0.5, skirt=0.4),
)

ANSWERS = (
    CategoryAnswer("Pluusid", frozenset({"top", "shirt"}), AT),
    CategoryAnswer("Püksid", frozenset({"trousers"}), AT),
    CategoryAnswer("Parfüüm", frozenset({NONE}), AT),
    CategoryAnswer("Sale", frozenset(), AT),
)


def decided(
    folder: Path,
    answers: Sequence[CategoryAnswer] = (),
    words: Sequence[ShopWord] = (),
    photos: Sequence[PhotoRecord] = LIST,
) -> dict[str, tuple[str | None, str | None]]:
    """Decide a list in a journal of its own; the label and the reason of each product."""
    settings = replace(SHOP, own_words=tuple(words))
    with Journal(folder / f"{len(list(folder.iterdir()))}.csv", settings) as journal:
        fill(journal, settings, photos)
        journal.keep_category_answers({one.category.casefold(): one for one in answers})
        rows = list(RunDecisions(journal).read_product_rows())
    return {row.record.name: (row.class_decision.label, row.class_decision.reason) for row in rows}


BEFORE = {
    "1": ("T-shirt/top", Reason.AMBIGUOUS),
    "2": ("Shirt", Reason.AMBIGUOUS),
    "3": ("Dress", Reason.AMBIGUOUS),
    "4": ("Trouser", Reason.AMBIGUOUS),
    "5": ("Trouser", Reason.AMBIGUOUS),
    "6": ("T-shirt/top", None),
    "7": ("Dress", None),
    "8": ("Trouser", None),  # every language knows "Jeans"
}

AFTER = BEFORE | {
    "1": ("T-shirt/top", Reason.AMBIGUOUS),  # a blouse is a top or a shirt, and the photo does not say which
    "2": ("Shirt", None),
    "3": ("Dress", Reason.TITLE_CONFLICT),
    "4": ("Trouser", None),
    "5": ("Trouser", None),
    "6": ("T-shirt/top", Reason.TITLE_CONFLICT),
}


def test_before_anybody_answers_only_words_of_all_languages_help(tmp_path: Path) -> None:
    assert decided(tmp_path) == BEFORE


def test_answers_about_categories_and_photos_decide_together(tmp_path: Path) -> None:
    assert decided(tmp_path, ANSWERS) == AFTER


def test_a_file_of_words_decides_as_the_answers_that_it_was_made_of(tmp_path: Path) -> None:
    words = [ShopWord(answer.category, answer.meaning, "category") for answer in ANSWERS]

    assert decided(tmp_path, words=words) == AFTER


def test_later_answers_are_used_in_place_of_the_file(tmp_path: Path) -> None:
    words = [ShopWord("Pluusid", frozenset({"dress"}), "category")]

    found = decided(tmp_path, ANSWERS, words)

    assert found == AFTER


def test_the_next_list_of_the_shop_needs_no_answer_again(tmp_path: Path) -> None:
    others = [photo("9", "Lapsed > Pluusid", shirt=0.5, dress=0.4), photo("10", "Uued", dress=0.5, top=0.4)]

    found = decided(tmp_path, ANSWERS, photos=others)

    assert found == {"9": ("Shirt", None), "10": ("Dress", Reason.AMBIGUOUS)}


def questions(
    folder: Path,
    answers: Sequence[CategoryAnswer] = (),
    photos: Sequence[PhotoRecord] = LIST,
    language: str = "",
) -> list[CategoryQuestion]:
    settings = replace(SHOP, language=language)
    with Journal(folder / "table.csv", settings) as journal:
        fill(journal, settings, photos)
        journal.keep_category_answers({one.category.casefold(): one for one in answers})
        decisions = RunDecisions(journal)
        asked = decisions.start_category_questions()
        if asked is None:
            return []
        asked.add_rows(decisions.read_product_rows())
        return asked.make_questions()


def test_categories_are_asked_about_those_of_most_doubtful_products_first(tmp_path: Path) -> None:
    asked = questions(tmp_path)

    assert [(one.category, one.product_count, len(one.row_numbers)) for one in asked] == [
        ("Pluusid", 3, 3),
        ("Püksid", 2, 2),
    ]
    assert list(asked[1].branches) == ["Naised", "Mehed"]
    assert asked[0].products_by_kind == {"top": 1, "shirt": 1, "dress": 1}
    assert [one.path for one in asked[0].photos_by_kind.values()] == ["1.jpg", "2.jpg", "3.jpg"]


def test_the_summary_counts_the_questions_and_the_products_that_they_are_about(tmp_path: Path) -> None:
    with Journal(tmp_path / "table.csv", SHOP) as journal:
        fill(journal, SHOP, LIST)
        summary = write_tables(tmp_path / "table.csv", RunDecisions(journal))

    assert summary.category_questions == {"categories": 2, "rows": 5}


def test_a_category_is_never_asked_about_again_also_if_it_says_nothing(tmp_path: Path) -> None:
    answers = [ANSWERS[0], CategoryAnswer("püksid", frozenset(), AT)]

    assert questions(tmp_path, answers) == []


def test_if_titles_are_read_a_category_needs_three_doubtful_products(tmp_path: Path) -> None:
    assert [one.category for one in questions(tmp_path, language="de")] == ["Pluusid"]


def test_words_that_are_switched_off_are_not_asked_about(tmp_path: Path) -> None:
    assert questions(tmp_path, language="none") == []


def a_category(name: str, doubtful: int, accepted: int) -> list[PhotoRecord]:
    """Products of one category, half of them tops and half dresses; some need a person."""
    sure = (
        photo(f"{name}-{number}", name, is_doubtful=False, **{("top", "dress")[number % 2]: 0.97})
        for number in range(accepted)
    )
    return [*(photo(f"{name}-{chr(97 + n)}", name, top=0.5, dress=0.4) for n in range(doubtful)), *sure]


def test_a_category_is_asked_about_if_that_is_quicker_than_the_cards_of_its_products(tmp_path: Path) -> None:
    photos = [
        *a_category("Pluusid", doubtful=2, accepted=9),
        *a_category("Püksid", doubtful=1, accepted=2),
        *a_category("Kingad", doubtful=1, accepted=9),  # nine products explain the tenth
        *a_category("Kotid", doubtful=1, accepted=0),  # its card asks the same
    ]

    assert [one.category for one in questions(tmp_path, photos=photos)] == ["Pluusid", "Püksid"]


@pytest.mark.parametrize(
    "level", ["Men", "Women & Kids", "Damen", "Мужчинам", "Niñas", "Für Herren", "Bébés"]
)
def test_words_for_customers_alone_are_no_question(level: str, tmp_path: Path) -> None:
    assert questions(tmp_path, photos=a_category(level, doubtful=5, accepted=0)) == []


def test_at_most_25_categories_are_asked_about(tmp_path: Path) -> None:
    photos = [
        photo(str(number), f"Liik {chr(97 + number % 40 % 26) * 3}x{number % 40}", top=0.5, dress=0.4)
        for number in range(80)
    ]

    assert len(questions(tmp_path, photos=photos)) == 25


def test_a_release_without_figures_for_words_asks_nothing(tmp_path: Path) -> None:
    settings = replace(SHOP, figures=None)
    with Journal(tmp_path / "table.csv", settings) as journal:
        fill(journal, settings, LIST)

        assert RunDecisions(journal).start_category_questions() is None


def test_the_settings_of_a_run_keep_the_rows_of_its_file_of_words() -> None:
    settings = replace(SHOP, own_words=(ShopWord("Pluusid", frozenset({"top", "shirt"})),))

    assert RunSettings.parse_json(settings.format_json()) == settings
    assert format_shop_words(settings.own_words) == "words,kinds,in\nPluusid,top|shirt,\n"
