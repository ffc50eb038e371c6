"""A shop's week: a list that needs people, its sheet in a real browser, corrections, audit, feed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from inference.contract import Head, make_whole_picture_input
from inference.release_labels import NONE
from labelling.errors import TableUnusable
from reports.promises import ProductPromise
from scripts.label_job import ENGINES_BY_NAME
from tests.browser import Visits, flaws
from tests.commands import wardrobe
from tests.labelled_here import here
from tests.releases import LABELS, a_release
from tests.tables import Rows, products_of, rows_of, write_csv
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

PRODUCTS = {
    "skirt": (0, "Pleated skirt", "Dress", "list"),
    "boots": (1, "Winter boots", "Ankle boot", "shared"),
    "anna": (1, "Anna", "Ankle boot", "shared"),
    "plain": (2, "Clara", "Ankle boot", None),
    "untitled": (3, "", "Dress", None),
    "trousers": (10, "Linen trousers", "Trouser", None),
}
"""Of each its picture's seed and title, and what is answered to it: the class, and why it needs a review."""

COLOURS = {"skirt": "black", "boots": "black", "anna": "black", "untitled": "red", "trousers": "blue"}
"""What a person says. Only the trousers do not look black to the release, which accepts no colour."""

KEPT = ProductPromise(
    pictures="products", promised=0.95, needed=59, n=200, accepted=100, accepted_right=100, lower_bound=0.97
)


def _labels() -> tuple[str, ...]:
    """Classes in an order in which the release's seed answers "Dress" to some pictures."""
    swapped = {"Dress": "Bag", "Bag": "Dress"}
    return tuple(swapped.get(label, label) for label in LABELS)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """Where the commands are typed: a list, and a release."""
    rows = []
    for article, (seed, title, *_) in PRODUCTS.items():
        (tmp_path / f"{seed}.png").write_bytes(png(a_garment(seed)))
        rows.append({"path": f"{seed}.png", "article": article, "title": title})
    write_csv(tmp_path / "list.csv", rows)
    a_release(
        tmp_path / "release",
        labels=_labels(),
        reads=make_whole_picture_input(32, 3),
        attributes={"colour": Head(labels=("black", "blue", "red"), temperature=1.0, confidence=1.0)},
        products={"label": KEPT},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setitem(ENGINES_BY_NAME, "processes", here)
        yield tmp_path


def test_what_list_and_photos_leave_open_is_answered_on_the_sheet_and_ends_in_audit_and_feed(
    shop: Path, visiting: Visits, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["list.csv", "--by", "article", "--model", "release", "--out", "labels.csv"]
    with pytest.raises(TableUnusable, match=r'no colour of 6 products.*"Colours for the feed" in sheet'):
        wardrobe("label", [*words, "--feed", "google", "--review", "sheet.html", "--audit", "3"])
    products = products_of(shop / "labels.csv")
    assert {name: (row["label"], row["reason"]) for name, row in products.items()} == {
        name: (label, reason) for name, (_, _, label, reason) in PRODUCTS.items()
    }

    page = visiting(f"file://{shop}/sheet.html")
    shows_what_needs_people(page)
    answer(page)
    assert flaws(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    download.value.save_as(shop / "corrections.csv")
    holds_the_answers(rows_of(shop / "corrections.csv"))

    the_feed_has_the_colours(shop, capsys)
    products = products_of(shop / "labels.csv")
    assert {name: (row["label"], row["decided_by"]) for name, row in products.items()} == {
        "skirt": (NONE, "person"),
        "boots": ("Ankle boot", "person"),
        "anna": ("Ankle boot", "model"),
        "plain": ("Sneaker", "person"),
        "untitled": ("Dress", "person"),
        "trousers": ("Trouser", "person"),
    }
    assert products["anna"]["reason"] == "shared"


def shows_what_needs_people(page: Page) -> None:
    """What the list contradicts comes first, what is seen together next, and the audit last."""
    sections = {
        part.locator("h2").inner_text(): part.locator("article .name").all_text_contents()
        for part in page.locator("main section").all()
    }
    assert [(title, sorted(names)) for title, names in sections.items()] == [
        ("Doubtful answers", ["anna", "skirt"]),
        ("The list says the same", ["boots"]),
        ("Colours for the feed", sorted(PRODUCTS)),
        ("Optional: an audit", ["plain", "trousers", "untitled"]),
    ]
    first = part_of(page, "Doubtful answers").locator("article").first
    expect(first.locator(".name")).to_have_text("skirt")
    expect(first.locator(".title")).to_have_text("Pleated skirt")
    expect(first.locator(".note:not(.word)")).to_have_text(
        re.compile(r"^the photo: Dress, \d+%; the list: skirt$")
    )
    colours = part_of(page, "Colours for the feed").locator("h3").all_inner_texts()
    assert sorted(colours) == ["black (5)", "blue (1)"]


def answer(page: Page) -> None:
    """One accepted answer is wrong, one colour is another one, one is not known, and one card stays open."""
    accepted = part_of(page, "Optional: an audit")
    accepted.locator("summary").click()
    for article, label in {"plain": "Sneaker", "untitled": "Dress", "trousers": "Trouser"}.items():
        card(accepted, article).locator("select").select_option(label)
    doubtful = card(part_of(page, "Doubtful answers"), "skirt")
    doubtful.get_by_role("button", name="skirt", exact=True).click()
    page.get_by_role("button", name="All right: Ankle boot").click()
    colours = part_of(page, "Colours for the feed")
    for article in ("untitled", "plain"):
        colours.get_by_role("button", name=f"Not black: {article}").click()
    card(colours, "untitled").locator("select").select_option("red")
    for colour in ("black", "blue"):
        colours.get_by_role("button", name=f"All right: {colour}").click()
    expect(page.locator("#count")).to_have_text("10 of 12 answered")


def part_of(page: Page, title: str) -> Locator:
    return page.locator("main section").filter(has=page.get_by_role("heading", name=title, exact=True))


def card(part: Locator, article: str) -> Locator:
    return part.locator(f'article[data-product="{article}"]')


def holds_the_answers(corrections: Rows) -> None:
    """What was confirmed, named and clicked out, and nothing of what was left open."""
    said = {(row["product"], row["attribute"]): row["label"] for row in corrections}
    classes = {"plain": "Sneaker", "untitled": "Dress", "trousers": "Trouser", "boots": "Ankle boot"}
    assert {name: label for (name, head), label in said.items() if not head} == classes | {"skirt": NONE}
    assert {name: label for (name, head), label in said.items() if head == "colour"} == COLOURS


def the_feed_has_the_colours(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It leaves out the product without one; the audit is said beside it."""
    capsys.readouterr()

    words = ["--corrections", "corrections.csv", "--out", "labels.csv", "--feed", "google"]
    assert wardrobe("label", words) == 0

    said = " ".join(capsys.readouterr().out.split())
    assert "Not in the feed: 1 with a doubtful colour." in said
    assert "Audit: of the accepted, 2 of 3 right: at least 66.6%, at most 66.7%" in said
    assert {row["id"]: row["color"] for row in rows_of(shop / "labels-google.csv")} == COLOURS
