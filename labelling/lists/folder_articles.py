"""Name the article that each picture of a folder shows, by its folder or its file name.

4711/a.jpg, 4711/b.jpg          two photos of the article 4711
4711-1.jpg, 4711-2.jpg          the same, in one folder
IMG_01.jpg ... IMG_99.jpg       names of a camera: each picture is an article of its own
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from labelling.lists.identifiers import is_truncated_number, read_identifier

ArticleRule: TypeAlias = Literal["folder", "name", "file"]
"""The part of a path that names the article: the `folder`, the common part of several files' `name`, or the
name of each `file`."""

MAX_FILES_PER_NAME: Final = 10
"""Largest number of photos of one article. If more file names begin alike, they are a camera's
(`IMG_01.jpg`), and each file is an article."""

PHOTO_NUMBER_PATTERN: Final = re.compile(r"(?<=.)(?:[-_][0-9]{1,2}| \([0-9]{1,2}\))\Z", re.DOTALL)
"""Pattern of the number that ends a name and tells the photos of an article apart: `-1`, `_2`, ` (3)`."""


class FolderArticles(NamedTuple):
    """The articles of the pictures of a folder.

    Attributes:
        rule: the part of a path that names the article.
        names: the article of each picture, such as `4711`, in the order of the pictures.
        loose_count: the number of pictures in no folder although others are in folders. Each of them is an
            article of its own.
        crowded_name: the common part of more than MAX_FILES_PER_NAME file names, such as `IMG`, because of
            which each file is an article; empty if there is none.
    """

    rule: ArticleRule
    names: list[str]
    loose_count: int
    crowded_name: str


def assign_article_names(paths: Sequence[str]) -> FolderArticles:
    """Return the article of each picture of a folder, and the rule by which it was found.

    Args:
        paths: the paths of the pictures, relative to the folder.
    """
    folders = [os.path.dirname(path) for path in paths]  # noqa: PTH120 - Path would change what is written
    if any(folders):
        names = _name_by_folder(paths, folders)
        return FolderArticles("folder", names, loose_count=folders.count(""), crowded_name="")
    stems = [_find_stem(path) for path in paths]
    shared_names = [_make_identifier(PHOTO_NUMBER_PATTERN.sub("", stem)) for stem in stems]
    name, count = Counter(shared_names).most_common(1)[0] if shared_names else ("", 0)
    crowded_name = name if count > MAX_FILES_PER_NAME else ""
    # Without a number at the end of any name, no two files are photos of one article.
    if crowded_name or not any(map(PHOTO_NUMBER_PATTERN.search, stems)):
        names = _name_each_file(paths, set())
        return FolderArticles("file", names, loose_count=0, crowded_name=crowded_name)
    return FolderArticles("name", shared_names, loose_count=0, crowded_name="")


def _name_by_folder(paths: Sequence[str], folders: Sequence[str]) -> list[str]:
    """Return the folder of each picture as its article. A picture in no folder has its own name."""
    used_names = set[str]()
    by_folder = {
        folder: _choose_unused(folder, folder, used_names) for folder in dict.fromkeys(folders) if folder
    }
    loose_paths = [path for path, folder in zip(paths, folders, strict=True) if not folder]
    loose_names = iter(_name_each_file(loose_paths, used_names))
    return [by_folder[folder] if folder else next(loose_names) for folder in folders]


def _name_each_file(paths: Iterable[str], used_names: set[str]) -> list[str]:
    """Return the name of each file: `a` for `a.jpg`, and `a.png` for a second file of that name.

    Args:
        used_names: the names that are taken. Those of the files are added.
    """
    return [_choose_unused(_find_stem(path), path, used_names) for path in paths]


def _choose_unused(name: str, longer_name: str, used_names: set[str]) -> str:
    """Return the name, the longer name or, if both are used, the longer one with a number: `a.jpg #2`.

    The result is added to the used names.
    """
    identifier = _make_identifier(name)
    if identifier in used_names:
        identifier = _make_identifier(longer_name)
    number = 2
    while identifier in used_names:
        identifier = f"{_make_identifier(longer_name)} #{number}"
        number += 1
    used_names.add(identifier)
    return identifier


def _find_stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]  # noqa: PTH119, PTH122 - as above


def _make_identifier(name: str) -> str:
    """Return a name as an article number that a list can have: "(null)" for a folder `null`.

    Without the brackets, whoever reads the list would take `null` for an empty cell, and `4E+12` for a number
    that a spreadsheet shortened.
    """
    identifier = read_identifier(name)
    return identifier if identifier and not is_truncated_number(identifier) else f"({name.strip()})"
