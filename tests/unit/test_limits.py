"""Limits: which client an address is counted as, and what the page says of the limits of `label`."""

import re

import pytest

from app.security.rate_limits import identify_client
from inference.pictures.decode import MAX_BYTES, MAX_PIXELS
from inference.words.tokens import MAX_TITLE_CHARACTERS
from labelling.decide.category_questions import MAX_CATEGORY_QUESTIONS
from labelling.lists.categories import MAX_CELL_LENGTH, MAX_LEVEL_LENGTH
from labelling.lists.list_text import MAX_CELL_CHARACTERS
from labelling.review.questions import MAX_PHOTOS_ON_CARD
from labelling.review.settled_rows import MAX_SETTLED_ROWS
from labelling.sources.fetch import FETCH_SECONDS, MAX_REDIRECTS
from labelling.workers.labeller import MAX_LOST_WORKERS
from labelling.write.excel import MAX_EXCEL_CELL_CHARACTERS, MAX_SHEET_COLUMNS, MAX_SHEET_ROWS
from tests.service import ROOT

LIMITS_OF_LABEL = (
    *(MAX_BYTES, MAX_PIXELS, FETCH_SECONDS, MAX_REDIRECTS),
    *(MAX_CELL_CHARACTERS, MAX_TITLE_CHARACTERS, MAX_CELL_LENGTH, MAX_LEVEL_LENGTH),
    *(MAX_SHEET_ROWS, MAX_SHEET_COLUMNS, MAX_EXCEL_CELL_CHARACTERS),
    *(MAX_CATEGORY_QUESTIONS, MAX_PHOTOS_ON_CARD, MAX_SETTLED_ROWS, MAX_LOST_WORKERS),
)
"""In the order of the table in docs/reference/limits.md."""


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("203.0.113.7:4711", "203.0.113.7"),  # some gateways append the port
        ("[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"),
        ("_hidden", "_hidden"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_client_is_an_address_or_the_network_of_one_subscriber(address: str | None, client: str) -> None:
    assert identify_client(address) == client


def test_the_page_of_limits_says_what_label_allows() -> None:
    page = (ROOT / "docs/reference/limits.md").read_text("utf-8")
    _, _, section = page.partition("## Limits of `label`")

    values = re.findall(r"^\| [^|]+ \| ([\d,]+)", section, re.MULTILINE)

    assert [int(value.replace(",", "")) for value in values] == [*LIMITS_OF_LABEL]
