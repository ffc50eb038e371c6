"""A feed that lacks colours: one screen of the sheet in a browser, its export, and the feed after it."""

from functools import partial
from pathlib import Path

import pytest

from inference.contract import Head, whole_pictures
from labelling.errors import TableUnusable
from tests.browser import Visits, flaws
from tests.commands import wardrobe
from tests.releases import a_release
from tests.tables import products_of, rows_of, write_csv
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

labelling = partial(wardrobe, "label")

COLOURS = ("black", "blue", "red")
EACH = 6
"""Products of two photos."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands are typed: a list, and a release that accepts no colour."""
    monkeypatch.chdir(tmp_path)
    rows = []
    for number in range(2 * EACH):
        (tmp_path / f"{number}.png").write_bytes(png(a_garment(number)))
        rows.append({"path": f"{number}.png", "article": f"{number // 2}", "title": f"Shirt {number // 2}"})
    write_csv(tmp_path / "list.csv", rows)
    heads = {"colour": Head(labels=COLOURS, temperature=1.0, confidence=1.0)}
    a_release(tmp_path / "release", reads=whole_pictures(32, 3), attributes=heads)
    return tmp_path


def test_one_screen_fills_an_empty_feed(shop: Path, visiting: Visits) -> None:
    words = ["list.csv", "--by", "article", "--model", "release", "--workers", "1", "--out", "labels.csv"]
    with pytest.raises(TableUnusable, match="no colour of 6 products"):
        labelling([*words, "--feed", "google", "--review", "sheet.html", "--audit", "0"])
    suggested = {name: row["colour"] for name, row in products_of(shop / "labels.csv").items()}

    page = visiting(f"file://{shop}/sheet.html")
    groups = page.locator("h3").all_inner_texts()
    out = page.locator(".group article").first
    wrong, other = out.get_attribute("data-product"), out.get_attribute("data-guess")
    out.locator("button.picture").first.click()
    for button in page.get_by_role("button", name="All right").all():
        button.click()
    named = next(colour for colour in COLOURS if colour != other)
    out.locator("select").select_option(named)
    assert flaws(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    download.value.save_as(shop / "corrections.csv")

    assert sorted(groups) == sorted(
        f"{of} ({[*suggested.values()].count(of)})" for of in {*suggested.values()}
    )
    assert labelling(["--corrections", "corrections.csv", "--out", "labels.csv", "--feed", "google"]) == 0
    fed = {row["id"]: row["color"] for row in rows_of(shop / "labels-google.csv")}
    assert fed == suggested | {wrong: named}
