"""From a sheet with an audit to `wardrobe audit`: which pictures count, and what the promise's verdict is."""

import csv
import glob
import json
import shutil
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from labelling.errors import CorrectionsUnusable, TableUnusable
from labelling.review.page import ADDED, AUDITED, DOUBTFUL
from model_store.local import bundled
from reports.values import report_of
from scripts.audit import HOLDS, OPEN
from scripts.terminal import program
from tests.commands import wardrobe
from tests.contract.labelling.test_label_command import EXAMPLES, rows_of
from tests.review_sheets import cards_of, shown_on
from tests.uploads import png

label = partial(wardrobe, "label")
main = partial(wardrobe, "audit")

SAMPLED = 4


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
        writer.writerow(["path", "label", "sha256", "at", "audit", "predicted", "decision", "audit_of"])
        for card in cards_of(sheet):
            answered = [card["path"], said[card["sha256"]], card["sha256"], "2026-11-22T10:00:00Z"]
            what = [card["predicted"], card["decision"], card["audit_of"]]
            writer.writerow([*answered, card["audit"] or "", *what])
    return corrections


def test_a_sheet_begins_with_the_audit_without_answers_of_the_model_and_then_suggests_labels(
    folder: Path,
) -> None:
    rows = rows_of(folder / "table.csv")
    accepted = Counter(row["label"] for row in rows if row["decision"] == "accept")
    drawn, rare, then = shown_on(folder / "sheet.html")["parts"]

    for part in (drawn, rare, then):  # colours of photos are asked for as well
        part["cards"] = [card for card in part["cards"] if not card.get("attribute")]
    blind = [*drawn["cards"], *rare["cards"]]
    assert [one["title"] for one in (drawn, rare, then)] == [AUDITED[0], ADDED[0], DOUBTFUL[0]]
    assert [card["audit"] for card in blind] == [SAMPLED] * SAMPLED + [0] * len(rare["cards"])
    assert {card["predicted"]: card["audit_of"] for card in blind if card["decision"] == "accept"} == {
        label: f"{count} of {sum(accepted.values())}" for label, count in accepted.items()
    }
    assert {row["sha256"] for row in rows} == {card["sha256"] for card in (*blind, *then["cards"])}
    assert {(card["guess"], card["note"], card["button"]) for card in blind} == {("", "", "")}
    assert {card["button"] for card in then["cards"]} == {"Right"}


def test_the_audit_counts_the_sample_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["sha256"]: row for row in rows_of(folder / "table.csv")}
    said = {sha256: row["label"] for sha256, row in rows.items()}
    file = export(folder / "sheet.html", said, folder / "corrections.csv")
    capsys.readouterr()

    code = main([str(file), str(folder / "table.csv"), "--json"])

    found = json.loads(capsys.readouterr().out)
    drawn = [one["sha256"] for one in cards_of(folder / "sheet.html") if one["audit"]]
    accepted = sum(rows[sha256]["decision"] == "accept" for sha256 in drawn)
    of = sum(row["decision"] == "accept" for row in rows.values())
    assert (found["sampled"], found["unanswered"], found["accepted"]["of"]) == (SAMPLED, 0, of)
    assert (found["accepted"]["n"], found["accepted"]["right"]) == (accepted, accepted)
    assert sum(one["n"] for one in found["labels"].values()) == of
    assert (code, found["promise"]["verdict"]) == (0, HOLDS if accepted == of else OPEN)


def test_answers_to_another_tables_sample_are_refused(folder: Path, tmp_path: Path) -> None:
    rows = {row["sha256"]: row["label"] for row in rows_of(folder / "table.csv")}
    file = export(folder / "sheet.html", rows, tmp_path / "corrections.csv")
    header, *lines = (folder / "table.csv").read_text("utf-8").splitlines()
    (tmp_path / "table.csv").write_text("\n".join([header, lines[0]]), "utf-8")

    with pytest.raises(CorrectionsUnusable, match="is not in this table, or has another answer there"):
        main([str(file), str(tmp_path / "table.csv")])


def test_corrections_without_an_audit_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "corrections.csv").write_text("path,label\na.jpg,Coat\n", "utf-8")

    with pytest.raises(CorrectionsUnusable, match="No correction is of an audit"):
        main([str(tmp_path / "corrections.csv"), str(folder / "table.csv")])


def test_sheets_of_several_reviewers_have_every_picture_once_and_merge_in_any_order(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {row["sha256"]: row["label"] for row in rows_of(folder / "table.csv")}
    sheet = tmp_path / "sheet.html"
    options = ["--review", str(sheet), "--audit", str(SAMPLED), "--reviewers", "3"]
    label([str(folder / "catalogue"), "--out", str(folder / "table.csv"), "--workers", "1", *options])

    sheets = [tmp_path / f"sheet-{number}.html" for number in (1, 2, 3)]
    pictures = [card["sha256"] for one in sheets for card in cards_of(one)]
    assert sorted(pictures) == sorted(card["sha256"] for card in cards_of(folder / "sheet.html"))
    exports = [f"corrections-{number}.csv" for number in (1, 2, 3)]
    then = f"{program()} label --corrections {' '.join(exports)} --out {folder}/table.csv"
    assert [shown_on(one)["export"] for one in sheets] == exports
    assert {shown_on(one)["command"] for one in sheets} == {then}
    assert f"Next: {then}" in capsys.readouterr().out

    files = [export(one, rows, tmp_path / f"{one.stem}.csv") for one in sheets]
    tables = []
    for order in (files, files[::-1]):
        table = Path(shutil.copytree(folder, tmp_path / order[0].stem)) / "table.csv"
        label(["--corrections", *map(str, order), "--out", str(table)])
        assert "Audit: of the accepted" in capsys.readouterr().out
        tables.append(rows_of(table))
    assert tables[0] == tables[1]
    assert sum(row["decided_by"] == "person" for row in tables[0]) == len(pictures)


def test_a_csv_that_is_no_table_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("path,label\na.jpg,Coat\n", "utf-8")

    with pytest.raises(TableUnusable, match="has no row, or no column `confidence`"):
        main([str(tmp_path / "corrections.csv"), str(tmp_path / "table.csv")])


def test_the_bundled_release_has_a_promise_to_audit() -> None:
    assert report_of(bundled()).promises
