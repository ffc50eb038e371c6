"""The feeds of docs/how-to/your-shop.md: its program makes of a table what each platform documents.

tests/fixtures/feeds has a file for each, with the columns and separators of the platform's own page.
"""

import csv
import sys
from pathlib import Path

import pytest

from inference.contract import Head, whole_pictures
from scripts.label import main as label
from tests.commands import done
from tests.documents import blocks
from tests.releases import a_release
from tests.service import ROOT
from tests.uploads import a_garment, png

OF_PAGE = {block.language: block.body for block in blocks() if block.document == "docs/how-to/your-shop.md"}
TITLES = ("Shirt, striped", "Shirt 2", "Shirt 3", "Shirt 4", "Shirt 5")
ANSWERED = (
    ("red", "accept", "white", "model"),
    ("red", "review", "", "model"),
    ("black", "accept", "white/red/blue", "model"),
    ("blue", "review", "", "person"),
    ("", "review", "", "person"),  # who left it out
)
FEEDS = ("google.csv", "shopify.csv", "woocommerce.csv")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `labels.csv`, a table of five products with these answers to `colour`."""
    folder = tmp_path_factory.mktemp("shop")
    colour = Head(labels=("black", "blue", "red", "white"), temperature=1.0, confidence=0.1)
    release = a_release(folder / "release", reads=whole_pictures(32, 3), attributes={"colour": colour})
    rows = [("path", "article", "handle", "title")]
    for number, title in enumerate(TITLES, 1):
        (folder / f"{number}.png").write_bytes(png(a_garment(number)))
        rows.append((f"{number}.png", f"{1000 + number:06}", f"item-{number}", title))
    with (folder / "list.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    table = folder / "labels.csv"
    label([str(folder / "list.csv"), "--out", str(table), "--model", str(release), "--workers", "1"])
    with (folder / "corrections.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("path", "label", "attribute"), ("4.png", "blue", "colour")])
    label(["--corrections", str(folder / "corrections.csv"), "--out", str(table)])
    with table.open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(written[0]))
        writer.writeheader()
        for row, cells in zip(written, ANSWERED, strict=True):
            names = ("colour", "colour_decision", "colour_also", "colour_decided_by")
            writer.writerow(row | dict(zip(names, cells, strict=True)))
    assert done([sys.executable, "-c", OF_PAGE["python"]], folder).returncode == 0
    return folder


@pytest.mark.parametrize("name", FEEDS)
def test_the_program_of_the_page_makes_the_file_that_a_platform_reads(name: str, shop: Path) -> None:
    assert (shop / name).read_bytes() == (ROOT / "tests/fixtures/feeds" / name).read_bytes()


def test_without_an_accepted_colour_the_program_says_what_to_do(shop: Path, tmp_path: Path) -> None:
    lines = (shop / "labels.csv").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "labels.csv").write_text("".join([lines[0], lines[2]]), "utf-8")

    ended = done([sys.executable, "-c", OF_PAGE["python"]], tmp_path)

    assert ended.returncode == 1
    assert ended.stderr.startswith("No colour is accepted")


def test_the_page_shows_rows_of_the_example() -> None:
    example = (ROOT / "examples/shop/products.csv").read_text("utf-8").splitlines()

    assert set(OF_PAGE["csv"].splitlines()) <= set(example)
