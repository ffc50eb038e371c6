"""What is found in a catalogue, in which order, and what is said of a picture that cannot be had."""

import os
import re
import unicodedata
import zipfile
from pathlib import Path
from typing import Literal, TypeAlias

import pytest

from inference.pictures.decode import MAX_BYTES
from inference.text.spreadsheets import escape_spreadsheet_text
from labelling.errors import SourceUnusable
from labelling.lists.list_reading import ListOptions
from labelling.sources.items import Source
from labelling.sources.source_opening import open_source
from tests.catalogues import PICTURES, write_folder, write_list, write_zip

Form: TypeAlias = Literal["NFC", "NFD"]


def names(source: Source) -> list[str]:
    return [item.name for item in source.iterate_pictures()]


def contents(source: Source) -> list[bytes | str]:
    """The bytes of each picture, or what is wrong with it."""
    found = source.open_reader()([item.place for item in source.iterate_pictures()])
    return [one if isinstance(one, bytes) else str(one) for one in found]


def test_a_folder_is_walked_in_order_without_hidden_files_and_tables(tmp_path: Path) -> None:
    write_folder(tmp_path, dict.fromkeys(("b/2.png", "b/10.png", "a.jpg", "c"), b""))
    write_folder(
        tmp_path, dict.fromkeys((".hidden/x.png", "b/.DS_Store", "labels.csv", "__MACOSX/y.png"), b"")
    )
    (tmp_path / "b" / "again").symlink_to(tmp_path)

    found = names(open_source(str(tmp_path)))

    assert found == [f"{tmp_path}/{name}" for name in ("a.jpg", "b/10.png", "b/2.png", "b/again", "c")]


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
def test_a_pattern_names_files_as_a_shell_would_with_or_without_a_folder(
    pattern: str, found: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(write_folder(tmp_path), {"top.png": b""})
    monkeypatch.chdir(tmp_path)

    assert names(open_source(pattern)) == found
    assert names(open_source(f"{tmp_path}/{pattern}")) == [f"{tmp_path}/{name}" for name in found]


def test_a_pattern_passes_over_what_systems_add_unless_it_names_that(tmp_path: Path) -> None:
    write_folder(tmp_path / ".shop", dict.fromkeys(("a.png", "Thumbs.db", "@eaDir/a.png/THUMB.jpg"), b""))

    assert names(open_source(f"{tmp_path}/.shop/**")) == [f"{tmp_path}/.shop/a.png"]
    assert names(open_source(f"{tmp_path}/.shop/@eaDir/**")) == [f"{tmp_path}/.shop/@eaDir/a.png/THUMB.jpg"]


def test_a_list_names_files_relative_to_itself_and_keeps_its_own_words(tmp_path: Path) -> None:
    write_folder(tmp_path)
    source = open_source(str(write_list(tmp_path / "list.csv", ["b/1.png", "a/0.png", "", "gone.png"])))

    assert names(source) == ["b/1.png", "a/0.png", "", "gone.png"]
    assert contents(source) == [
        PICTURES["b/1.png"],
        PICTURES["a/0.png"],
        "Its cell in the column `path` is empty. Write a path or an address, or leave the row out.",
        f"There is no file 'gone.png' in {tmp_path}.",
    ]


@pytest.mark.parametrize(("listed", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_list_of_another_system_names_the_same_files(listed: Form, stored: Form, tmp_path: Path) -> None:
    name = "grüne Röcke/Rock é.png"
    write_folder(tmp_path, {unicodedata.normalize(stored, name): b"skirt", "shop/a.png": b"a"})
    there = unicodedata.normalize(listed, name)
    cells = [there, there.replace("/", "\\"), "shop\\a.png", "shop\\gone ä.png"]
    source = open_source(str(write_list(tmp_path / "list.csv", cells)))

    assert names(source) == cells
    assert contents(source)[:3] == [b"skirt", b"skirt", b"a"]
    assert str(contents(source)[3]).startswith("There is no file")
    assert names(open_source(str(tmp_path / there.split("/")[0]))) == [
        f"{tmp_path}/{unicodedata.normalize(stored, name)}"
    ]


def test_a_list_in_a_code_page_names_files_in_unicode_or_of_the_same_bytes(tmp_path: Path) -> None:
    write_folder(tmp_path, {"Röcke.png": b"skirt"})
    (tmp_path / os.fsdecode("gr\u00fcn.png".encode("cp1252"))).write_bytes(b"green")
    cells = ["path", "Röcke.png", "grün.png", "gelb.png"]
    (tmp_path / "list.csv").write_bytes("\r\n".join(cells).encode("cp1252"))
    source = open_source(str(tmp_path / "list.csv"), list_options=ListOptions(encoding="cp1252"))

    assert names(source) == cells[1:]
    assert contents(source)[:2] == [b"skirt", b"green"]


@pytest.mark.parametrize("between", [",", ", ", ";", " | ", "\n", '", "', "\t"])
def test_several_addresses_of_one_cell_are_a_row_each(between: str, tmp_path: Path) -> None:
    addresses = ["https://a.example/1,2.png?w=3;h=4", "HTTPS://b.example/2.png", "s3://bucket/a b.png"]
    cell = between.join(addresses)
    cell = f'["{cell}"]' if '"' in between else f"{cell}{between}"
    source = open_source(str(write_list(tmp_path / "list.csv", [cell, "a, b.png"])))

    assert names(source) == [*addresses, "a, b.png"]


@pytest.mark.parametrize(
    ("cell", "fetched"),
    [
        ("//cdn.shop.example/a.jpg", "https://cdn.shop.example/a.jpg"),
        ("//CDN.shop.example:8443/a.jpg", "https://CDN.shop.example:8443/a.jpg"),
        ("https://shop.example/a.jpg?w=1&h=2", "https://shop.example/a.jpg?w=1&h=2"),
        ("s3://bucket/a&amp;b.jpg", "s3://bucket/a&amp;b.jpg"),
    ],
)
def test_an_address_keeps_its_name_and_is_fetched_as_it_is_or_by_https(
    cell: str, fetched: str, tmp_path: Path
) -> None:
    [item] = open_source(str(write_list(tmp_path / "list.csv", [cell]))).iterate_pictures()

    assert (item.name, item.place) == (cell, (fetched,))


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("file:///srv/shop/a.png", "Write its path alone"),
        ("file:a.png", "Write its path alone"),
        ("ftp://shop.example/a.png", "begin with ftp: are not read; paths, https:// and s3:// are"),
        ("data:image/png;base64,iVBORw0KGgo=", "begin with data: are not read"),
        ("~/shop/a.png", "~ stands for no folder in a list"),
        ("~lena/a.png", "~ stands for no folder in a list"),
        ("www.shop.example/a.png", "write https:// in front"),
        ("a/0.png, a/1.png", "It names several files"),
        ("a/0.png;a/1.JPEG", "It names several files"),
        ("a/0.png|/a/1.png", "It names several files"),
        ("a/0.png\na/1.png", "It names several files"),
        ('["a/0.png", "a/1.png"]', "It names several files"),
        (r"D:\shop\a.png", "It is a path of Windows"),
        (r"\\server\shop\a.png", "It is a path of Windows"),
        ("a, b (2.5), c.png", "There is no file 'a, b (2.5), c.png' in"),
        ("a", "It is a folder, not a picture."),
        ("link", "It is a link to a folder, which is not followed."),
    ],
)
def test_a_cell_that_names_no_file_says_what_to_write(cell: str, words: str, tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    source = open_source(str(write_list(tmp_path / "list.csv", [cell, "b/1.png"])))

    [said, picture] = contents(source)

    assert words in str(said)
    assert picture == PICTURES["b/1.png"]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        *((name, name) for name in ("~a.png", "a.png, b.png", "www.a.png", "file:a.png")),
        *(
            (name, escape_spreadsheet_text(name))
            for name in ("=a.png", "b;=1+1;.png", "in/c,-d.png", "'=e.png")
        ),
    ],
)
def test_a_file_that_is_there_is_read_however_it_is_called_also_as_a_table_writes_it(
    name: str, cell: str, tmp_path: Path
) -> None:
    write_folder(tmp_path, {name: b"picture"})

    assert contents(open_source(str(write_list(tmp_path / "list.csv", [cell])))) == [b"picture"]


def test_an_archive_is_read_in_its_order(tmp_path: Path) -> None:
    source = open_source(str(write_zip(tmp_path / "shop.zip", PICTURES, zipfile.ZIP_STORED)))

    assert names(source) == list(PICTURES)
    assert contents(source) == list(PICTURES.values())


NO_SUCH_FORM = b"\x1f\x8b\xff" * 400


@pytest.mark.parametrize(
    ("word", "content", "words"),
    [
        ("shop.zip", NO_SUCH_FORM, "shop.zip: no whole ZIP"),
        ("list.csv", NO_SUCH_FORM, "is not UTF-8. Name the encoding: --encoding cp1252"),
        ("list.csv", b"picture\na.png\n", "begins with 'picture'. It needs the column `path`"),
        ("list.csv", b"sku;Path \n1;a.png\n", "It needs the column `path`. Rename 'Path ' to `path`."),
        ("list.tsv", b"sku\tPATH\n1\ta.png\n", "Rename 'PATH' to `path`."),
        ("list.txt", b"a.png\nb.png\n", "Write `path` in a line above the first one."),
        ("list.txt", b"https://shop.example/a\n", "Write `path` in a line above the first one."),
        (
            "list.csv",
            b'path\n"' + b"x" * 17_000_000,
            "row 2, line 2: a cell has more than 16,777,216 characters, or a quotation mark is not closed",
        ),
        ("nothing", None, "nothing: no such file or folder. A source is a folder"),
        ("*.png", None, "no file fits this pattern"),
    ],
)
def test_an_unusable_source_is_refused(word: str, content: bytes | None, words: str, tmp_path: Path) -> None:
    write_folder(tmp_path, {} if content is None else {word: content})

    with pytest.raises(SourceUnusable, match=re.escape(words)):
        names(open_source(f"{tmp_path}/{word}"))


def test_a_file_that_is_too_large_is_not_read_and_spoils_no_other(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a.png": b"a"})
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    assert contents(open_source(str(tmp_path))) == [
        b"a",
        "It has 20,000,001 bytes; at most 20,000,000 are read. Send a smaller one.",
    ]


def test_an_export_of_magento_names_no_picture_and_pictures_below_the_root(tmp_path: Path) -> None:
    root = tmp_path / "media"
    (root / "catalog").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        (root / "catalog" / name).write_bytes(b"")
    lines = ["sku,base_image,small_image", "1,/catalog/a.png,no_selection", "2,no_selection,no_selection"]
    (tmp_path / "list.csv").write_text("\n".join([*lines, f"3,{root}/catalog/b.png,"]), "utf-8")
    reading = ListOptions(path_columns=("base_image", "small_image"), root=root)

    items = list(open_source(str(tmp_path / "list.csv"), (), reading).iterate_pictures())

    assert [(item.list_cells, item.place if isinstance(item.place, str) else "") for item in items] == [
        (("1",), str(root / "catalog" / "a.png")),
        (("2",), ""),
        (("3",), str(root / "catalog" / "b.png")),
    ]
