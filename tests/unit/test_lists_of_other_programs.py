"""Lists that were joined, or that other programs wrote: what is read, and what a message says to do."""

from pathlib import Path

import pytest

from labelling.errors import CorrectionsUnusable, ListUnusable, SourceUnusable
from labelling.lists.list_files import open_list
from labelling.review.corrections import read_corrections
from labelling.sources.source_opening import open_source

BOM = "\ufeff"


def write(folder: Path, text: str, name: str = "list.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode("utf-8"))
    return file


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (f"{BOM}path,title\na.jpg,A\n{BOM}path,title\nb.jpg,B\n", "1 row repeats the header"),
        (f"{BOM}path,title\na.jpg,A\n{BOM}b.jpg,B\n", ""),
        (f'path,title\r\na.jpg,A\r\n{BOM}"b.jpg",{BOM}B\r\n', ""),
        ("path,title\na.jpg,A\npath,title\nb.jpg,B\npath,title\n", "2 rows repeat the header"),
        ("path,title\r\na.jpg,A\r\nb.jpg,B\r\n\x1a", ""),
        ("path,title\na.jpg,A\nb.jpg,B\x1a", ""),
        ("path,title\na.jpg,A\n\x1apath,title\nb.jpg,B\n\x1a\n", "1 row repeats the header"),
    ],
)
def test_marks_and_headers_within_joined_lists_are_no_rows(text: str, note: str, tmp_path: Path) -> None:
    opened = open_list(write(tmp_path, text), ["path"])

    assert [row.cells for row in opened.read_rows()] == [
        {"path": "a.jpg", "title": "A"},
        {"path": "b.jpg", "title": "B"},
    ]
    assert [note in one for one in opened.notes] == ([True] if note else [])


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('{"path": "a.jpg"}\n{"path": "b.jpg"}\n', "It is JSON or JSON Lines, which is not read here."),
        ('[{"path": "a.jpg"}]\n', "It is JSON or JSON Lines, which is not read here."),
        ("<?xml version='1.0'?>\n<rss/>\n", "It is XML or HTML, which is not read here."),
        ("image|title\na.jpg|A\n", "Its cells are separated by '|'."),
        ('"image,title"\n"a.jpg,A"\n', "Each line is in quotation marks as a whole."),
        ('"image;title"\n"a.jpg;A"\n', "so that ';' separates cells."),
        ("image,title\na.jpg,A\n", "Pictures are named in `image`: --path-column image"),
    ],
)
def test_a_list_that_is_none_says_what_it_is(text: str, advice: str, tmp_path: Path) -> None:
    with pytest.raises(ListUnusable) as refusal:
        open_list(write(tmp_path, text), ["path"])

    assert advice in str(refusal.value)
    assert ("--path-column" in str(refusal.value)) == ("--path-column" in advice)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("fname,labels\na.jpg,Bag\n", "Rename `fname` to `path` and `labels` to `label`."),
        ("image;Klasse\na.jpg;Bag\n", "Rename `image` to `path` and `Klasse` to `label`."),
        ("path,Class name\na.jpg,Bag\n", "Rename `Class name` to `label`."),
        ("a.jpg,Bag\nb.jpg,Bag\n", "Write `path,label` in a line above the first one."),
        ("Bag;a.jpg\n", "Write `label;path` in a line above the first one."),
        ("Path,label\na.jpg,Bag\n", "Rename 'Path' to `path`."),
        ("product,kind of it\nA-17,Bag\n", "Rename `kind of it` to `label`."),
        ('{"path": "a.jpg", "label": "Bag"}\n', "It is JSON or JSON Lines"),
        ("path|label\na.jpg|Bag\n", "Its cells are separated by '|'."),
        ("", "It needs the columns `path` and `label`."),
        ("\n", "It needs the columns `path` and `label`."),
    ],
)
def test_corrections_with_other_headings_say_how_to_rename_them(
    text: str, advice: str, tmp_path: Path
) -> None:
    with pytest.raises(CorrectionsUnusable) as refusal:
        read_corrections([write(tmp_path, text)], None)

    assert advice in str(refusal.value)
    assert "--path-column" not in str(refusal.value)


@pytest.mark.parametrize("name", ["photos.tar.gz", "photos.7z", "Photos.RAR", "photos.tgz"])
def test_an_archive_that_is_not_read_is_to_be_unpacked(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"archive")

    with pytest.raises(SourceUnusable, match="only ZIPs are read"):
        open_source(str(tmp_path / name))
