"""`wardrobe label --corrections`: people's answers in the finished table, in whatever order they come."""

import csv
import itertools
import json
import os
import shutil
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from inference.contract import Head
from labelling.errors import CorrectionsUnusable, TableUnusable
from labelling.export import summary_of
from labelling.journal import journal_of
from labelling.review.corrections import AHEAD
from tests.catalogues import write_folder
from tests.commands import wardrobe
from tests.contract.labelling.test_label_command import Rows, label, rows_of
from tests.releases import a_release
from tests.uploads import a_garment, png

main = partial(wardrobe, "label")

PICTURES = {f"{seed}.png": png(a_garment(seed)) for seed in range(6)}
"""All of them different."""

NAMES = list(PICTURES)


def write_corrections(file: Path, *rows: dict[str, str]) -> Path:
    """A CSV with the columns of all rows."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, columns)
        writer.writeheader()
        writer.writerows(rows)
    return file


def correct(table: Path, *files: Path) -> Rows:
    assert main(["--corrections", *map(str, files), "--out", str(table)]) == 0
    return rows_of(table)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "shop", PICTURES)


@pytest.fixture
def table(shop: Path, little_release: Path, tmp_path: Path) -> Path:
    """A finished table of `shop`, whose release and pictures are gone: nothing can be asked again."""
    release = Path(shutil.copytree(little_release, tmp_path / "release"))
    label(str(shop), tmp_path / "table.csv", release)
    shutil.rmtree(release)
    return tmp_path / "table.csv"


def other(row: dict[str, str]) -> str:
    """A class that the model did not choose."""
    return next(name[2:] for name in row if name.startswith("p_") and name[2:] != row["label"])


def test_people_decide_the_rows_that_they_answered_and_the_model_the_others(table: Path, shop: Path) -> None:
    before = rows_of(table)
    right = other(before[0])
    shutil.rmtree(shop)
    file = write_corrections(
        table.with_name("corrections.csv"),
        {"path": "anything", "sha256": before[0]["sha256"], "label": right},
        {"path": before[1]["path"], "sha256": "", "label": "none of these"},
        {"path": os.path.relpath(shop / NAMES[2], table.parent), "sha256": "", "label": ""},
    )

    after = correct(table, file)

    said = [right, "none of these", None, *(row["label"] for row in before[3:])]
    by = ["person"] * 3 + ["model"] * (len(before) - 3)
    expected = [
        row | {"label": label, "decided_by": decider, "predicted": row["label"]}
        for row, label, decider in zip(before, said, by, strict=True)
    ]
    assert after == expected
    assert json.loads(summary_of(table).read_text("utf-8"))["decided_by_person"] == 3


@pytest.mark.parametrize(
    ("known", "written"),
    [("Ankle  boot", "Ankle boot"), ("Cafe\u0301", "Caf\u00e9"), ("none of these", "none of these")],
)
def test_answers_name_classes_and_attributes_of_a_release_however_these_are_spelt(
    known: str, written: str, shop: Path, tmp_path: Path
) -> None:
    heads = {"colour": Head(labels=(known, "red"), temperature=1.0, confidence=0.0)}
    release = a_release(tmp_path / "release", labels=(known, "Bag"), attributes=heads)
    before = label(str(shop), tmp_path / "table.csv", release)
    rows = [{"path": before[0]["path"], "label": written, "attribute": head} for head in ("", "colour")]

    after = correct(tmp_path / "table.csv", write_corrections(tmp_path / "corrections.csv", *rows))

    said = ("label", "decided_by", "colour", "colour_decided_by")
    assert [after[0][name] for name in said] == [known, "person", known, "person"]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_every_form_of_the_table_takes_answers(
    suffix: str, shop: Path, little_release: Path, tmp_path: Path
) -> None:
    table = tmp_path / f"table{suffix}"
    before = label(str(shop), table, little_release)
    file = write_corrections(tmp_path / "c.csv", {"path": before[0]["path"], "label": other(before[0])})

    after = correct(table, file)

    assert [row["decided_by"] for row in after] == ["person", *["model"] * (len(before) - 1)]
    assert after[0] == before[0] | {
        "label": other(before[0]),
        "decided_by": "person",
        "predicted": before[0]["label"],
    }


def test_sheets_of_several_reviewers_merge_in_any_order(table: Path, tmp_path: Path) -> None:
    rows = rows_of(table)
    labels = [name[2:] for name in rows[0] if name.startswith("p_")]

    def said(name: str, time: str, *answers: tuple[int, str]) -> Path:
        of = [{"path": rows[n]["path"], "label": label, "at": f"2026-11-22T{time}Z"} for n, label in answers]
        return write_corrections(tmp_path / name, *of)

    ann = said("ann.csv", "10:00", (0, labels[0]), (1, labels[1]))
    ben = said("ben.csv", "11:00", (0, labels[1]), (2, labels[0]))
    cid = said("cid.csv", "09:00", (0, "none of these"), (3, ""))
    journal = journal_of(table).read_bytes()

    made = set()
    for order in itertools.permutations([ann, ben, cid]):
        journal_of(table).write_bytes(journal)
        correct(table, *order)
        made.add(table.read_bytes())
        journal_of(table).write_bytes(journal)
        for file in (*order, order[0]):
            correct(table, file)
        made.add(table.read_bytes())

    assert len(made) == 1
    assert [row["label"] for row in rows_of(table)][:4] == [labels[1], labels[1], labels[0], None]


def test_answers_survive_a_new_run_and_a_changed_picture_is_the_models_again(
    table: Path, shop: Path, little_release: Path
) -> None:
    rows = rows_of(table)
    file = write_corrections(
        table.with_name("c.csv"), *({"path": row["path"], "label": other(row)} for row in rows[:2])
    )
    correct(table, file)
    (shop / NAMES[1]).write_bytes(PICTURES[NAMES[4]] + b"\0")

    again = label(str(shop), table, little_release)
    restarted = label(str(shop), table, little_release, "--restart")

    assert [row["decided_by"] for row in again][:2] == ["person", "model"]
    assert restarted == again


def test_of_a_damaged_journal_answers_come_over_and_the_summary_says_how_many(
    table: Path, shop: Path, little_release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = rows_of(table)[0]
    correct(table, write_corrections(table.with_name("c.csv"), {"path": row["path"], "label": other(row)}))
    wanted = table.read_bytes()
    with journal_of(table).open("r+b") as file:
        file.seek(-4096, os.SEEK_END)  # of the last page, which holds rows or their index
        file.write(b"\xff" * 4096)

    label(str(shop), table, little_release)

    assert table.read_bytes() == wanted
    assert json.loads(summary_of(table).read_bytes())["answers_recovered"] == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "1 answers of people came over, and everything is labelled again" in said


def test_a_run_that_ended_between_answers_and_table_is_made_good(
    table: Path, shop: Path, little_release: Path
) -> None:
    row = rows_of(table)[0]
    stale = table.read_bytes()
    correct(table, write_corrections(table.with_name("c.csv"), {"path": row["path"], "label": other(row)}))
    wanted = table.read_bytes()
    summary_of(table).unlink()
    table.write_bytes(stale)

    label(str(shop), table, little_release)

    assert table.read_bytes() == wanted


def test_a_correction_of_a_picture_that_is_gone_is_reported_and_the_others_count(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = rows_of(table)[0]
    gone = {"path": "gone.png", "sha256": "0" * 64, "label": row["label"]}
    file = write_corrections(
        table.with_name("c.csv"), gone, {"path": row["path"], "sha256": "", "label": other(row)}
    )

    after = correct(table, file)

    assert after[0]["decided_by"] == "person"
    assert "1 of 2 corrections are of no picture in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("path|label\na|b\n", r"begins with 'path\|label'\. It needs the columns `path` and `label`"),
        ("Path,label\nPATH,Coat\n", r"columns `path` and `label`\. Rename 'Path' to `path`\."),
        ("path,label\nPATH,Cot\n", "line 2: 'Cot' is none of the classes .*Did you mean 'Coat'"),
        ("path,label\n,Coat\n", "line 2: names no picture"),
        ("path,label\nPATH\n", "row 2, line 2: it has 1 cells, and the header has 2"),
        ("path,label,at\nPATH,Coat,yesterday\n", "'yesterday' is no time in ISO 8601"),
        ("path,label,at\nPATH,Coat,0001-01-01T00:00+09:00\n", "is no time in ISO 8601"),
        ("path,label,at\nPATH,Coat,TOO_FAR_AHEAD\n", "is in the future. Correct the time"),
        (f"path,label,audit\nPATH,Coat,{'9' * 5000}\n", "is no size of a sample"),
        ("path,label,attribute\nPATH,Coat,colour\n", "line 2: 'colour' is no attribute of the release"),
        ("path,label\nelsewhere.png,Coat\n", "none of 1 corrections is of a picture of"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_written(text: str, reason: str, table: Path) -> None:
    before = table.read_bytes()
    file = table.with_name("corrections.csv")
    ahead = f"{datetime.now(UTC) + 2 * AHEAD:%Y-%m-%dT%H:%MZ}"  # not a parameter: those name the test
    written = text.replace("PATH", rows_of(table)[0]["path"]).replace("TOO_FAR_AHEAD", ahead)
    file.write_text(written, "utf-8")

    with pytest.raises(CorrectionsUnusable, match=reason):
        correct(table, file)

    assert table.read_bytes() == before


def test_two_answers_of_the_same_time_are_refused(table: Path, tmp_path: Path) -> None:
    row = rows_of(table)[0]
    at = "2026-11-22T10:00:00+00:00"
    one = write_corrections(tmp_path / "1.csv", {"path": row["path"], "label": other(row), "at": at})
    two = write_corrections(tmp_path / "2.csv", {"path": row["path"], "label": row["label"], "at": at})

    with pytest.raises(CorrectionsUnusable, match=r"in another one of the same time, 2026-11-22T10:00"):
        correct(table, one, two)


def test_a_table_without_its_journal_is_refused(table: Path) -> None:
    journal_of(table).unlink()

    with pytest.raises(TableUnusable, match=r"there is no table\.csv\.sqlite beside it"):
        correct(table, table)
