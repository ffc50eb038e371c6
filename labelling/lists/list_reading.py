"""The options for reading a list: columns of pictures, root folder, encoding, and what to do with bad rows.

With them, the file is found that a cell means: the cell `images/a.jpg` of `shop/list.csv` is the file
`shop/images/a.jpg`.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from labelling.lists.paths import find_existing_path
from model_store.release_files import expand_home

PATH_COLUMN: Final = "path"
"""The column that names pictures, unless people name another one with --path-column."""


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """The options with which a list (a CSV that names pictures) is read.

    Attributes:
        path_columns: the columns that name pictures. A row with two pictures becomes two rows of a table.
        root: the folder that paths are relative to; None for the folder of the list.
        encoding: the encoding of text that is neither UTF-8 nor UTF-16 with its mark; empty to refuse such
            text.
        skip_bad_rows: whether rows that do not fit the header are left out, instead of refusing the list.
        product_column: the column that says which pictures show one product; empty for none.
        named_columns: the columns that a person named as the title or the colour, such as `Ton`.
        identifier_columns: further columns whose cells name products or groups, which are read if they exist.
    """

    path_columns: tuple[str, ...] = (PATH_COLUMN,)
    root: Path | None = None
    encoding: str = ""
    skip_bad_rows: bool = False
    product_column: str = ""
    named_columns: tuple[str, ...] = ()
    identifier_columns: tuple[str, ...] = ()

    @classmethod
    def read_arguments(cls, options: Any) -> "ListOptions":  # noqa: ANN401 - a command line's, or those of a training
        """Make the options from the parsed arguments of a command.

        Args:
            options: an object with the attributes `path_column`, `root`, `encoding`, `skip_bad_rows` and, if
                the command has it, `product_column`.
        """
        root = options.root
        return cls(
            path_columns=tuple(options.path_column or (PATH_COLUMN,)),
            root=expand_home(root) if root else None,
            encoding=options.encoding or "",
            skip_bad_rows=options.skip_bad_rows,
            product_column=getattr(options, "product_column", None) or "",
        )

    @property
    def correction_options(self) -> "ListOptions":
        """The options that also apply to a file of corrections: `encoding` and `skip_bad_rows`.

        A file of corrections has columns of its own, and names pictures as the table does.
        """
        return ListOptions(encoding=self.encoding, skip_bad_rows=self.skip_bad_rows)

    def resolve_path(self, cell: str, file: Path, encoding: str) -> str:
        """Return the path of the file that a cell of a list names, whether the file exists or not.

        Args:
            cell: the cell without white space around it.
            file: the path of the list, whose folder the cell is relative to if people named no root.
            encoding: the encoding of the list's text.
        """
        # Magento begins all of its paths with a slash, although they are relative to its folder of pictures.
        if self.root and cell.startswith("/"):
            below = find_existing_path(os.path.join(self.root, cell.lstrip("/")))  # noqa: PTH118 - Path would change what is written
            if os.path.lexists(below):
                return below
        folder = self.root or file.parent
        path = find_existing_path(os.path.join(folder, cell))  # noqa: PTH118 - Path would change what is written
        if cell.isascii() or os.path.lexists(path):
            return path
        # A file that was copied from a system with another encoding has the bytes of the cell as its name.
        name = os.fsdecode(cell.encode(encoding.removesuffix("-sig")))
        same_path = os.path.join(folder, name)  # noqa: PTH118 - as above
        return same_path if os.path.lexists(same_path) else path


DEFAULT_LIST_OPTIONS: Final = ListOptions()
"""The default options for reading a list: the column `path`, UTF-8, and every row has to fit."""


def split_column_names(text: str) -> tuple[str, ...]:
    """Return the names of columns in a text: ("image", "image 2") for `image, image 2`, each name once."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))
