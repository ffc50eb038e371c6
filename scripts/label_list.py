"""Write a list of the pictures of a folder for `label --write-list`, and print how to label it."""

import argparse
import shlex
from pathlib import Path
from typing import Any

from inference.text.plain_text import join_first_items, shorten_text
from labelling.errors import SourceUnusable
from labelling.lists.folder_articles import MAX_FILES_PER_NAME, FolderArticles
from labelling.sources.picture_files import FolderSource
from labelling.sources.source_opening import open_source
from labelling.write.picture_list import WrittenPictureList, write_picture_list
from scripts.console import get_program_name, print_message
from scripts.label_outputs import print_steps

OWN_ARGUMENTS = ("source", "write_list", "json", "words", "error")
"""Names of the arguments that --write-list uses. All others would have no effect."""

MAX_NAMES_SHOWN = 5
"""Largest number of pictures that a message names."""


def check_list_options(arguments: argparse.Namespace, defaults: argparse.Namespace) -> None:
    """End the command if --write-list is given without a folder, or with an option that has no effect.

    Args:
        arguments: the arguments of the command line.
        defaults: the arguments of a command line without any words.
    """
    if arguments.source is None:
        arguments.error("--write-list needs a FOLDER, whose pictures the list names")
    for name, value in vars(arguments).items():
        if name not in OWN_ARGUMENTS and value != getattr(defaults, name):
            option = _name_option(name, value)
            arguments.error(f"--write-list writes a list and labels nothing, so leave out {option}")


def _name_option(name: str, value: object) -> str:
    """Return the option that sets an argument, such as `--by-folder` for `by`."""
    options = {"by": "--by" if value else "--by-folder", "own_words": "--words"}
    return options.get(name, f"--{name.replace('_', '-')}")


def write_list(arguments: argparse.Namespace) -> dict[str, Any]:
    """Write the list of --write-list, and print its articles and the next command.

    Returns:
        The path of the list and its numbers of pictures and products, for --json.

    Raises:
        OutputUnusable: the list exists already, or cannot be written.
        SourceUnusable: the source is no folder, or has no pictures.
    """
    source = open_source(arguments.source)
    if not isinstance(source, FolderSource):
        raise SourceUnusable(f"{arguments.source}: is no folder, as --write-list needs.")
    picture_list = write_picture_list(arguments.write_list, source)
    _print_written_list(arguments.write_list, picture_list)
    return {
        "list": str(arguments.write_list),
        "article": picture_list.articles.rule,
        "pictures": picture_list.picture_count,
        "products": picture_list.product_count,
        "left_out": len(picture_list.left_out_names),
    }


def _print_written_list(file: Path, picture_list: WrittenPictureList) -> None:
    """Print how many products and pictures a list has, what names an article, and the next command."""
    if names := picture_list.left_out_names:
        shown_names = join_first_items([shorten_text(name) for name in names], MAX_NAMES_SHOWN)
        print_message(f"no list can name these pictures, so rename them: {shown_names}.")
    products = _format_count("product", picture_list.product_count)
    pictures = _format_count("picture", picture_list.picture_count)
    print(f"{file}: {products}, {pictures}. {describe_article_rule(picture_list.articles)}")
    print("The titles are empty. Answers are better with titles, so fill them in if you have some.")
    print_steps([f"{get_program_name()} {make_label_command(file)}"])


def _format_count(noun: str, count: int) -> str:
    """Return a number with its noun, such as "1 picture" or "2,000 pictures"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def describe_article_rule(articles: FolderArticles) -> str:
    """Return a sentence that says what names the article (product) of a picture in a list."""
    if articles.rule == "folder":
        loose_pictures = _format_count("picture", articles.loose_count)
        verb = "is an article" if articles.loose_count == 1 else "are articles"
        loose_text = f" {loose_pictures} in no folder {verb} too." if articles.loose_count else ""
        return f"The article is the folder.{loose_text}"
    if articles.rule == "name":
        return "The article is the name of the file without a number at its end, such as -1, _2 or (3)."
    name = shorten_text(articles.crowded_name)
    return (
        f"Each file is an article, because over {MAX_FILES_PER_NAME} files would share the name {name!r}."
        if name
        else "Each file is an article."
    )


def make_label_command(file: Path) -> str:
    """Return the words after `wardrobe` of a command that labels a list.

    Args:
        file: the list. The table and the sheet are named after it, so they replace no other file.
    """
    table = file.with_name(f"{file.stem}-labels.csv")
    sheet = file.with_name(f"{file.stem}-sheet.html")
    words = ["label", str(file), "--by", "article", "--out", str(table), "--review", str(sheet)]
    return shlex.join(words)
