"""Photos that show none of the classes among those that the lab's networks learn."""

import csv
from pathlib import Path

import numpy as np
import pytest

from lab.outfits import outfit
from lab.photo_tables import source_of
from lab.pretraining_photos import OUTFITS, Photo, photos_of, source_photos
from lab.tuning_photos import kind_of
from training.errors import BadRecipe


def test_worn_photos_of_two_garments_show_no_class(tmp_path: Path) -> None:
    with OUTFITS.open(encoding="utf-8", newline="") as file:
        worn = next(row["id"] for row in csv.DictReader(file) if row["kind"] == "top and skirt")
    rows = [f"B/3/{name}.jpg,B,3,by eye,one,red" for name in (worn, "den-1")]
    table = ["file,tier,label,source_label,group,colour", *rows]
    (tmp_path / "sources.csv").write_text("\n".join(table), "utf-8")

    outfit, dress = source_photos(tmp_path)

    assert (outfit.label, outfit.tier, outfit.archive) == (None, "X", "sources_B.zip")
    assert (dress.label, dress.tier) == (3, "B")


@pytest.mark.parametrize(
    ("photo", "source"),
    [
        (Photo("pool_A.zip", "A/kag-1.jpg"), "Fashion Product Images"),
        (Photo("sources_A.zip", "A/den-1.jpg"), "shop/den"),
        (Photo("colours_users.zip", "162e3320-b612.jpg"), "clothing-dataset"),
    ],
)
def test_a_photo_is_put_down_to_its_source(photo: Photo, source: str) -> None:
    assert source_of(photo, {"den": "shop/den"}) == source


def test_a_photo_of_a_source_that_nothing_names_is_refused() -> None:
    with pytest.raises(
        BadRecipe, match=r"which source A/new-1\.jpg is from\. Add what its id begins with, 'new'"
    ):
        source_of(Photo("sources_A.zip", "A/new-1.jpg"), {"den": "shop/den"})


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


def test_a_jacket_without_sleeves_shows_no_class_and_keeps_what_the_catalogue_calls_it(
    tmp_path: Path,
) -> None:
    tables = {
        "catalogue": ["file,kind,colours,gender", "jacket/kag-13994.jpg,jacket,grey,Men"],
        "dev": ["file,tier,label,source_label,group"],
        "pool": ["file,tier,label,source_label,group", "B/4/kag-59129.jpg,B,4,Jackets,kag-59129"],
        "more": ["file,tier,label,source_label,group", "A/4/kag-13994.jpg,A,4,Jackets,kag-13994"],
    }
    for name, rows in tables.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(rows), "utf-8")

    vest, jacket = photos_of(tmp_path)

    assert (vest.id, vest.label, vest.tier, vest.kind, kind_of(vest)) == (
        "kag-13994",
        None,
        "X",
        "jacket",
        ("vest", "other"),
    )
    assert (jacket.label, jacket.tier) == (4, "B")
