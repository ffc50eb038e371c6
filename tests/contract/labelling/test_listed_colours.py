"""The colours of a list as a shop writes them: in several columns, of several variants, in no known word."""

from pathlib import Path

import pytest

from inference.contract import Head, make_whole_picture_input
from labelling.errors import SourceUnusable
from tests.commands import wardrobe
from tests.releases import a_release
from tests.review_sheets import cards_of
from tests.tables import Rows, label, products_of, rows_of, summary_in, write_csv
from tests.uploads import a_garment, png

PICTURES = {f"{seed}.png": png(a_garment(seed)) for seed in range(4)}

VARIANTS = [
    ("tee", "Loose tee", "Color", "Red", "Size", "S", "T-R", "0.png"),
    ("tee", "", "", "Blue", "", "S", "T-B", ""),
    ("tee", "", "", "Green", "", "M", "T-G", ""),
    ("tee", "", "", "Black", "", "M", "T-K", "1.png"),
    ("hat", "Warm hat", "Color", "Emerald", "", "", "H-1", "2.png"),
    ("hat", "", "", "emerald", "", "", "H-2", ""),
    ("bag", "Bag", "Color", "Navy/White", "", "", "B-1", "3.png"),
]
SHOPIFY = (
    *("Handle", "Title", "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Variant SKU"),
    "Image Src",
)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that accepts no colour of a photo."""
    heads = {
        "colour": Head(labels=("black", "blue", "red", "white", "green"), temperature=1.0, confidence=1.0)
    }
    return a_release(
        tmp_path_factory.mktemp("release"), reads=make_whole_picture_input(32, 3), attributes=heads
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, content in PICTURES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def export_of(shop: Path, **other_headings: str) -> Path:
    """A shop's export for Shopify, perhaps with other headings."""
    headings = [other_headings.get(heading.replace(" ", "_"), heading) for heading in SHOPIFY]
    return write_csv(shop / "export.csv", [dict(zip(headings, row, strict=True)) for row in VARIANTS])


def label_export(shop: Path, release: Path, by: str, *words: str) -> Rows:
    options = ("--by", by, "--path-column", "Image Src", "--review", str(shop / "sheet.html"), *words)
    return label(shop / "export.csv", shop / "labels.csv", release, *options)


def fed_colours(shop: Path) -> dict[str, str]:
    return {row["id"]: row["color"] for row in rows_of(shop / "labels-google.csv")}


KEYS = {"google": "id", "shopify": "URL handle", "woocommerce": "SKU"}


@pytest.mark.parametrize("platform", KEYS)
def test_a_product_that_is_sold_in_several_colours_is_in_no_feed_and_nobody_is_asked(
    shop: Path, release: Path, capsys: pytest.CaptureFixture[str], platform: str
) -> None:
    export_of(shop)

    label_export(shop, release, "Handle", "--feed", platform)

    assert {row[KEYS[platform]] for row in rows_of(shop / f"labels-{platform}.csv")} == {"hat", "bag"}
    printed = " ".join(capsys.readouterr().out.split())
    assert "Not in the feed: 1 sold in several colours (tee)." in printed
    assert "tee" not in {card["product"] for card in cards_of(shop / "sheet.html", "colour")}
    tee = products_of(shop / "labels.csv")["tee"]
    assert (tee["colour_decided_by"], tee["colour_decision"]) == ("model", "review")
    [note] = [note for note in summary_in(shop / "labels.csv")["notes"] if "several colours" in note]
    assert "`tee`" in note
    assert '--by "Variant SKU"' in note


def test_with_variants_as_products_each_row_has_title_colour_and_photo_of_its_handle(
    shop: Path, release: Path
) -> None:
    export_of(shop)

    photos = label_export(shop, release, "Variant SKU", "--feed", "google")

    assert fed_colours(shop) == {
        "T-R": "Red",
        "T-B": "Blue",
        "T-G": "Green",
        "T-K": "Black",
        "H-1": "Emerald",
        "H-2": "emerald",
        "B-1": "Navy/White",
    }
    assert [Path(row["path"]).name for row in photos] == [
        *("0.png", "0.png", "0.png", "1.png", "2.png", "2.png", "3.png"),
    ]
    assert {row["Title"] for row in photos if row["Handle"] == "tee"} == {"Loose tee"}
    products = products_of(shop / "labels.csv")
    assert {row["reason"] for row in products.values()}.isdisjoint({"shared", "no photo"})
    assert products["T-B"]["colour"] == "blue"
    assert [note for note in summary_in(shop / "labels.csv")["notes"] if "Variant SKU" in note] == []


@pytest.mark.parametrize(("column", "options"), [("Main Color", ()), ("Ton", ("--colour-column", "Ton"))])
def test_with_variants_as_products_a_colour_of_the_handle_is_that_of_each_variant(
    shop: Path, release: Path, column: str, options: tuple[str, ...]
) -> None:
    rows = rows_of(export_of(shop))
    colours = {"Loose tee": "navy", "Warm hat": "emerald", "Bag": "ivory"}
    write_csv(shop / "export.csv", [{**row, column: colours.get(row["Title"], "")} for row in rows])

    label_export(shop, release, "Variant SKU", "--feed", "google", *options)

    assert fed_colours(shop) == {
        **dict.fromkeys(("T-R", "T-B", "T-G", "T-K"), "navy"),
        **dict.fromkeys(("H-1", "H-2"), "emerald"),
        "B-1": "ivory",
    }


@pytest.mark.parametrize("missing", ["Handle", "Variant_SKU"])
def test_variants_are_named_only_if_the_list_has_them(shop: Path, release: Path, missing: str) -> None:
    export_of(shop, **{missing: "other"})

    label_export(shop, release, "other" if missing == "Handle" else "Handle")

    [note] = [note for note in summary_in(shop / "labels.csv")["notes"] if "several colours" in note]
    assert "--by" not in note


def test_rows_of_variants_without_a_picture_are_no_errors_and_no_photos(
    shop: Path, release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = export_of(shop)
    write_csv(
        source,
        [*rows_of(source), {"Handle": "sock", "Title": "Sock"}, {"Handle": "cap", "Image Src": "x.png"}],
    )

    photos = label_export(shop, release, "Handle")

    found = summary_in(shop / "labels.csv")
    assert (found["rows"], found["errors"], found["rows_without_picture"]) == (9, 1, 4)
    assert found["first_error"].startswith("x.png: There is no file")
    assert "9 rows, 1 of them errors, 4 rows without a picture. " in " ".join(capsys.readouterr().out.split())
    assert {name: row["photos"] for name, row in products_of(shop / "labels.csv").items()} == {
        **{"tee": "2", "hat": "1", "bag": "1"},
        **{"sock": "0", "cap": "1"},
    }
    assert "Its cell in the column `Image Src` is empty." in photos[1]["error"]
    assert products_of(shop / "labels.csv")["sock"]["reason"] == "no photo"


def test_a_list_that_names_no_picture_says_which_columns_are_empty(
    shop: Path, release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(shop / "export.csv", [{"Image Src": "", "Variant Image": "", "id": "1"}])
    words = [
        "--out",
        str(shop / "labels.csv"),
        "--model",
        str(release),
        "--path-column",
        "Image Src,Variant Image",
    ]

    assert wardrobe("label", [str(shop / "export.csv"), *words]) == 1

    assert "Its cells in the columns `Image Src` and `Variant Image` are empty." in capsys.readouterr().err


SOLD_IN = [
    {"Handle": "a", "Title": "Scarf", "Colour": "Lila, Schwarz, Rosa, Petrol"},
    {"Handle": "b", "Title": "Scarf", "Colour": "Lila, Schwarz"},
    {"Handle": "c", "Title": "Scarf", "Colour": "Schwarz &amp; Lila"},
    {"Handle": "d", "Title": "Scarf", "Colour": "Lila"},
    {"Handle": "e", "Title": "Blue/black scarf", "Colour": ""},
    {"Handle": "f", "Title": "Scarf", "Colour": "<p>Petrol</p>"},
]


def test_a_feed_that_was_imported_and_exported_again_gives_the_same_feed(shop: Path, release: Path) -> None:
    metafield = "Color (product.metafields.custom.color)"
    rows = [row | {"Image Src": f"{place % 4}.png", metafield: ""} for place, row in enumerate(SOLD_IN)]
    write_csv(shop / "export.csv", rows)
    label_export(shop, release, "Handle", "--feed", "shopify")
    fed = {row["URL handle"]: row[metafield] for row in rows_of(shop / "labels-shopify.csv")}

    imported = [row | {metafield: fed.get(row["Handle"], "")} for row in rows]
    write_csv(shop / "export.csv", imported)
    label_export(shop, release, "Handle", "--feed", "shopify")

    assert fed == {"d": "Lila", "e": "Blue, black", "f": "Petrol"}
    assert {row["URL handle"]: row[metafield] for row in rows_of(shop / "labels-shopify.csv")} == fed


LONG = "iVBORw0KGgo" * 3_000
"""Base64, as Odoo's column `image_1920` has it."""


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"path": LONG, "id": "1"}, ()),
        ({"path": "images/" + "a" * 3_000, "id": "1"}, ()),
        ({"path": "none.jpg", "id": LONG}, ("--by", "id")),
        ({"path": "0.png", "id": "1", "color": f"https://{LONG}"}, ()),
        ({"path": "0.png", "id": "1", "color": LONG}, ()),
    ],
)
def test_long_cells_are_cut_in_messages(
    shop: Path, release: Path, capsys: pytest.CaptureFixture[str], row: dict[str, str], words: tuple[str, ...]
) -> None:
    write_csv(shop / "export.csv", [row, {"path": "1.png", "id": "2"}])

    label(shop / "export.csv", shop / "labels.csv", release, *words)

    printed = capsys.readouterr()
    shown = max(row.values(), key=len)[:40]
    assert shown in "".join((printed.out + printed.err).split())
    assert max(map(len, (*printed.out.splitlines(), *printed.err.splitlines()))) < 1_000


def test_the_column_that_a_person_names_is_kept_for_the_next_command(shop: Path, release: Path) -> None:
    rows = [
        {"path": "0.png", "id": "1", "Ton": "Copper", "lining_color": "red"},
        {"path": "1.png", "id": "2", "Ton": "Spartacus", "lining_color": "blue"},
    ]
    write_csv(shop / "export.csv", rows)
    table, words = shop / "labels.csv", ("--by", "id", "--feed", "google")
    label(shop / "export.csv", table, release, *words, "--colour-column", "Ton")
    first = fed_colours(shop)
    notes = summary_in(table)["notes"]

    corrections = write_csv(shop / "c.csv", [{"path": "0.png", "label": "Bag"}])
    assert (
        wardrobe("label", ["--corrections", str(corrections), "--out", str(table), "--feed", "google"]) == 0
    )

    assert first == fed_colours(shop) == {"1": "Copper", "2": "Spartacus"}
    assert "The colour is `Ton`, as --colour-column says." in notes
    assert any("`Spartacus`" in note and note.startswith("1 cell for") for note in notes)
    assert summary_in(table)["notes"] == notes


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"color": "red"}, "The colour is `color`, by its name."),
        (
            {"Hauptfarbe": "rot"},
            "The colour is `Hauptfarbe`, by its name and cells. --colour-column names another.",
        ),
        (
            {"Color Name": "red", "Main Color": "blue"},
            "`Color Name` and `Main Color` name colours, so none of them is read. --colour-column names one.",
        ),
        (
            {"Lining (product.metafields.my.lining_color)": "red"},
            "Metafields that are not read as the colour: `Lining (product.metafields.my.lining_color)`. "
            "--colour-column names one.",
        ),
    ],
)
def test_the_summary_says_which_column_of_colours_is_read(
    shop: Path, release: Path, columns: dict[str, str], sentence: str
) -> None:
    write_csv(shop / "export.csv", [{"path": "0.png", "id": "1", **columns}])

    label(shop / "export.csv", shop / "labels.csv", release, "--by", "id")

    assert sentence in summary_in(shop / "labels.csv")["notes"]


def test_a_colour_column_that_the_list_lacks_is_refused_with_the_nearest_name(
    shop: Path, release: Path
) -> None:
    source = write_csv(shop / "export.csv", [{"path": "0.png", "id": "1", "Farbton": "red"}])

    with pytest.raises(SourceUnusable, match=r"no column `Farbtone` for --colour-column.*`Farbton`"):
        label(source, shop / "labels.csv", release, "--colour-column", "Farbtone")
