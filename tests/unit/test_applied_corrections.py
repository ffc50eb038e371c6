"""The pictures that a release learnt, under people's corrections, as one table to train on."""

import csv
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from labelling.review.corrections import OfFiles
from tests.own_pictures import KINDS, a_photo, write_class_folders
from tests.uploads import png
from training.pictures.corrections import Applied, apply, corrections_in
from training.pictures.listing import Listing, answers_in, list_answers, list_pictures, write_pictures
from training.pictures.picture_files import Hashed, hash_files


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Four pictures of each of three kinds, and a catalogue beside them."""
    write_class_folders(tmp_path / "catalogue", 2, ["Ball"], first_seed=100)
    return write_class_folders(tmp_path / "photos", 4)


def corrected(folder: Path, rows: Sequence[tuple[str, str]]) -> Path:
    file = folder / "corrections.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("path", "label"), *rows])
    return file


def hashes_of(listing: Listing) -> Hashed:
    return hash_files(one.path for one in listing.pictures)


def applied(shop: Path, *rows: tuple[str, str]) -> Applied:
    said = corrections_in([corrected(shop.parent, rows)])
    listing = list_pictures(shop)
    return apply(listing, said, KINDS, hashes_of(listing))


def labels_in(found: Applied) -> dict[str, str]:
    return {"/".join(one.path.parts[-2:]): one.label for one in (*found.listing.pictures, *found.added)}


def test_a_correction_gives_a_picture_its_label_adds_a_new_one_and_leaves_one_out(shop: Path) -> None:
    found = applied(
        shop,
        ("photos/Ball/000.png", "Box"),
        ("photos/Ball/001.png", ""),
        ("photos/Box/000.png", "none of these"),
        ("photos/Stick/000.png", "Stick"),
        ("catalogue/Ball/100.png", "Ball"),
    )

    labels = labels_in(found)
    assert (len(found.contents), found.relabelled, len(found.added), found.left_out) == (12, 1, 1, 2)
    assert len(labels) == 11
    assert (labels["Ball/000.png"], labels["Ball/100.png"]) == ("Box", "Ball")
    assert "Ball/001.png" not in labels
    assert "Box/000.png" not in labels


def test_a_correction_of_a_copy_in_the_catalogue_corrects_the_picture_that_was_learnt(shop: Path) -> None:
    shutil.copy(shop / "Ball" / "002.png", shop.parent / "catalogue" / "shot.png")

    found = applied(shop, ("catalogue/shot.png", "Stick"))

    assert labels_in(found)["Ball/002.png"] == "Stick"
    assert (found.relabelled, found.added) == (1, ())


def answered(folder: Path, *rows: tuple[str, str, str]) -> Path:
    """Answers with the content that each was given to."""
    file = folder / "corrections.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("path", "label", "sha256", "at"), *((*row, "") for row in rows)])
    return file


def test_pictures_that_were_renamed_or_moved_are_found_by_their_content_and_others_left_out(
    shop: Path,
) -> None:
    folder = shop.parent
    first, second, third = (
        (path, sha256((folder / path).read_bytes()).hexdigest())
        for path in ("catalogue/Ball/100.png", "catalogue/Ball/101.png", "photos/Box/000.png")
    )
    (folder / first[0]).rename(folder / "catalogue" / "Ball" / "renamed.png")
    (folder / "sold").mkdir()
    (folder / second[0]).rename(folder / "sold" / "moved.png")
    (folder / third[0]).rename(folder / "photos" / "Box" / "z.png")
    rows = [(path, "Stick", content) for path, content in (first, second, third)]
    said = answered(folder, *rows, ("catalogue/gone.png", "Box", "ab" * 32))

    listing = list_pictures(shop)
    found = apply(listing, corrections_in([said]), KINDS, hashes_of(listing))
    listed = list_answers(said, answers_in([said]))

    assert [Path(path).name for path in found.missing] == ["gone.png"]
    assert (len(found.added), found.relabelled) == (2, 1)
    assert {labels_in(found)[name] for name in ("Ball/renamed.png", "sold/moved.png", "Box/z.png")} == {
        "Stick"
    }
    assert {one.path.name for one in listed.pictures} == {"renamed.png", "moved.png", "z.png"}
    assert [one.name for one in listed.missing] == ["gone.png"]


def test_the_table_is_read_as_it_was_written_whatever_a_class_is_called(tmp_path: Path) -> None:
    for label, kind in zip(("=1+1", "Мяч", "盒子"), KINDS, strict=True):
        (tmp_path / "photos" / label).mkdir(parents=True)
        (tmp_path / "photos" / label / "0.png").write_bytes(png(a_photo(kind, 0)))
    said = corrected(tmp_path, [("photos/Мяч/0.png", "'=1+1")])

    labels, photos = ("=1+1", "Мяч", "盒子"), list_pictures(tmp_path / "photos")
    found = apply(photos, corrections_in([said]), labels, hashes_of(photos))
    write_pictures(found.listing.pictures, tmp_path / "runs" / "pictures.csv")

    listed = list_pictures(tmp_path / "runs" / "pictures.csv").pictures
    assert [one.label for one in listed] == ["=1+1", "=1+1", "盒子"]
    assert all(one.path.is_file() for one in listed)
    assert ",=1+1" not in (tmp_path / "runs" / "pictures.csv").read_text("utf-8")


def of_products(shop: Path, *rows: tuple[str, str, str]) -> OfFiles:
    """What counts of answers that hold for products: path, label and product."""
    file = shop.parent / "products.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("path", "label", "product"), *rows])
    return corrections_in([file])


def test_a_picture_of_two_products_is_left_out_where_people_gave_these_two_classes(shop: Path) -> None:
    one, other, same = (str(shop / "Ball" / f"00{number}.png") for number in range(3))
    said = of_products(
        shop,
        (one, "Ball", "1"),
        (one, "Box", "2"),
        (other, "Box", "2"),
        (same, "Stick", "3"),
        (same, "Stick", "4"),
    )

    assert said.of_several == (one,)
    assert said.labels == {one: "", other: "Box", same: "Stick"}
    assert said.groups == {one: "2", other: "2", same: "4"}, "groups are products"
    [note] = list_answers(shop, said).notes
    assert note == f"1 pictures lie under products of different classes, and are left out: {one}."
    listing = list_pictures(shop)
    found = apply(listing, said, KINDS, hashes_of(listing))
    assert (found.relabelled, found.left_out) == (2, 1)


def test_what_is_said_of_a_product_counts_before_what_is_said_of_its_picture(shop: Path) -> None:
    path = str(shop / "Ball" / "000.png")

    said = of_products(shop, (path, "Stick", ""), (path, "Box", "1"))

    assert (said.labels, said.of_several) == ({path: "Box"}, ())
