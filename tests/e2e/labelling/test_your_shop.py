"""docs/how-to/your-shop.md, word for word, with photos of a shop: a folder becomes answers.

Three steps are a person's or do not end: the installation, the service, which is asked for its release, and
the answers on the sheet, which are the truth.
"""

import csv
import re
import shlex
from pathlib import Path

import pytest

from model_store.local_releases import open_release
from model_store.promotions import read_current_promotion
from model_store.store import open_store
from tests.commands import wardrobe
from tests.documents import Step, blocks
from tests.real_photos import photos_of_kinds
from tests.review_sheets import export
from tests.service import running

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_fits")]

KINDS = ("backpack", "scarf", "shorts", "socks")
LEARNT, HIDDEN = 18, 4
"""Photos of each kind in the folder, and in the catalogue; of fewer than 59 in all, `data` says more."""

PAGE = "docs/how-to/your-shop.md"
STEPS = [
    step
    for block in blocks()
    if block.document == PAGE and Path(__file__).name in (block.mark or "")
    for step in block.steps
]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands are typed: `photos`, sorted, and `catalogue`, which is not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "catalogue").mkdir()
    for kind, photos in photos_of_kinds(KINDS, LEARNT + HIDDEN).items():
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for number, content in enumerate(photos):
            place = f"photos/{kind}/{number}.jpg" if number < LEARNT else f"catalogue/{kind}-{number}.jpg"
            (tmp_path / place).write_bytes(content)
    return tmp_path


def typed(step: Step, release: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command of the page prints; it must succeed."""
    program, verb, *words = shlex.split(step.command.replace("RELEASE", release))
    capsys.readouterr()
    assert (program, wardrobe(verb, words)) == ("wardrobe", 0), step.command
    return capsys.readouterr().out.strip()


def answer_the_sheet(shop: Path) -> None:
    """What a person exports who knows every photo of the catalogue; its name says what it shows."""
    with (shop / "labels.csv").open(encoding="utf-8", newline="") as file:
        said = {row["sha256"]: Path(row["path"]).name.partition("-")[0] for row in csv.DictReader(file)}
    export(shop / "sheet.html", said, shop / "corrections.csv")


def test_a_shops_photos_are_learnt_sorted_corrected_and_learnt_again(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release, first, printed = "", "", []
    for step in STEPS:
        if "make serve" in step.command:
            with running(shop, MODEL_STORE=str(shop / "runs" / "store"), REFRESH_SECONDS="0") as service:
                first = service.get("/readyz").json()["model"]["version"]
                assert service.get("/model").json()["labels"] == list(KINDS)
            continue
        if "--corrections" in step.command:
            answer_the_sheet(shop)
        printed.append((step, typed(step, release, capsys)))
        release = next(iter(re.findall(r"^Release: (.*)$", printed[-1][1], re.MULTILINE)), release)

    assert len(printed) == 7
    assert [
        (step.command, text)
        for step, text in printed
        if not re.fullmatch(re.escape(step.output.strip()).replace("…", ".*"), text, re.DOTALL)
    ] == []
    assert (shop / release / "report.html").is_file()
    again = read_current_promotion(open_store(str(shop / "runs" / "store"))).version
    assert again == open_release(shop / release).version != first
