"""Sentences for people about the titles of a list: which column has them, and which contradict a label."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from inference.words.kinds import sort_kinds
from inference.words.language_files import get_language_name
from inference.words.recognition import find_label_kinds
from labelling.lists.titles import ListWords

MAX_NAMED_CONTRADICTIONS: Final = 5
"""Largest number of contradictions that a sentence names, such as "3 titles say skirt, labelled Dress"."""


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
