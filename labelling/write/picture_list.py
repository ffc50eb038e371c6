"""Write a list of the pictures in a folder, which people can fill in and label.

path,article,title
a/1.jpg,a,
a/2.jpg,a,
"""

import os
from pathlib import Path
from typing import Final, NamedTuple

from inference.text.spreadsheets import escape_spreadsheet_path, format_csv
from labelling.errors import OutputUnusable, SourceUnusable
from labelling.lists.folder_articles import FolderArticles, assign_article_names
from labelling.sources.picture_files import FolderSource
from labelling.write.outputs import check_no_pictures, check_outputs, make_folders
from labelling.write.partial_files import make_partial_file

LIST_COLUMNS: Final = ("path", "article", "title")
"""The columns of the list. The cells of the title are empty, for a person to fill in."""


class WrittenPictureList(NamedTuple):
    """The pictures in a list that was written, and those that were left out.

    Attributes:
        articles: the pictures in the list, with the name of the article that each shows.
        left_out_names: the pictures that no list can name, because their names are not UTF-8 or end in a
            blank.
    """

    articles: FolderArticles
    left_out_names: list[str]

    @property
    def picture_count(self) -> int:
        """The number of pictures in the list."""
        return len(self.articles.names)

    @property
    def product_count(self) -> int:
        """The number of products, which is the number of different articles."""
        return len({*self.articles.names})


def write_picture_list(file: Path, source: FolderSource) -> WrittenPictureList:
    """Write a CSV with a row for each picture of a folder.

    The paths are relative to the folder of the list if the pictures lie below it, and absolute otherwise.

    Args:
        file: the list. Its missing parent folders are made.

    Raises:
        OutputUnusable: the list exists with another content, or cannot be written there.
        SourceUnusable: the folder has no pictures, or cannot be read.
    """
    if file.suffix.lower() != ".csv":
        raise OutputUnusable(f"{file}: a list that is written ends in .csv.")
    check_no_pictures([file])
    check_outputs([file], [])
    names = _list_names(source)
    folder = _find_path_in_list(file, source)
    paths = {name: escape_spreadsheet_path(_keep_first_blank(folder + name)) for name in names}
    listed_names = [name for name in names if _is_listable(paths[name])]
    if not listed_names:
        raise SourceUnusable(f"{source.address}: has no picture that a list can name.")
    articles = assign_article_names(listed_names)
    rows = [(paths[name], article, "") for name, article in zip(listed_names, articles.names, strict=True)]
    _write_new_file(file, format_csv([LIST_COLUMNS, *rows]).encode())
    return WrittenPictureList(articles, [name for name in names if not _is_listable(paths[name])])


def _list_names(source: FolderSource) -> list[str]:
    """Return the paths of the pictures, relative to the folder."""
    folder = "" if source.source_word == "." else f"{source.source_word.rstrip('/')}/"
    return [item.name.removeprefix(folder) for item in source.iterate_pictures()]


def _find_path_in_list(file: Path, source: FolderSource) -> str:
    """Return the folder's path from the list, with a slash at its end; empty if the list lies in it."""
    folder = f"{source.address.rstrip('/')}/"
    list_folder = f"{os.path.abspath(file.parent).rstrip('/')}/"  # noqa: PTH100 - links stay as they are
    return folder.removeprefix(list_folder)


def _keep_first_blank(path: str) -> str:
    """Return a path as a list can have it: `./ a.jpg` for ` a.jpg`, whose blank a reader would remove."""
    return f"./{path}" if path[:1].isspace() else path


def _is_listable(path: str) -> bool:
    """Return whether a list can name a path: it has to be UTF-8, without blanks at its end."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return path == path.rstrip()


def _write_new_file(file: Path, content: bytes) -> None:
    """Write a file that does not exist yet, or that has this content already.

    Raises:
        OutputUnusable: the file cannot be written, or exists with another content, such as people's titles.
    """
    make_folders([file])
    try:
        with make_partial_file(file) as partial:
            partial.path.write_bytes(content)
            if os.path.lexists(file) and not (file.is_file() and file.read_bytes() == content):
                raise OutputUnusable(
                    f"{file}: is there already, perhaps with your titles. Name another file, or move it away."
                )
            partial.move_into_place()
    except OSError as error:
        raise OutputUnusable(f"{file}: cannot be written ({error.strerror}).") from error
