"""Find explained words that the list does not have, such as a misspelt category in a file of words."""

from collections.abc import Iterable, Mapping

from inference.words.language_files import COMPOUND_END_SIGN
from labelling.lists.categories import CategoryPath
from labelling.lists.list_meaning import ListReader
from labelling.lists.own_words import CATEGORY_PLACE, ShopWord, ShopWords, list_category_keys


def find_unused_words(reader: ListReader, rows: Iterable[tuple[Mapping[str, str], str]]) -> list[str]:
    """Return the explained words that no category and no title of a list has, such as "Skrits".

    Args:
        reader: the reader of the list, with the words that people explained.
        rows: the cells of each row by column, and the folder of its picture.
    """
    own_words = reader.own_words
    answered_words = [
        ShopWord(answer.category, answer.meaning, CATEGORY_PLACE) for answer in own_words.category_answers
    ]
    words = [*own_words.file_rows, *answered_words]
    if not words:
        return []
    titles = set[str]()
    paths = set[CategoryPath]()
    for cells, folder in rows:
        titles.add(reader.list_words.read_title(cells))
        paths.update(reader.find_category_paths(cells, folder))
    explained_keys = {word.category_key for word in words}
    used_keys = {
        key
        for path in paths
        for key in list_category_keys(path, own_words.most_explained_levels)
        if key in explained_keys
    }
    unused = [word for word in words if word.category_key not in used_keys]
    texts = [f" {' '.join(own_words.split_title(title))} " for title in titles]
    unused = [
        word for word in unused if word.place == CATEGORY_PLACE or not _is_in_titles(word, texts, own_words)
    ]
    return list(dict.fromkeys(word.words for word in unused))


def _is_in_titles(word: ShopWord, texts: Iterable[str], own_words: ShopWords) -> bool:
    """Return whether a phrase is in a title.

    Args:
        texts: the words of each title with blanks around and between: " blue dress ".
    """
    phrase = " ".join(own_words.split_title(word.words))
    # `-hemd` may be the end of a longer word. Any other phrase begins where a word begins.
    begin = "" if word.words.startswith(COMPOUND_END_SIGN) else " "
    return bool(phrase) and any(f"{begin}{phrase} " in text for text in texts)
