"""What is found in a catalogue, in which order, and what is said of a picture that cannot be had."""

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from labelling.errors import SourceUnusable, Unreadable
from labelling.sources import MAX_BYTES, NO_PICTURES, Source, open_source
from tests.catalogues import PICTURES, write_folder, write_list, write_tar, write_zip
from training.data import listing


def names(source: Source) -> list[str]:
    return [item.name for item in source.items()]


def contents(source: Source) -> list[bytes | str]:
    """The bytes of each picture, or what is wrong with it."""
    found = source.reader()([item.place for item in source.items()])
    return [one if isinstance(one, bytes) else str(one) for one in found]


def test_a_folder_is_walked_in_order_and_what_lies_beside_pictures_is_passed_over(tmp_path: Path) -> None:
    write_folder(tmp_path, {"b/2.png": b"", "b/10.png": b"", "a.jpg": b"", "c": b""})
    write_folder(
        tmp_path, {".hidden/x.png": b"", "b/.DS_Store": b"", "labels.csv": b"", "__MACOSX/y.png": b""}
    )

    found = names(open_source(str(tmp_path)))

    assert found == [f"{tmp_path}/{name}" for name in ("a.jpg", "b/10.png", "b/2.png", "c")]


def test_links_to_folders_cannot_lead_a_walk_in_circles(tmp_path: Path) -> None:
    write_folder(tmp_path, {"in/a.png": b""})
    (tmp_path / "in" / "again").symlink_to(tmp_path)

    assert names(open_source(str(tmp_path)))[:1] == [f"{tmp_path}/in/a.png"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.png", ["top.png"]),
        ("a/*", ["a/0.png", "a/1.png", "a/2.png"]),
        ("**/1.png", ["a/1.png", "b/1.png"]),
        ("?/[02].png", ["a/0.png", "a/2.png", "b/0.png", "b/2.png"]),
        ("**", ["a/0.png", "a/1.png", "a/2.png", "b/0.png", "b/1.png", "b/2.png", "top.png"]),
    ],
)
def test_a_pattern_names_files_as_a_shell_would(pattern: str, found: list[str], tmp_path: Path) -> None:
    write_folder(write_folder(tmp_path), {"top.png": b""})

    assert names(open_source(f"{tmp_path}/{pattern}")) == [f"{tmp_path}/{name}" for name in found]


def test_a_pattern_without_a_folder_looks_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path)
    monkeypatch.chdir(tmp_path)

    assert names(open_source("*/1.png")) == ["a/1.png", "b/1.png"]


def test_a_pattern_that_no_file_fits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match="no file fits this pattern"):
        names(open_source(f"{tmp_path}/*.png"))


def test_a_list_names_files_relative_to_itself_and_keeps_its_own_words(tmp_path: Path) -> None:
    write_folder(tmp_path)
    source = open_source(str(write_list(tmp_path / "list.csv", ["b/1.png", "a/0.png", "", "gone.png"])))

    found = contents(source)

    assert names(source) == ["b/1.png", "a/0.png", "", "gone.png"]
    assert found == [
        PICTURES["b/1.png"],
        PICTURES["a/0.png"],
        "It is no file.",
        "It cannot be read: No such file or directory.",
    ]


def test_a_list_without_the_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("picture\na.png\n", "utf-8")

    with pytest.raises(SourceUnusable, match=r"begins with 'picture'. It needs a column `path`"):
        names(open_source(str(tmp_path / "list.csv")))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_is_read_in_its_own_order(compression: int, tmp_path: Path) -> None:
    source = open_source(str(write_zip(tmp_path / "shop.zip", PICTURES, compression)))

    assert names(source) == list(PICTURES)
    assert contents(source) == list(PICTURES.values())


def test_a_zip_with_a_directory_for_more_than_16_bits_can_count_is_read(tmp_path: Path) -> None:
    packed = write_zip(tmp_path / "shop.zip").read_bytes()
    end = packed.rindex(b"PK\5\6")
    entries, size, offset = struct.unpack_from("<10xHII", packed, end)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    old_end = struct.pack("<4s4x2H2I2x", b"PK\5\6", 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    (tmp_path / "shop.zip").write_bytes(packed[:end] + record + locator + old_end)

    assert contents(open_source(str(tmp_path / "shop.zip"))) == list(PICTURES.values())


def test_a_zip_behind_a_program_that_unpacks_it_is_read(tmp_path: Path) -> None:
    packed = write_zip(tmp_path / "shop.zip").read_bytes()
    (tmp_path / "shop.zip").write_bytes(b"#!/bin/sh\n" + packed)

    assert contents(open_source(str(tmp_path / "shop.zip"))) == list(PICTURES.values())


def test_members_of_a_zip_that_lie_or_are_packed_otherwise_are_errors_of_their_own(tmp_path: Path) -> None:
    write_zip(tmp_path / "odd.zip", {"odd.png": bytes(99)}, zipfile.ZIP_BZIP2)
    write_zip(tmp_path / "bomb.zip", {"bomb.png": bytes(MAX_BYTES + 1)})
    damaged = bytearray(
        write_zip(tmp_path / "damaged.zip", {"a.png": b"abc"}, zipfile.ZIP_STORED).read_bytes()
    )
    damaged[damaged.index(b"abc")] = 0
    (tmp_path / "damaged.zip").write_bytes(damaged)

    found = {name: contents(open_source(f"{tmp_path}/{name}.zip")) for name in ("odd", "bomb", "damaged")}

    assert found == {
        "odd": ["It is packed by method 12. Pack it by deflate."],
        "bomb": ["It has 20,000,001 bytes; at most 20,000,000 are read. Send a smaller one."],
        "damaged": ["This member of the ZIP is damaged: its size or checksum is not what it says."],
    }


@pytest.mark.parametrize("name", ["shop.tar", "shop.tar.gz", "shop.tgz", "shop.tar.xz", "shop.tar.bz2"])
def test_a_tar_is_read_in_its_own_order_packed_or_not(name: str, tmp_path: Path) -> None:
    source = open_source(str(write_tar(tmp_path / name, PICTURES | {"._a.png": b"", "folder/.b": b""})))

    assert names(source) == list(PICTURES)
    assert contents(source) == list(PICTURES.values())


@pytest.mark.parametrize("write", [write_tar, write_zip])
def test_names_in_an_archive_may_begin_with_the_folder_that_they_are_in(
    write: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path
) -> None:
    hidden = dict.fromkeys(("./.hidden.png", "./__MACOSX/a.png", "./.folder/a.png"), b"")
    packed = write(tmp_path / f"shop.{write.__name__[-3:]}", {"./a.png": b"a", "./in/b.png": b"b"} | hidden)

    assert names(open_source(str(packed))) == ["./a.png", "./in/b.png"]


def test_a_tar_with_a_damaged_header_is_refused_and_not_taken_for_a_shorter_one(tmp_path: Path) -> None:
    packed = bytearray(write_tar(tmp_path / "shop.tar").read_bytes())
    packed[packed.index(b"b/0.png")] = 0
    (tmp_path / "shop.tar").write_bytes(packed)

    with pytest.raises(SourceUnusable, match=r"the header at byte \d+ is damaged"):
        names(open_source(str(tmp_path / "shop.tar")))


@pytest.mark.parametrize("name", ["shop.zip", "shop.tar", "shop.tar.gz", "list.csv"])
def test_a_file_that_is_not_what_its_name_says_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8b\xff" * 400)

    with pytest.raises(SourceUnusable, match=name):
        names(open_source(str(tmp_path / name)))


def test_a_word_that_names_nothing_is_told_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match=r"nothing: no such file or folder. A source is a folder"):
        open_source(str(tmp_path / "nothing"))


def test_one_picture_is_a_source_too(tmp_path: Path) -> None:
    write_folder(tmp_path)

    assert contents(open_source(f"{tmp_path}/a/0.png")) == [PICTURES["a/0.png"]]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    assert contents(open_source(str(tmp_path))) == [
        "It has 20,000,001 bytes; at most 20,000,000 are read. Send a smaller one."
    ]


def test_what_training_takes_for_no_picture_is_none_here_either() -> None:
    assert set(NO_PICTURES) >= listing.NO_PICTURES


def test_unreadable_is_an_answer_and_no_end(tmp_path: Path) -> None:
    read = open_source(str(write_folder(tmp_path))).reader()

    found = list(read([f"{tmp_path}/gone.png", f"{tmp_path}/a/0.png"]))

    assert isinstance(found[0], Unreadable)
    assert found[1] == PICTURES["a/0.png"]
