"""The review sheet in a real browser, opened from the disk, up to what training reads."""

from pathlib import Path

import pytest

from labelling.review_page import Card, page_of
from labelling.rows import Row
from labelling.thumbnails import thumbnail
from tests.browser import Visits, violations
from tests.uploads import a_garment, png
from training.data.listing import list_csv

LABELS = ("Bag", 'Shirt, "best"', "</script>")
NAMES = ("a.png", 'b, "quoted".png', "<img src=x onerror=alert(1)>.png")


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """A sheet with three pictures, two of them called unkindly."""
    cards = [
        Card(
            Row(name, "Bag", 0.4, "ambiguous", 0.5, None), thumbnail(png(a_garment(number))), f"/shop/{name}"
        )
        for number, name in enumerate(NAMES)
    ]
    (tmp_path / "review.html").write_text(page_of(cards, LABELS, "table.csv"), "utf-8")
    return tmp_path / "review.html"


def test_what_a_person_says_on_the_sheet_is_what_training_reads(
    sheet: Path, visiting: Visits, tmp_path: Path
) -> None:
    page = visiting(f"file://{sheet}")
    page.locator("article .right").nth(0).click()
    page.locator("article select").nth(1).select_option(LABELS[1])

    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    download.value.save_as(tmp_path / "corrections.csv")

    assert page.locator("#count").inner_text() == "2 of 3 said"
    assert [(str(one.path), one.label) for one in list_csv(tmp_path / "corrections.csv").pictures] == [
        ("/shop/a.png", "Bag"),
        ('/shop/b, "quoted".png', 'Shirt, "best"'),
    ]


def test_a_hostile_name_is_shown_and_not_run(sheet: Path, visiting: Visits) -> None:
    page = visiting(f"file://{sheet}")

    assert page.locator("article .name").all_inner_texts() == list(NAMES)
    assert page.locator("article select").nth(0).locator("option").all_inner_texts() == ["…", *LABELS]
    assert page.locator("img").count() == len(NAMES)


def test_the_sheet_can_be_used_without_eyes_or_mouse(sheet: Path, visiting: Visits) -> None:
    page = visiting(f"file://{sheet}")

    assert violations(page) == []
