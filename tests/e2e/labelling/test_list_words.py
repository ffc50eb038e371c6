"""A list whose titles contradict its photos, from the sheet in a real browser to the table of products."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.contract import whole_pictures
from labelling.decided import NONE
from reports.values import ProductPromise
from scripts.label import ENGINES
from tests.browser import Visits, flaws
from tests.catalogues import write_folder
from tests.commands import wardrobe
from tests.labelled_here import Here
from tests.releases import a_release
from tests.tables import label, products_of, write_csv
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

PICTURES = {f"{seed}.png": png(a_garment(seed)) for seed in range(4)}
KEPT = ProductPromise(
    pictures="products", accuracy=0.95, needed=59, n=200, accepted=100, right=100, lower_bound=0.97
)


@pytest.fixture(autouse=True)
def labelled_here() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENGINES, "processes", Here)
        yield


def test_what_list_and_photo_say_is_seen_on_the_sheet_and_ends_in_the_table(
    visiting: Visits, tmp_path: Path
) -> None:
    release = a_release(tmp_path / "release", reads=whole_pictures(32, 3), products={"label": KEPT})
    shop, table = write_folder(tmp_path / "shop", PICTURES), tmp_path / "table.csv"
    shown = {Path(row["path"]).name: row["label"] for row in label(shop, tmp_path / "all.csv", release)}
    rows = [
        ("0.png", "contradicting", "Pleated skirt"),
        ("1.png", "agreeing", f"Blue {shown['1.png']}"),
        ("1.png", "nameless", "Anna"),
    ]
    source = write_csv(
        shop / "list.csv", [dict(zip(("path", "article", "title"), row, strict=True)) for row in rows]
    )
    sheet = tmp_path / "sheet.html"
    label(source, table, release, "--by", "article", "--review", str(sheet), "--audit", "0")

    page = visiting(f"file://{sheet}")
    first = page.locator("article").first
    assert first.locator(".name").inner_text() == "contradicting"
    assert first.locator(".note").inner_text().startswith(f"the photo: {shown['0.png']}, ")
    assert first.locator(".note").inner_text().endswith("; the list: skirt")
    first.locator(".right").click()
    assert first.locator("select").input_value() == NONE
    page.get_by_role("button", name=f"All right: {shown['1.png']}").click()
    assert page.locator("#count").inner_text() == "2 of 3 answered"
    assert flaws(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Export corrections.csv").click()
    download.value.save_as(tmp_path / "corrections.csv")

    words = ["--corrections", str(tmp_path / "corrections.csv"), "--out", str(table)]
    assert wardrobe("label", words) == 0
    products = products_of(table)
    assert {name: (row["label"], row["decided_by"]) for name, row in products.items()} == {
        "contradicting": (NONE, "person"),
        "agreeing": (shown["1.png"], "person"),
        "nameless": (shown["1.png"], "model"),
    }
    assert products["nameless"]["reason"] == "shared"
