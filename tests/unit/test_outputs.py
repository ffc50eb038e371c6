"""The one rule of what may be written, for every command and every kind of link."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from labelling.errors import OutputUnusable
from labelling.feeds import are_categories, is_feed
from labelling.outputs import (
    Output,
    begins,
    has_header,
    is_drawing,
    is_page,
    is_products_table,
    is_table,
    may_write,
)

OURS: dict[str, tuple[Callable[[Path], bool], str]] = {
    "table.csv": (is_table, "path,label,confidence,decision,reason,familiarity,p_Bag\n"),
    "of-excel.csv": (is_table, "path;label;confidence;decision;reason;familiarity;p_Sch\udcfcrze\n"),
    "table.jsonl": (
        is_table,
        '{"path": 1, "label": 1, "confidence": 1, "decision": 1, "reason": 1, "familiarity": 1}\n',
    ),
    "empty.jsonl": (is_table, ""),
    "products.csv": (is_products_table, "article,label,confidence,decision,reason,photos,rests_on,version\n"),
    "page.html": (
        is_page("wardrobe label"),
        '<meta charset="utf-8">\n<meta name="generator" content="wardrobe label">',
    ),
    "plot.png": (is_drawing("wardrobe data"), "PNG tEXtSoftware\0wardrobe data"),
    "best.toml": (begins("# Found"), "# Found by us\n"),
    "changes.csv": (has_header(["path", "label"]), "path,label\na,b\n"),
    "feed.csv": (is_feed("google"), "id,color\r\n1,red\r\n"),
    "feed-of-excel.csv": (is_feed("woocommerce"), "\ufeffSKU;Attribute 1 name;Attribute 1 value(s)\n"),
    "categories.csv": (are_categories("shopify"), "URL handle,Title,Product category\n"),
}

OTHERS: dict[str, tuple[Callable[[Path], bool], str]] = {
    "list.csv": (is_table, "path,label\n"),
    "reordered.csv": (is_table, "label,path,confidence,decision,reason,familiarity\n"),
    "empty.csv": (is_table, ""),
    "numbers.jsonl": (is_table, "1\n"),
    "broken.jsonl": (is_table, "{"),
    "binary.csv": (is_table, "\udcff\udcfe"),
    "list-products.csv": (is_products_table, "article,label,photos\n"),
    "report.html": (is_page("wardrobe label"), '<meta name="generator" content="wardrobe diff">'),
    "photo.png": (is_drawing("wardrobe data"), "PNG tEXtSoftware\0wardrobe predict"),
    "recipe.toml": (begins("# Found"), "# A recipe\n"),
    "one-long-line.csv": (is_table, "x" * 200_000),
    "orders.csv": (is_feed("google"), "id,color,price\n"),
    "wide.csv": (has_header(["path", "label"]), "path,label,title\n"),
}


def written(file: Path, text: str) -> Path:
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    return file


@pytest.mark.parametrize("name", OURS)
def test_an_earlier_output_is_replaced(name: str, tmp_path: Path) -> None:
    is_ours, text = OURS[name]

    may_write([Output(written(tmp_path / name, text), "output", "--out", is_ours)], [])


@pytest.mark.parametrize("name", OTHERS)
def test_any_other_file_is_not(name: str, tmp_path: Path) -> None:
    is_ours, text = OTHERS[name]

    with pytest.raises(OutputUnusable, match=r"is there already and is no such output.*with --out"):
        may_write([Output(written(tmp_path / name, text), "output", "--out", is_ours)], [])


WAYS: dict[str, Callable[[Path], Path]] = {
    "the same path": lambda file: file,
    "another path": lambda file: file.parent / ".." / file.parent.name / file.name,
    "a link": lambda file: linked(file.with_name("link.csv"), file),
    "a relative link": lambda file: linked(file.with_name("link.csv"), Path(file.name)),
    "a link to a link": lambda file: linked(file.with_name("b.csv"), linked(file.with_name("a.csv"), file)),
    "a linked folder": lambda file: linked(file.parent / "folder", file.parent) / file.name,
    "a hard link": lambda file: hard_link(file.with_name("hard.csv"), file),
}


def linked(link: Path, target: Path) -> Path:
    link.symlink_to(target)
    return link


def hard_link(link: Path, target: Path) -> Path:
    link.hardlink_to(target)
    return link


@pytest.mark.parametrize("way", WAYS)
def test_what_is_read_is_not_written_by_whatever_way(way: str, tmp_path: Path) -> None:
    own = written(tmp_path / "own.csv", OURS["table.csv"][1])
    other = WAYS[way](own)

    for output, read in ((own, other), (other, own)):
        with pytest.raises(OutputUnusable, match="this command reads it, and the table would replace it"):
            may_write([Output(output, "table", "--out", is_table)], [read])


@pytest.mark.parametrize("way", ["the same path", "another path", "a linked folder", "a hard link"])
def test_two_outputs_are_not_one_file(way: str, tmp_path: Path) -> None:
    own = written(tmp_path / "own.csv", OURS["table.csv"][1])
    outputs = [
        Output(file, what, "--out", is_table) for file, what in ((own, "table"), (WAYS[way](own), "copy"))
    ]

    with pytest.raises(OutputUnusable, match="would be the table and the copy"):
        may_write(outputs, [])


def test_two_outputs_that_are_not_there_yet_are_not_one_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    files = tmp_path / "new.csv", tmp_path / "link" / "new.csv"

    with pytest.raises(OutputUnusable, match="would be the"):
        may_write([Output(file, "table", "--out", is_table) for file in files], [])


def test_nothing_is_written_into_a_folder_that_is_read_whole(tmp_path: Path) -> None:
    with pytest.raises(OutputUnusable, match="this command reads it"):
        may_write(
            [Output(tmp_path / "release" / "new.html", "page", "--out", is_page("x"))], [tmp_path / "release"]
        )


@pytest.mark.parametrize("read", ["s3://bucket/photos", "photos/*.jpg", "no\0name", "x" * 5000])
def test_an_address_that_is_no_file_forbids_nothing(read: str, tmp_path: Path) -> None:
    may_write([Output(tmp_path / "new.csv", "table", "--out", is_table)], [read])


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_not_replaced(tmp_path: Path) -> None:
    own = written(tmp_path / "own.csv", OURS["table.csv"][1])
    own.chmod(0)

    with pytest.raises(OutputUnusable, match="is there already"):
        may_write([Output(own, "table", "--out", is_table)], [])
