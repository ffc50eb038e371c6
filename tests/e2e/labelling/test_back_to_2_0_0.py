"""A journal of version 2.0.0 goes over to this version with people's answers, and back."""

import csv
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.commands import done
from tests.service import ROOT
from tests.tables import rows_of, write_csv
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow

BEFORE = "c41c508f~1"
"""The commit of version 2.0.0."""


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of version 2.0.0."""
    packed = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, check=False, capture_output=True)
    if packed.returncode:
        pytest.skip(f"{BEFORE} is not in this clone: it is the version before")
    folder = tmp_path_factory.mktemp("2.0.0")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def label(checkout: Path, *words: str | Path) -> str:
    """Label with a checkout, and return what it says."""
    command = [sys.executable, "-m", "scripts", "label", *words, "--workers", "1"]
    ended = done(command, checkout, PYTHONPATH=str(checkout))
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


def answer(file: Path, table: Path, name: str, class_name: str) -> Path:
    """Corrections of one picture of a table."""
    with table.open(encoding="utf-8", newline="") as opened:
        row = next(row for row in csv.DictReader(opened) if row["path"].endswith(name))
    return write_csv(file, [{"path": row["path"], "sha256": row["sha256"], "label": class_name}])


def test_answers_go_over_with_a_journal_of_2_0_0_and_back(earlier: Path, tmp_path: Path) -> None:
    photos, table = tmp_path / "photos", tmp_path / "table.csv"
    photos.mkdir()
    for seed in range(3):
        (photos / f"{seed}.png").write_bytes(png(a_garment(seed)))

    label(earlier, photos, "--out", table)
    first = answer(tmp_path / "first.csv", table, "0.png", "Bag")
    label(earlier, "--out", table, "--corrections", first)
    label(ROOT, photos, "--out", table)
    ours = rows_of(table)
    second = answer(tmp_path / "second.csv", table, "1.png", "Coat")
    label(ROOT, "--out", table, "--corrections", second)
    label(earlier, photos, "--out", table)

    assert [row["label"] for row in ours][:1] == ["Bag"]
    assert [row["label"] for row in rows_of(table)][:2] == ["Bag", "Coat"]


def test_answers_about_categories_that_2_0_0_loses_are_named_with_the_file_that_has_them(
    earlier: Path, tmp_path: Path
) -> None:
    (tmp_path / "0.png").write_bytes(png(a_garment(0)))
    shop = write_csv(tmp_path / "list.csv", [{"path": "0.png", "category": "Kampsunid"}])
    table = tmp_path / "table.csv"
    label(ROOT, shop, "--out", table)
    columns = ("path", "label", "sha256", "attribute", "category")
    row = dict.fromkeys(columns, "") | {"label": "pullover", "attribute": "kind", "category": "Kampsunid"}
    label(ROOT, "--corrections", write_csv(tmp_path / "said.csv", [row]), "--out", table)
    for file in (table, tmp_path / "table.csv.summary.json", tmp_path / "table.csv.sqlite"):
        file.unlink()  # 2.0.0 takes no newer journal over
    label(earlier, shop, "--out", table)

    said = label(ROOT, shop, "--out", table)

    words = tmp_path / "table-words.csv"
    assert f"They are still in {words}: the same command with --words {words} takes them." in " ".join(
        said.split()
    )
    label(ROOT, shop, "--out", table, "--words", words)
