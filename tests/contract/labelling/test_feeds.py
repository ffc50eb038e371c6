"""`--feed`: a table of products becomes what each platform documents, without what is doubtful.

tests/fixtures/feeds has a file for each, with the columns and separators of the platform's own page.
"""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pytest

from inference.contract import ACCEPT_NOTHING, Head, make_whole_picture_input
from inference.reasons import Reason
from inference.release_labels import NONE
from labelling.decide.decisions import RunDecisions
from labelling.decide.product_answers import is_certain_enough_for_feed
from labelling.errors import OutputUnusable, TableUnusable
from labelling.journal.human_answer import AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal
from labelling.review import cards as sheet_cards
from labelling.rows import HeadAnswer, PhotoRecord, ProductRecord, TableRow
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.feed_categories import FeedCategories
from labelling.write.feeds import (
    DIFFERENT_COLOURS,
    DOUBTFUL_COLOUR,
    LONG_COLOUR,
    FeedResult,
    FeedRows,
    find_left_out_reason,
    write_feed,
)
from labelling.write.platforms import FEED_PLATFORMS, FeedPlatform
from labelling.write.row_collectors import RowCollectors
from reports.promises import AcceptPoint, ProductPromise
from tests.commands import wardrobe
from tests.documents import blocks
from tests.journals import fill
from tests.releases import LABELS, a_release
from tests.review_sheets import cards_of, parts_of
from tests.service import ROOT
from tests.tables import Rows, correct, label, rows_of, write_csv
from tests.uploads import a_garment, png

main = partial(wardrobe, "label")

TITLES = ("Shirt, striped", "Shirt 2", "Shirt 3", "Shirt 4", "Shirt 5")
COLOURS = ("black", "blue", "red", "white")
SAID = {"001001": "red", "001003": "black", "001004": "blue", "001005": "none of these"}
"""What people say of products, whose other answers are doubtful."""


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that accepts no colour."""
    heads = {"colour": Head(labels=COLOURS, temperature=1.0, confidence=1.0)}
    return a_release(
        tmp_path_factory.mktemp("release"), reads=make_whole_picture_input(32, 3), attributes=heads
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with a list of five products of two photos each."""
    rows = []
    for number, title in enumerate(TITLES, 1):
        for side in "ab":
            (tmp_path / f"{number}{side}.png").write_bytes(png(a_garment(2 * number + (side == "b"))))
            names = {"article": f"{1000 + number:06}", "Handle": f"item-{number}", "title": title}
            rows.append({"path": f"{number}{side}.png", **names})
    write_csv(tmp_path / "list.csv", rows)
    return tmp_path


def labelled(shop: Path, release: Path, *words: str) -> Rows:
    return label(shop / "list.csv", shop / "labels.csv", release, "--by", "article", *words)


def corrected(shop: Path, feed: str, **others: str) -> None:
    """People answer for products."""
    said = [
        {"path": f"{article[-1]}a.png", "label": colour, "attribute": "colour", "product": article}
        for article, colour in (SAID | others).items()
    ]
    correct(shop / "labels.csv", *said, feed=feed)


def rename(shop: Path, text: str, other: str) -> None:
    """Put another text into the list."""
    (shop / "list.csv").write_text((shop / "list.csv").read_text("utf-8").replace(text, other), "utf-8")


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said since this was last asked, in one line."""
    return " ".join(capsys.readouterr().out.split())


OF_PHOTOS = {"1a": "red", "2a": "red", "2b": "blue", "3a": "black", "3b": "black"}


def test_answers_of_people_are_a_feed_of_one_row_a_product_where_they_agree(
    shop: Path, doubtful: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled(shop, doubtful)
    said = ({"path": f"{name}.png", "label": of, "attribute": "colour"} for name, of in OF_PHOTOS.items())
    correct(shop / "labels.csv", *said, feed="google")
    assert (shop / "labels-google.csv").read_bytes() == b"id,color\r\n001001,red\r\n001003,black\r\n"
    capsys.readouterr()

    corrected(shop, "google")

    assert (shop / "labels-google.csv").read_bytes() == (
        b"id,color\r\n001001,red\r\n001003,black\r\n001004,blue\r\n"
    )
    found = printed(capsys)
    assert "Feed of 3 products:" in found
    assert "Not in the feed: 2 with a doubtful colour." in found


def test_a_feed_has_the_lists_own_cell_and_no_product_of_two_spellings(
    shop: Path, doubtful: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rename(shop, "001001", '"=""001001"""')
    rename(shop, "3a.png,001003", "3a.png,001003\u200b")
    rename(shop, "001004", "001004\u200b")
    labelled(shop, doubtful)
    capsys.readouterr()

    corrected(shop, "google")

    assert (shop / "labels-google.csv").read_text("utf-8").splitlines() == [
        "id,color",
        "001001,red",
        "001004\u200b,blue",
    ]
    assert "Not in the feed: 1 with two spellings in the list (001003)." in printed(capsys)


def a_photo(number: int, further: dict[str, str], colours: tuple[float, ...] | None) -> PhotoRecord:
    """A photo that shows these shares of black, white, red and blue; of None the colour is doubtful."""
    shares = colours or (0.0, 0.0, 1.0, 0.0)
    label = {0.6: "red", 0.25: "black", 0.8: "blue"}.get(max(shares), "red")
    colour = HeadAnswer(label=label, reason=None if colours else Reason.AMBIGUOUS, probabilities=shares)
    of_class = HeadAnswer(label="Bag", probabilities=(1.0,) * len(LABELS))
    heads = {"label": of_class, "colour": colour}
    return PhotoRecord(path=f"{number}a.png", sha256=f"{number:064x}", answers=heads, cells=further)


def a_run(columns: Sequence[str], by: ProductGrouping, **heads: tuple[str, ...]) -> RunSettings:
    further = {name: name for name in columns}
    return RunSettings(source="list.csv", version="v1", heads=heads, further=further, by=by)


NAMES = ("article", "Handle", "title")
SHADES = ("black", "white", "red", "blue")


def a_table(folder: Path) -> Path:
    """A table whose journal has a photo a product, as a release would answer that accepts colours."""
    run = a_run(NAMES, ProductGrouping(column="article", folder=None, proven=()), label=LABELS, colour=SHADES)
    shares = {1: (0.0, 0.4, 0.6, 0.0), 3: (0.25, 0.25, 0.25, 0.25)}
    rows = []
    for number, title in enumerate(TITLES, 1):
        further = {"article": f"{1000 + number:06}", "Handle": f"item-{number}", "title": title}
        rows += [a_photo(number, further, shares.get(number))]
    said = {4: "blue", 5: NONE}
    with Journal(folder / "labels.csv", run) as journal:
        answers = {AnswerSubject(f"{n:064x}", "colour"): HumanAnswer(of, "2026") for n, of in said.items()}
        fill(journal, run, rows, answers)
    return folder / "labels.csv"


@pytest.mark.parametrize("platform", sorted(FEED_PLATFORMS))
def test_the_page_on_feeds_says_how_a_platform_reads_its_feed(platform: str) -> None:
    rows = (ROOT / "docs/how-to/feeds.md").read_text("utf-8").splitlines()

    assert [row for row in rows if row.startswith(f"| `{platform}` |")], f"docs/how-to/feeds.md: {platform}"


def feed_of(journal: Journal, platform: str, table: Path) -> FeedResult:
    decisions = RunDecisions(journal)
    rows = FeedRows(platform, decisions)
    RowCollectors(products=[rows]).read_rows(decisions)
    return write_feed(rows, table, decisions)


@pytest.mark.parametrize("platform", sorted(FEED_PLATFORMS))
def test_a_feed_is_the_file_that_a_platform_reads(platform: str, tmp_path: Path) -> None:
    with Journal(table := a_table(tmp_path)) as journal:
        feed = feed_of(journal, platform, table)

    fixture = ROOT / "tests/fixtures/feeds" / f"{platform}.csv"
    assert fixture.is_file(), (
        f"{fixture} is missing. Check this feed, and write it there:\n{feed.file.read_text()}"
    )
    assert feed.file.read_bytes() == fixture.read_bytes()
    assert ("replaces all attributes" in feed.note) == (platform == "woocommerce"), "and the list has none"
    assert (feed.row_count, len(feed.left_out_products[DOUBTFUL_COLOUR])) == (3, 2)


MATERIAL = {"Attribute 1 name": "Material", "Attribute 1 value(s)": "Cotton", "Attribute 1 global": "0"}
COLOUR = {"Attribute 2 name": "Colour", "Attribute 2 value(s)": "Rosso", "Attribute 2 global": "0"}
SHOWN = {"Attribute 2 value(s)": "red, white", "Attribute 2 visible": "1"}
ADDED = SHOWN | {"Attribute 2 name": "Color", "Attribute 2 global": "1"}


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        pytest.param({}, {one.replace("2", "1"): cell for one, cell in ADDED.items()}, id="none"),
        pytest.param(MATERIAL, MATERIAL | ADDED, id="the colour gets the first free number"),
        pytest.param(MATERIAL | {"Attribute 2 name": ""}, MATERIAL | ADDED, id="which may be there, empty"),
        pytest.param(MATERIAL | COLOUR, MATERIAL | COLOUR | SHOWN, id="or that of the list's own colour"),
    ],
)
def test_woocommerce_replaces_all_attributes_so_those_of_the_list_stay_beside_the_colour(
    listed: dict[str, str], found: dict[str, str]
) -> None:
    photo = PhotoRecord(path="7a.png", cells={"title": "Shirt", **listed})
    row = TableRow(record=photo, decisions={}, feed_colours=("red", "white"))

    assert FEED_PLATFORMS["woocommerce"].make_cells("7", row) == {"SKU": "7", **found}


@pytest.mark.parametrize(
    "headers",
    [
        "Attribut 1 Name;Attribut 1 Wert(e);Attribut 1 sichtbar;Attribut 1 global",
        "Nom de l\u2019attribut 1;Valeur(s) de l\u2019attribut 1 ;Attribut 1 visible;Attribut 1 Global",
        "Nom de l'attribut 1;Valeur(s) de l'attribut 1;Attribut 1 visible;Attribut 1 global",
        "Nombre del atributo 1;Valor(es) del atributo 1;Atributo visible 1;Atributo global 1",
    ],
    ids=["German", "French", "French, as typed", "Spanish"],
)
def test_an_export_in_a_shops_language_keeps_its_attributes_under_the_headers_that_every_importer_reads(
    headers: str,
) -> None:
    own = dict(zip(headers.split(";"), ("Gr\u00f6\u00dfe", "S, M", "0", "1"), strict=True))

    row = TableRow(record=PhotoRecord(path="a.png", cells=own), decisions={}, feed_colours=("red",))
    cells = FEED_PLATFORMS["woocommerce"].make_cells("W-1", row)

    assert list(cells.items())[:5] == [
        ("SKU", "W-1"),
        ("Attribute 1 name", "Gr\u00f6\u00dfe"),
        ("Attribute 1 value(s)", "S, M"),
        ("Attribute 1 visible", "0"),
        ("Attribute 1 global", "1"),
    ]
    assert cells["Attribute 2 value(s)"] == "red"


FARBE = {"Attribut 1 Name": "Farbe"}


@pytest.mark.parametrize(
    ("listed", "loses"),
    [
        ({"Type": "simple"}, False),
        ({"Typ": "simple, virtual"}, False),
        ({"Type": "variable"}, True),
        ({"Tipo": "variation, downloadable"}, True),
        (FARBE | {"Attribut 1 Wert(e)": "Rot"}, False),
        (FARBE | {"Attribut 1 Wert(e)": r"Rot\, hell"}, False),
        (FARBE | {"Attribut 1 Wert(e)": "Rot, Blau"}, True),
        ({"Attribut 1 Name": "Gr\u00f6\u00dfe", "Attribut 1 Wert(e)": "S, M"}, False),
    ],
)
def test_products_with_variations_or_several_colours_of_their_own_lose_them_by_an_import(
    listed: dict[str, str], loses: bool
) -> None:
    row = TableRow(record=PhotoRecord(path="7", cells=listed), decisions={})

    assert FEED_PLATFORMS["woocommerce"].has_loss(row) == loses
    assert not FEED_PLATFORMS["google"].has_loss(row)


@pytest.mark.parametrize(
    ("cell", "colours", "loses"),
    [
        ("Black &amp; White", ("Black & White",), False),
        ("Navy, Off White", ("Navy", "Off White"), False),
        ("Navy, Off White", ("Navy",), True),
        ("Navy, Off White", ("red",), True),
    ],
)
def test_an_attribute_that_has_the_colours_already_stays_as_it_was_exported(
    cell: str, colours: tuple[str, ...], loses: bool
) -> None:
    listed = {"Attribute 1 name": "Color", "Attribute 1 value(s)": cell}
    row = TableRow(record=PhotoRecord(path="7", cells=listed), decisions={}, feed_colours=colours)

    assert FEED_PLATFORMS["woocommerce"].has_loss(row) == loses
    written = FEED_PLATFORMS["woocommerce"].make_cells("W-1", row)["Attribute 1 value(s)"]
    assert written == (", ".join(colours) if loses else cell)


@pytest.mark.parametrize(
    ("colours", "is_taken"),
    [
        (("Navy", "White"), True),
        (("x" * 40,), True),
        (("x" * 41,), False),
        (("x" * 40, "y" * 40, "z" * 40), False),
    ],
)
def test_a_colour_that_is_too_long_for_google_is_not_in_its_feed(
    colours: tuple[str, ...], is_taken: bool
) -> None:
    row = TableRow(record=PhotoRecord(path="7", product="7"), decisions={}, feed_colours=colours)

    assert find_left_out_reason(row, "google", None) == (None if is_taken else (LONG_COLOUR, "7"))
    assert find_left_out_reason(row, "woocommerce", None) is None


def test_products_with_variations_are_counted_and_in_no_feed(
    shop: Path, doubtful: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rename(shop, "Shirt 3", "variable")
    rename(shop, "title", "Type")
    labelled(shop, doubtful)
    capsys.readouterr()

    corrected(shop, "woocommerce")

    assert [row["SKU"] for row in rows_of(shop / "labels-woocommerce.csv")] == ["001001", "001004"]
    assert "Not in the feed: 1 with variations or several colours of their own" in printed(capsys)


CATEGORIES = {
    "google": ["id,google_product_category", "001001,1581", "001004,2271"],
    "shopify": [
        "URL handle,Title,Product category",
        "item-1,Style 1,Apparel & Accessories > Clothing > Skirts",
        "item-4,Style 4,Apparel & Accessories > Clothing > Dresses",
    ],
}
BY_KIND = ProductGrouping(column="article", folder=None, proven=("label", "kind"))
UNFAMILIAR = HeadAnswer(label="Dress", reason=Reason.UNFAMILIAR, probabilities=(0.5, 0.5))


@pytest.mark.parametrize("platform", CATEGORIES)
def test_accepted_kinds_are_a_file_of_categories_without_what_the_list_has_or_the_photo_doubts(
    platform: str, tmp_path: Path
) -> None:
    own = {"google": "google_product_category", "shopify": "Product Category"}[platform]
    names, kinds = (*NAMES, own), ("skirt", "dress", "bag", "other")
    run = a_run(names, BY_KIND, label=("Dress", "Bag"), kind=kinds)
    doubtful = ("skirt", Reason.AMBIGUOUS)
    shown = [("skirt", None), doubtful, ("skirt", None), ("dress", None), ("bag", None)]
    rows = []
    for number, (kind, reason) in enumerate(shown, 1):
        cells = (f"{1000 + number:06}", f"item-{number}", f"Style {number}", "Skirts" if number == 3 else "")
        shares = tuple(float(name == kind) for name in kinds)
        answer = HeadAnswer(label=kind, reason=reason, probabilities=shares)
        further, heads = dict(zip(names, cells, strict=True)), {"label": UNFAMILIAR, "kind": answer}
        rows += [PhotoRecord(path=f"{number}a.png", sha256=f"{number:064x}", answers=heads, cells=further)]
    with Journal(tmp_path / "labels.csv", run) as journal:
        fill(journal, run, rows)
        assert categories_of(platform, journal) == CATEGORIES[platform]


def categories_of(platform: str, journal: Journal) -> list[str]:
    """The lines of a file of categories."""
    decisions = RunDecisions(journal)
    categories = FeedCategories(platform, journal.settings, decisions.list_reader)
    for row in decisions.read_product_rows():
        categories.add_row(row)
    return [",".join(categories.header), *map(",".join, categories.make_rows())]


def test_a_person_who_says_other_leaves_a_category_to_words_that_the_release_has_no_name_for(
    tmp_path: Path,
) -> None:
    products = {"1": "Wool scarf", "2": "Wool skirt"}
    run = a_run(("article", "title"), BY_KIND, label=("Dress", "Bag"), kind=("skirt", "other"))
    of_kind = HeadAnswer(label="skirt", reason=Reason.AMBIGUOUS, probabilities=(0.6, 0.4))
    heads, rows = {"label": UNFAMILIAR, "kind": of_kind}, list[PhotoRecord]()
    for article, title in products.items():
        further = {"article": article, "title": title}
        rows += [PhotoRecord(path=f"{article}.png", sha256=article * 64, answers=heads, cells=further)]
    said = {
        AnswerSubject(article * 64, "kind", article): HumanAnswer("other", "2026-01-01T00:00:00Z")
        for article in products
    }
    with Journal(tmp_path / "labels.csv", run) as journal:
        fill(journal, run, rows, said)
        assert categories_of("google", journal) == ["id,google_product_category", "1,177"]


SHELVES: Final = FeedPlatform(
    key="code",
    read_key=lambda _, row: row.record.cells["Handle"],
    colour_cells=lambda row: dict(zip(("first", "second"), (*row.feed_colours, ""), strict=False)),
    other_cells=lambda row: {"second": "", "brand": "ours", "name": row.record.cells["title"]},
    needed_columns=(),
    categories=None,
    has_loss=lambda _: False,
    note="",
)
"""A platform of a test: its colour takes two columns, and all products are of one brand."""


def test_a_platform_merges_products_by_its_key_alone_and_names_its_colours_where_it_likes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast("dict[str, FeedPlatform]", FEED_PLATFORMS), "shelves", SHELVES)

    with Journal(table := a_table(tmp_path)) as journal:
        feed = feed_of(journal, "shelves", table)

    assert feed.file.read_text("utf-8").splitlines() == [
        "code,second,brand,name,first",
        'item-1,white,ours,"Shirt, striped",red',
        "item-3,white,ours,Shirt 3,black",
        "item-4,,ours,Shirt 4,blue",
    ]


def test_woocommerce_has_no_categories_of_its_own(tmp_path: Path) -> None:
    with Journal(a_table(tmp_path)) as journal:
        assert categories_of("woocommerce", journal) == [""]


def test_without_an_accepted_colour_there_is_no_feed_and_what_comes_next_is_said(
    shop: Path, doubtful: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = shop / "sheet.html"
    with pytest.raises(
        TableUnusable, match="no colour of 5 products is accepted, or given by a person"
    ) as no:
        labelled(shop, doubtful, "--feed", "google", "--review", str(sheet))

    assert not list(shop.glob("labels-google*")), "neither a feed nor categories"
    assert f'Answer "Colours for the feed" in {sheet}' in str(no.value)
    assert (
        f"label --corrections corrections.csv --out {shop}/labels.csv --review {sheet} --feed google"
        in capsys.readouterr().out
    )
    assert len(rows_of(shop / "labels-products.csv")) == 5


def test_the_command_that_asks_for_what_a_feed_lacks_has_a_line_of_its_own(
    shop: Path, doubtful: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rename(shop, "item-3", "")
    labelled(shop, doubtful)
    capsys.readouterr()

    corrected(shop, "shopify")

    lines = capsys.readouterr().out.splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith("A sheet asks for them: "))
    feed, command = lines[place - 1 : place + 1]
    assert [row["URL handle"] for row in rows_of(shop / "labels-shopify.csv")] == ["item-1", "item-4"]
    assert "Not in the feed: 1 without a cell that the platform needs (001003 (`handle`))." in feed
    question, verb, words = command.partition(" label ")
    assert question.startswith("A sheet asks for them: ")
    assert verb
    assert shlex.split(words) == [
        *("--review", "sheet.html", "--corrections", str(shop / "corrections.csv")),
        *("--out", str(shop / "labels.csv"), "--feed", "shopify"),
    ]


def test_the_sheet_of_a_feed_shows_together_the_products_that_lack_a_colour(
    shop: Path, doubtful: Path
) -> None:
    sheet, words = shop / "sheet.html", ("--feed", "google", "--review", str(shop / "sheet.html"))
    labelled(shop, doubtful)
    corrected(shop, "google")

    labelled(shop, doubtful, *words)

    *others, screen = parts_of(sheet)
    assert (screen["title"], screen["together"]) == ("Colours for the feed", True)
    [card] = screen["cards"]
    assert (card["product"], card["attribute"]) == ("001002", "colour"), "the others were answered"
    assert card["guess"] in COLOURS
    assert len(card["photos"]) == 1
    assert [one for part in others for one in part["cards"] if one["attribute"]] == []


def test_the_lists_own_colours_are_fed_and_those_that_the_photo_denies_are_asked_about(shop: Path) -> None:
    sure = Head(labels=("black", "blue", "red"), temperature=0.01, confidence=ACCEPT_NOTHING)
    release = a_release(shop / "release", reads=make_whole_picture_input(32, 3), attributes={"colour": sure})
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    (shop / "blue.png").write_bytes(png(noise.repeat(8, 0).repeat(8, 1)))
    products = [("1a.png", "denied", "Blue"), ("2a.png", "own", "Pink & Yellow"), ("blue.png", "navy", "")]
    rows = [{"path": path, "article": name, "title": name, "color": of} for path, name, of in products]
    write_csv(shop / "list.csv", rows)

    labelled(shop, release, "--feed", "google", "--review", str(shop / "sheet.html"))

    fed = {row["id"]: row["color"] for row in rows_of(shop / "labels-google.csv")}
    assert fed == {"denied": "Blue", "own": "Pink/Yellow", "navy": "navy"}
    [card] = [card for card in cards_of(shop / "sheet.html", "colour") if card["screen"] is None]
    assert (card["product"], card["guess"], card["note"]) == (
        "denied",
        "black",
        sheet_cards.COLOUR_CONFLICT_NOTE,
    )
    assert card["note_values"] == {"label": "black", "listed": "Blue"}


def test_a_colour_of_a_title_that_the_photo_denies_waits_for_a_person_and_a_shared_name_is_one_question(
    shop: Path,
) -> None:
    sure = Head(labels=("black", "blue", "red"), temperature=0.01, confidence=0.1)
    release = a_release(shop / "release", reads=make_whole_picture_input(32, 3), attributes={"colour": sure})
    titles = ["Blue coat", "Red Fox tee", "Red Fox coat", "Red Fox dress", "Black coat"]
    rows = [{"path": "1a.png", "article": str(place), "title": title} for place, title in enumerate(titles)]
    write_csv(shop / "list.csv", rows)

    labelled(shop, release, "--feed", "google", "--review", str(shop / "sheet.html"))

    colours = {row["article"]: row["colour"] for row in rows_of(shop / "labels-products.csv")}
    assert colours == {"0": "blue", "1": "red", "2": "red", "3": "red", "4": "black"}
    reasons = {row["article"]: row["colour_reason"] for row in rows_of(shop / "labels-products.csv")}
    assert set(map(reasons.get, "0123")) == {"list"}
    fed = {row["id"]: row["color"] for row in rows_of(shop / "labels-google.csv")}
    assert fed == {"4": "Black"}
    cards = {card["product"]: card for card in cards_of(shop / "sheet.html", "colour")}
    assert cards["0"]["screen"] is None
    assert cards["0"]["note_values"] == {"label": "black", "listed": "blue"}
    shared = [cards[article] for article in "123"]
    assert {tuple(card["screen"]) for card in shared} == {tuple(sheet_cards.PHRASE_SCREEN)}
    assert {(card["phrase"], card["guess"]) for card in shared} == {("red", "black")}


SHOWN_OF_PRODUCTS = ProductPromise(
    pictures="products",
    promised=0.95,
    needed=59,
    n=61,
    accepted=61,
    accepted_right=58,
    lower_bound=0.88,
    by_confidence=(
        AcceptPoint(threshold=0.3, answers=61, accepted_share=1.0, right_share=58 / 61, lower_bound=0.88),
    ),
)
"""Of 61 products of two photos 58 are right: .88, less than a table promises."""


@pytest.fixture(scope="module")
def likely(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that accepts every colour of a photo, and shows .88 for those of products."""
    heads = {"colour": Head(labels=COLOURS, temperature=1.0, confidence=0.1)}
    folder, reads = tmp_path_factory.mktemp("likely"), make_whole_picture_input(32, 3)
    return a_release(folder, reads=reads, attributes=heads, products={"colour": SHOWN_OF_PRODUCTS})


def test_a_feed_takes_colours_of_products_that_are_likely_and_says_how_many_are_right(
    shop: Path, likely: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled(shop, likely, "--feed", "google", "--review", str(shop / "sheet.html"))

    products = rows_of(shop / "labels-products.csv")
    agree = {row["article"]: row["colour"] for row in products if row["colour_reason"] == "unproven"}
    assert 0 < len(agree) < len(products), "the others contradict one another"
    fed = {row["id"]: row["color"].split("/")[0] for row in rows_of(shop / "labels-google.csv")}
    assert fed == agree
    assert {row["colour_decision"] for row in products} == {"review"}, "a table keeps its promise"
    said = printed(capsys)
    assert f"Feed of {len(agree)} products" in said
    assert f"{len(agree)} colours, at least 88% of such right." in said
    cards = cards_of(shop / "sheet.html", "colour")
    asked = {card["product"] for card in cards if card["screen"] == list(sheet_cards.COLOUR_SCREEN)}
    assert asked == {row["article"] for row in products} - set(agree)
    assert {card["product"] for card in cards if card["screen"] == list(sheet_cards.FEED_SCREEN)} == set(
        agree
    )


def test_a_feed_takes_no_likely_colour_of_photos_that_lie_under_two_products(
    shop: Path, likely: Path
) -> None:
    labelled(shop, likely, "--feed", "google")
    fed = [row["id"] for row in rows_of(shop / "labels-google.csv")]
    rows = rows_of(shop / "list.csv")
    copies = [row | {"article": "9", "title": "Socks"} for row in rows if row["article"] == fed[0]]
    write_csv(shop / "list.csv", rows + copies)

    labelled(shop, likely, "--feed", "google", "--restart")

    assert [row["id"] for row in rows_of(shop / "labels-google.csv")] == fed[1:]


BY = ProductGrouping(column="article", folder=None, proven=(), likely={"colour": (0.6, 0.88)})


@pytest.mark.parametrize(
    ("changes", "of_photos", "is_fed"),
    [
        pytest.param({}, [None, Reason.AMBIGUOUS], True, id="photos agree"),
        pytest.param({"confidence": 0.59}, [None, None], False, id="too little is shown of so unsure ones"),
        pytest.param({"reason": Reason.AMBIGUOUS}, [Reason.AMBIGUOUS] * 2, False, id="no photo is accepted"),
        pytest.param({}, [Reason.UNPROVEN] * 2, False, id="a label that is withheld"),
    ],
)
def test_a_feed_takes_what_lacks_nothing_but_the_promise(
    changes: dict[str, Any], of_photos: list[Reason | None], is_fed: bool
) -> None:
    answer = HeadAnswer(label="red", confidence=0.6, reason=Reason.UNPROVEN)
    photos = tuple(
        PhotoRecord(path="1.png", answers={"colour": HeadAnswer(label="red", reason=of)}) for of in of_photos
    )
    answers = {"colour": replace(answer, **changes)}
    product = ProductRecord(product="7", photos=photos, distinct_photos=photos, answers=answers)

    assert is_certain_enough_for_feed(product, "colour", BY) == is_fed


def test_what_is_shown_of_products_stays_with_the_table(shop: Path, likely: Path, doubtful: Path) -> None:
    labelled(shop, likely)

    correct(shop / "labels.csv", {"path": "1a.png", "label": LABELS[0]}, feed="google")

    assert len(rows_of(shop / "labels-google.csv")) > 0
    [category] = rows_of(shop / "labels-google-categories.csv")
    assert category == {"id": "001001", "google_product_category": "212"}, "of a person's T-shirt"


def test_what_a_feed_lacks_is_said_before_anything_is_labelled(
    shop: Path, doubtful: Path, tmp_path: Path
) -> None:
    with pytest.raises(TableUnusable, match="answers no attribute `colour`"):
        labelled(shop, a_release(tmp_path / "without"), "--feed", "google")
    rename(shop, "Handle", "shelf")
    with pytest.raises(TableUnusable, match="the list has no column `handle`"):
        labelled(shop, doubtful, "--feed", "shopify")

    assert not (shop / "labels.csv").exists()


@pytest.mark.parametrize("content", ["id,color\n1,red\n", "\nid,color\n1,red\n", ""])
def test_a_file_that_this_table_did_not_write_is_no_feed_to_replace(
    content: str, shop: Path, doubtful: Path
) -> None:
    labelled(shop, doubtful)
    own = shop / "labels-google.csv"
    own.write_text(content, "utf-8")

    with pytest.raises(OutputUnusable, match=r"labels-google\.csv: was changed since"):
        labelled(shop, doubtful, "--feed", "google")

    assert own.read_text("utf-8") == content


def test_articles_of_one_handle_are_a_row_where_they_have_one_colour(
    shop: Path, doubtful: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def handles() -> list[str]:
        return [row["URL handle"] for row in rows_of(shop / "labels-shopify.csv")]

    rename(shop, "Handle", "URL handle")
    rename(shop, "item-3", "item-1")
    labelled(shop, doubtful)
    corrected(shop, "shopify")

    assert handles() == ["item-4"]
    assert "Not in the feed: 1 with articles of different colours." in printed(capsys)
    corrected(shop, "shopify", **{"001003": "red"})
    assert handles() == ["item-1", "item-4"]


def test_an_empty_feed_says_that_the_articles_of_its_handles_have_different_colours(
    shop: Path, doubtful: Path
) -> None:
    rename(shop, "Handle", "URL handle")
    for item in ("item-3", "item-4"):
        rename(shop, item, "item-1")
    labelled(shop, doubtful)

    with pytest.raises(TableUnusable, match=r"Not in the feed: .*1 with articles of different colours\."):
        corrected(shop, "shopify")


def test_likely_colours_are_counted_by_the_rows_that_a_feed_has(tmp_path: Path) -> None:
    by = ProductGrouping(column="article", folder=None, proven=(), likely={"colour": (0.1, 0.88)})
    run = a_run(NAMES, by, label=LABELS, colour=SHADES)
    red, blue = (0.0, 0.0, 0.6, 0.4), (0.0, 0.0, 0.2, 0.8)
    shown = [("item-1", red), ("item-1", red), ("item-2", red), ("item-2", blue)]
    rows = []
    for number in range(8):
        handle, colours = shown[number // 2]
        rows += [a_photo(number, {"article": f"{number // 2}", "Handle": handle, "title": "Shirt"}, colours)]
    with Journal(tmp_path / "labels.csv", run) as journal:
        fill(journal, run, rows)

        feed = feed_of(journal, "shopify", tmp_path / "labels.csv")

    assert (feed.row_count, feed.likely_count, len(feed.left_out_products[DIFFERENT_COLOURS])) == (1, 1, 1)


def test_a_feed_whose_products_all_lack_a_title_is_refused(shop: Path, doubtful: Path) -> None:
    for title in TITLES[:4]:
        rename(shop, title, "")
    labelled(shop, doubtful)

    with pytest.raises(TableUnusable, match=r"3 without a cell that the platform needs \(001001 \(`title`\)"):
        corrected(shop, "shopify")


def test_a_feed_needs_products(shop: Path, doubtful: Path, capsys: pytest.CaptureFixture[str]) -> None:
    label(shop / "list.csv", shop / "labels.csv", doubtful)

    with pytest.raises(SystemExit, match="2"):
        main([str(shop / "list.csv"), "--out", str(shop / "labels.csv"), "--feed", "google"])
    assert "--by" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("page", "first_cells", "example"),
    [
        ("docs/how-to/your-shop.md", "path,article", "list"),
        ("docs/how-to/train-on-your-pictures.md", "path,label", "shop/products"),
    ],
)
def test_a_page_shows_rows_of_its_example(page: str, first_cells: str, example: str) -> None:
    [shown] = [
        block.body
        for block in blocks()
        if (block.document, block.language) == (page, "csv") and block.body.startswith(first_cells)
    ]

    rows = (ROOT / f"examples/{example}.csv").read_text("utf-8").splitlines()

    assert set(shown.splitlines()) <= set(rows)
