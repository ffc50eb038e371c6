"""Read a file of a shop's own words: a CSV with the columns `words`, `kinds` and `in`.

    words,kinds,in
    Gömlek,shirt,category
    Parfüm,none of these,category
    kot,trousers|shorts,title

The categories here say that "Gömlek" is a shirt and that perfume is no garment. The phrase "kot" (Turkish:
denim) in a title leaves two kinds open.

`kinds` has kinds of garment with `|` between, `none of these`, or nothing if the words do not say. `in` is
`category` (the words are a whole level of a category), `title` (a phrase anywhere in a title), or empty for
both.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from inference.text.plain_text import shorten_text
from inference.text.spreadsheets import format_csv, unescape_spreadsheet_text
from labelling.errors import ListUnusable, ShopWordsUnusable
from labelling.lists.categories import has_letters, make_level_key
from labelling.lists.list_files import open_list
from labelling.lists.list_reading import ListOptions
from labelling.lists.own_words import (
    CATEGORY_PLACE,
    PLACES,
    TITLE_PLACE,
    Place,
    ShopWord,
    format_meaning,
    parse_meaning,
)

WORDS_COLUMNS: Final = ("words", "kinds")
"""The columns that a file of words must have."""

PLACE_COLUMN: Final = "in"
"""The optional column that says whether words are valid in categories, in titles, or in both (empty)."""


def read_shop_words(
    file: Path, list_options: ListOptions, say: Callable[[str], None]
) -> tuple[ShopWord, ...]:
    """Read a file of words: a CSV in which a shop explains words of its categories and titles.

    Args:
        list_options: the options for reading the list, of which `encoding` and `skip_bad_rows` are used.
        say: a function that is called with each sentence for the person at the terminal.

    Raises:
        ShopWordsUnusable: the file cannot be read, lacks a column, names an unknown kind or place, or gives
            the same words twice.
    """
    words_options = ListOptions(encoding=list_options.encoding, skip_bad_rows=list_options.skip_bad_rows)
    try:
        opened = open_list(file, WORDS_COLUMNS, words_options, (PLACE_COLUMN,))
        for note in opened.notes:
            say(note)
        rows = [
            (row_place, {name: cell.strip() for name, cell in cells.items()})
            for row_place, cells in opened.read_rows()
        ]
    except ListUnusable as error:
        raise ShopWordsUnusable(str(error)) from error
    words = [(row_place, _parse_word(cells, row_place)) for row_place, cells in rows]
    _refuse_repeated_words(words)
    return tuple(word for _, word in words)


def _parse_word(cells: dict[str, str], row_place: str) -> ShopWord:
    """Return the word that a row explains.

    Args:
        row_place: the place of the row for messages, such as "words.csv, row 3, line 3".

    Raises:
        ShopWordsUnusable: a cell is empty or has a value that is not known.
    """
    words = unescape_spreadsheet_text(cells["words"])
    if not make_level_key(words):
        raise ShopWordsUnusable(
            f"{row_place}: the cell in the column `words` is empty. Write a category or a phrase."
        )
    place = _parse_place(cells.get(PLACE_COLUMN, ""), row_place)
    if place == CATEGORY_PLACE and not has_letters(words):
        raise ShopWordsUnusable(
            f"{row_place}: the category {shorten_text(words)!r} has no letters. Write a category of the "
            "list, or leave the row out."
        )
    try:
        meaning = parse_meaning(cells["kinds"])
    except ValueError as error:
        raise ShopWordsUnusable(f"{row_place}: {error}") from error
    return ShopWord(words, meaning, place)


def _parse_place(text: str, row_place: str) -> Place:
    place = next((place for place in PLACES if place == text.casefold()), None)
    if place is None:
        raise ShopWordsUnusable(
            f"{row_place}: {shorten_text(text)!r} in the column `in` is no place. Write `category`, "
            "`title`, or nothing "
            "for both."
        )
    return place


def _refuse_repeated_words(words: Iterable[tuple[str, ShopWord]]) -> None:
    """Refuse words that two rows explain for the same place, since the explanations could differ.

    Raises:
        ShopWordsUnusable: there are two such rows. The message names both.
    """
    first: dict[tuple[str, Place], str] = {}
    for row_place, word in words:
        title_key = make_level_key(word.words) if word.place != CATEGORY_PLACE else ""
        for key in ((word.category_key, CATEGORY_PLACE), (title_key, TITLE_PLACE)):
            if not key[0]:
                continue
            if key in first:
                raise ShopWordsUnusable(
                    f"{row_place}: {shorten_text(word.words)!r} stands in {first[key]}, too. Leave one "
                    "of the two rows out."
                )
            first[key] = row_place


def format_shop_words(words: Iterable[ShopWord]) -> str:
    """Return explained words as the text of a CSV with the columns `words`, `kinds` and `in`."""
    rows = ((word.words, format_meaning(word.meaning), word.place) for word in words)
    return format_csv([(*WORDS_COLUMNS, PLACE_COLUMN), *rows])


def hash_row(word: ShopWord) -> str:
    """Return the SHA-256 of a category and its meaning, by which a row that somebody changed is recognised.

    Another spelling of the same category, or another order of its kinds, is no change.
    """
    return hashlib.sha256(f"{word.category_key}\n{format_meaning(word.meaning)}".encode()).hexdigest()


def make_rows_name(words_file: Path) -> str:
    """Return the name under which a journal keeps the hashes of the rows that a run wrote into a file."""
    return f"rows of {words_file.name}"


def make_shop_words_path(table: Path) -> Path:
    """Return the path of the file of words beside a table: `labels-words.csv` for `labels.csv`."""
    return table.with_name(f"{table.stem}-words.csv")
