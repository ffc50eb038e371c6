"""Name the article that each picture of a folder shows, by its folder or its file name. Pure.

For example, `4711-1.jpg` and `4711-2.jpg` are two photos of the article `4711`.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from labelling.lists.identifiers import is_long_number, read_identifier

ArticleRule: TypeAlias = Literal["folder", "name", "file"]
"""The part of a path that is the article: the folder, the common part of file names, or each file's name."""

MAX_FILES_PER_NAME: Final = 10
"""Largest number of files whose names make one article. More files with one name are a camera's, such as
`IMG_01.jpg`, and show different articles."""

PHOTO_NUMBER_PATTERN: Final = re.compile(r"(?<=.)(?:[-_][0-9]{1,2}| \([0-9]{1,2}\))\Z", re.DOTALL)
"""Pattern of the number that ends a name and tells the photos of an article apart: `-1`, `_2`, ` (3)`."""


class FolderArticles(NamedTuple):
    """The articles of the pictures of a folder.

    Attributes:
        rule: the part of their paths that is the article.
        names: the article of each picture, such as `4711`, in the order of the pictures.
        loose_count: the number of pictures beside the folders, which are articles of their own; 0 if the
            rule is not "folder".
        crowded_name: a name that more than MAX_FILES_PER_NAME files share, which is why each file is an
            article; empty if there is none.
    """

    rule: ArticleRule
    names: list[str]
    loose_count: int
    crowded_name: str


def name_articles(paths: Sequence[str]) -> FolderArticles:
    """Return the article of each picture of a folder.

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
    if crowded_name or not any(map(PHOTO_NUMBER_PATTERN.search, stems)):
        names = _name_each_file(paths, set())
        return FolderArticles("file", names, loose_count=0, crowded_name=crowded_name)
    return FolderArticles("name", shared_names, loose_count=0, crowded_name="")


def _name_by_folder(paths: Sequence[str], folders: Sequence[str]) -> list[str]:
    """Return the folder of each picture as its article; a picture in no folder gets its own name."""
    used_names = set[str]()
    by_folder = {
        folder: _choose_unused(folder, folder, used_names) for folder in dict.fromkeys(folders) if folder
    }
    loose_paths = [path for path, folder in zip(paths, folders, strict=True) if not folder]
    loose_names = iter(_name_each_file(loose_paths, used_names))
    return [by_folder[folder] if folder else next(loose_names) for folder in folders]


def _name_each_file(paths: Iterable[str], used_names: set[str]) -> list[str]:
    """Return the name of each file without its ending, or with it if the name is used already.

    Args:
        used_names: the identifiers that no file may get; those of the files are added.
    """
    return [_choose_unused(_find_stem(path), path, used_names) for path in paths]


def _choose_unused(name: str, longer_name: str, used_names: set[str]) -> str:
    """Return the first of some identifiers that is not used yet, and add it to the used ones."""
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
    """Return the identifier that a list's reader takes from a name.

    A name that would be read as no value, such as `null`, or as a shortened number, such as `4E+12`, is put
    in brackets.
    """
    identifier = read_identifier(name)
    return identifier if identifier and not is_long_number(identifier) else f"({name.strip()})"
