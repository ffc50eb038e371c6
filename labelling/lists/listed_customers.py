"""Read for whom a product is made: its gender and age group, as the list says them.

The first of these sources that says a value is used: a column of its own, an option, an attribute or a
metafield, the title, the category, the folder. Title and category are compared: if one says women and the
other men, the value stays empty, since a wrong gender is worse than none. Nothing is guessed from photos.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

from inference.text.plain_text import shorten_text
from inference.words.customers import (
    ADULT,
    FEMALE,
    KIDS,
    MALE,
    NO_CUSTOMERS,
    UNISEX,
    Customers,
    names_only_customers,
    read_customers,
)
from inference.words.language_files import list_readable_languages
from labelling.lists.categories import CategoryPath
from labelling.lists.customer_columns import CustomerColumns, Topic, find_customer_columns, read_customer_cell
from labelling.lists.list_meaning import ListReader
from labelling.lists.listed_word import find_spelling
from labelling.rows import NO_CUSTOMER_VALUE, CustomerValue, ProductCustomers
from labelling.run_settings import FOLDER_COLUMN

_OPPOSITES: Final = frozenset({FEMALE, MALE})

_Source: TypeAlias = Literal["column", "title", "category", "folder"]


class _Found(NamedTuple):
    """A value that one text of the list says.

    Attributes:
        value: a gender or an age group.
        words: the words of the text that say it, in small letters.
        text: the text, such as a title.
        column: the column that has the text.
        source: the sort of text.
    """

    value: str
    words: tuple[str, ...]
    text: str
    column: str
    source: _Source

    def make_value(self) -> CustomerValue:
        """Return the value with its word as the list writes it."""
        return CustomerValue(self.value, find_spelling(self.text, self.words), self.column, self.source)

    def describe(self) -> str:
        """Return the word and its column as a part of a sentence: "`Damen` in `title`"."""
        return f"`{shorten_text(find_spelling(self.text, self.words))}` in `{self.column}`"


class _Text(NamedTuple):
    """A text of the list, or several categories of a product, with the customers that it names."""

    customers: Customers
    text: str
    column: str
    source: _Source

    def find_value(self, topic: Topic) -> Iterator[_Found]:
        """Yield the value that the text says about a gender or an age group, if it says one."""
        is_gender = topic == "gender"
        value = self.customers.gender if is_gender else self.customers.age_group
        words = self.customers.gender_words if is_gender else self.customers.age_words
        if value:
            yield _Found(value, words, self.text, self.column, self.source)


@dataclass(frozen=True, kw_only=True)
class ListedCustomerReader:
    """A reader of the gender and the age group of products in a list.

    Attributes:
        list_reader: the reader of titles and categories, which knows their columns and language.
        columns: the columns of the list that have genders and ages alone.
    """

    list_reader: ListReader
    columns: CustomerColumns = field(default_factory=lambda: find_customer_columns(()))

    def read_customers(self, rows: Sequence[Mapping[str, str]], folder: str) -> ProductCustomers:
        """Return for whom a product is made, as all its rows in the list say.

        Args:
            rows: the cells of each row of the product, by column.
            folder: the folder of its first photo, with `/` between the parts.
        """
        texts = list(self._read_texts(rows, folder))
        gender_cells = list(self._read_column("gender", rows))
        gender, gender_conflict = _decide_value(gender_cells, texts, "gender")
        age_cells = list(self._read_column("age_group", rows))
        age_group, age_conflict = _decide_value(age_cells, texts, "age_group")
        if not age_group.value and not age_conflict:
            # A column of genders says "women" of girls, too, so every other word about the age comes first.
            implied_ages = (
                cell for text in self._read_gender_texts(rows) for cell in text.find_value("age_group")
            )
            age_group = next((found.make_value() for found in implied_ages), NO_CUSTOMER_VALUE)
        return ProductCustomers(gender, age_group, gender_conflict or age_conflict)

    def _read_column(self, topic: Topic, rows: Sequence[Mapping[str, str]]) -> Iterator[_Found]:
        """Yield the values of the first source with cells about a subject of which one is known."""
        for cells in self.columns.read_cells(topic, rows):
            texts = [_Text(self._read_cell(cell.text), cell.text, cell.column, "column") for cell in cells]
            if found := [value for text in texts for value in text.find_value(topic)]:
                yield from found
                return

    def _read_gender_texts(self, rows: Sequence[Mapping[str, str]]) -> Iterator[_Text]:
        for cells in self.columns.read_cells("gender", rows):
            for cell in cells:
                yield _Text(self._read_cell(cell.text), cell.text, cell.column, "column")

    def _read_cell(self, text: str) -> Customers:
        return read_customer_cell(text, self.list_reader.list_words.language)

    def _read_texts(self, rows: Sequence[Mapping[str, str]], folder: str) -> Iterator[_Text]:
        """Yield what titles, categories and the folder of a product say, without equal texts."""
        words = self.list_reader.list_words
        seen = set[tuple[str, str]]()
        for row in rows:
            language = words.find_title_language(row) if words.is_readable else ""
            for source in ("title", "category"):
                text = words.read_title(row) if source == "title" else words.read_category(row)
                if not language or not text or (source, text) in seen:
                    continue
                seen.add((source, text))
                if source == "title":
                    yield _Text(
                        read_customers(text, language), text, _find_column(words.titles, row), "title"
                    )
                else:
                    paths = self.list_reader.find_category_paths(row, folder)
                    column = _find_column(words.categories, row)
                    yield _Text(_read_paths(paths, language), text, column, "category")
        yield from self._read_folder(folder)

    def _read_folder(self, folder: str) -> Iterator[_Text]:
        """Yield what the folder of a product says. Folders outside of the source are no words of the shop."""
        if self.list_reader.folder_categories.names_by_depth:
            paths = self.list_reader.find_category_paths({}, folder)
            language = self.list_reader.folder_language
        else:
            is_relative = not folder.startswith("/") and ":" not in folder
            paths = (tuple(filter(None, folder.split("/"))),) if is_relative and folder else ()
            language = self.list_reader.list_words.language
        if paths and self.list_reader.can_read_known_words and language in list_readable_languages():
            yield _Text(_read_paths(paths, language), folder, FOLDER_COLUMN, "folder")


def _find_column(columns: Iterable[str], row: Mapping[str, str]) -> str:
    return next((column for column in columns if (row.get(column) or "").strip()), "")


def _decide_value(cells: Sequence[_Found], texts: Sequence[_Text], topic: Topic) -> tuple[CustomerValue, str]:
    """Return the gender or age group of a product, and the contradiction that keeps it empty.

    Args:
        cells: the values of the list's own column, which is not compared with titles.
        texts: the readings of titles, categories and the folder, titles first.
    """
    if cells:
        return _choose_common(cells, topic)
    found = [value for text in texts for value in text.find_value(topic)]
    told = [value for value in found if value.source != "folder"] or found
    titles = [value for value in told if value.source == "title"]
    if titles:
        # Of a list's own titles, all have to agree. A category may be less exact than the title.
        value, conflict = _choose_common(titles, topic)
        others = [other for other in told if other.source != "title"]
        if conflict:
            return value, conflict
        if contradicting := next((one for one in others if _is_contradicting(titles[0], one, topic)), None):
            return NO_CUSTOMER_VALUE, f"{titles[0].describe()}, {contradicting.describe()}"
        return _choose_narrower(titles[0], others), ""
    return _choose_common(told, topic) if told else (NO_CUSTOMER_VALUE, "")


def _choose_common(found: Sequence[_Found], topic: Topic) -> tuple[CustomerValue, str]:
    """Return the value on which all rows of a product agree; otherwise the contradiction."""
    other = next((one for one in found if one.value != found[0].value), None)
    if other is None:
        return found[0].make_value(), ""
    if topic == "gender" and UNISEX in {one.value for one in found}:
        return NO_CUSTOMER_VALUE, ""
    return NO_CUSTOMER_VALUE, f"{found[0].describe()}, {other.describe()}"


def _is_contradicting(title: _Found, other: _Found, topic: Topic) -> bool:
    """Return whether a title and a category cannot both be true: women and men, or adults and children."""
    if topic == "gender":
        return {title.value, other.value} == _OPPOSITES
    return (title.value == ADULT) != (other.value == ADULT)


def _choose_narrower(title: _Found, others: Iterable[_Found]) -> CustomerValue:
    """Return the value of a title, or the age group of a category that is narrower than "girls"."""
    has_number = any(char.isdigit() for word in title.words for char in word)
    if title.value == KIDS and not has_number:
        return next(
            (one.make_value() for one in others if one.value not in {KIDS, ADULT}), title.make_value()
        )
    return title.make_value()


@lru_cache(maxsize=8192)
def _read_paths(paths: tuple[CategoryPath, ...], language: str) -> Customers:
    """Return the customers that the categories of a product name; those in both genders are unisex."""
    read = [_read_path(path, language) for path in paths]
    genders = dict.fromkeys(one.gender for one in read if one.gender)
    ages = dict.fromkeys(one.age_group for one in read if one.age_group)
    gender = UNISEX if genders.keys() >= _OPPOSITES else next(iter(genders), "") if len(genders) == 1 else ""
    return Customers(
        gender,
        next(iter(ages)) if len(ages) == 1 else "",
        tuple(dict.fromkeys(word for one in read for word in one.gender_words)),
        tuple(dict.fromkeys(word for one in read for word in one.age_words)),
    )


def _read_path(path: CategoryPath, language: str) -> Customers:
    """Return the customers that a category names: for gender and age, its deepest level that says it."""
    levels = [(level, read_customers(level, language)) for level in reversed(path)]
    gendered = [(level, one) for level, one in levels if one.gender]
    aged = [one for _, one in levels if one.age_group]
    gender = _choose_level_gender(gendered, language)
    age = aged[0] if aged else NO_CUSTOMERS
    if age.age_group == KIDS:
        # "Baby > Girls" is for babies: girls of any age are called so.
        age = next((one for one in aged if one.age_group not in {KIDS, ADULT}), age)
    return Customers(gender.gender, age.age_group, gender.gender_words, age.age_words)


def _choose_level_gender(levels: Sequence[tuple[str, Customers]], language: str) -> Customers:
    """Return the gender of the deepest level with one; levels "Women" and "Men" side by side are unisex."""
    if not levels:
        return NO_CUSTOMERS
    deepest_level, deepest = levels[0]
    opposite = next(
        ((level, one) for level, one in levels if {one.gender, deepest.gender} == _OPPOSITES), None
    )
    if opposite is None:
        return deepest
    is_pair = names_only_customers(deepest_level, language) and names_only_customers(opposite[0], language)
    words = (*opposite[1].gender_words, *deepest.gender_words)
    return Customers(UNISEX, "", words) if is_pair else NO_CUSTOMERS
