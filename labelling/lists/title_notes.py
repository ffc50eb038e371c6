"""Sentences for people about the titles of a list: their column and language, and contradicted labels."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from inference.text.plain_text import join_first_items
from inference.words.kinds import sort_kinds
from inference.words.language_files import get_language_name
from inference.words.letters import find_foreign_words
from inference.words.recognition import find_label_kinds
from labelling.lists.titles import ListWords

MAX_NAMED_CONTRADICTIONS: Final = 5
"""Largest number of contradictions that a sentence names, such as "3 titles say skirt, labelled Dress"."""


MIN_FOREIGN_TITLES_SHARE: Final = 0.05
MIN_FOREIGN_WORDS: Final = 3
"""Share of different titles, and number of different words, with letters that the language of the list does
not have, from which the list is probably in another language. Of 1,019 titles of shops, none has such a
letter (some are in languages without a list of letters). A few words can be names of brands, such as
"Björn"."""


def describe_title_column(words: ListWords, columns: Iterable[str], title: str) -> str:
    """Return a sentence about the column of titles, such as "The title is `Titel`, by its name, in German".

    Args:
        words: the columns of titles and categories that were found, with their language.
        columns: the columns of the list. Without any, as for a folder, the sentence is empty.
        title: the column that a person named as the title; empty without one.
    """
    names = ", ".join(f"`{name}`" for name in columns)
    if not names:
        return ""
    if not words.titles:
        return (
            f"No column with titles was found among {names}, so titles decide nothing. "
            "--title-column names one."
        )
    title_names = ", ".join(f"`{name}`" for name in words.titles)
    reason = "as --title-column says" if title else "by its cells" if words.is_chosen else "by its name"
    advice = "" if title or not words.is_chosen else " --title-column names another."
    second = (
        f" Titles with more {get_language_name(words.second_language)} words are read in it."
        if words.second_language
        else ""
    )
    language = "" if words.has_few_letters else f", in {get_language_name(words.language)}"
    return f"The title is {title_names}, {reason}{language}.{second}{advice}"


def describe_foreign_titles(words: ListWords, rows: Iterable[Mapping[str, str]]) -> str:
    """Return a sentence if a list may be in another language than its titles are read in; empty otherwise.

    For example, Slovak titles are read as Czech, because Czech knows many of their words. Some of the others
    have letters that Czech does not have, such as the `ľ` of "košeľa".

    Args:
        words: the columns of titles, with a language that can be read.
        rows: the cells of the columns of titles, row by row.
    """
    foreign_words_by_title = {
        title: find_foreign_words(title, words.find_title_language(cells))
        for cells in rows
        if (title := words.read_title(cells))
    }
    foreign_words = Counter(word for found in foreign_words_by_title.values() for word in found)
    title_count = len(foreign_words_by_title)
    foreign_count = sum(map(bool, foreign_words_by_title.values()))
    if len(foreign_words) < MIN_FOREIGN_WORDS or foreign_count < MIN_FOREIGN_TITLES_SHARE * title_count:
        return ""
    shown = join_first_items([f"`{word}`" for word, _ in foreign_words.most_common()], MIN_FOREIGN_WORDS)
    language = get_language_name(words.language)
    return (
        f"The titles are read as {language}, but {foreign_count:,} of {title_count:,} different ones have "
        f"letters of another language: {shown}. --language names another; with --language none, the photos "
        "decide alone."
    )


def describe_contradictions(words: ListWords, labelled_rows: Iterable[tuple[Mapping[str, str], str]]) -> str:
    """Return a sentence about rows whose title contradicts their label, such as "Skirt" and `Dress`.

    The sentence is empty if there are none.

    Args:
        words: the columns of titles, with the language in which they are read.
        labelled_rows: the cells of each row of a list, by column, and the label of the row.
    """
    kinds_by_title = {
        (words.read_title(cells), label): words.read_words_and_kinds(cells).kinds
        for cells, label in labelled_rows
    }
    pairs = Counter((title_kinds, label) for (_, label), title_kinds in kinds_by_title.items() if title_kinds)
    kinds = find_label_kinds(sorted({label for _, label in pairs}), words.language)
    wrong = [
        (count, " or ".join(sort_kinds(title_kinds)), label)
        for (title_kinds, label), count in pairs.most_common()
        if kinds[label] and not kinds[label] & title_kinds
    ]
    if not wrong:
        return ""
    sentences = [
        f"{count:,} {_count_titles(count)} {title_kinds}, labelled {label}"
        for count, title_kinds, label in wrong[:MAX_NAMED_CONTRADICTIONS]
    ]
    if more := sum(count for count, _, _ in wrong[MAX_NAMED_CONTRADICTIONS:]):
        sentences.append(f"{more:,} more")
    return f"{'; '.join(sentences)}. The labels are learnt as they are."


def _count_titles(count: int) -> str:
    return "title says" if count == 1 else "titles say"
