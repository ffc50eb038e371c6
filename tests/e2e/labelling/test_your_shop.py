"""docs/how-to/your-shop.md, typed as it stands there, with photos of a shop: a folder becomes answers.

Three steps are a person's or do not end: the installation, the service, which is asked for its release, and
the answers on the sheet, which are the truth.
"""

import csv
import re
import sys
from pathlib import Path

import pytest

from model_store.local import open_release
from tests.commands import done
from tests.documents import Step, blocks
from tests.real_photos import photos_of_kinds
from tests.review_sheets import export
from tests.service import ROOT, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]  # it trains twice

KINDS = ("backpack", "scarf", "shorts", "socks")
LEARNT, HIDDEN = 24, 8
"""Photos of each kind in the folder, and in the catalogue."""

PAGE = "docs/how-to/your-shop.md"
STEPS = [
    step
    for block in blocks()
    if block.document == PAGE and Path(__file__).name in (block.mark or "")
    for step in block.steps
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A checkout with `photos`, sorted, and `catalogue`, which is not."""
    for name in ("app", "inference", "labelling", "model_store", "training", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "catalogue").mkdir()
    for kind, photos in photos_of_kinds(KINDS, LEARNT + HIDDEN).items():
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for number, content in enumerate(photos):
            place = f"photos/{kind}/{number}.jpg" if number < LEARNT else f"catalogue/{kind}-{number}.jpg"
            (tmp_path / place).write_bytes(content)
    return tmp_path


def typed(step: Step, shop: Path, release: str) -> str:
    """What a command of the page prints; it must succeed."""
    command = step.command.replace("wardrobe ", f"{sys.executable} -m scripts ", 1)
    ended = done(["bash", "-c", command.replace("RELEASE", release)], shop, NO_COLOR="1")
    assert ended.returncode == 0, f"{command}\n{ended.stderr}"
    return ended.stdout.strip()


def answer_the_sheet(shop: Path) -> None:
    """What a person exports who knows every photo of the catalogue; its name says what it shows."""
    with (shop / "labels.csv").open(encoding="utf-8", newline="") as file:
        said = {row["sha256"]: Path(row["path"]).name.partition("-")[0] for row in csv.DictReader(file)}
    export(shop / "sheet.html", said, shop / "corrections.csv")


def served_of(shop: Path, folder: Path) -> str:
    folder.mkdir()
    with running(folder, MODEL_STORE=str(shop / "runs" / "store"), REFRESH_SECONDS="0") as service:
        version: str = service.get("/readyz").json()["model"]["version"]
        labels = service.get("/model").json()["labels"]
    assert labels == list(KINDS)
    return version


def test_a_shops_photos_are_learnt_sorted_corrected_and_learnt_again(shop: Path) -> None:
    release, first, printed = "", "", []
    for step in STEPS:
        if "make serve" in step.command:
            first = served_of(shop, shop / "first")
            continue
        if "--corrections" in step.command:
            answer_the_sheet(shop)
        printed.append((step, typed(step, shop, release)))
        release = next(iter(re.findall(r"^Release: (.*)$", printed[-1][1], re.MULTILINE)), release)

    assert len(printed) == 7
    assert [
        (step.command, text)
        for step, text in printed
        if not re.fullmatch(re.escape(step.output.strip()).replace("…", ".*"), text, re.DOTALL)
    ] == []
    assert (shop / release / "report.html").is_file()
    assert served_of(shop, shop / "second") == open_release(shop / release).version != first
