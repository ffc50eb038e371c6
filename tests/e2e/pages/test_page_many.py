"""The page at / with hundreds of pictures: as quick at the end as at the beginning."""

from statistics import median
from time import monotonic

import pytest
from playwright.sync_api import Page, expect

from tests.photos import a_garment_photo
from tests.picture_page import a_file, card, give, settled
from tests.pictures import png

pytestmark = pytest.mark.slow

BATCH = 20
LAST_TO_FIRST = 1.5
"""The most that the last batch may take, in times of the first one."""


def test_a_card_has_fields_only_once_it_is_opened_and_never_a_form(page: Page) -> None:
    give(page, *(a_file(f"{number}.png", png(a_garment_photo(number))) for number in range(5)))
    settled(page, 5)
    fields = page.locator(".card :is(form, input, select, textarea, button[type=submit])")
    expect(fields).to_have_count(0)

    card(page, "3.png").get_by_role("button", name="Open").click()

    card(page, "3.png").get_by_label("The shop's title (optional)").fill("Jeans")
    card(page, "3.png").get_by_label("What is it really?").select_option("Trouser")
    assert fields.count() == card(page, "3.png").locator("input, select").count()
    expect(page.locator(".card form")).to_have_count(0)
    page.get_by_label("Compact list").uncheck()
    for number in range(5):
        expect(card(page, f"{number}.png").get_by_label("What is it really?")).to_be_visible()


TRIES = 3
"""Something else may slow the machine; another try says whether it is the page."""


def test_the_last_20_of_200_pictures_take_no_longer_than_the_first_20(page: Page) -> None:
    assert any(compare_last_with_first_batches(page) <= LAST_TO_FIRST for _ in range(TRIES))


def compare_last_with_first_batches(page: Page) -> float:
    """Give a fresh page 200 pictures; return the time of its last batches in times of the first ones."""
    page.reload()
    seconds = [seconds_for_a_batch(page, number) for number in range(10)]
    return median(seconds[-3:]) / median(seconds[:3])


def seconds_for_a_batch(page: Page, number: int) -> float:
    """How long the page takes for 20 more pictures."""
    seeds = range(number * BATCH, (number + 1) * BATCH)
    pictures = [a_file(f"{seed}.png", png(a_garment_photo(seed))) for seed in seeds]
    began = monotonic()
    give(page, *pictures)
    settled(page, seeds.stop)
    return monotonic() - began
