"""Which pictures a person is asked to look at, and a page that hostile names cannot break out of."""

from html.parser import HTMLParser

from labelling.review import Card, most_doubtful, page_of
from labelling.table import Row

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>.png'


def a_row(path: str, reason: str | None, confidence: float = 0.5, familiarity: float | None = 0.5) -> Row:
    return Row(path, "Shirt", confidence, reason, familiarity, None)


class Seen(HTMLParser):
    """Collects the elements of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_unfamiliar_pictures_come_first_then_the_least_sure_and_no_accepted_ones() -> None:
    rows = [
        a_row("sure", None, 0.99),
        a_row("unsure", "ambiguous", 0.4, 0.9),
        a_row("unsure, less familiar", "ambiguous", 0.4, 0.2),
        a_row("less sure", "ambiguous", 0.3),
        a_row("unfamiliar, sure", "unfamiliar", 0.9, 0.01),
        Row("broken", None, None, None, None, "Not a file."),
        a_row("unfamiliar, as sure", "unfamiliar", 0.9, 0.01),
        a_row("unfamiliar, unsure", "unfamiliar", 0.2, 0.01),
        a_row("hardly unfamiliar", "unfamiliar", 0.9, 0.8),
    ]

    chosen = [one.row.path for one in most_doubtful(iter(rows), 6)]

    assert chosen == [
        "unfamiliar, unsure",
        "unfamiliar, sure",
        "unfamiliar, as sure",
        "hardly unfamiliar",
        "less sure",
        "unsure, less familiar",
    ]


def test_a_hostile_name_stays_text() -> None:
    card = Card(HOSTILE, HOSTILE, "data:image/jpeg;base64,", HOSTILE, HOSTILE, HOSTILE)

    page = page_of([card], ["Shirt", "</script><script>alert(3)</script>"], HOSTILE)

    elements = Seen(page).found
    assert [name for name, _ in elements].count("script") == 2
    assert [attributes for name, attributes in elements if name == "img"] == [
        {"src": "data:image/jpeg;base64,", "alt": ""}
    ]
    assert next(attributes for name, attributes in elements if name == "article")["data-path"] == HOSTILE
    assert "alert(3)</script>" not in page


def test_the_page_lets_nothing_run_but_its_own_script() -> None:
    page = page_of([], ["Shirt"], "table.csv")

    policy = next(
        attributes["content"] for name, attributes in Seen(page).found if attributes.get("http-equiv")
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:;")
    assert "unsafe" not in policy
