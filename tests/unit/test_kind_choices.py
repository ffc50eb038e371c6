"""What a card of the review sheet suggests, and which kinds it has buttons for."""

from pathlib import Path

from inference.contract import LABEL
from inference.posterior import FormulaFigures
from inference.reasons import Reason
from inference.release_labels import NONE, OTHER_KIND
from inference.words.kinds import KIND
from labelling.decide.decisions import RunDecisions
from labelling.journal.journal_file import Journal
from labelling.review.kind_choices import KindChoice, make_kind_choices, suggest_class_and_kind
from labelling.rows import HeadAnswer, PhotoRecord
from labelling.run_settings import RunSettings
from tests.journals import fill

CLASSES = ("T-shirt/top", "Dress", "Coat")
KINDS = ("top", "dress", "coat", "skirt", "hat", OTHER_KIND)
SHOP = RunSettings(
    source="list.csv",
    version="1",
    heads={LABEL: CLASSES, KIND: KINDS},
    further={"title": "title"},
    figures=FormulaFigures(),
    language="en",
)


def answer_of(labels: tuple[str, ...], label: str, share: float) -> HeadAnswer:
    rest = (1 - share) / (len(labels) - 1)
    shares = tuple(share if one == label else rest for one in labels)
    return HeadAnswer(label=label, confidence=share, reason=Reason.AMBIGUOUS, probabilities=shares)


def seen_on_a_card(
    folder: Path, title: str, label: str, kind: str
) -> tuple[tuple[str, str], tuple[KindChoice, ...]]:
    """The suggestion and the buttons for a photo with a title, by what the photo alone says."""
    answers = {LABEL: answer_of(CLASSES, label, 0.6), KIND: answer_of(KINDS, kind, 0.6)}
    photo = PhotoRecord(path="a.jpg", sha256="a", answers=answers, cells={"title": title})
    with Journal(folder / "table.csv", SHOP) as journal:
        fill(journal, SHOP, [photo])
        decisions = RunDecisions(journal)
        [row] = decisions.read_photo_rows()
        return suggest_class_and_kind(row, decisions.context), make_kind_choices(row, decisions.context)


def test_a_kind_without_a_class_is_suggested_in_place_of_the_nearest_class(tmp_path: Path) -> None:
    suggestion, _ = seen_on_a_card(tmp_path, "", "Dress", "skirt")

    assert suggestion == (NONE, "skirt")


def test_a_class_is_suggested_without_a_kind_as_it_says_the_kind(tmp_path: Path) -> None:
    suggestion, _ = seen_on_a_card(tmp_path, "", "Dress", "dress")

    assert suggestion == ("Dress", "")


def test_the_kinds_of_title_and_photo_have_a_button_each(tmp_path: Path) -> None:
    _, choices = seen_on_a_card(tmp_path, "Skirt", "Dress", "dress")

    assert choices == (KindChoice("skirt", NONE, "skirt"), KindChoice("dress", "Dress", "dress"))


def test_kinds_of_a_title_that_have_the_same_answer_share_a_button(tmp_path: Path) -> None:
    _, choices = seen_on_a_card(tmp_path, "Scarf or gloves", "Dress", "dress")

    assert choices == (KindChoice("dress", "Dress", "dress"), KindChoice("scarf / gloves", NONE))


def test_no_suggestion_of_the_photo_takes_the_button_of_a_kind_that_the_title_names(tmp_path: Path) -> None:
    _, choices = seen_on_a_card(tmp_path, "Tights", "Dress", "skirt")

    assert {choice.text for choice in choices} == {"skirt", "trousers / underwear / socks", "Dress"}
