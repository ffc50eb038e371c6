"""The columns of all tables: their names, their types, and the cell of each row.

A table of photos has, for example, `path`, `label`, `confidence`, `decision` and `reason`, then the
attributes, then the columns of the shop's list. `make_photo_columns` and `make_product_columns` return such
columns in order. A column is a name and a function that reads the cell from a row, so that CSV, JSONL and
Excel are written from the same columns.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inference.contract import LABEL
from inference.words.kinds import KIND, sort_kinds
from inference.words.language_files import LANGUAGE_OFF
from labelling.decide.product_titles import find_parent_folder
from labelling.errors import TableUnusable
from labelling.lists.list_meaning import ListReader
from labelling.lists.listed_word import find_list_garment_word
from labelling.rows import CustomerValue, ProductRecord, TableRow
from labelling.run_settings import FOLDER_COLUMN, RunSettings
from labelling.write.table_cells import FIELD_READERS, VALUE_SEPARATOR, join_deciding_photos

PROBABILITY_PREFIX: Final = "p_"
"""Beginning of the name of a column of probabilities: "p_Dress" for the label "Dress"."""

LIST_PREFIX: Final = "list_"
"""Beginning of the name of a list's column if the table has a column of that name, as in "list_label"."""

TITLE_KINDS_COLUMN: Final = "listed_as"
"""Name of the column with the kinds of garments that the list's words allow, such as `skirt|shorts`."""

LISTED_WORD_COLUMN: Final = "listed_word"
"""Name of the column with the list's word that names a garment, and where it stands: `Bluza (kategoria)`."""

CUSTOMER_COLUMNS: Final = ("gender", "gender_word", "age_group", "age_group_word")
"""Names of the last columns of the table of products: for whom a product is made, and the list's words."""

PHOTOS_COLUMN: Final = "photos"
"""Name of the column with the number of a product's photos that differ in content."""

DECIDING_PHOTOS_COLUMN: Final = "rests_on"
"""Name of the column with the paths of the photos on which the class of a product is based."""

CLASS_FIELDS: Final = ("confidence", "decision", "reason")
"""Fields of the answer about the class that have a column in the table of photos."""

ATTRIBUTE_FIELDS: Final = ("confidence", "decision", "also")
"""Fields of the answer about an attribute that have a column in the table of photos."""

DECISION_FIELDS: Final = ("decided_by", "predicted")
"""Fields with a column if people or titles may decide: who decided, and the label before people did."""

CATEGORY_FIELDS: Final = ("category_id", "category_name")
"""Columns with the category that a sales platform has for the label, such as `1581` and `... > Skirts`."""

FIRST_COLUMNS: Final = ("path", "label", "confidence", "decision", "reason", "familiarity")
"""The first columns of the table of photos, in this order."""

LAST_COLUMNS: Final = ("version", "sha256", "error")
"""The columns of the table of photos behind those of the model's answers."""


@dataclass(frozen=True)
class TableColumn:
    """One column of a table: its name, the type of its cells, and how a cell is read from a row.

    Attributes:
        name: the name of the column in the header.
        kind: the type of its cells, which an Excel workbook needs.
        read_cell: a function that returns the cell of a row, of this type; None for an empty cell.
    """

    name: str
    kind: type[str] | type[int] | type[float]
    read_cell: Callable[[TableRow], object]


def make_photo_columns(
    settings: RunSettings,
    *,
    has_human_answers: bool = False,
    has_shop_words: bool = False,
    reader: ListReader | None = None,
) -> list[TableColumn]:
    """Return the columns of the table of photos, in their order.

    Args:
        has_human_answers: whether people answered something, which adds the columns of DECISION_FIELDS.
        has_shop_words: whether folders, or words that the shop explained, name kinds of garments. Then there
            are the columns TITLE_KINDS_COLUMN and LISTED_WORD_COLUMN, as for each list whose titles are read.
        reader: the reader of the list's words; None to leave the cells of LISTED_WORD_COLUMN empty.
    """
    has_words = has_shop_words or has_titles(settings)
    return [
        *_make_model_columns(settings.heads, settings.version),
        *(_make_decider_columns(settings) if has_human_answers or has_words else ()),
        *_make_category_columns(settings),
        *(_make_word_columns(reader) if has_words else ()),
        *(_make_text_column(ours, _make_cell_reader(name)) for name, ours in settings.further.items()),
    ]


def make_product_columns(
    settings: RunSettings,
    *,
    has_human_answers: bool = False,
    has_shop_words: bool = False,
    reader: ListReader | None = None,
) -> list[TableColumn]:
    """Return the columns of the table of products. The first column has the names of the products.

    Args:
        has_human_answers: whether people answered something, which adds the columns of DECISION_FIELDS.
        has_shop_words: whether folders, or words that the shop explained, name kinds of garments. Then there
            are the columns TITLE_KINDS_COLUMN and LISTED_WORD_COLUMN, as for each list whose titles are read.
        reader: the reader of the list's words; None to leave the cells of LISTED_WORD_COLUMN empty.
    """
    has_words = has_shop_words or has_titles(settings)
    own_columns = [
        *_make_answer_columns(settings.attributes, settings.version),
        *(_make_decider_columns(settings) if has_human_answers or has_words else ()),
        *_make_category_columns(settings),
        *(_make_word_columns(reader) if has_words else ()),
    ]
    last_columns = list(_make_customer_columns())
    grouping_column = settings.by.column if settings.by and settings.by.folder is None else ""
    own_names = {column.name for column in (*own_columns, *last_columns)}
    own_names |= set() if grouping_column else {FOLDER_COLUMN}
    distinct_names = make_distinct_names(settings.further.values(), own_names)
    names = {name: distinct_names[table_name] for name, table_name in settings.further.items()}
    return [
        _make_text_column(names.pop(grouping_column, FOLDER_COLUMN), lambda row: row.record.product),
        *own_columns,
        *(_make_text_column(table_name, _make_cell_reader(name)) for name, table_name in names.items()),
        *last_columns,
    ]


def make_column_name(head: str, field: str) -> str:
    """Return the name of the column with one field of an answer, such as "colour_confidence".

    Args:
        head: the class (LABEL), or the name of an attribute, such as `colour`.
        field: the field, such as `confidence`.

    Returns:
        The field itself for the class; for an attribute, its name, `_` and the field.
    """
    return field if head == LABEL else f"{head}_{field}"


def check_attributes(labels: Sequence[str], attributes: Sequence[str]) -> None:
    """Refuse an attribute whose columns would have the names of other columns.

    Args:
        labels: the classes of the release.

    Raises:
        TableUnusable: there is such a column. The message names it.
    """
    names = Counter(_list_own_names(labels, attributes))
    if twice := [name for name, count in names.items() if count > 1]:
        raise TableUnusable(
            f"Attributes {', '.join(attributes)}: a table would have two columns `{twice[0]}`. Give the "
            "attribute another name."
        )


def name_list_columns(
    names: Iterable[str], labels: Iterable[str], attributes: Iterable[str]
) -> dict[str, str]:
    """Return the names of a list's columns in a table, where names that the table itself has are prefixed.

    Args:
        labels: the classes of the release that answers.

    Returns:
        The name in the table by the name in the list, such as {"sku": "sku", "label": "list_label"}.
    """
    return make_distinct_names(
        names, {*_list_own_names(labels, attributes), KIND, TITLE_KINDS_COLUMN, LISTED_WORD_COLUMN}
    )


def make_distinct_names(names: Iterable[str], reserved_names: Collection[str]) -> dict[str, str]:
    """Return names for a list's columns that differ from one another and from a table's own columns.

    Args:
        names: the names of the list's columns.
        reserved_names: the names of the table's own columns.

    Returns:
        The new name by the name in the list. A name in `reserved_names` gets LIST_PREFIX, more than once if
        needed.
    """
    given_names = tuple(names)
    renamed = dict(zip(given_names, given_names, strict=True))
    for name in set(reserved_names).intersection(given_names):
        # A list can have "list_label" beside "label". Then the latter becomes "list_list_label".
        while renamed[name] in reserved_names or renamed[name] in given_names:
            renamed[name] = LIST_PREFIX + renamed[name]
    return renamed


def _list_own_names(labels: Iterable[str], attributes: Iterable[str]) -> Iterator[str]:
    """Yield the names of all columns that a table of photos may have of its own."""
    yield from (
        *FIRST_COLUMNS[:1],
        "familiarity",
        *LAST_COLUMNS,
        *(PROBABILITY_PREFIX + label for label in labels),
    )
    for head, fields in ((LABEL, CLASS_FIELDS), *((name, ATTRIBUTE_FIELDS) for name in attributes)):
        yield head
        yield from (make_column_name(head, field) for field in (*fields, *DECISION_FIELDS, *CATEGORY_FIELDS))


def _make_model_columns(heads: Mapping[str, Sequence[str]], version: str) -> Iterator[TableColumn]:
    """Yield the columns of the table of photos that the model fills, from `path` to `error`."""
    yield _make_text_column("path", lambda row: row.record.name)
    yield from _make_head_columns(LABEL, CLASS_FIELDS)
    yield TableColumn("familiarity", float, read_cell=lambda row: row.record.familiarity)
    for index, label in enumerate(heads[LABEL]):
        yield TableColumn(PROBABILITY_PREFIX + label, float, read_cell=_make_probability_reader(index))
    for name in heads:
        if name != LABEL:
            yield from _make_head_columns(name, ATTRIBUTE_FIELDS)
    yield _make_text_column("version", lambda _: version)
    yield _make_text_column("sha256", lambda row: row.record.sha256 or None)
    yield _make_text_column("error", lambda row: row.record.error or None)


def _make_answer_columns(attributes: Iterable[str], version: str) -> Iterator[TableColumn]:
    """Yield the columns of the table of products that the combined answers fill."""
    yield from _make_head_columns(LABEL, CLASS_FIELDS)
    for name in attributes:
        yield from _make_head_columns(name, ("confidence", "decision", "reason", "also"))
    yield TableColumn(
        PHOTOS_COLUMN,
        int,
        # Copies of a photo count once. A photo that cannot be read has no sha256.
        lambda row: len({photo.sha256 or photo.path for photo in row.record.photos if photo.has_picture}),
    )
    yield _make_text_column(DECIDING_PHOTOS_COLUMN, join_deciding_photos)
    yield _make_text_column("version", lambda _: version)
    yield _make_text_column("error", lambda row: row.record.error or None)


def _make_decider_columns(run: RunSettings) -> Iterator[TableColumn]:
    """Yield the columns of DECISION_FIELDS for the class and each attribute."""
    for head in run.heads:
        yield from (_make_answer_column(head, field) for field in DECISION_FIELDS)


def _make_category_columns(run: RunSettings) -> Iterator[TableColumn]:
    """Yield the columns of CATEGORY_FIELDS for the class and the attributes that have categories."""
    for head in run.heads:
        if run.categories.get(head):
            yield from (_make_category_column(head, place) for place in range(len(CATEGORY_FIELDS)))


def has_titles(settings: RunSettings) -> bool:
    """Return whether the settings of a run let titles of the list decide about pictures."""
    return settings.list_words is not None and settings.list_words.language != LANGUAGE_OFF


def _make_word_columns(reader: ListReader | None) -> Iterator[TableColumn]:
    """Yield the columns with the kinds that the list's words allow, and with the word that names them."""

    def read_word(row: TableRow) -> str | None:
        if reader is None or not row.title_kinds:
            return None
        photos = row.record.photos
        listed_word = find_list_garment_word(
            reader, (photo.cells for photo in photos), find_parent_folder(photos[0].path)
        )
        return f"{listed_word.word} ({listed_word.column})" if listed_word else None

    yield _make_text_column(
        TITLE_KINDS_COLUMN, lambda row: VALUE_SEPARATOR.join(sort_kinds(row.title_kinds)) or None
    )
    yield _make_text_column(LISTED_WORD_COLUMN, read_word)


def _make_customer_columns() -> Iterator[TableColumn]:
    """Yield the columns of CUSTOMER_COLUMNS: each value, and the word and the place where it was read."""
    gender, gender_word, age_group, age_group_word = CUSTOMER_COLUMNS
    yield _make_text_column(gender, lambda row: row.customers.gender.value or None)
    yield _make_text_column(gender_word, lambda row: _format_source(row.customers.gender))
    yield _make_text_column(age_group, lambda row: row.customers.age_group.value or None)
    yield _make_text_column(age_group_word, lambda row: _format_source(row.customers.age_group))


def _format_source(customer: CustomerValue) -> str | None:
    """Return the word of a gender or age group, and its place: "Damenkleid (title)", "female (--gender)"."""
    return f"{customer.word} ({customer.place})" if customer.word else customer.place or None


def _make_head_columns(head: str, fields: Iterable[str]) -> Iterator[TableColumn]:
    """Yield the columns of the class or an attribute: its label, and the given fields of its answer."""
    yield _make_text_column(head, lambda row: row.find_decision(head).label)
    yield from (_make_answer_column(head, field) for field in fields)


def _make_text_column(name: str, read_cell: Callable[[TableRow], object]) -> TableColumn:
    return TableColumn(name, str, read_cell)


def _make_answer_column(head: str, field: str) -> TableColumn:
    return TableColumn(
        make_column_name(head, field),
        kind=float if field == "confidence" else str,
        read_cell=lambda row: FIELD_READERS[field](row.find_decision(head)),
    )


def _make_category_column(head: str, place: int) -> TableColumn:
    return _make_text_column(
        make_column_name(head, CATEGORY_FIELDS[place]), lambda row: row.find_decision(head).category[place]
    )


def _make_probability_reader(index: int) -> Callable[[TableRow], object]:
    return lambda row: row.class_decision.answer.probabilities[index] if row.class_decision.answer else None


def _make_cell_reader(name: str) -> Callable[[TableRow], object]:
    """Return a function that reads the cell of a list's column, where an empty one of a product is None."""
    return lambda row: row.record.cells[name] or (None if isinstance(row.record, ProductRecord) else "")
