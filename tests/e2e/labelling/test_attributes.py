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

from inference.release_labels import NONE
from model_store.local_releases import open_release
from tests.browser import Visits
from tests.commands import wardrobe
from tests.s3_servers import S3Server
from tests.service import ROOT, running
from tests.swaps import wait_until_served
from tests.tables import label, products_of, rows_of, write_csv

improve = partial(wardrobe, "improve")
labelling = partial(wardrobe, "label")
publish = partial(wardrobe, "publish")
train = partial(wardrobe, "train")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_fits")]

ATTRIBUTES = ("colour", "pattern", "sleeve")
SEEN = {"534cb9e4.jpg": {"colour": "blue"}, "221f6226.jpg": {"sleeve": "sleeveless"}}
"""What a person sees who is asked for what products.csv does not know."""

PRODUCTS = {
    "T-shirt blue": "534cb9e4 112c0b70 1dd614d3 12ecd9a3",
    "T-shirt black": "3583f121 65de18e9",
    "T-shirt red": "1a3b3d48 82d5ab12",
    "T-shirt white": "00003aeb 10e7ed9b",
    "dress": "221f6226 dd0ff00d c866397d",
    "dress black": "07bf93d6 4696df2e",
    "shirt blue": "707517ad e298a2d4 fc33993c",
    "shirt red": "661dc5c9 e1b266de",
    "trousers black": "a685a9b1 f1c715ef",
    "trousers blue": "914abed6 ee9c6264 fd2d5fd1",
}
"""Products of two or more photos, by what stands for an article number."""

ANSWER = """(truths) => document.querySelectorAll("article").forEach((card) => {
  const select = card.querySelector("select");
  const truth = truths[card.dataset.product][card.dataset.attribute || "label"];
  if (!truth) return;
  select.value = truth;
  select.dispatchEvent(new Event("change"));
})"""


@pytest.fixture
def shop(tmp_path: Path, swift_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the CSV, in a working directory, with a bucket's credentials."""
    monkeypatch.chdir(tmp_path)
    for name, value in swift_server.environment().items():
        monkeypatch.setenv(name, value)
    return Path(shutil.copytree(ROOT / "examples" / "shop", tmp_path / "shop"))


def truths_of(shop: Path) -> dict[str, dict[str, str]]:
    """Write the list of PRODUCTS; what people say of the class and the attributes of each."""
    known = {row["path"]: row | SEEN.get(row["path"], {}) for row in rows_of(shop / "products.csv")}
    truths, rows = dict[str, dict[str, str]](), []
    for article, names in PRODUCTS.items():
        photos = [known[f"{name}.jpg"] for name in names.split()]
        rows += [
            {"path": one["path"], "article": article, "title": f"A {article}", "colour": "old"}
            for one in photos
        ]
        said = {name: {(one[name] or "").split("/")[0] for one in photos} for name in ("label", *ATTRIBUTES)}
        alike = {name: of.pop() for name, of in said.items() if len(of) == 1}
        truths[article] = {name: NONE if one == "-" else one for name, one in alike.items()}
    write_csv(shop / "list.csv", rows)
    return truths


def test_a_csv_with_attributes_is_learnt_published_served_reviewed_and_learnt_again(
    shop: Path, swift_server: S3Server, visiting: Visits, capfd: pytest.CaptureFixture[str]
) -> None:
    store, truths = f"s3://{swift_server.new_bucket()}/shop", truths_of(shop)
    asked = [word for name in ATTRIBUTES for word in ("--attribute", name)]

    assert train(["--data", str(shop / "products.csv"), *asked, "--fast", "--publish", store]) == 0
    assert "Columns that are not read: article." in capfd.readouterr().err

    settings = {"MODEL_STORE": store, "REFRESH_SECONDS": "0.5"} | swift_server.environment()
    with running(shop, **settings) as service:

        def answered() -> set[str]:
            photo = (shop / "82d5ab12.jpg").read_bytes()
            return set(service.post("/predict", data=photo).json()["attributes"])

        first: str = service.get("/model").json()["version"]
        assert answered() == set(ATTRIBUTES)
        table, sheet = shop / "labels.csv", shop / "sheet.html"
        words = ["--by", "article", "--review", str(sheet), "--audit", "4"]
        label(shop / "list.csv", table, store, *words)
        products = products_of(table)
        assert {name: row["title"] for name, row in products.items()} == {one: f"A {one}" for one in truths}
        assert {row["list_colour"] for row in products.values()} == {"old"}

        page = visiting(f"file://{sheet}")
        page.evaluate(ANSWER, truths)
        with page.expect_download() as download:
            page.get_by_role("button", name="Export").click()
        download.value.save_as(corrections := shop / "corrections.csv")
        assert labelling(["--corrections", str(corrections), "--out", str(table), "--feed", "google"]) == 0
        for article, row in products_of(table).items():
            assert (row["label"], row["decided_by"]) == (truths[article]["label"], "person")
            assert row["colour"] == truths[article].get("colour", row["colour"])
        confirmed = {
            name for name, row in products.items() if truths[name].get("colour") in {None, row["colour"]}
        }
        assert rows_of(
            shop / "labels-google.csv"
        ) == [  # the shop's word, unless a person named another colour
            {"id": article, "color": "old" if article in confirmed else said["colour"]}
            for article, said in truths.items()
        ]

        capfd.readouterr()
        assert improve([str(corrections), "--from", store]) == 0
        [made] = re.findall(r"^Release: (.*)$", capfd.readouterr().out, re.MULTILINE)
        assert publish([made, store]) == 0
        wait_until_served(service, open_release(Path(made)).version)
        assert open_release(Path(made)).version != first
        assert answered() == set(ATTRIBUTES)

    [kept] = shop.parent.glob("runs/improved-*/corrections.csv")
    again = csv.DictReader(kept.read_text("utf-8-sig").splitlines())
    given = {(Path(row["path"]).name, row["label"]) for row in rows_of(corrections)}
    assert {(Path(row["path"]).name, row["label"]) for row in again} == given
