"""The review page in a real browser, opened from the disk, up to what training reads."""

from pathlib import Path

import pytest

from labelling.review import Card, page_of, thumbnail
from labelling.table import Row
from tests.browser import Visits, violations
from tests.uploads import a_garment, png
from training.data.listing import list_csv

LABELS = ("Bag", 'Shirt, "best"', "</script>")
NAMES = ("a.png", 'b, "quoted".png', "<img src=x onerror=alert(1)>.png")


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """A page with three pictures, two of them with hostile names."""
    cards = [
        Card(
            Row(name, "Bag", 0.4, "ambiguous", 0.5, None), thumbnail(png(a_garment(number))), f"/shop/{name}"
        )
        for number, name in enumerate(NAMES)
    ]
    (tmp_path / "review.html").write_text(page_of(cards, LABELS, "table.csv"), "utf-8")
    return tmp_path / "review.html"


def test_training_reads_the_labels_that_a_person_chose(sheet: Path, visiting: Visits, tmp_path: Path) -> None:
    page = visiting(f"file://{sheet}")
    page.locator("article .right").nth(0).click()
    page.locator("article select").nth(1).select_option(LABELS[1])

    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    download.value.save_as(tmp_path / "corrections.csv")

    assert page.locator("#count").inner_text() == "2 of 3 labelled"
    assert [(str(one.path), one.label) for one in list_csv(tmp_path / "corrections.csv").pictures] == [
        ("/shop/a.png", "Bag"),
        ('/shop/b, "quoted".png', 'Shirt, "best"'),
    ]


def test_digits_label_one_picture_after_the_other_and_a_reload_keeps_the_labels(
    sheet: Path, visiting: Visits
) -> None:
    page = visiting(f"file://{sheet}")
    page.keyboard.press("2")
    page.keyboard.press("1")

    page.reload()

    assert page.locator("#count").inner_text() == "2 of 3 labelled"
    chosen = page.locator("article select").evaluate_all("selects => selects.map((one) => one.value)")
    assert chosen == [LABELS[1], LABELS[0], ""]


@pytest.mark.parametrize("name", ["/shop/a.png", "shop/summer/"])
def test_a_path_is_shown_from_left_to_right(tmp_path: Path, visiting: Visits, name: str) -> None:
    card = Card(Row(name, "Bag", 0.4, "ambiguous", 0.5, None), "", name)
    (tmp_path / "review.html").write_text(page_of([card], LABELS, "table.csv"), "utf-8")
    page = visiting(f"file://{tmp_path}/review.html")

    lefts = page.locator(".name").evaluate(
        """name => {
          const text = document.createTreeWalker(name, NodeFilter.SHOW_TEXT).nextNode();
          return [...text.data].map((_, place) => {
            const letter = document.createRange();
            letter.setStart(text, place);
            letter.setEnd(text, place + 1);
            return letter.getBoundingClientRect().left;
          });
        }"""
    )

    assert lefts == sorted(lefts)


def test_a_hostile_name_is_shown_and_not_run(sheet: Path, visiting: Visits) -> None:
    page = visiting(f"file://{sheet}")

    assert page.locator("article .name").all_inner_texts() == list(NAMES)
    assert page.locator("article select").nth(0).locator("option").all_inner_texts() == ["…", *LABELS]
    assert page.locator("img").count() == len(NAMES)


def test_the_page_is_accessible(sheet: Path, visiting: Visits) -> None:
    page = visiting(f"file://{sheet}")

    assert violations(page) == []
