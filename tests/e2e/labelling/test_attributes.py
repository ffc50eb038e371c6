"""Three attributes of examples/shop, from a CSV to a better release and a feed: bucket, service, browser.

Its 38 photos are few: nothing is accepted, and their figures say nothing. What is tested is that each step
takes what the one before it gives.
"""

import csv
import re
import shutil
from functools import partial
from pathlib import Path

import pytest

from labelling.review.corrections import NONE
from model_store.local import open_release
from tests.browser import Visits
from tests.commands import wardrobe
from tests.s3_servers import S3Server
from tests.service import ROOT, Service, running
from tests.swaps import wait_until_served

improve = partial(wardrobe, "improve")
label = partial(wardrobe, "label")
publish = partial(wardrobe, "publish")
train = partial(wardrobe, "train")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_fits")]

ATTRIBUTES = ("colour", "pattern", "sleeve")
SEEN = {"534cb9e4.jpg": {"colour": "blue"}, "221f6226.jpg": {"sleeve": "sleeveless"}}
"""What a person sees who is asked for what products.csv does not know."""

PRODUCTS = {
    "T-shirt blue": "534cb9e4 112c0b70 1dd614d3 12ecd9a3",
    "T-shirt black": "3583f121 65de18e9",
    "T-shirt red": "1a3b3d48 82d5ab12 97b9bf6d",
    "T-shirt white": "00003aeb 10e7ed9b",
    "dress": "221f6226 dd0ff00d c866397d",
    "dress black": "07bf93d6 4696df2e",
    "dress blue": "08868e1e 160c2e1c",
    "shirt blue": "707517ad e298a2d4 fc33993c",
    "shirt red": "661dc5c9 e1b266de",
    "shirt black": "83df896e 647e9c32",
    "trousers black": "a685a9b1 f1c715ef",
    "trousers blue": "914abed6 ee9c6264 fd2d5fd1",
}
"""Twelve products of thirty photos, by what stands for an article number."""

TWICE = {"97b9bf6d.jpg": "trousers black", "160c2e1c.jpg": "shirt blue"}
"""Photos that lie under a second article, too; no training has learnt them."""

ANSWER = """(truths) => document.querySelectorAll("article").forEach((card) => {
  const select = card.querySelector("select");
  const truth = truths[card.dataset.product][card.dataset.attribute || "label"];
  if (!truth) return;
  select.value = truth;
  select.dispatchEvent(new Event("change"));
})"""

Rows = list[dict[str, str]]


def rows_of(table: Path) -> Rows:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def shop(tmp_path: Path, swift_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the CSV, in a working directory, with a bucket's credentials."""
    monkeypatch.chdir(tmp_path)
    for name, value in swift_server.environment().items():
        monkeypatch.setenv(name, value)
    return Path(shutil.copytree(ROOT / "examples" / "shop", tmp_path / "shop"))


def products_of(shop: Path) -> dict[str, dict[str, str]]:
    """Write the list of PRODUCTS, and what is learnt; what people say of each product."""
    known = {row["path"].partition(".")[0]: row for row in rows_of(shop / "products.csv")}
    truths, rows = dict[str, dict[str, str]](), list[tuple[str, str]]()
    for article, names in PRODUCTS.items():
        photos = [known[name] | SEEN.get(f"{name}.jpg", {}) for name in names.split()]
        rows += [(photo["path"], article) for photo in photos]
        for name in ("label", *ATTRIBUTES):
            of_photos = {photo[name].split("/")[0] for photo in photos}
            if len(of_photos) == 1:
                [truth] = of_photos
                truths.setdefault(article, {})[name] = NONE if truth == "-" else truth
    rows += list(TWICE.items())
    learnt = [row for name, row in known.items() if f"{name}.jpg" not in TWICE]
    listed = [
        {"path": path, "article": article, "title": f"A {article}", "colour": "old"} for path, article in rows
    ]
    for name, written in {"list.csv": listed, "learnt.csv": learnt}.items():
        with (shop / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(written[0]))
            writer.writeheader()
            writer.writerows(written)
    return truths


def reviewed(sheet: Path, truths: dict[str, dict[str, str]], visiting: Visits) -> Path:
    page = visiting(f"file://{sheet}")
    page.evaluate(ANSWER, truths)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    download.value.save_as(sheet.parent / "corrections.csv")
    return sheet.parent / "corrections.csv"


def answered(service: Service, photo: Path) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = service.post("/predict", data=photo.read_bytes()).json()[
        "attributes"
    ]
    return found


def test_a_csv_with_attributes_is_learnt_published_served_reviewed_and_learnt_again(
    shop: Path, swift_server: S3Server, visiting: Visits, capfd: pytest.CaptureFixture[str]
) -> None:
    store = f"s3://{swift_server.new_bucket()}/shop"
    asked = [word for name in ATTRIBUTES for word in ("--attribute", name)]
    truths = products_of(shop)

    assert train(["--data", str(shop / "learnt.csv"), *asked, "--fast", "--publish", store]) == 0
    assert "Columns that are not read: article." in capfd.readouterr().err

    settings = {"MODEL_STORE": store, "REFRESH_SECONDS": "0.5"} | swift_server.environment()
    with running(shop, **settings) as service:
        first: str = service.get("/model").json()["version"]
        assert answered(service, shop / "82d5ab12.jpg").keys() == set(ATTRIBUTES)
        table, sheet = shop / "labels.csv", shop / "sheet.html"
        words = ["--model", store, "--workers", "1", "--review", str(sheet), "--audit", "4"]
        listed = [str(shop / "list.csv"), "--by", "article", "--out", str(table)]
        assert label([*listed, *words]) == 0
        assert (len(rows_of(table)), len({row["path"] for row in rows_of(table)})) == (32, 30)
        products = rows_of(shop / "labels-products.csv")
        assert {row["article"] for row in products} == truths.keys()
        assert {row["title"] for row in products} == {f"A {article}" for article in truths}
        assert {row["list_colour"] for row in products} == {"old"}

        corrections = reviewed(sheet, truths, visiting)
        words = ["--corrections", str(corrections), "--out", str(table), "--feed", "google"]
        assert label(words) == 0
        for row in rows_of(shop / "labels-products.csv"):
            said = truths[row["article"]]
            assert (row["label"], row["decided_by"]) == (said["label"], "person")
            assert row["colour"] == said.get("colour", row["colour"])
        assert rows_of(shop / "labels-google.csv") == [
            {"id": article, "color": said["colour"]} for article, said in truths.items() if "colour" in said
        ]

        capfd.readouterr()
        assert improve([str(corrections), "--from", store]) == 0
        told, warned = capfd.readouterr()
        assert "2 pictures lie under products of different classes, and are left out" in warned
        [made] = re.findall(r"^Release: (.*)$", told, re.MULTILINE)
        assert publish([made, store]) == 0
        wait_until_served(service, open_release(Path(made)).version)
        assert open_release(Path(made)).version != first
        assert answered(service, shop / "82d5ab12.jpg").keys() == set(ATTRIBUTES)

    [learnt] = shop.parent.glob("runs/improved-*/pictures.csv")
    known = {Path(row["path"]).name: row for row in rows_of(learnt)}
    assert known.keys() == {row["path"] for row in rows_of(shop / "learnt.csv")}
    assert {name: {one: known[name][one] for one in seen} for name, seen in SEEN.items()} == SEEN
