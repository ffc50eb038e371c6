"""The options that say how a list of pictures is read, shared by the commands that take one.

A list is a CSV whose rows name pictures, as a shop exports it.
"""

import argparse
from pathlib import Path

from labelling.lists.list_reading import split_column_names


def add_list_options(group: "argparse._ActionsContainer") -> None:
    """Add the options for reading a list: --path-column, --root, --encoding and --skip-bad-rows."""
    add = group.add_argument
    columns = "columns of a list that name pictures; each one gives rows of its own (default: path)"
    add("--path-column", type=_parse_columns, metavar="COLUMN,...", help=columns)
    root = "folder that the paths of a list are relative to (default: the folder of the list)"
    add("--root", type=Path, metavar="FOLDER", help=root)
    add_encoding_option(group)
    skip = "leave out rows of a list that do not fit its header, and name them"
    add("--skip-bad-rows", action="store_true", help=skip)


def add_encoding_option(group: "argparse._ActionsContainer") -> None:
    """Add the option --encoding, for a command that reads lists or corrections."""
    usual = "UTF-8, or UTF-16 with a byte order mark"
    encoding = f"encoding of lists and corrections, such as cp1252 (default: {usual})"
    group.add_argument("--encoding", metavar="NAME", help=encoding)


def add_product_column_option(group: "argparse._ActionsContainer") -> None:
    """Add the option --product-column, for commands that train on a list or check it.

    It is not called --by as in `wardrobe label`, since --by names who publishes a release there.
    """
    column_help = (
        "column that says which photos show the same product: they are learnt, or measured, together"
    )
    group.add_argument("--product-column", metavar="COLUMN", help=column_help)


def _parse_columns(text: str) -> tuple[str, ...]:
    columns = split_column_names(text)
    if not columns:
        raise argparse.ArgumentTypeError(f"{text!r}: expected names of columns, as in image,image_model")
    return columns


def format_list_options(arguments: argparse.Namespace) -> list[str]:
    """Return the options of a list and of products as words of a command line, to print a command.

    Args:
        arguments: the parsed arguments of a command with `add_list_options` and `add_product_column_option`.

    Returns:
        The words, such as `["--root", "photos"]`; empty if no such option was typed.
    """
    option_values = {
        "--path-column": ",".join(arguments.path_column or ()),
        "--root": arguments.root,
        "--encoding": arguments.encoding,
        "--product-column": arguments.product_column,
    }
    words = [str(word) for option, value in option_values.items() if value for word in (option, value)]
    return words + ["--skip-bad-rows"] * arguments.skip_bad_rows
