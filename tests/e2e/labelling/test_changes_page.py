"""The page of `wardrobe diff`, in a browser."""

from pathlib import Path

import pytest

from labelling.review.changes import Comparison, make_changes_page
from tests.browser import Visits, flaws
from tests.review_sheets import a_change

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("width", "columns"), [(1200, 3), (360, 1)])
def test_changes_stand_side_by_side_at_a_desk_and_on_a_phone(
    visiting: Visits, tmp_path: Path, width: int, columns: int
) -> None:
    changes = tuple(a_change(f"{number}.png") for number in range(8))
    place = tmp_path / "changes.html"
    place.write_bytes(make_changes_page(Comparison(8, changes, (), (8, 0), {}), ("first", "second")))

    page = visiting(place.as_uri(), width=width)

    lefts = page.locator(".cards > article").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().x)"
    )
    assert (len(lefts), len(set(lefts))) == (8, columns)
    assert flaws(page) == []
