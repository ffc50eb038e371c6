"""The page of `wardrobe diff`, in a browser."""

from pathlib import Path

import pytest

from labelling.review.changes import ReleaseComparison, make_changes_page
from tests.browser import Visits, flaws
from tests.review_sheets import a_change

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("width", "columns"), [(1200, 3), (360, 1)])
def test_changes_stand_side_by_side_at_a_desk_and_on_a_phone(
    visiting: Visits, tmp_path: Path, width: int, columns: int
) -> None:
    changes = tuple(a_change(f"{number}.png") for number in range(8))
    place = tmp_path / "changes.html"
    place.write_bytes(make_changes_page(ReleaseComparison(8, changes, (), (8, 0), {}), ("first", "second")))

    page = visiting(place.as_uri(), width=width)

    lefts = page.locator(".cards > article").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().x)"
    )
    assert (len(lefts), len(set(lefts))) == (8, columns)
    assert flaws(page) == []


def test_a_kind_of_change_is_shown_alone_and_then_with_all_others(visiting: Visits, tmp_path: Path) -> None:
    changes = (
        *(a_change(f"coat-{number}.png") for number in range(3)),
        *(a_change(f"shirt-{number}.png", second="Shirt") for number in range(2)),
        a_change("same.png", second="Bag"),
        a_change("blue.png", "colour", "blue", "red"),
    )
    place = tmp_path / "changes.html"
    place.write_bytes(make_changes_page(ReleaseComparison(9, changes, (), (8, 0), {}), ("first", "second")))
    page = visiting(place.as_uri())
    names = page.locator("#kinds button").all_inner_texts()
    shirts = page.get_by_role("button", name="Bag → Shirt (2)")

    shirts.click()
    shown = page.locator("article:visible .name").all_inner_texts()
    said = page.locator("#found").inner_text()
    found_flaws = flaws(page)
    shirts.click()

    assert names == [
        "Bag → Coat (3)",
        "Bag → Shirt (2)",
        "Bag: accept → review (1)",
        "colour: blue → red (1)",
    ]
    assert (shown, said) == (["shirt-0.png", "shirt-1.png"], "2 of 2 shown")
    assert found_flaws == []
    assert page.locator("article:visible").count() == len(changes)


def test_a_page_without_a_change_says_so_and_has_no_buttons(visiting: Visits, tmp_path: Path) -> None:
    place = tmp_path / "changes.html"
    place.write_bytes(make_changes_page(ReleaseComparison(8, (), (), (8, 8), {}), ("first", "second")))

    page = visiting(place.as_uri())

    assert page.locator(".lead").inner_text().startswith("No answer changes. first and second answer all 8")
    assert page.locator("button:visible").count() == 0
    assert flaws(page) == []
