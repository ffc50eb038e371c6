"""Outfits among the photos that the lab's networks learn: none is learnt as one garment."""

import csv
from pathlib import Path

import numpy as np

from lab.outfits import outfit
from lab.pretraining_photos import OUTFITS, source_photos


def test_worn_photos_of_two_garments_show_no_class(tmp_path: Path) -> None:
    with OUTFITS.open(encoding="utf-8", newline="") as file:
        worn = next(row["id"] for row in csv.DictReader(file) if row["kind"] == "top and skirt")
    rows = [f"B/3/{name}.jpg,B,3,by eye,one,red" for name in (worn, "den-1")]
    table = ["file,tier,label,source_label,group,colour", *rows]
    (tmp_path / "sources.csv").write_text("\n".join(table), "utf-8")

    outfit, dress = source_photos(tmp_path)

    assert (outfit.label, outfit.tier, outfit.archive) == (None, "X", "sources_B.zip")
    assert (dress.label, dress.tier) == (3, "B")


def test_a_made_outfit_has_a_top_over_what_is_worn_below_and_neither_fills_two_thirds() -> None:
    mask = np.full((60, 40), 255, np.uint8)
    red, blue = (np.full((60, 40, 3), colour, np.uint8) for colour in ((200, 0, 0), (0, 0, 200)))

    for seed in range(20):
        made = outfit((red, mask), (blue, mask), trousers=True, rng=np.random.default_rng(seed))
        rows = made.argmax(axis=2)[:, made.shape[1] // 2]
        coloured = np.ptp(made.astype(int), axis=2)[:, made.shape[1] // 2] > 100
        of_top, below = (int((coloured & (rows == channel)).sum()) for channel in (0, 2))
        assert 1 / 3 < of_top / (of_top + below) < 2 / 3
        assert not rows[coloured][:of_top].any()
