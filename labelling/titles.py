"""Which columns of a list have words, in which language they are read, and which labels they contradict.

Columns count by name; where none of these names a kind of garment, one is chosen by what its cells say. Pure.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple

from inference.kinds import in_order
from inference.language_files import UNDETERMINED, language_name, readable_languages
from inference.language_tags import Part, choose_part
from inference.recognition import ENOUGH, is_in_second, label_kinds, language_of, second_language
from inference.tokens import tokens_of
from inference.words import NOTHING, Says, category_says, part_kinds, says, title_says
from labelling.cells import find_addresses, is_picture_cell
from labelling.column_names import column_names, fold_name

OFF: Final = "none"
"""In place of a language: words are not read."""

NO_TITLES: Final = frozenset({"split", "group", "tier", "source", "checked", "label"})
"""Columns that other commands read, which are never chosen by their cells."""

MOST_COLUMNS: Final = 200
"""Of a list, whose cells are looked at."""

MOST_ROWS: Final = 2_000
"""Likewise; of rows with the same cell in a column the first."""

DIFFERENT: Final = 200
"""Cells by which the language of a column is found."""

BEGINNING: Final = 300
"""Characters of a cell that are read for it."""

FIFTH: Final = 0.2
"""Share of a column's filled cells that name a kind, so that it may be chosen, and of those that say more."""

OF_BEST_SETS: Final = 0.5
"""How many different sets of kinds a column names, as a share of the column that names most."""

OF_BEST: Final = 0.8
"""How many cells name a kind, likewise; of the columns that are left the shortest is the title."""

NAMED: Final = 5
"""Contradictions that a sentence names."""


@dataclass(frozen=True, kw_only=True)
class ListWords:
    """How a list's words are read.

    Attributes:
        titles, categories: the list's columns of these, in the order in which they count.
        language: of the words; OFF where people said that they are not read. Titles in a language
            whose file has no garments say nothing.
        second: the language of titles that have more words of it than of `language`; empty for a list in one
            language.
        is_chosen: whether the title was chosen by its cells.
    """

    titles: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str = OFF
    second: str = ""
    is_chosen: bool = False

    @property
    def is_read(self) -> bool:
        """Whether the list has words that are read."""
        return self.language in readable_languages()

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that have words."""
        return (*self.titles, *self.categories)

    def in_language(self, language: str, rows: Iterable[Mapping[str, str]]) -> "ListWords":
        """These columns, read in a language.

        Args:
            language: one that is read; empty for that of the rows.
            rows: the cells of these columns, by column.
        """
        if not self.columns:
            return self
        if language:
            return replace(self, language=language)
        cells = list(islice(rows, ENOUGH))
        titles = [_first(self.titles, row) for row in cells]
        categories = [_first(self.categories, row) for row in cells]
        texts = [title or category for title, category in zip(titles, categories, strict=True)]
        spoken = language_of(texts)
        if spoken == UNDETERMINED:
            return replace(self, language=_language_beside(titles, categories))
        return replace(self, language=spoken, second=_second(texts, spoken))

    def title(self, cells: Mapping[str, str]) -> str:
        """Return the title of a row, of several language tags the part in the list's language.

        It is empty if the row has none.
        """
        return self._part(self.titles, cells).text

    def _part(self, columns: Iterable[str], cells: Mapping[str, str]) -> Part:
        part = choose_part(_first(columns, cells), (self.language, self.second, *readable_languages()))
        return part._replace(text=part.text.strip())

    def title_language(self, cells: Mapping[str, str]) -> str:
        """Return the language in which the title of a row is read, or its category if it has no title."""
        title = self._part(self.titles, cells)
        part = title if title.text else self._part(self.categories, cells)
        if part.code in readable_languages():
            return part.code
        is_second = self.second and is_in_second(part.text, self.language, self.second)
        return self.second if is_second else self.language

    def category(self, cells: Mapping[str, str]) -> str:
        """Return the category of a row; empty if it has none."""
        return self._part(self.categories, cells).text

    def title_kinds(self, cells: Mapping[str, str]) -> frozenset[str]:
        """Return the kinds that the title of a row names, whatever its category is."""
        return says(self.title(cells), "", self.title_language(cells)).kinds if self.is_read else frozenset()

    def shown_kinds(self, cells: Mapping[str, str]) -> frozenset[str]:
        """Return the kinds that a photo of a set may show: the garments that its title names."""
        return part_kinds(self.title(cells), self.title_language(cells)) if self.is_read else frozenset()

    def says(self, cells: Mapping[str, str]) -> Says:
        """What a row of the list says about its product."""
        if not self.is_read:
            return NOTHING
        return says(self.title(cells), self.category(cells), self.title_language(cells))


def _language_beside(titles: Sequence[str], categories: Sequence[str]) -> str:
    """Return the language of categories beside titles that are names alone ("Anna").

    If a title names a garment in it, the title is in another language that has this word, too ("cạp").
    """
    spoken = language_of(filter(None, categories))
    is_read = spoken in readable_languages()
    has_garments = is_read and any(category_says(category, spoken).kinds for category in categories)
    is_misread = is_read and any(title_says(title, spoken).kinds for title in titles)
    return spoken if has_garments and not is_misread else UNDETERMINED


def _second(titles: Sequence[str], language: str) -> str:
    """Return the second language of a list in a language that is read; empty if it has one language."""
    return second_language(titles, language) if language in readable_languages() else ""


def word_columns(columns: Iterable[str]) -> ListWords:
    """The columns of a list that have words, in no language yet."""
    names = tuple(columns)
    return ListWords(
        titles=_named(column_names("title"), names), categories=_named(column_names("category"), names)
    )


Rows = Callable[[Sequence[str]], Iterable[Mapping[str, str]]]
"""Reads the cells of some columns, row by row, from the first with each call."""


def words_in(
    columns: Sequence[str], rows: Rows, language: str, title: str, others: Collection[str]
) -> ListWords:
    """How the words of a list are read.

    Args:
        columns: of the list, in its order.
        rows: its cells.
        language: one that is read, or OFF; empty for that of the cells.
        title: the column that people named as the title; empty to find it.
        others: columns that are read as something else.
    """
    named = word_columns(columns)
    words = replace(named, titles=(title,)) if title else named
    if language == OFF:
        return words
    words = words.in_language(language, rows(words.columns))
    is_named = words.is_read and any(
        title_says(words.title(row), words.language).kinds for row in rows(words.titles)
    )
    if title or is_named:
        return words
    left = [
        name for name in columns if name not in {*others, *words.columns} and fold_name(name) not in NO_TITLES
    ]
    chosen = _best(
        [column for column in _looked_at(left[:MOST_COLUMNS], rows, language) if column is not None]
    )
    if chosen is None:
        return words
    texts = (row.get(chosen.name) or "" for row in rows((chosen.name,)))
    return replace(
        words,
        titles=(chosen.name,),
        language=chosen.language,
        second="" if language else _second(list(islice(texts, ENOUGH)), chosen.language),
        is_chosen=True,
    )


def how_read(words: ListWords, columns: Iterable[str], title: str) -> str:
    """A sentence on the column that is read as the title.

    Args:
        words: of `words_in`.
        columns: of the list; without any nothing is said.
        title: the column that people named.
    """
    names = ", ".join(f"`{name}`" for name in columns)
    if not names:
        return ""
    if not words.titles:
        return f"No column names kinds: titles are not read (columns: {names}). --title-column names one."
    read = ", ".join(f"`{name}`" for name in words.titles)
    how = "as --title-column says" if title else "by its cells" if words.is_chosen else "by its name"
    other = "" if title or not words.is_chosen else " --title-column names another."
    second = f" Titles with more {language_name(words.second)} words are read in it." if words.second else ""
    return f"The title is {read}, {how}, in {language_name(words.language)}.{second}{other}"


class _Column(NamedTuple):
    """What the cells of a column say.

    Attributes:
        name: of the column.
        language: in which they are read.
        filled: how many there are.
        named: of these, those that name a kind.
        more: of these, those that say more.
        sets: different sets of kinds.
        length: characters of a cell, on average.
    """

    name: str
    language: str
    filled: int
    named: int
    more: int
    sets: int
    length: float


def _looked_at(columns: Sequence[str], rows: Rows, language: str) -> Iterator[_Column]:
    """The columns that may be titles."""
    cells: dict[str, Counter[str]] = {name: Counter() for name in columns}
    for row in islice(rows(columns), MOST_ROWS):
        for name, counts in cells.items():
            if text := (row.get(name) or "").strip():
                counts[text] += 1
    for name, counts in cells.items():
        if counts and not any(_most(counts, is_other) for is_other in (_is_picture, _is_slug, _is_list)):
            begin = [text[:BEGINNING] for text in islice(counts, DIFFERENT)]
            spoken = language or language_of(begin)
            if spoken in readable_languages():
                yield _column(name, spoken, counts)


def _column(name: str, language: str, counts: Counter[str]) -> _Column:
    kinds, named, more = set[frozenset[str]](), 0, 0
    for text, count in counts.items():
        meaning = title_says(text, language)
        if meaning.kinds:
            kinds.add(meaning.kinds)
            named += count
            more += count * (len(tokens_of(text)) > sum(len(word.split()) for word in meaning.words))
    length = sum(len(text) * count for text, count in counts.items()) / counts.total()
    return _Column(name, language, counts.total(), named, more, len(kinds), length)


def _best(columns: Sequence[_Column]) -> _Column | None:
    """The title among some columns; None where none names kinds.

    A column of one bare word says something else: `short`, of sleeves.
    """
    naming = [column for column in columns if column.named >= FIFTH * column.filled]
    naming = [column for column in naming if column.sets > 1 or column.more >= FIFTH * column.filled]
    most = max((column.sets for column in naming), default=0)
    naming = [column for column in naming if column.sets >= OF_BEST_SETS * most > 0]
    naming = [column for column in naming if column.more >= FIFTH * column.filled] or naming
    best = max((column.named for column in naming), default=0)
    naming = [column for column in naming if column.named >= OF_BEST * best]
    return min(naming, key=lambda column: column.length, default=None)


def _most(counts: Counter[str], is_other: Callable[[str], bool]) -> bool:
    return 2 * sum(count for text, count in counts.items() if is_other(text)) > counts.total()


def _is_picture(text: str) -> bool:
    return is_picture_cell(text) or bool(find_addresses(text))


def _is_slug(text: str) -> bool:
    return not re.search(r"\s", text) and len(re.findall("[-_/]", text)) >= 2


def _is_list(text: str) -> bool:
    return text.count(",") >= 2 or ">" in text


def _named(wanted: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """Those of some columns that have these names, in whatever capitals, in the order of the names."""
    named = [(wanted.index(name), column) for column in columns if (name := fold_name(column)) in wanted]
    return tuple(column for _, column in sorted(named, key=itemgetter(0)))


def _first(columns: Iterable[str], cells: Mapping[str, str]) -> str:
    return next((text for column in columns if (text := (cells.get(column) or "").strip())), "")


def contradictions(words: ListWords, labelled: Iterable[tuple[Mapping[str, str], str]]) -> str:
    """A sentence on titles that say another kind than their labels; empty where none does.

    Args:
        words: how they are read.
        labelled: the cells of each row of a list, by column, and its label.
    """
    by_title = {(words.title(cells), label): words.says(cells).kinds for cells, label in labelled}
    pairs = Counter((listed, label) for (_, label), listed in by_title.items() if listed)
    kinds = label_kinds(sorted({label for _, label in pairs}), words.language)
    wrong = [
        (count, " or ".join(in_order(listed)), label)
        for (listed, label), count in pairs.most_common()
        if kinds[label] and not kinds[label] & listed
    ]
    if not wrong:
        return ""
    named = [
        f"{count:,} {_titles(count)} {listed}, labelled {label}" for count, listed, label in wrong[:NAMED]
    ]
    more = sum(count for count, _, _ in wrong[NAMED:])
    return "; ".join([*named, *([f"{more:,} more"] if more else [])]) + ". The labels are learnt as they are."


def _titles(count: int) -> str:
    return "title says" if count == 1 else "titles say"
