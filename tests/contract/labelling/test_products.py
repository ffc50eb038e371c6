"""`wardrobe label --by`: one answer a product beside the table of photos, with people's answers for it."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.contract import Head, make_whole_picture_input
from labelling.errors import CorrectionsUnusable, SourceUnusable
from labelling.review.questions import MAX_PHOTOS_ON_CARD
from labelling.run_settings import FOLDER_COLUMN, ProductGrouping
from reports.promises import ProductPromise
from tests.catalogues import write_folder
from tests.commands import wardrobe
from tests.pictures import bmp, jpeg, plain, webp_lossy
from tests.releases import a_release
from tests.review_sheets import cards_of, export
from tests.tables import correct, label, products_of, summary_in, write_csv
from tests.uploads import a_garment, png

main = partial(wardrobe, "label")

PICTURES = {f"{seed}.png": png(a_garment(seed)) for seed in range(24)}
KEPT = ProductPromise(
    pictures="products", promised=0.95, needed=59, n=200, accepted=100, accepted_right=100, lower_bound=0.97
)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It accepts every photo, and shows its promise for classes of products, not for colours."""
    colour = Head(labels=("black", "blue", "red", "white"), temperature=1.0, confidence=0.1)
    folder, reads = tmp_path_factory.mktemp("release"), make_whole_picture_input(32, 3)
    return a_release(folder, reads=reads, attributes={"colour": colour}, products={"label": KEPT})


@pytest.fixture(scope="module")
def by_label(release: Path, tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """The names of pictures that the release gives the same label; first those of the most frequent one."""
    folder, found = tmp_path_factory.mktemp("by label"), dict[str, list[str]]()
    for row in label(write_folder(folder / "shop", PICTURES), folder / "all.csv", release):
        found.setdefault(row["label"], []).append(Path(row["path"]).name)
    return sorted(found.values(), key=len, reverse=True)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "shop", PICTURES | {"broken.png": b"no picture"})


def listed(shop: Path, *rows: tuple[str, ...]) -> Path:
    """A list with the columns path, article and title."""
    names = ("path", "article", "title")
    return write_csv(shop / "list.csv", [dict(zip(names, (*row, ""), strict=False)) for row in rows])


ONE_COLOUR = {
    "white.jpg": jpeg(plain(300, 200)),
    "grey.jpg": jpeg(plain(640, 900, (128, 129, 131)), 60),
    "black.webp": webp_lossy(plain(64, 64, (0, 0, 0))),
    "clear.png": png(np.zeros((50, 70, 4), np.uint8)),
    "tiny.png": png(np.zeros((28, 28), np.uint8)),
    "still.bmp": bmp(plain(90, 30, (250, 240, 230))),
}


@pytest.mark.parametrize("name", ONE_COLOUR)
def test_a_picture_of_one_colour_is_unreadable_and_is_no_photo_of_a_product(
    shop: Path, release: Path, tmp_path: Path, name: str
) -> None:
    (shop / name).write_bytes(ONE_COLOUR[name])
    source = listed(shop, (name, "alone"), (name, "with another"), ("1.png", "with another"))

    photos = label(source, tmp_path / "table.csv", release, "--by", "article")

    assert [bool(row["error"]) for row in photos] == [True, True, False]
    assert "one colour" in photos[0]["error"]
    found = products_of(tmp_path / "table.csv")
    assert found["alone"]["reason"] == "no photo"
    assert found["with another"]["label"] == photos[2]["label"]


def test_a_pale_garment_on_white_is_a_photo(shop: Path, release: Path, tmp_path: Path) -> None:
    picture = plain(400, 300)
    picture[150:250, 100:200] = 245
    (shop / "pale.jpg").write_bytes(jpeg(picture))

    [row] = label(listed(shop, ("pale.jpg", "1")), tmp_path / "table.csv", release)

    assert not row["error"]


def test_photos_of_a_product_answer_together_and_the_table_of_photos_stays(
    shop: Path, release: Path, by_label: list[list[str]], tmp_path: Path
) -> None:
    (alike, others, *_), table = by_label, tmp_path / "table.csv"
    source = listed(
        shop,
        (alike[0], "1", "One"),
        (others[0], "2"),
        (alike[1], " 1 "),
        (alike[2], "2", "Two"),
        ("broken.png", "1"),
        ("broken.png", "3", "Three"),
        (alike[3], "4", "Four"),
    )
    photos = label(source, tmp_path / "before.csv", release)

    assert label(source, table, release, "--by", "article") == photos
    found = products_of(table)
    shown = ("title", "photos", "decision", "reason")
    assert {name: tuple(one[of] for of in shown) for name, one in found.items()} == {
        "1": ("One", "3", "accept", None),
        "2": ("Two", "2", "review", "contradicting"),
        "3": ("Three", "1", None, "no photo"),
        "4": ("Four", "1", "accept", None),
    }
    assert found["1"]["rests_on"] == f"{alike[0]}|{alike[1]}"
    assert found["1"]["colour_reason"] in {"unproven", "contradicting"}, "of colours nothing is shown"
    assert found["4"]["colour_decision"] == "accept", "one photo answers as for itself"
    assert found["3"]["error"].startswith("No photo of it has an answer.")


def test_the_summary_counts_products_and_the_photos_of_none(
    shop: Path,
    release: Path,
    by_label: list[list[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    alike = by_label[0]
    source = listed(shop, (alike[0], "a1"), (alike[1], "a2"), (alike[2], ""), ("broken.png", "b"))

    label(source, tmp_path / "table.csv", release, "--by", "article")

    found = summary_in(tmp_path / "table.csv")["products"]
    assert (found["products"], found["accepted"], found["without_answer"]) == (3, 2, 1)
    assert found["photos_of_none"] == 1
    printed = capsys.readouterr()
    said = " ".join(printed.out.split())
    assert "1 product has no photo that can be read: b." in printed.err
    assert "3 products by `article`: 2 accepted, 1 without an answer." in said
    assert "1 photo has no `article`" in said


def test_a_photo_in_several_rows_of_a_product_counts_once(
    shop: Path, release: Path, by_label: list[list[str]], tmp_path: Path
) -> None:
    name, other, third = by_label[0][:3]
    (shop / "copy.png").write_bytes(PICTURES[name])
    rows = [(name, "1"), ("copy.png", "1", "S"), (other, "2"), (third, "2"), (third, "2", "M")]

    label(listed(shop, *rows), tmp_path / "table.csv", release, "--by", "article")

    found = products_of(tmp_path / "table.csv")
    assert [(one["photos"], one["title"]) for one in found.values()] == [("1", "S"), ("2", "M")]
    assert [one["rests_on"] for one in found.values()] == [name, f"{other}|{third}"]
    assert found["1"]["colour_decision"] == "accept", "one photo answers as for itself"


def test_folders_are_products(release: Path, tmp_path: Path) -> None:
    inside = {"a/b/1.png": PICTURES["1.png"], "a/b/2.png": PICTURES["2.png"], "c/3.png": PICTURES["3.png"]}
    shop = write_folder(tmp_path / "shop", inside | {"4.png": PICTURES["4.png"]})

    label(shop, tmp_path / "table.jsonl", release, "--by-folder")

    found = products_of(tmp_path / "table.jsonl")
    assert {name: one["photos"] for name, one in found.items()} == {"a/b": 2, "c": 1}


def test_a_photo_in_the_working_directory_itself_is_in_no_folder() -> None:
    by = ProductGrouping(column=FOLDER_COLUMN, folder=".", proven=())

    assert [by.find_product(path, {}) for path in ("1.png", "./1.png", "a/1.png")] == ["", "", "a"]


def test_columns_of_the_list_that_are_called_like_ours_are_kept_apart(
    shop: Path, release: Path, tmp_path: Path
) -> None:
    (shop / "list.csv").write_text("path,photos,rests_on\n1.png,7,8\n", "utf-8")

    label(shop / "list.csv", tmp_path / "table.csv", release, "--by", "photos")

    [found] = products_of(tmp_path / "table.csv").values()
    assert (found["list_rests_on"], found["rests_on"]) == ("8", "1.png")
    assert (found["list_photos"], found["photos"]) == ("7", "1")


def test_a_person_answers_for_a_product_and_two_articles_of_one_photo_keep_both_answers(
    shop: Path, release: Path, tmp_path: Path
) -> None:
    source = listed(shop, ("1.png", "1"), ("2.png", "1"), ("2.png", "2"), ("3.png", ""))
    table = tmp_path / "t.csv"
    photos = label(source, table, release, "--by", "article")
    said = [("1.png", "Bag", "", "1"), ("2.png", "Coat", "", "2"), ("2.png", "red", "colour", "2")]
    hashes = {row["path"]: row["sha256"] for row in photos}

    after = correct(
        table,
        *(
            {"path": path, "sha256": hashes[path], "label": text, "attribute": of, "product": product}
            for path, text, of, product in said
        ),
    )

    found = products_of(table)
    assert [(one["label"], one["decided_by"]) for one in found.values()] == [
        ("Bag", "person"),
        ("Coat", "person"),
    ]
    assert (found["2"]["colour"], found["2"]["colour_decided_by"]) == ("red", "person")
    assert [row["label"] for row in after][:3] == ["Bag", "Bag", "Coat"]
    assert summary_in(table)["products"]["decided_by_person"] == 2


def test_answers_to_photos_that_their_products_have_no_more_are_counted(
    shop: Path, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.csv"
    label(listed(shop, ("1.png", "1001")), table, release, "--by", "article")
    correct(table, {"path": "1.png", "label": "Coat", "product": "1001"})

    label(listed(shop, ("2.png", "1001")), table, release, "--by", "article")

    assert products_of(table)["1001"].get("decided_by", "model") == "model"
    said = " ".join(capsys.readouterr().err.split())
    assert "1 answer of people is to photos that are gone from their products" in said


def test_a_product_is_asked_about_again_if_one_of_its_photos_is_replaced(
    shop: Path, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.csv"
    source = listed(shop, ("1.png", "1001"), ("2.png", "1001"))
    [card, *_] = sheet_of(source, table, release, "--audit", "9")
    answer = {"label": "Coat", "product": "1001", "at": "2026-11-22T10:00:00Z"}
    rows = [{"path": photo["path"], "sha256": photo["sha256"], **answer} for photo in (card, *card["photos"])]
    correct(table, *rows)
    before = products_of(table)["1001"]
    (shop / "2.png").write_bytes(PICTURES["3.png"])

    [card, *_] = sheet_of(source, table, release, "--audit", "9")
    said = " ".join(capsys.readouterr().err.split())
    after = products_of(table)["1001"]
    correct(table, *rows)

    assert len(rows) == 2
    assert (before["label"], before["decided_by"]) == ("Coat", "person")
    assert card["product"] == "1001"
    assert "1 answer of people is to photos that are gone from their products" in said
    assert after.get("decided_by", "model") == "model"
    assert products_of(table)["1001"].get("decided_by", "model") == "model", "the old file given again"


def test_a_photo_that_two_seasons_share_carries_no_answer_where_it_is_not_the_first_of_its_card(
    shop: Path, release: Path, tmp_path: Path
) -> None:
    table = tmp_path / "t.csv"
    spring = listed(shop, ("1.png", "1001"), ("2.png", "1001"), ("2.png", "1002"))
    cards = sheet_of(spring, table, release, "--audit", "9")
    [card] = [card for card in cards if card["product"] == "1001"]
    assert Path(card["path"]).name == "1.png", "the photo that lies under no other product"
    answer = {"label": "Coat", "product": "1001", "at": "2026-11-22T10:00:00Z"}
    photos = (
        {"path": photo["path"], "sha256": photo["sha256"], **answer} for photo in (card, *card["photos"])
    )
    correct(table, *photos)
    assert products_of(table)["1001"]["label"] == "Coat"

    label(listed(shop, ("2.png", "1001"), ("3.png", "1001")), table, release, "--by", "article")

    assert products_of(table)["1001"].get("decided_by", "model") == "model"


def test_answers_to_photos_hold_for_their_product_where_they_agree(
    shop: Path, release: Path, by_label: list[list[str]], tmp_path: Path
) -> None:
    table, (one, two, three, four, five, *_) = tmp_path / "table.csv", by_label[0]
    source = listed(shop, (one, "1"), (two, "1"), (three, "2"), (four, "2"), (five, "3"))
    model = label(source, table, release)[0]["label"]
    said = {one: "Bag", three: "Bag", four: "Coat", five: " "}
    correct(table, *({"path": name, "label": said[name]} for name in said))

    label(source, table, release, "--by", "article")

    found = products_of(table)
    shown = ("label", "decided_by", "reason")
    assert {name: tuple(row[of] for of in shown) for name, row in found.items()} == {
        "1": ("Bag", "person", found["1"]["reason"]),
        "2": (model, "model", "contradicting"),
        "3": (None, "person", found["3"]["reason"]),
    }
    assert found["2"]["decision"] == "review"
    assert summary_in(table)["products"]["decided_by_person"] == 2


def sheet_of(source: Path, table: Path, release: Path, *words: str) -> list[dict[str, Any]]:
    """The cards of a sheet that ask for the class."""
    label(source, table, release, "--by", "article", "--review", str(table.with_suffix(".html")), *words)
    return cards_of(table.with_suffix(".html"))


def test_the_sheet_asks_once_a_product_with_its_photos_and_title(
    shop: Path, little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = [(f"{number}.png", "1", "Long sleeves") for number in range(9)]
    others = [("10.png", "2"), ("10.png", "3"), ("broken.png", "3"), ("11.png", ""), ("broken.png", "4")]
    source = listed(shop, *long, *others)

    cards = {
        card["name"]: card for card in sheet_of(source, tmp_path / "t.csv", little_release, "--audit", "9")
    }

    assert "This release was not measured on products" in capsys.readouterr().out
    assert sorted(cards) == ["1", "11.png", "2", "3"], "a photo without an article is asked alone"
    assert (cards["1"]["title"], cards["1"]["product"]) == ("Long sleeves", "1")
    assert cards["11.png"]["product"] == ""
    assert (len(cards["1"]["photos"]), cards["1"]["more"]) == (MAX_PHOTOS_ON_CARD - 1, 9 - MAX_PHOTOS_ON_CARD)
    assert all(one["picture"] for one in (cards["1"], *cards["1"]["photos"]))
    assert cards["2"]["sha256"] == cards["3"]["sha256"], "it lies under two articles, and is asked under each"
    assert {name for name, card in cards.items() if card["audit_of"] == 1} == {"11.png"}, (
        "the accepted photo of no product: of two products a photo is enough for neither"
    )


def test_a_product_is_not_asked_about_that_people_answered_or_whose_photos_they_answered_alike(
    shop: Path, release: Path, by_label: list[list[str]], tmp_path: Path
) -> None:
    (one, two, three, four, five, *_), (other, another, *_) = by_label[:2]
    of = {"1": (one, two), "2": (three, other), "3": (four, other), "4": (five, another)}
    source = listed(shop, *((name, article) for article in of for name in of[article]))
    table = tmp_path / "table.csv"
    assert sorted(card["name"] for card in sheet_of(source, table, release, "--audit", "0")) == [
        "2",
        "3",
        "4",
    ]
    said = {one: "Bag", two: "Coat", three: "Bag", other: "Bag"}
    of_product = {"path": five, "label": "Bag", "product": "4"}
    correct(table, *({"path": name, "label": said[name]} for name in said), of_product)

    cards = sheet_of(source, table, release, "--audit", "0")

    assert sorted(card["name"] for card in cards) == ["1", "3"], (
        "people contradict each other, or did not answer"
    )


def test_accepted_products_are_audited_as_products(
    shop: Path, release: Path, by_label: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop.parent
    pictures, (other, *_) = by_label[0], by_label[1]
    articles = [(picture, str(number // 2)) for number, picture in enumerate(pictures[:8])]
    source, table = listed(shop, *articles, (other, "3")), folder / "table.csv"

    cards = [card for card in sheet_of(source, table, release, "--audit", "9") if card["audit"]]
    said = {card["sha256"]: card["predicted"] for card in cards} | {cards[0]["sha256"]: "none of these"}
    answers = export(table.with_suffix(".html"), said, folder / "answers.csv")
    capsys.readouterr()
    main(["--corrections", str(answers), "--out", str(table)])

    assert sorted(card["name"] for card in cards) == ["0", "1", "2"], "3 is contradicting"
    assert "Audit: of the accepted, 2 of 3 right: " in capsys.readouterr().out


def test_a_run_counts_each_product_once_and_calls_no_answer_an_audit(
    shop: Path,
    release: Path,
    by_label: list[list[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (first, second, *_), table = by_label[0], tmp_path / "table.csv"
    source = listed(shop, (first, "1"), (second, "2"))

    (answer, _) = label(source, table, release, "--by", "article")
    assert "No audit was made: people looked at none of 2 accepted products." in capsys.readouterr().out
    right = {"path": first, "label": answer["label"], "product": "1"}
    correct(table, right, {"path": second, "label": "none of these", "product": "2"})
    label(source, table, release, "--by", "article")

    printed = " ".join(capsys.readouterr().out.split())
    assert "2 products by `article`: none to decide. People decided 2." in printed
    assert "audit" not in printed.lower()
    assert "People looked at" not in printed


def test_a_product_that_people_decided_counts_once_however_many_variants_without_a_picture_it_has(
    shop: Path,
    release: Path,
    by_label: list[list[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (first, second, *_), table = by_label[0], tmp_path / "table.csv"
    source = listed(shop, (first, "1"), ("", "1"), ("", "1"), (second, "2"), ("", "2"))
    label(source, table, release, "--by", "article")
    capsys.readouterr()

    correct(table, {"path": first, "label": "none of these", "product": "1"})

    printed = " ".join(capsys.readouterr().out.split())
    assert "2 products by `article`: 1 accepted. People decided 1." in printed
    assert "People decided 1 of 2 products." in printed
    summary = summary_in(table)
    assert (summary["decided_by_person"], summary["rows_without_picture"]) == (1, 3)


@pytest.mark.parametrize("words", [(), ("--restart",)])
def test_a_table_gets_products_later_and_loses_them(
    words: Sequence[str], shop: Path, release: Path, tmp_path: Path
) -> None:
    source, table = listed(shop, ("1.png", "1"), ("2.png", "2")), tmp_path / "table.csv"
    label(source, table, release)
    label(source, table, release, "--by", "article")
    assert summary_in(table)["rows_before"] == 2
    assert list(products_of(table)) == ["1", "2"]

    label(source, table, release, *words)

    assert list(products_of(table)) == ["1", "2"], "of the run before"
    assert summary_in(table)["products"] is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (((), "1"), r"hold for products, such as '1'.*--by COLUMN"),
        ((("--by", "article"), "1002"), r"has no product '1002'.* drops zeros"),
    ],
    ids=["a table without products", "zeros that a spreadsheet dropped"],
)
def test_answers_for_products_that_the_table_has_not_are_refused(
    answer: tuple[tuple[str, ...], str], message: str, shop: Path, release: Path, tmp_path: Path
) -> None:
    by, product = answer
    label(listed(shop, ("1.png", "001002")), tmp_path / "table.csv", release, *by)

    with pytest.raises(CorrectionsUnusable, match=message):
        correct(tmp_path / "table.csv", {"path": "1.png", "label": "Bag", "product": product})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--by", "artikel"], "no column `artikel`.*it has `article`, `title`.*Did you mean `article`"),
        (["--by", "path"], "no column `path`"),
        (["--by-folder"], "is no folder.*--by COLUMN"),
    ],
)
def test_products_that_the_source_does_not_name_are_refused_before_anything_is_labelled(
    words: list[str], message: str, shop: Path, release: Path, tmp_path: Path
) -> None:
    with pytest.raises(SourceUnusable, match=message):
        label(listed(shop, ("1.png", "1")), tmp_path / "table.csv", release, *words)

    assert not (tmp_path / "table.csv").exists()


@pytest.mark.parametrize("words", [["--by", "a", "--into", "x"], ["--by", "a", "--by-folder"]])
def test_products_do_not_go_with_what_is_about_photos(
    words: list[str], shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(shop), "--out", "table.csv", *words])

    assert "--by" in capsys.readouterr().err
