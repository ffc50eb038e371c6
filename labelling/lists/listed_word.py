"""Find the word of a list that names the garment of a product, and the column that has the word.

A table and a review sheet show this word beside the kinds that were read from it, such as "*Bluza*, in
`kategoria`" beside the kinds `top` and `shirt`. So a person sees a word that was misread.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from inference.words.language_files import list_readable_languages
from inference.words.words import read_category_garments, read_garments, read_title_garments
from labelling.lists.categories import CategoryPath
from labelling.lists.list_meaning import ListReader
from labelling.run_settings import FOLDER_COLUMN


class ListedWord(NamedTuple):
    """A word of a list that names a garment, as the list writes it.

    Attributes:
        word: the word, such as `Bluza`, or a whole category level that a person explained.
        column: the column of the list that has it; FOLDER_COLUMN for the name of a folder.
    """

    word: str
    column: str


def find_listed_word(reader: ListReader, rows: Iterable[Mapping[str, str]], folder: str) -> ListedWord | None:
    """Return the word that names the garment of a product: of a title, or else of a category.

    Args:
        reader: the reader of the list's words.
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


def _find_title_word(reader: ListReader, cells: Mapping[str, str]) -> ListedWord | None:
    column = _find_filled_column(reader.list_words.titles, cells)
    if not column or not reader.list_words.is_read:
        return None
    language = reader.list_words.find_title_language(cells)
    title = reader.list_words.read_title(cells)
    if reader.own_words.title_phrases.phrases:
        garments = read_title_garments(title, language, reader.own_words.add_to_words(language))
    else:
        garments = read_garments(title, "", language)  # cached since the row was decided
    return ListedWord(_find_spelling(title, garments.words), column) if garments.words else None


def _find_category_word(reader: ListReader, cells: Mapping[str, str], folder: str) -> ListedWord | None:
    has_folders = bool(reader.folder_categories.names_by_depth)
    column = FOLDER_COLUMN if has_folders else _find_filled_column(reader.list_words.categories, cells)
    for path in reader.find_category_paths(cells, folder):
        if explained_level := _find_explained_level(reader, path):
            return ListedWord(explained_level, column)
        if known_level := reader.find_known_level(path):
            return ListedWord(_find_word_of_level(reader, known_level), column)
    return None


def _find_explained_level(reader: ListReader, path: CategoryPath) -> str:
    """Return the deepest level to which a person gave kinds, alone or by a path; empty without one."""
    explained_levels = [
        level
        for level, meaning in zip(path, reader.own_words.find_level_meanings(path), strict=True)
        if meaning
    ]
    return explained_levels[-1] if explained_levels else ""


def _find_word_of_level(reader: ListReader, level: str) -> str:
    """Return the word of a category level that names a garment; the whole level if several may."""
    if not reader.list_words.is_read or reader.list_words.language not in list_readable_languages():
        return level
    words = read_category_garments(level, reader.list_words.language).words
    return _find_spelling(level, words) if words else level


def _find_filled_column(columns: Iterable[str], cells: Mapping[str, str]) -> str:
    return next((column for column in columns if (cells.get(column) or "").strip()), "")


def _find_spelling(text: str, words: tuple[str, ...]) -> str:
    """Return the words as a text writes them, with the rest of compounds; several with ` / ` between."""
    return " / ".join(dict.fromkeys(_find_one_spelling(text, word) for word in words))


def _find_one_spelling(text: str, word: str) -> str:
    folded = text.casefold()
    start = folded.find(word.casefold())
    if start < 0 or len(folded) != len(text):
        return word
    end = start + len(word)
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return text[start:end]
