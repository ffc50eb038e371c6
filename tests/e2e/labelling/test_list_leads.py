"""From a list with titles to three feeds, in a real browser: what the list says, and the photo confirms."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from inference.contract import ACCEPT_NOTHING, Head, whole_pictures
from inference.title_rule import NONE
from reports.word_figures import WordFigures, WordsPromise
from scripts.label import ENGINES
from tests.browser import Visits, flaws
from tests.commands import wardrobe
from tests.labelled_here import here
from tests.releases import a_release
from tests.tables import products_of, rows_of, write_csv
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

KINDS = ("other", "skirt", "dress")
COLOURS = ("black", "blue", "red")
"""The release answers `other` and `black` to garments, `skirt` and `blue` to noise."""

PRODUCTS = {
    "scarf": ("garment", "Wool scarf", "Blue"),
    "own": ("noise", "Pleated skirt", "Pink & Yellow"),
    "title": ("noise", "Pleated skirt, navy", ""),
    "dress": ("garment", "Summer dress", ""),
}
"""Of each its photo, its title and the colour in the list: one denied by the photo, one that no label is, one
named by the title; and what the list says of the last one the photo contradicts."""

SHOWN = WordFigures(
    network="photos",
    wrong_titles=0.03,
    named=WordsPromise(least=0.05, at=()),
    other=WordsPromise(least=0.05, at=()),
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """Where the commands are typed: a list, its photos, and a release that accepts none of them."""
    random, rows = np.random.default_rng(0), []
    for seed, (article, (picture, title, colour)) in enumerate(PRODUCTS.items()):
        noise = random.integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
        (tmp_path / f"{article}.png").write_bytes(png(a_garment(seed) if picture == "garment" else noise))
        names = ("article", "path", "handle", "title", "color")
        rows.append(dict(zip(names, (article, f"{article}.png", article, title, colour), strict=True)))
    write_csv(tmp_path / "list.csv", rows)
    a_release(
        tmp_path / "release",
        reads=whole_pictures(32, 3),
        attributes={
            "colour": Head(labels=COLOURS, temperature=0.01, confidence=ACCEPT_NOTHING),
            "kind": Head(labels=KINDS, temperature=0.01, confidence=ACCEPT_NOTHING),
        },
        least_familiarity=1.0,
        words=SHOWN,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setitem(ENGINES, "processes", here)
        yield tmp_path


def test_a_list_with_titles_ends_in_three_feeds_and_few_questions(
    shop: Path, visiting: Visits, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["list.csv", "--by", "article", "--model", "release", "--out", "labels.csv", "--audit", "0"]

    assert wardrobe("label", [*words, "--feed", "google", "--review", "sheet.html"]) == 0

    printed = " ".join(capsys.readouterr().out.split())
    assert "4 products by `article`: 3 accepted by list and photo, 1 list." in printed
    products = products_of(shop / "labels.csv")
    assert {name: (row["label"], row["kind"], row["decided_by"]) for name, row in products.items()} == {
        "scarf": (NONE, "other", "list"),
        "own": (NONE, "skirt", "list"),
        "title": (NONE, "skirt", "list"),
        "dress": (products["dress"]["predicted"], "other", "model"),
    }
    page = visiting(f"file://{shop}/sheet.html")
    shows_the_contradictions(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    download.value.save_as(shop / "corrections.csv")
    said = {(row["product"], row["attribute"]): row["label"] for row in rows_of(shop / "corrections.csv")}
    assert said == {("dress", None): "Dress", ("scarf", "colour"): "black"}
    feeds_have_the_colours(shop)


def shows_the_contradictions(page: Page) -> None:
    """Two cards: what is no dress to the photo, and a colour that it denies; what the feed has comes last."""
    assert flaws(page) == []
    dress, scarf = (page.locator(f'article[data-product="{article}"]') for article in ("dress", "scarf"))
    expect(dress.first.locator(".right")).to_have_count(0)  # the photo gives a dress too little
    dress.first.locator("select").select_option("Dress")
    expect(scarf.locator(".right")).to_have_text("Right: black")
    expect(scarf.locator(".note")).to_have_text("the photo: black; the list: Blue")
    scarf.locator(".right").click()
    assert page.locator("main h2").all_inner_texts()[-1] == "Optional: colours that the feed has"
    expect(page.locator("#count")).to_contain_text("2 of ")


def feeds_have_the_colours(shop: Path) -> None:
    """A person's colour, the shop's own words as each platform divides them, and the title's."""
    for platform in ("google", "shopify", "woocommerce"):
        words = ["--corrections", "corrections.csv", "--out", "labels.csv", "--feed", platform]
        assert wardrobe("label", words) == 0
    google = {row["id"]: row["color"] for row in rows_of(shop / "labels-google.csv")}
    colour = "Color (product.metafields.custom.color)"
    shopify = {row["URL handle"]: row[colour] for row in rows_of(shop / "labels-shopify.csv")}
    rows = rows_of(shop / "labels-woocommerce.csv")
    woocommerce = {row["SKU"]: row["Attribute 1 value(s)"] for row in rows}
    sure = {"scarf": "black", "title": "blue"}
    assert {name: google[name] for name in ("scarf", "title", "own")} == sure | {"own": "Pink/Yellow"}
    assert {name: shopify[name] for name in ("scarf", "title", "own")} == sure | {"own": "Pink, Yellow"}
    assert woocommerce == shopify
    assert google.keys() == shopify.keys()
