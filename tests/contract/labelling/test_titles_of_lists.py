"""`wardrobe label` of a list with titles: titles against photos, in the tables and the summary."""

from pathlib import Path

import pytest

from inference.contract import ACCEPT_NOTHING, Head, make_whole_picture_input
from inference.release_labels import NONE
from inference.words.language_files import load_languages
from labelling.review.cards import AGREEING_SCREEN, LIST_CONFLICT_NOTE
from reports.promises import ProductPromise
from reports.word_figures import WordFigures, WordsPromise
from tests.catalogues import write_folder
from tests.commands import wardrobe
from tests.releases import LABELS, a_release
from tests.review_sheets import cards_of, shown_on
from tests.tables import label, products_of, rows_of, summary_in, write_csv
from tests.uploads import a_garment, png

PICTURES = {f"{seed}.png": png(a_garment(seed)) for seed in range(12)}
KEPT = ProductPromise(
    pictures="products", promised=0.95, needed=59, n=200, accepted=100, accepted_right=100, lower_bound=0.97
)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It accepts every photo."""
    folder, reads = tmp_path_factory.mktemp("release"), make_whole_picture_input(32, 3)
    return a_release(folder, reads=reads, products={"label": KEPT})


KINDS = ("belt", "skirt", "other")
"""None is a class of the release, so that the kind alone decides."""
SHOWN = WordFigures(
    network="photos",
    wrong_titles=0.03,
    named=WordsPromise(threshold=0.8, at=()),
    other=WordsPromise(threshold=0.8, at=()),
)


@pytest.fixture(scope="module")
def doubting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It accepts no photo, answers kinds as surely as can be, and shows from which share words decide."""
    return a_release(
        tmp_path_factory.mktemp("doubting"),
        reads=make_whole_picture_input(32, 3),
        attributes={"kind": Head(labels=KINDS, temperature=0.01, confidence=ACCEPT_NOTHING)},
        least_familiarity=1.0,
        words=SHOWN,
    )


@pytest.fixture(scope="module")
def kinds(doubting: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What that release answers to each picture."""
    folder = tmp_path_factory.mktemp("kinds")
    rows = label(write_folder(folder / "shop", PICTURES), folder / "all.csv", doubting)
    return {Path(row["path"]).name: row["kind"] for row in rows}


TITLES = {"belt": "Leather belt", "skirt": "Pleated skirt", "other": "Wool scarf"}


def test_words_accept_what_the_photo_confirms_and_tables_say_who_decided(
    shop: Path, doubting: Path, kinds: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = next(TITLES[kind] for kind in KINDS if kind != kinds["2.png"])
    source = listed(
        shop,
        ("1.png", "confirmed", TITLES[kinds["1.png"]]),
        ("2.png", "denied", wrong),
        ("3.png", "bare", "Anna"),
    )

    photos = label(source, tmp_path / "table.csv", doubting, "--by", "article")

    products = products_of(tmp_path / "table.csv")
    for row in (photos[0], products["confirmed"]):
        decided = {"decision": "accept", "reason": None, "decided_by": "list", "predicted": row["label"]}
        assert {name: row[name] for name in decided} == decided
        assert row["label"] == NONE
        assert (row["kind"], row["kind_decision"], row["kind_decided_by"]) == (
            kinds["1.png"],
            "accept",
            "list",
        )
    assert [(row["decision"], row["reason"], row["decided_by"]) for row in photos[1:]] == [
        ("review", "list", "model"),
        ("review", "unfamiliar", "model"),
    ]
    summary = summary_in(tmp_path / "table.csv")
    assert summary["words"]["by_list"] == summary["products"]["accepted_by_list"] == 1
    assert summary["accepted"] == summary["accepted_by_list"] == summary["products"]["accepted"] == 1
    assert summary["review_share"] == pytest.approx(2 / 3)
    printed = " ".join(capsys.readouterr().out.split())
    assert "1 answer agrees, 1 of them by list and photo together, 1 contradicts it" in printed
    assert "3 products by `article`: 1 accepted by list and photo, 1 list, 1 unfamiliar." in printed


def test_a_persons_answer_comes_before_the_list_and_what_the_list_decided_stays_beside_it(
    shop: Path, doubting: Path, kinds: dict[str, str], tmp_path: Path
) -> None:
    table, title = tmp_path / "table.csv", TITLES[kinds["1.png"]]
    [before] = label(listed(shop, ("1.png", "1", title)), table, doubting)
    said = write_csv(
        tmp_path / "corrections.csv", [{"path": "1.png", "sha256": before["sha256"], "label": "Bag"}]
    )

    wardrobe("label", ["--corrections", str(said), "--out", str(table)])

    [after] = rows_of(table)
    assert (after["label"], after["decided_by"], after["predicted"]) == ("Bag", "person", before["label"])


def test_the_sheet_says_what_its_buttons_take(
    shop: Path, doubting: Path, kinds: dict[str, str], tmp_path: Path
) -> None:
    page = tmp_path / "sheet.html"
    denied = next(TITLES[kind] for kind in ("skirt", "other") if kind != kinds["1.png"])
    source = listed(shop, ("1.png", "1", denied), ("2.png", "2", TITLES[kinds["2.png"]]))

    label(source, tmp_path / "table.csv", doubting, "--review", str(page), "--audit", "0")
    [card] = cards_of(page)
    assert (card["guess"], card["button"]) == (NONE, "Right: {answer}")
    assert card["note_values"]["listed"] == ("skirt" if denied == TITLES["skirt"] else "scarf")


def test_a_change_of_the_language_of_a_list_is_named(
    shop: Path, doubting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, table = listed(shop, ("1.png", "1", "Jupe en lin")), tmp_path / "table.csv"
    label(source, table, doubting)
    label(source, table, doubting)
    assert "were as" not in capsys.readouterr().err

    label(source, table, doubting, "--language", "en")

    assert "read as English, and were as French before. --language fr reads them as before." in " ".join(
        capsys.readouterr().err.split()
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "shop", PICTURES)


def listed(shop: Path, *rows: tuple[str, ...], columns: str = "path article title") -> Path:
    return write_csv(shop / "list.csv", [dict(zip(columns.split(), row, strict=True)) for row in rows])


@pytest.fixture(scope="module")
def shown(release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the release answers to each picture."""
    folder = tmp_path_factory.mktemp("shown")
    rows = label(write_folder(folder / "shop", PICTURES), folder / "all.csv", release)
    return {Path(row["path"]).name: row["label"] for row in rows}


def test_an_accepted_product_that_its_title_does_not_admit_needs_a_person(
    shop: Path, release: Path, shown: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = listed(
        shop,
        ("1.png", "agreeing", f"Blue {shown['1.png']}"),
        ("2.png", "contradicting", "Pleated skirt with pockets"),
        ("3.png", "nameless", "Anna"),
    )

    photos = label(source, tmp_path / "table.csv", release, "--by", "article")

    decided = [(row["decision"], row["reason"], row["label"]) for row in photos]
    products = products_of(tmp_path / "table.csv")
    assert decided == [
        ("accept", None, shown["1.png"]),
        ("review", "list", shown["2.png"]),
        ("accept", None, shown["3.png"]),
    ]
    assert [(row["decision"], row["reason"], row["label"]) for row in products.values()] == decided
    assert products["contradicting"]["listed_as"] == "skirt"
    assert products["nameless"]["listed_as"] is None
    summary = summary_in(tmp_path / "table.csv")
    assert summary["words"].pop("title") == "The title is `title`, by its name, in English."
    assert summary["words"] == {"language": "en", "named": 2, "agreeing": 1, "contradicting": 1, "by_list": 0}
    assert summary["products"]["reviewed"] == {"list": 1}
    assert summary["labels"][shown["2.png"]]["list"] == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "name the kind of 2 products (--language en): 1 answer agrees, 1 contradicts it" in printed


def test_words_are_not_read_where_people_say_so_and_nothing_is_labelled_again(
    shop: Path, release: Path, tmp_path: Path
) -> None:
    source, table = listed(shop, ("1.png", "1", "Pleated skirt")), tmp_path / "table.csv"
    [before] = label(source, table, release)

    [after] = label(source, table, release, "--language", "none")

    assert (before["reason"], after["reason"]) == ("list", None)
    assert "listed_as" not in after
    assert (summary_in(table)["words"], summary_in(table)["rows_before"]) == (None, 1)
    assert label(source, table, release) == [before]


def test_cards_show_titles_that_are_not_read_and_the_run_says_nothing_of_them(
    shop: Path, doubting: Path, tmp_path: Path
) -> None:
    source, page = listed(shop, ("1.png", "1", "Pleated skirt")), tmp_path / "sheet.html"

    label(
        source, tmp_path / "t.csv", doubting, "--by", "article", "--language", "none", "--review", str(page)
    )

    [card] = shown_on(page)["parts"][0]["cards"]
    assert card["title"] == "Pleated skirt"
    assert summary_in(tmp_path / "t.csv")["notes"] == []


RECOGNISED = next(language for language in load_languages().values() if not language.is_readable)
NOT_READ = {
    RECOGNISED.code: (
        [*(" ".join(RECOGNISED.known_by[place : place + 4]) for place in (0, 4, 8)), "Jeans"],
        f"The titles are in {RECOGNISED.name}, which Wardrobe recognises and cannot read, "
        "so they decide nothing.",
    ),
    "und": (
        ["Zorblak ven krupita", "Vraknog tuzlim oprek", "Druvvik klatta zimp", "Jeans urvenk"],
        "The titles are in a language that Wardrobe cannot read, so they decide nothing.",
    ),
}


NO_GARMENT = {
    "und": ["Item 12", "Item 13", "Item 14", "Item 15"],
    "en": ["Blue with long sleeves", "Red and green for women", "With a print, black", "Cotton, white"],
}


@pytest.mark.parametrize("language", NO_GARMENT)
def test_titles_that_name_no_garment_are_said_to_be_so(
    shop: Path, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    titles = enumerate(NO_GARMENT[language])
    source = listed(shop, *((f"{place}.png", str(place), title) for place, title in titles))

    label(source, tmp_path / "table.csv", release)

    printed = " ".join(capsys.readouterr().out.split())
    assert "No title names a garment, so only photos decide." in printed
    assert "cannot read" not in printed
    assert summary_in(tmp_path / "table.csv")["words"]["language"] == language


@pytest.mark.parametrize("language", NOT_READ)
def test_titles_in_a_language_that_is_not_read_say_nothing_and_the_run_names_it(
    shop: Path, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    titles, sentence = NOT_READ[language]
    source = listed(shop, *((f"{place}.png", str(place), title) for place, title in enumerate(titles)))
    table = tmp_path / "table.csv"

    alone = label(source, table, release)
    printed = " ".join(capsys.readouterr().out.split())
    again = label(source, table, release)
    german = label(source, table, release, "--language", "de")

    assert {(row["decision"], row["listed_as"]) for row in alone} == {("accept", None)}
    assert again == alone
    assert german[-1]["listed_as"] == "trousers"
    assert sentence in printed
    assert "--language" not in printed
    assert summary_in(table)["words"]["language"] == "de"
    label(source, table, release)
    assert summary_in(table)["words"]["language"] == language
    assert "reads them as before" not in capsys.readouterr().err


def test_titles_with_letters_of_another_language_are_told_unless_people_name_the_language(
    shop: Path, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    titles = ("Dámske tričko s krátkym rukávom", "Pánska košeľa", "Topánky na podpätku", "Ľahká letná bunda")
    source = listed(shop, *((f"{place}.png", str(place), title) for place, title in enumerate(titles)))
    table = tmp_path / "table.csv"
    sentence = "The titles are read as Czech, but 3 of 4 different ones have letters of another language"

    label(source, table, release)
    warned = " ".join(capsys.readouterr().err.split())

    assert sentence in warned
    assert sentence in " ".join(summary_in(table)["notes"])
    label(source, table, release, "--language", "cs")
    assert sentence not in " ".join(summary_in(table)["notes"])


def test_products_whose_titles_name_different_garments_are_named(
    shop: Path, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("1.png", "1", "Blue jeans"), ("2.png", "1", "Pink T-shirt"), ("3.png", "2", "Blue jeans")]
    table = tmp_path / "table.csv"

    label(listed(shop, *rows), table, release, "--by", "article")

    product = products_of(table)["1"]
    assert (product["decision"], product["reason"]) == ("review", "contradicting")
    assert summary_in(table)["products"]["reviewed"]["contradicting"] == 1
    said = " ".join(capsys.readouterr().err.split())
    assert (
        "1 of 2 products has titles that name different garments: `1`. "
        "Does --by article name the right column?"
    ) in said


def test_the_sheet_begins_with_what_the_list_contradicts_and_shows_together_what_it_admits(
    shop: Path, release: Path, shown: dict[str, str], tmp_path: Path
) -> None:
    both = [("1.png", "agreeing", f"Blue {shown['1.png']}"), ("1.png", "nameless", "Anna")]
    other = next(label for label in LABELS if label != shown["2.png"])
    source = listed(shop, *both, ("2.png", "other", other), ("3.png", "nothing", "Pleated skirt"))
    page, table = tmp_path / "sheet.html", tmp_path / "table.csv"

    label(source, table, release, "--by", "article", "--review", str(page), "--audit", "0")

    doubtful, together = shown_on(page)["parts"]
    cards = {card["name"]: card for card in doubtful["cards"]}
    assert {card["name"] for card in doubtful["cards"][:2]} == {"other", "nothing"}
    assert cards["nothing"]["note"] == LIST_CONFLICT_NOTE
    assert cards["nothing"]["note_values"]["listed"] == "skirt"
    assert (cards["nothing"]["guess"], cards["nothing"]["predicted"]) == (NONE, shown["3.png"])
    assert other in {choice["label"] for choice in cards["other"]["choices"]}
    assert cards["nameless"]["guess"] == shown["1.png"]
    assert (together["title"], [card["name"] for card in together["cards"]]) == (
        AGREEING_SCREEN.title,
        ["agreeing"],
    )
