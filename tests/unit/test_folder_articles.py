"""Which pictures of a folder show the same article, by their folders and names."""

import pytest

from labelling.lists.folder_articles import assign_article_names
from labelling.lists.identifiers import read_identifier


@pytest.mark.parametrize(
    ("paths", "rule", "names"),
    [
        (["a/1.png", "a/2.png", "b/1.png"], "folder", ["a", "a", "b"]),
        (["women/7/1.png", "men/7/1.png"], "folder", ["women/7", "men/7"]),
        (["7.png", "a/1-1.png", "a/1-2.png"], "folder", ["7", "a", "a"]),
        (["7-1.png", "7-2.png", "8.png"], "name", ["7", "7", "8"]),
        (["7.png", "7_1.png", "7_12.jpg", "7 (3).webp"], "name", ["7", "7", "7", "7"]),
        (["7-1-2.png", "7-1.png"], "name", ["7-1", "7"]),
        (["7_123.png", "7(3).png", "7-x.png"], "file", ["7_123", "7(3)", "7-x"]),
        (["shirt.png", "bag.png"], "file", ["shirt", "bag"]),
        (["-1.png", "-2.png"], "file", ["-1", "-2"]),
        ([f"a-{n}.png" for n in range(10)], "name", ["a"] * 10),
        ([f"a-{n}.png" for n in range(11)], "file", [f"a-{n}" for n in range(11)]),
        (["b-1.png", *(f"a-{n}.png" for n in range(11))], "file", ["b-1", *(f"a-{n}" for n in range(11))]),
    ],
)
def test_an_article_is_the_folder_else_the_name_without_its_number_else_the_file(
    paths: list[str], rule: str, names: list[str]
) -> None:
    articles = assign_article_names(paths)

    assert (articles.rule, articles.names) == (rule, names)


def test_the_name_that_more_than_ten_files_share_is_told() -> None:
    assert assign_article_names([f"IMG_{n:02}.jpg" for n in range(11)]).crowded_name == "IMG"
    assert assign_article_names([f"IMG_{n:02}.jpg" for n in range(10)]).crowded_name == ""


@pytest.mark.parametrize(
    "paths",
    [
        ["7.png", "7.jpg"],
        ["7.png", "7/1.png"],
        ["a b/1.png", "a  b/1.png"],
        ["null/1.png", "n/a/1.png", "-/1.png", "4E+12/1.png"],
        ["=7/1.png", "'=7/1.png"],
    ],
)
def test_different_folders_or_files_never_become_one_article_or_none(paths: list[str]) -> None:
    names = assign_article_names(paths).names

    assert len(set(names)) == len(paths)
    assert list(map(read_identifier, names)) == names


def test_pictures_beside_the_folders_are_counted() -> None:
    assert assign_article_names(["7.png", "8.png", "a/1.png"]).loose_count == 2
