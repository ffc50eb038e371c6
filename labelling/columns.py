"""The columns of a table: what each is called, and its cell of a row. No other file spells them.

Those of the table of photos, of the table of products, and of a list beside them. table.py writes them.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inference.contract import LABEL
from inference.kinds import KIND, in_order
from inference.reasons import DecidedBy, Reason
from labelling.errors import TableUnusable
from labelling.row import ACCEPT, LONGEST_PATH, REVIEW, Decision, Product, Row
from labelling.table_of import FOLDER, TableOf
from labelling.titles import OFF

PROBABILITY: Final = "p_"
"""What stands before a label in the name of its column."""

OF_LIST: Final = "list_"
"""What stands before a list's column in the table where that has a column of this name."""

LISTED: Final = "listed_as"
"""The kinds that the words of the list admit, where it has words."""

PHOTOS: Final = "photos"
RESTS_ON: Final = "rests_on"
"""How many photos a product has, and those that its class is answered by."""

BETWEEN: Final = "|"
"""Stands between these."""

OF_CLASS: Final = ("confidence", "decision", "reason")
OF_ATTRIBUTE: Final = ("confidence", "decision", "also")
"""Fields of an answer that the table of photos has."""

DECIDED: Final = ("decided_by", "predicted")
"""Those of a table that has people's answers, or words: `model`, `list` or `person`, and the label before
people."""

CATEGORY: Final = ("category_id", "category_name")
"""Those of a table whose platform has categories of its own."""

OF_PHOTOS: Final = ("path", "label", "confidence", "decision", "reason", "familiarity")
"""The first columns of the table of photos."""

ORIGIN: Final = ("version", "sha256", "error")
"""Those that follow the answers."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: in its header.
        kind: of its cells, which Excel has to know.
        of: the cell of a row, of this kind, or None where there is nothing.
    """

    name: str
    kind: type[str] | type[int] | type[float]
    of: Callable[[Row], object]


def columns(run: TableOf, *, with_people: bool = False) -> list[Column]:
    """Those of the table of photos.

    Args:
        run: whose rows it has.
        with_people: whether people answered something, which adds who decided and what the model answered.
    """
    return [
        *_of_photo(run.heads, run.version),
        *_of_people_and_platform(run, with_people=with_people),
        *_of_words(run),
        *(_text(ours, _cell(name)) for name, ours in run.further.items()),
    ]


def product_columns(run: TableOf, *, with_people: bool = False) -> list[Column]:
    """Those of the table of products; the first one names them.

    Args:
        run: with products.
        with_people: as for `columns`.
    """
    own = list(_of_product(run.attributes, run.version))
    further = kept_apart(run.further.values(), {column.name for column in own})
    names = {name: further[ours] for name, ours in run.further.items()}
    by = run.by.column if run.by and run.by.folder is None else ""
    return [
        _text(names.pop(by, FOLDER), lambda row: row.subject.product),
        *own,
        *_of_people_and_platform(run, with_people=with_people),
        *_of_words(run),
        *(_text(ours, _cell(name)) for name, ours in names.items()),
    ]


def column_of(head: str, field: str) -> str:
    """What a table calls a field of an answer: `confidence` of the class, `colour_confidence` of colour."""
    return field if head == LABEL else f"{head}_{field}"


def check_attributes(labels: Sequence[str], attributes: Sequence[str]) -> None:
    """Refuse an attribute whose columns would be called like others of the table.

    Args:
        labels: the classes of the release.
        attributes: of the release.

    Raises:
        TableUnusable: it names the column.
    """
    names = Counter(_names(labels, attributes))
    if twice := [name for name, count in names.items() if count > 1]:
        raise TableUnusable(
            f"Attributes {', '.join(attributes)}: a table would have two columns `{twice[0]}`. Give the "
            "attribute another name."
        )


def further_columns(names: Iterable[str], labels: Iterable[str], attributes: Iterable[str]) -> dict[str, str]:
    """What a table calls the columns of a list: as the list does, with OF_LIST before a name of ours.

    Args:
        names: of the list's columns.
        labels: of the release that answers.
        attributes: of that release.

    Returns:
        a name by each of them, all different.
    """
    return kept_apart(names, {*_names(labels, attributes), KIND, LISTED})


def kept_apart(names: Iterable[str], ours: Collection[str]) -> dict[str, str]:
    """What a table calls columns of a list beside `ours`: a name by each of them, all different."""
    given = tuple(names)
    renamed = dict(zip(given, given, strict=True))
    for name in set(ours).intersection(given):
        while renamed[name] in ours or renamed[name] in given:
            renamed[name] = OF_LIST + renamed[name]
    return renamed


def _names(labels: Iterable[str], attributes: Iterable[str]) -> Iterator[str]:
    """The names of all columns of ours that a table of photos may have."""
    yield from (*OF_PHOTOS[:1], "familiarity", *ORIGIN, *(PROBABILITY + label for label in labels))
    for head, fields in ((LABEL, OF_CLASS), *((name, OF_ATTRIBUTE) for name in attributes)):
        yield head
        yield from (column_of(head, field) for field in (*fields, *DECIDED, *CATEGORY))


def _of_photo(heads: Mapping[str, Sequence[str]], version: str) -> Iterator[Column]:
    yield _text("path", lambda row: row.subject.name)
    yield from _of_head(LABEL, OF_CLASS)
    yield Column("familiarity", float, of=lambda row: row.subject.familiarity)
    for index, label in enumerate(heads[LABEL]):
        yield Column(PROBABILITY + label, float, of=_probability(index))
    for name in heads:
        if name != LABEL:
            yield from _of_head(name, OF_ATTRIBUTE)
    yield _text("version", lambda _: version)
    yield _text("sha256", lambda row: row.subject.sha256 or None)
    yield _text("error", lambda row: row.subject.error or None)


def _of_product(attributes: Iterable[str], version: str) -> Iterator[Column]:
    yield from _of_head(LABEL, OF_CLASS)
    for name in attributes:
        yield from _of_head(name, ("confidence", "decision", "reason", "also"))
    yield Column(PHOTOS, int, lambda row: len({photo.sha256 or photo.path for photo in row.subject.photos}))
    yield _text(RESTS_ON, lambda row: BETWEEN.join(_rests_on(row.label))[:LONGEST_PATH] or None)
    yield _text("version", lambda _: version)
    yield _text("error", lambda row: row.subject.error or None)


def _of_people_and_platform(run: TableOf, *, with_people: bool) -> Iterator[Column]:
    for head in run.heads if with_people or has_words(run) else ():
        yield from (_field(head, field) for field in DECIDED)
    for head in run.heads:
        if run.categories.get(head):
            yield from (_category(head, place) for place in range(len(CATEGORY)))


def has_words(run: TableOf) -> bool:
    """Whether the list has words that are read."""
    return run.list_words is not None and run.list_words.language != OFF


def _of_words(run: TableOf) -> Iterator[Column]:
    if has_words(run):
        yield _text(LISTED, lambda row: "/".join(in_order(row.listed)) or None)


def _of_head(head: str, fields: Iterable[str]) -> Iterator[Column]:
    """A head's label, and fields of its answer."""
    yield _text(head, lambda row: row.of(head).label)
    yield from (_field(head, field) for field in fields)


def _text(name: str, of: Callable[[Row], object]) -> Column:
    return Column(name, str, of)


def _field(head: str, field: str) -> Column:
    return Column(
        column_of(head, field),
        kind=float if field == "confidence" else str,
        of=lambda row: _SHOWN[field](row.of(head)),
    )


def _decision(decided: Decision) -> str | None:
    """Whether a person has to look; what one answered needs no review."""
    if decided.by == DecidedBy.PERSON:
        return ACCEPT if decided.label else REVIEW
    if decided.answer is None and decided.reason != Reason.CONTRADICTING:
        return None
    return REVIEW if decided.reason else ACCEPT


def _also(decided: Decision) -> str | None:
    """Further labels of the answer that counts."""
    return (
        "/".join(decided.answer.also) or None if decided.answer and decided.by != DecidedBy.PERSON else None
    )


_SHOWN: Final[Mapping[str, Callable[[Decision], object]]] = {
    "confidence": lambda decided: decided.answer and decided.answer.confidence,
    "decision": _decision,
    "reason": lambda decided: None if decided.by == DecidedBy.PERSON and decided.label else decided.reason,
    "also": _also,
    "decided_by": lambda decided: decided.by,
    "predicted": lambda decided: decided.predicted,
}
"""The fields of an answer as a table has them."""


def _rests_on(decided: Decision) -> tuple[str, ...]:
    return decided.answer.rests_on if decided.answer else ()


def _category(head: str, place: int) -> Column:
    return _text(column_of(head, CATEGORY[place]), lambda row: row.of(head).category[place])


def _probability(index: int) -> Callable[[Row], object]:
    return lambda row: row.label.answer.probabilities[index] if row.label.answer else None


def _cell(name: str) -> Callable[[Row], object]:
    """The cell of a list's column; None where no photo of a product has one."""
    return lambda row: row.subject.cells[name] or (None if isinstance(row.subject, Product) else "")
