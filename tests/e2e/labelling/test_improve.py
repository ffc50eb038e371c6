"""From doubt to a better release, on real photos: label, review, correct, train, compare, serve.

The photos are parts of users' own, of whole senders. The bundled release has learnt the whole ones, so their
figures say nothing: what is tested is that each step takes what the one before it gives.
"""

import csv
import re
from functools import partial
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest

from model_store.local import BUNDLED, bundled, open_release
from reports.values import report_of
from tests.browser import Visits
from tests.commands import wardrobe
from tests.real_photos import photos_of_senders
from tests.service import Service, running
from tests.waiting import wait_for

diff_command = partial(wardrobe, "diff")
label_command = partial(wardrobe, "label")
publish_command = partial(wardrobe, "publish")
train_command = partial(wardrobe, "train")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_fits")]

PHOTOS = 80
SAMPLED = 30

ANSWER = """(truths) => document.querySelectorAll("article").forEach((card) => {
  const select = card.querySelector("select");
  select.value = truths[card.dataset.sha256];
  select.dispatchEvent(new Event("change"));
})"""
"""What a reviewer does who knows every picture."""

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def truths() -> dict[str, str]:
    """What each photo shows, by its sha256."""
    photos = photos_of_senders("C", PHOTOS)
    return {sha256(new_to_the_release(file)).hexdigest(): label for file, label in photos.items()}


def new_to_the_release(photo: Path) -> bytes:
    """A quarter less of the picture, mirrored: what a release learnt, or nearly the same, is not compared."""
    picture = np.asarray(cv2.imread(str(photo)), np.uint8)
    height, width = (length // 4 for length in picture.shape[:2])
    return bytes(cv2.imencode(".png", picture[height:, width:][:, ::-1])[1])


@pytest.fixture(scope="module")
def folder(truths: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue, its table by the bundled release, and a sheet with an audit."""
    folder = tmp_path_factory.mktemp("improve")
    (folder / "shop").mkdir()
    for photo in photos_of_senders("C", PHOTOS):
        (folder / "shop" / photo.name).write_bytes(new_to_the_release(photo))
    sheets = ["--review", folder / "sheet.html", "--audit", SAMPLED]
    assert label_command([*map(str, (folder / "shop", "--out", folder / "labels.csv", *sheets))]) == 0
    return folder


def rows_of(table: Path) -> Rows:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def reviewed(folder: Path, truths: dict[str, str], visiting: Visits) -> Path:
    """What a person exports who answers the sheet, the audit too."""
    page = visiting(f"file://{folder}/sheet.html")
    page.evaluate(ANSWER, truths)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    download.value.save_as(folder / "corrections.csv")
    return folder / "corrections.csv"


def test_what_people_say_of_a_catalogue_reaches_its_table_and_an_audit(
    folder: Path, truths: dict[str, str], visiting: Visits, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows_of(folder / "labels.csv")
    doubted = {row["sha256"] for row in before if row["decision"] == "review"}

    file = str(reviewed(folder, truths, visiting))
    capsys.readouterr()
    assert label_command(["--corrections", file, "--out", str(folder / "labels.csv")]) == 0
    audit = re.search(r"of (\d+) right: at least ([\d.]+)%, at most ([\d.]+)%", capsys.readouterr().out)

    after = rows_of(folder / "labels.csv")
    by_people = [row for row in after if row["decided_by"] == "person"]
    assert len(doubted) > 0
    assert {row["sha256"] for row in by_people} >= doubted
    assert all(row["label"] == truths[row["sha256"]] for row in by_people)
    assert [row["predicted"] for row in after] == [row["label"] for row in before]
    accepted = [row for row in before if row["decision"] == "accept"]
    right = sum(row["label"] == truths[row["sha256"]] for row in accepted) / len(accepted)
    assert audit is not None
    assert int(audit[1]) == min(SAMPLED, len(accepted))
    assert float(audit[2]) <= 100 * right <= float(audit[3])


def test_a_release_that_learns_what_people_said_is_compared_promoted_and_served(
    folder: Path, truths: dict[str, str], visiting: Visits, tmp_path: Path
) -> None:
    corrections = reviewed(folder, truths, visiting)
    improved = tmp_path / "run" / "release"
    words = ["--from", "bundled", "--photos", str(corrections), "--run", str(improved.parent)]
    assert publish_command([str(BUNDLED), str(tmp_path / "store")]) == 0

    assert train_command(words) == 0
    assert "own" in report_of(open_release(improved)).photos
    assert diff_command([str(BUNDLED), str(improved), str(folder / "shop"), "--allow", "1"]) == 0

    with running(tmp_path, MODEL_STORE=str(tmp_path / "store"), REFRESH_SECONDS="1") as service:
        assert served(service) == bundled().version
        # It learnt a sample of what its parent did, so the gate may find it worse on other photos.
        assert publish_command([str(improved), str(tmp_path / "store"), "--force"]) == 0
        wait_for("the new release", lambda: served(service) == open_release(improved).version)


def served(service: Service) -> str:
    version: str = service.get("/readyz").json()["model"]["version"]
    return version
