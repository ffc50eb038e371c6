"""Find the language of a list by its titles, or by its categories if the titles are names alone.

    titles "Anna", "Bella"; categories "Women > Skirts", "Women > Dresses"         English
    titles "Fustan me lule"; categories "Fustane", "Bluza"                         not known

The second list is Albanian, a language whose words are not known here. "Bluza" is a word of Czech and Polish,
too, but one such category does not make the list Czech.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from inference.words.language_files import UNDETERMINED_LANGUAGE, list_readable_languages
from inference.words.recognition import recognise_category_language, recognise_language
from inference.words.tokens import extract_visible_text
from inference.words.words import read_title_garments

MIN_TEXT_WORDS: Final = 3
"""Number of words from which a cell is a text. "Anna Luise" is a name. Two words are a text if one of them
begins with a small letter, as in "Anna blue"."""

MIN_TEXT_SHARE: Final = 0.5
"""Smallest share of a column's cells that are texts, and smallest share that are different, so that the
column has texts. Names of brands and materials repeat."""

MIN_LETTERS_PER_TITLE: Final = 10
"""Mean number of letters of a title from which its language can be known. "Item 12" has four."""

MIN_DIFFERENT_WORDS: Final = 5
"""Number of different words in all titles from which their language can be known."""

_WORD: Final = re.compile(r"[^\W\d_]+")


def find_list_language(
    titles: Sequence[str], categories: Sequence[str], other_columns: Iterable[Collection[str]]
) -> str:
    """Return the code of the language of a list, such as `de`: that of its titles, or else of its categories.

    The categories are not believed if another column has texts in another language.

    Args:
        titles: the title of each row; empty texts for rows without one.
        categories: the category of each row; empty texts for rows without one.
        other_columns: the cells of each other column, which are read only if the categories are used.

    Returns:
        The code; UNDETERMINED_LANGUAGE if the language is not known.
    """
    has_titles = any(titles)
    if has_titles:
        rows = zip(titles, categories, strict=True)
        # Each category once, however many rows it has, so that it does not outweigh the titles.
        untitled = dict.fromkeys(category for title, category in rows if not title)
        code = recognise_language([*titles, *untitled])
        if code != UNDETERMINED_LANGUAGE:
            return code
    code = recognise_category_language(categories)
    if code not in list_readable_languages():
        return UNDETERMINED_LANGUAGE if has_titles else code
    # The titles as a whole are not in this language. If one of them still names a garment in it, the two
    # languages share a word, and the categories may be shared words as well ("cạp").
    is_misread = any(read_title_garments(title, code).kinds for title in titles)
    is_other = is_misread or has_texts_of_other_language(code, (titles, *other_columns))
    return UNDETERMINED_LANGUAGE if is_other else code


def has_few_letters(titles: Iterable[str]) -> bool:
    """Return whether titles have too few words to be in a language, such as "Item 12" and "Item 13"."""
    words_by_title = [_WORD.findall(extract_visible_text(title)) for title in titles if title]
    words = [word for title_words in words_by_title for word in title_words]
    different_words = {word.casefold() for word in words}
    letter_count = sum(map(len, words))
    return len(different_words) < MIN_DIFFERENT_WORDS or letter_count < MIN_LETTERS_PER_TITLE * len(
        words_by_title
    )


def has_texts_of_other_language(language: str, columns: Iterable[Collection[str]]) -> bool:
    """Return whether some column, such as one of descriptions, has texts that are not in a language.

    A text is in the language if it names a garment in it, or is recognised by its other words ("Light and
    airy"). Columns of brands, sizes and other names have no texts.

    Args:
        language: the code of a language whose garments are known, such as `de`.
        columns: the filled cells of each column.
    """
    return any(
        _has_texts(cells)
        and not any(read_title_garments(cell, language).kinds for cell in cells)
        and recognise_language(cells) != language
        for cells in columns
    )


def _has_texts(cells: Collection[str]) -> bool:
    filled = [cell for cell in cells if any(map(str.isalpha, cell))]
    text_count = sum(map(is_running_text, filled))
    return (
        bool(filled)
        and text_count >= MIN_TEXT_SHARE * len(filled)
        and len({*filled}) >= MIN_TEXT_SHARE * len(filled)
    )


def is_running_text(cell: str) -> bool:
    """Return whether a cell is a text of several words, such as "Light and airy", and no name or number."""
    words = _WORD.findall(extract_visible_text(cell))
    return len(words) >= MIN_TEXT_WORDS or (len(words) == 2 and not all(word[0].isupper() for word in words))
