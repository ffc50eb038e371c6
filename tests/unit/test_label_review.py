"""A page that hostile names cannot break out of."""

import json
from html.parser import HTMLParser

from inference.release_labels import NONE
from labelling.review.cards import ReviewCard
from labelling.review.page import DOUBTFUL_LEAD, LEAVE_OUT_LABEL, ReviewPageFrame, make_review_page
from tests.service import ROOT

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>.png'


class Seen(HTMLParser):
    """Collects the elements of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_a_hostile_name_stays_text() -> None:
    card = ReviewCard(HOSTILE, HOSTILE, "data:image/jpeg;base64,", HOSTILE, HOSTILE, HOSTILE)

    page = make_review_page(
        [card], ["Shirt", "</script><script>alert(3)</script>"], ReviewPageFrame(HOSTILE, DOUBTFUL_LEAD, {})
    )

    elements = Seen(page).found
    assert [name for name, _ in elements].count("script") == 2
    assert [attributes for name, attributes in elements if name == "img"] == [{"alt": ""}]
    [shown] = json.loads(page.partition('id="shown">')[2].partition("</script>")[0])["parts"]
    assert (shown["cards"][0]["name"], shown["cards"][0]["note"]) == (HOSTILE, HOSTILE)
    assert "alert(3)</script>" not in page


def test_a_class_that_is_called_none_of_these_means_what_the_sheet_offers() -> None:
    page = make_review_page(
        [], ["Shirt", NONE], ReviewPageFrame("table.csv", DOUBTFUL_LEAD, {}), {"colour": [NONE, "red"]}
    )

    offered = json.loads(page.partition('id="shown">')[2].partition("</script>")[0])["labels"]
    assert offered == {"": ["Shirt", NONE, LEAVE_OUT_LABEL], "colour": ["red", NONE, LEAVE_OUT_LABEL]}


def test_the_sheet_has_the_colours_of_the_services_page() -> None:
    sheet, page = (
        (ROOT / name).read_text("utf-8").partition(":root {")[2].partition("\n*")[0]
        for name in ("labelling/review/review.css", "reports/page/frame.css")
    )

    assert sheet == page


def test_the_page_lets_nothing_run_but_its_own_script() -> None:
    page = make_review_page([], ["Shirt"], ReviewPageFrame("table.csv", DOUBTFUL_LEAD, {}))

    policy = next(
        attributes["content"] for name, attributes in Seen(page).found if attributes.get("http-equiv")
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:;")
    assert "unsafe" not in policy
