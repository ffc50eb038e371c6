"""Three attributes of examples/shop, from a CSV to a better release: bucket, service, table, browser.

Its 38 photos are few: nothing is accepted, and their figures say nothing. What is tested is that each step
takes what the one before it gives.
"""

import csv
import re
import shutil
from functools import partial
from hashlib import sha256
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

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # it trains twice

ATTRIBUTES = ("colour", "pattern", "sleeve")
SEEN = {"534cb9e4.jpg": {"colour": "blue"}, "221f6226.jpg": {"sleeve": "sleeveless"}}
"""What a person sees who is asked for what products.csv does not know."""

ANSWER = """(truths) => document.querySelectorAll("article").forEach((card) => {
  const select = card.querySelector("select");
  select.value = truths[card.dataset.sha256][card.dataset.attribute || "label"];
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


def some_of(shop: Path) -> dict[str, dict[str, str]]:
    """Write a list of eight products with an article number; what each shows, by sha256."""
    rows = [row for row in rows_of(shop / "products.csv") if row["path"] in SEEN]
    rows += [row for row in rows_of(shop / "products.csv") if row["path"] not in SEEN][::6]
    with (shop / "list.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [("path", "article", "colour"), *((row["path"], row["article"], "old") for row in rows)]
        )
    truths = {}
    for row in rows:
        of_attributes = {name: row[name].split("/")[0].replace("-", NONE) for name in ATTRIBUTES}
        said = {"label": row["label"]} | of_attributes | SEEN.get(row["path"], {})
        truths[sha256((shop / row["path"]).read_bytes()).hexdigest()] = said
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
    truths = some_of(shop)

    assert train(["--data", str(shop / "products.csv"), *asked, "--fast", "--publish", store]) == 0
    assert "Columns that are not read: article." in capfd.readouterr().err

    settings = {"MODEL_STORE": store, "REFRESH_SECONDS": "0.5"} | swift_server.environment()
    with running(shop, **settings) as service:
        first: str = service.get("/model").json()["version"]
        assert answered(service, shop / "82d5ab12.jpg").keys() == set(ATTRIBUTES)
        table, sheet = shop / "labels.csv", shop / "sheet.html"
        words = ["--model", store, "--workers", "1", "--review", str(sheet), "--audit", "4"]
        assert label([str(shop / "list.csv"), "--out", str(table), *words]) == 0
        assert {row["article"] for row in rows_of(table)} == {
            row["article"] for row in rows_of(shop / "list.csv")
        }
        assert {row["list_colour"] for row in rows_of(table)} == {"old"}

        corrections = reviewed(sheet, truths, visiting)
        assert label(["--corrections", str(corrections), "--out", str(table)]) == 0
        for row in rows_of(table):
            assert (row["label"], row["colour"]) == tuple(
                truths[row["sha256"]][name] for name in ("label", "colour")
            )
            assert row["colour_decided_by"] == "person"

        capfd.readouterr()
        assert improve([str(corrections), "--from", store]) == 0
        told = capfd.readouterr().out
        [made] = re.findall(r"^Release: (.*)$", told, re.MULTILINE)
        assert publish([made, store]) == 0
        wait_until_served(service, open_release(Path(made)).version)
        assert open_release(Path(made)).version != first
        assert answered(service, shop / "82d5ab12.jpg").keys() == set(ATTRIBUTES)

    [learnt] = shop.parent.glob("runs/improved-*/pictures.csv")
    known = {Path(row["path"]).name: row for row in rows_of(learnt)}
    assert {name: {one: known[name][one] for one in seen} for name, seen in SEEN.items()} == SEEN
