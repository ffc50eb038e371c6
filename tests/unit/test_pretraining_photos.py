"""Photos that show none of the classes among those that the lab's networks learn."""

import csv
from pathlib import Path

import pytest

from lab.photo_tables import find_source
from lab.pretraining_photos import OUTFITS, Photo, list_source_photos
from training.errors import BadRecipe


def test_worn_photos_of_two_garments_show_no_class(tmp_path: Path) -> None:
    with OUTFITS.open(encoding="utf-8", newline="") as file:
        worn = next(row["id"] for row in csv.DictReader(file) if row["kind"] == "top and skirt")
    rows = [f"B/3/{name}.jpg,B,3,by eye,one,red" for name in (worn, "den-1")]
    table = ["file,tier,label,source_label,group,colour", *rows]
    (tmp_path / "sources.csv").write_text("\n".join(table), "utf-8")

    outfit, dress = list_source_photos(tmp_path)

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
    assert find_source(photo, {"den": "shop/den"}) == source


def test_a_photo_of_a_source_that_nothing_names_is_refused() -> None:
    with pytest.raises(
        BadRecipe, match=r"which source A/new-1\.jpg is from\. Add what its id begins with, 'new'"
    ):
        find_source(Photo("sources_A.zip", "A/new-1.jpg"), {"den": "shop/den"})
