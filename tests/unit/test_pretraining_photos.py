"""The photos that the lab's networks learn."""

import csv
from pathlib import Path

from lab import photo_tables
from lab.pretraining_photos import photos_of

POOL = ("file", "tier", "label", "source_label", "group")


def test_nothing_is_learnt_of_a_sender_whose_photos_judge(tmp_path: Path) -> None:
    table(tmp_path / "catalogue.csv", ("file", "kind", "colours", "gender"))
    table(tmp_path / "dev.csv", POOL, ("dev/C/0/clo-a.jpg", "C", "0", "T-Shirt", "clo-sender-1"))
    table(
        tmp_path / "pool.csv",
        POOL,
        ("C/1/clo-b.jpg", "C", "1", "Pants", "clo-sender-1"),
        ("X/X_Hat/clo-c.jpg", "X", "", "clothing:Hat", "clo-sender-1"),
        ("X/X_Hat/clo-d.jpg", "X", "", "clothing:Hat", "clo-sender-2"),
    )
    table(tmp_path / "more.csv", POOL)

    assert [photo.id for photo in photos_of(tmp_path)] == ["clo-d"]


def table(path: Path, columns: tuple[str, ...], *rows: tuple[str, ...]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def test_other_sources_are_left_out_whole_and_those_to_measure_on_are_not_learnt(tmp_path: Path) -> None:
    table(tmp_path / "catalogue.csv", ("file", "kind", "colours", "gender"))
    table(tmp_path / "dev.csv", POOL, ("dev/C/0/clo-a.jpg", "C", "0", "T-Shirt", "clo-sender-1"))
    table(tmp_path / "pool.csv", POOL, ("A/1/kag-b.jpg", "A", "1", "Jeans", "kag-b"))
    table(tmp_path / "more.csv", POOL)
    table(
        tmp_path / "sources.csv",
        (*POOL, "source", "colour"),
        ("A/6/den-1.jpg", "A", "6", "by eye", "den-1", "someone/shop", "navy"),
        ("X/X_hat/hnm-2.jpg", "X", "", "hat", "hnm-2", "someone/contest", ""),
    )
    (tmp_path / "scaled").mkdir()
    table(tmp_path / "scaled" / "scaled.csv", ("path", "label", "tier"))
    (tmp_path / "tables").mkdir()
    words = [str(tmp_path), "--scaled", str(tmp_path / "scaled"), "--out", str(tmp_path / "tables")]

    assert photo_tables.main(words) == 0

    read = {name: rows(tmp_path / "tables" / f"{name}.csv") for name in ("learn", "dev", "alone")}
    assert read == {
        "learn": [("kag-b", "1", "A", "", "Fashion Product Images")],
        "dev": [
            ("clo-a", "0", "C", "clo-sender-1", "clothing-dataset"),
            ("den-1", "6", "A", "someone/shop", "someone/shop"),
        ],
        "alone": [("hnm-2", "X_hat", "X", "someone/contest", "someone/contest")],
    }


def rows(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(Path(first).stem, *others) for first, *others in list(csv.reader(file))[1:]]
