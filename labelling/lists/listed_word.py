"""Find the word of a list that names the garment of a product, and the column that has the word.

A table and a review sheet show this word beside the garments that were read from it: "*Bluza*, in
`kategoria`" beside `top` and `shirt`. A person sees there if a word was misread.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from inference.words.language_files import list_readable_languages
from inference.words.tokens import fold_text
from inference.words.words import read_category_garments, read_garments, read_title_garments
from labelling.lists.categories import CategoryPath
from labelling.lists.list_meaning import ListReader
from labelling.run_settings import FOLDER_COLUMN


class ListGarmentWord(NamedTuple):
    """A word of a list that names a garment, as the list writes it.

    Attributes:
        word: the word, such as "Bluza", or a whole part of a category that a person explained.
        column: the column of the list that has the word; FOLDER_COLUMN for the name of a folder.
    """

    word: str
    column: str


def find_list_garment_word(
    reader: ListReader, rows: Iterable[Mapping[str, str]], folder: str
) -> ListGarmentWord | None:
    """Return the word of a title that names the garment of a product, or else that of a category.

    Args:
        reader: the reader that also read the garments of the row.
        rows: the cells of each row of the product, by column. The first row with a word is used.
        folder: the folder of its first photo, with `/` between the parts.

    Returns:
        The word and its column; None if no word names a garment.
    """
    cells_of_rows = list(rows)
    found = (_find_title_word(reader, cells) for cells in cells_of_rows)
    if title_word := next(filter(None, found), None):
        return title_word
    found = (_find_category_word(reader, cells, folder) for cells in cells_of_rows)
    return next(filter(None, found), None)


def _find_title_word(reader: ListReader, cells: Mapping[str, str]) -> ListGarmentWord | None:
    column = _find_filled_column(reader.list_words.titles, cells)
    if not column or not reader.list_words.is_readable:
        return None
    language = reader.list_words.find_title_language(cells)
    title = reader.list_words.read_title(cells)
    if reader.own_words.title_phrases.phrases:
        garments = read_title_garments(title, language, reader.own_words.make_extended_vocabulary(language))
    else:
        garments = read_garments(title, "", language)  # cached since the row was decided
    return ListGarmentWord(find_spelling(title, garments.words), column) if garments.words else None


def _find_category_word(reader: ListReader, cells: Mapping[str, str], folder: str) -> ListGarmentWord | None:
    has_folders = bool(reader.folder_categories.names_by_depth)
    column = FOLDER_COLUMN if has_folders else _find_filled_column(reader.list_words.categories, cells)
    for path in reader.find_category_paths(cells, folder):
        if explained_level := _find_explained_level(reader, path):
            return ListGarmentWord(explained_level, column)
        if known_level := reader.find_known_level(path):
            return ListGarmentWord(_find_word_of_level(reader, known_level), column)
    return None


def _find_explained_level(reader: ListReader, path: CategoryPath) -> str:
    """Return the deepest part of a category whose garments a person named; empty without one."""
    explained_levels = [
        level
        for level, meaning in zip(path, reader.own_words.find_level_meanings(path), strict=True)
        if meaning
    ]
    return explained_levels[-1] if explained_levels else ""


def _find_word_of_level(reader: ListReader, level: str) -> str:
    """Return the word for a garment in a part of a category; the whole part if its language is not known."""
    if not reader.list_words.is_readable or reader.list_words.language not in list_readable_languages():
        return level
    words = read_category_garments(level, reader.list_words.language).words
    return find_spelling(level, words) if words else level


def _find_filled_column(columns: Iterable[str], cells: Mapping[str, str]) -> str:
    return next((column for column in columns if (cells.get(column) or "").strip()), "")


def find_spelling(text: str, words: Iterable[str]) -> str:
    """Return words as a text writes them: "Leinenhemd" for "hemd"; several words have ` / ` between.

    Args:
        words: words of the text in small letters, without accents or with them.
    """
    return " / ".join(dict.fromkeys(_find_one_spelling(text, word) for word in words))


@lru_cache(maxsize=1024)
def _find_one_spelling(text: str, word: str) -> str:
    """Return the whole word of a text in which a known word is: "Leinenhemd" for "hemd"."""
    # Cached, since one word of a title often says both the gender and the age group.
    folded = fold_text(text)
    places: Sequence[int] = range(len(text))
    if len(folded) != len(text):
        # Small letters can be more characters ("ß" becomes "ss"), so the place of each has to be known.
        letters = [(letter, place) for place, char in enumerate(text) for letter in fold_text(char)]
        folded = "".join(letter for letter, _ in letters)
        places = [place for _, place in letters]
    # Signs between the words of a phrase are not among its words: "3-4 Jahre" for "3 4 jahre".
    pattern = r"[\W_]*".join(map(re.escape, fold_text(word).split()))
    match = re.search(pattern, folded)
    if not match or not match[0]:
        return word
    start = places[match.start()]
    end = places[match.end() - 1] + 1
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return text[start:end]
