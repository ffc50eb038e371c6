"""Which names are pictures that a person put there."""

import json
import re
from pathlib import Path

import pytest

from inference.text.file_names import (
    CLUTTER_ENDINGS,
    CLUTTER_NAMES,
    NON_PICTURE_ENDINGS,
    OFFICE_LOCK_PREFIX,
    is_archive_folder,
    is_picture_member,
    is_picture_name,
    is_system_path,
)

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name",
    [
        "@eaDir/dress.jpg/SYNOPHOTO_THUMB_M.jpg",
        "shop/#recycle/dress.jpg",
        "$RECYCLE.BIN/S-1-5-21/$R1.png",
        "System Volume Information/a.jpg",
        "shop\\Thumbs.db",
        "shop\\.hidden\\dress.jpg",
        "THUMBS.DB",
        "shop/Desktop.ini",
        "shop/.DS_Store",
        "__MACOSX/shop/._dress.jpg",
        "dress.jpg:Zone.Identifier",
        "dress.jpg@SynoEAStream",
        "shop/Icon\r",
    ],
)
def test_what_systems_add_beside_pictures_is_none_of_them(name: str) -> None:
    assert is_system_path(name)
    assert not is_picture_member(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CLUTTER", CLUTTER_NAMES),
        ("NO_PICTURES", {*CLUTTER_ENDINGS, *NON_PICTURE_ENDINGS}),
        ("HIDDEN", {".", OFFICE_LOCK_PREFIX}),
    ],
)
def test_the_page_passes_over_the_same_names_in_a_zip(name: str, expected: set[str]) -> None:
    script = (ROOT / "app" / "web" / "page" / "archive.js").read_text("utf-8")
    (listed,) = re.findall(rf"const {name} = (?:new Set\()?\[(.*?)\]", script, re.DOTALL)

    assert {json.loads(text) for text in re.findall(r'"[^"]*"', listed)} == expected


@pytest.mark.parametrize(
    "name",
    ["dress.jpg", "./dress.jpg", "../shop/dress.jpg", "a\\b\\dress", "#1.png", "@home/1.png", "$5/bag.png"],
)
def test_names_that_a_person_gave_are_pictures_though_they_begin_oddly(name: str) -> None:
    assert not is_system_path(name)
    assert is_picture_member(name)


def test_a_file_without_a_name_is_sent_and_is_found_nowhere() -> None:
    assert not is_system_path("")
    assert not is_picture_member("")


def test_a_name_of_many_kilobytes_costs_no_work() -> None:
    assert not is_system_path("a/" * 30_000 + ".hidden")


@pytest.mark.parametrize("name", ["shop/", "shop\\", "a.png/"])
def test_a_folder_is_no_picture(name: str) -> None:
    assert is_archive_folder(name)
    assert not is_picture_member(name)


def test_notes_and_edits_are_passed_over_where_files_are_found_and_not_where_they_are_sent() -> None:
    found = ("list.CSV", "IMG_1.AAE", "IMG_1.xmp", "read me.txt", "labels.csv.sqlite-journal", "labels.xlsx")

    assert not any(map(is_picture_name, found))
    assert not any(map(is_system_path, found))
