"""From a sheet with an audit to `wardrobe audit`: which pictures count, and what the promise's verdict is."""

import csv
import glob
import json
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from labelling.errors import TableUnusable
from labelling.review.audit import Audit, Share
from labelling.review.page import AUDITED, DOUBTFUL
from model_store.local import bundled
from reports.values import HELD_OUT, Promise, report_of
from scripts.audit import BROKEN, HOLDS, OPEN, judge, main
from scripts.label import main as label
from tests.contract.labelling.test_label_command import EXAMPLES, rows_of
from tests.uploads import png
from training.errors import NotInstalled

SAMPLED = 4


class Cards(HTMLParser):
    """The attributes of a sheet's cards, in its order, and its text."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.text = ""
        self.feed(page.read_text("utf-8").partition("<main>")[2].partition("</main>")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "article":
            self.found.append({name: value or "" for name, value in attrs})

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of twelve pictures by the bundled release, and a sheet with an audit of four."""
    folder = tmp_path_factory.mktemp("audit")
    (folder / "catalogue").mkdir()
    for example in glob.glob(EXAMPLES):  # noqa: PTH207 - a pattern, as the command takes it
        shutil.copy(example, folder / "catalogue")
    for seed in range(4):  # which no release accepts
        noise = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8)
        (folder / "catalogue" / f"noise-{seed}.png").write_bytes(png(noise))
    sheet = ["--review", str(folder / "sheet.html"), "--audit", str(SAMPLED)]
    label([str(folder / "catalogue"), "--out", str(folder / "table.csv"), "--workers", "1", *sheet])
    return folder


def export(sheet: Path, said: dict[str, str], corrections: Path) -> Path:
    """What a sheet exports when a person says this of pictures, by their sha256."""
    with corrections.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "sha256", "at", "audit", "predicted", "decision"])
        for card in Cards(sheet).found:
            sha256, audit = card["data-sha256"], card["data-audit"]
            answered = [card["data-path"], said[sha256], sha256, "2026-11-22T10:00:00Z", audit]
            writer.writerow([*answered, card["data-predicted"], card["data-decision"]])
    return corrections


def test_a_sheet_begins_with_the_audit_without_answers_of_the_model_and_then_suggests_labels(
    folder: Path,
) -> None:
    rows = rows_of(folder / "table.csv")
    cards = Cards(folder / "sheet.html")

    drawn = [card for card in cards.found if card["data-audit"]]
    then = cards.found[SAMPLED:]
    assert drawn == cards.found[:SAMPLED]
    assert {card["data-audit"] for card in drawn} == {str(SAMPLED)}
    assert {row["sha256"] for row in rows if row["decision"] == "review"} <= {
        card["data-sha256"] for card in cards.found
    }
    assert {(card["data-guess"], card["data-note"]) for card in drawn} == {("", "")}
    assert all(card["data-guess"] for card in then)
    assert cards.text.count("Right") == len(then) > 0
    assert cards.text.index(AUDITED[0]) < cards.text.index(DOUBTFUL[0]) < cards.text.index("Right")


def test_the_audit_counts_the_sample_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["sha256"]: row for row in rows_of(folder / "table.csv")}
    said = {sha256: row["label"] for sha256, row in rows.items()}
    file = export(folder / "sheet.html", said, folder / "corrections.csv")
    capsys.readouterr()

    code = main([str(file), str(folder / "table.csv"), "--json", "--plot", str(folder / "audit.png")])

    found = json.loads(capsys.readouterr().out)
    drawn = [one["data-sha256"] for one in Cards(folder / "sheet.html").found if one["data-audit"]]
    accepted = sum(rows[sha256]["decision"] == "accept" for sha256 in drawn)
    assert (found["sampled"], found["unanswered"]) == (SAMPLED, 0)
    assert (found["accepted"]["n"], found["accepted"]["right"]) == (accepted, accepted)
    assert (code, found["promise"]["verdict"]) == (0, OPEN)
    assert (folder / "audit.png").read_bytes().startswith(b"\x89PNG")


def test_sheets_of_several_reviewers_have_every_picture_once_and_merge_in_any_order(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {row["sha256"]: row["label"] for row in rows_of(folder / "table.csv")}
    sheet = tmp_path / "sheet.html"
    options = ["--review", str(sheet), "--audit", str(SAMPLED), "--reviewers", "3"]
    label([str(folder / "catalogue"), "--out", str(folder / "table.csv"), "--workers", "1", *options])

    sheets = [tmp_path / f"sheet-{number}.html" for number in (1, 2, 3)]
    pictures = [card["data-sha256"] for one in sheets for card in Cards(one).found]
    assert sorted(pictures) == sorted(card["data-sha256"] for card in Cards(folder / "sheet.html").found)
    assert [
        f'data-file="corrections-{n}.csv"' in one.read_text("utf-8") for n, one in enumerate(sheets, 1)
    ] == [True] * 3

    files = [export(one, rows, tmp_path / f"{one.stem}.csv") for one in sheets]
    tables = []
    for order in (files, files[::-1]):
        table = Path(shutil.copytree(folder, tmp_path / order[0].stem)) / "table.csv"
        label(["--corrections", *map(str, order), "--out", str(table)])
        assert "Audit: of the accepted" in capsys.readouterr().out
        tables.append(rows_of(table))
    assert tables[0] == tables[1]
    assert sum(row["decided_by"] == "person" for row in tables[0]) == len(pictures)


def test_the_picture_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(NotInstalled, match="matplotlib is not installed"):
        main([str(folder / "corrections.csv"), str(folder / "table.csv"), "--plot", "audit.png"])


def test_a_csv_that_is_no_table_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("path,label\na.jpg,Coat\n", "utf-8")

    with pytest.raises(TableUnusable, match="has no row, or no column `confidence`"):
        main([str(tmp_path / "corrections.csv"), str(tmp_path / "table.csv")])


def a_promise(pictures: str, accuracy: float) -> Promise:
    return Promise(
        pictures=pictures, accuracy=accuracy, needed=59, n=400, accepted=300, right=299, lower_bound=0.98
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.96, 0.99, HOLDS), (0.8, 0.94, BROKEN), (0.9, 0.97, OPEN)]
)
def test_a_promise_holds_or_is_broken_only_where_the_whole_interval_says_so(
    low: float, high: float, verdict: str
) -> None:
    share = Share(n=100, right=95, low=low, high=high)
    none = Share(n=0, right=0, low=0.0, high=1.0)
    found = Audit(
        version="v", sampled=100, unanswered=0, left_out=0, accepted=share, reviewed=none, labels={}
    )

    judged = judge(found, [a_promise(HELD_OUT, 0.99), a_promise("photos of tier A", 0.95)])

    assert (judged.accuracy, judged.verdict) == (0.95, verdict)


def test_the_bundled_release_has_a_promise_to_audit() -> None:
    assert report_of(bundled()).promises
