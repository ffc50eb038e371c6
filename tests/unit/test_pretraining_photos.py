"""The photos that the lab's networks learn."""

import csv
from pathlib import Path

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
