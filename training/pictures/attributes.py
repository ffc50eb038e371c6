"""Attributes of one's own pictures: further columns of their table, each a question beside the class.

An empty cell is not known, `-` says that the picture does not have the attribute, and `blue/white` has
several right labels, the main one first. Reads the table, and copies of pictures. Who learns them:
heads/attribute_heads.py.
"""

import csv
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import ATTRIBUTE_PATTERN, LABEL
from inference.spreadsheets import as_it_was
from labelling.csv_files import renaming, table_of
from labelling.errors import TableUnusable
from labelling.paths import existing
from labelling.table import check_attributes
from model_store.files import fingerprint
from training.errors import BadClasses, BadCsv
from training.pictures.listing import ANSWERED, COLUMNS, as_label
from training.pictures.rare import GROUPS_OF_ATTRIBUTE, Measurable, measurable
from training.pictures.table import Pictures

NOT_THERE: Final = "-"
"""The cell of a picture that does not have the attribute."""

SEVERAL: Final = "/"
"""Between the labels of a cell with several."""

UNKNOWN: Final = -1
INAPPLICABLE: Final = -3
"""In place of a label's index."""

TOO_MUCH: Final = 0.97
"""Share of one label from which an attribute is hardly a question."""

OF_TABLES: Final = frozenset({*COLUMNS, ANSWERED, "tier", "group", "source", LABEL})
"""Columns with a meaning of their own."""

SHOWN: Final = 5
"""Labels or rows that a message names."""


@dataclass(frozen=True)
class Attribute:
    """What a table says of N pictures.

    Attributes:
        labels: in order of their names.
        main: int64 (N,), the index of the first label of each, UNKNOWN or INAPPLICABLE.
        right: bool (N, C), every label of each.
        applies_to: classes that have it; None for all.
        said: what a person should know about it, a sentence each.
    """

    labels: tuple[str, ...]
    main: NDArray[np.int64]
    right: NDArray[np.bool_]
    applies_to: tuple[str, ...] | None
    said: tuple[str, ...] = ()

    @property
    def known(self) -> NDArray[np.int64]:
        """Positions of the pictures with a label."""
        return np.flatnonzero(self.main >= 0)


@dataclass(frozen=True)
class Cells:
    """The columns of attributes in a table.

    Attributes:
        table: their file.
        by_path: the cells of each picture, as they are kept, in the order of `names`.
        names: of the attributes.
        ignored: further columns, which nothing reads.
    """

    table: Path
    by_path: Mapping[Path, tuple[str, ...]]
    names: tuple[str, ...]
    ignored: tuple[str, ...]


def read_cells(table: Path, names: Sequence[str], classes: Sequence[str]) -> Cells:
    """Read the columns of attributes.

    Args:
        table: a CSV with `path`, `label` and a column for each.
        names: of the attributes.
        classes: of the same table.

    Raises:
        BadCsv: there is no such table or column, or two rows of one path disagree.
        BadClasses: an attribute cannot have this name, or a label cannot be shown.
    """
    if not table.is_file():
        raise BadCsv(f"{table}: attributes are columns of a CSV with `path` and `label`; this is none.")
    _check_names(names, classes)
    try:
        reader = table_of(table, (*COLUMNS, *names))
        columns = tuple(reader.fieldnames or ())
        if missing := [name for name in names if name not in columns]:
            raise BadCsv(
                f"{table}: has no column `{missing[0]}`, only {', '.join(columns)}."
                f"{renaming(missing, columns)}"
            )
        found: dict[Path, tuple[str, ...]] = {}
        for row in reader:
            path = Path(existing(str(table.parent / (row["path"] or "").strip())))
            where = f"{table}, row {reader.line_num}"
            cells = tuple(_cell(row[name], where) for name in names)
            found[path] = _joined(found.get(path, cells), cells, names, f"{where}: {path}")
    except (OSError, csv.Error) as error:
        raise BadCsv(f"{table}: cannot be read as a CSV ({error}).") from error
    ignored = tuple(one for one in columns if one not in {*names, *OF_TABLES})
    return Cells(table, found, tuple(names), ignored)


def _check_names(names: Sequence[str], classes: Sequence[str]) -> None:
    for name in names:
        if name in OF_TABLES or not ATTRIBUTE_PATTERN.fullmatch(name):
            raise BadClasses(
                f"--attribute {name}: no attribute can be called so. Rename its column: a letter, then "
                f"letters, digits, `_`, `-` and spaces, and none of {', '.join(sorted(OF_TABLES))}."
            )
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise BadClasses(f"--attribute {twice[0]}: is named twice.")
    try:
        check_attributes(classes, names)
    except TableUnusable as error:
        raise BadClasses(str(error)) from error


def _cell(text: str | None, where: str) -> str:
    cell = as_it_was((text or "").strip())
    return as_label(cell, where) if cell else ""


def _joined(one: Sequence[str], other: Sequence[str], names: Sequence[str], where: str) -> tuple[str, ...]:
    """The cells of two rows of one picture; what one does not know the other may."""
    for name, first, second in zip(names, one, other, strict=True):
        if first and second and first != second:
            raise BadCsv(f"{where} is {first!r} in one row and {second!r} in another one in column `{name}`.")
    return tuple(first or second for first, second in zip(one, other, strict=True))


def attributes_of(
    cells: Cells,
    pictures: Pictures,
    classes: Sequence[str],
    keep: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> dict[str, Attribute]:
    """What a table says of pictures that were read of it.

    Args:
        cells: of the table.
        pictures: N of them, each content once.
        classes: in index order.
        keep: labels that have to be learnt, by attribute.

    Raises:
        BadCsv: two rows of one content disagree.
        BadClasses: the labels of an attribute cannot be learnt; see `rare.measurable`.
    """
    of_files = _of_contents(cells, pictures)
    columns = zip(*of_files, strict=True)
    return {
        name: _attribute(f"{cells.table}, column `{name}`", column, pictures, classes, keep.get(name, ()))
        for name, column in zip(cells.names, columns, strict=True)
    }


def _of_contents(cells: Cells, pictures: Pictures) -> list[tuple[str, ...]]:
    """The cells of each picture, with those of its copies."""
    nothing = ("",) * len(cells.names)
    found = {
        sha256: cells.by_path.get(file, nothing)
        for file, sha256 in zip(pictures.files, pictures.sha256.tolist(), strict=True)
    }
    for path in cells.by_path.keys() - set(pictures.files):
        try:
            sha256 = fingerprint(path).sha256
        except (OSError, ValueError):  # it is no picture, which reading pictures has said
            continue
        if sha256 in found:
            found[sha256] = _joined(found[sha256], cells.by_path[path], cells.names, f"{cells.table}: {path}")
    return [found[sha256] for sha256 in pictures.sha256.tolist()]


def known_attributes(table: Path, heads: Mapping[str, Sequence[str]], pictures: Pictures) -> "Measured":
    """What a table says of the attributes of a release.

    Args:
        table: a CSV of pictures; it need not have all of these columns.
        heads: the labels of each attribute, in index order.
        pictures: N that were read of it.

    Raises:
        BadCsv: two rows of one picture disagree.
    """
    there = [name for name in heads if name in (table_of(table, COLUMNS).fieldnames or ())]
    cells = read_cells(table, there, ())
    columns = zip(*_of_contents(cells, pictures), strict=True)
    found, said = dict[str, Attribute](), list[str]()
    for name, column in zip(there, columns, strict=True):
        labels = tuple(heads[name])
        of_each = labels_in(column, labels)
        main, right = _placed(column, of_each, labels)
        if strange := sorted({given[0] for given in of_each if given} - set(labels)):
            said.append(f"{table}, column `{name}`: the release lacks these labels{_few(strange)}.")
        found[name] = Attribute(labels, main, right, None)
    return Measured(found, cells.ignored, tuple(said))


@dataclass(frozen=True)
class Measured:
    """What a table says of the attributes of a release.

    Attributes:
        attributes: those that it has columns of.
        ignored: further columns.
        said: what a person should know about it, a sentence each.
    """

    attributes: Mapping[str, Attribute]
    ignored: tuple[str, ...]
    said: tuple[str, ...]


def labels_in(cells: Sequence[str], known: Collection[str] = ()) -> list[tuple[str, ...]]:
    """The labels of each cell; several where every part is known, or stands alone in another one."""
    alone = {*cells, *known} - {"", NOT_THERE}

    def parted(cell: str) -> tuple[str, ...]:
        parts = tuple(dict.fromkeys(part.strip() for part in cell.split(SEVERAL)))
        return parts if len(parts) > 1 and alone.issuperset(parts) else (cell,)

    return [() if cell in {"", NOT_THERE} else parted(cell) for cell in cells]


@dataclass(frozen=True)
class Column:
    """What a column of a table holds, for people.

    Attributes:
        counts: pictures by their main label.
        unknown: empty cells.
        inapplicable: cells with NOT_THERE.
        findings: what a person should know, a sentence each.
        is_wrong: whether it cannot be learnt.
    """

    counts: dict[str, int]
    unknown: int
    inapplicable: int
    findings: tuple[str, ...]
    is_wrong: bool


def columns_in(cells: Cells, groups: Mapping[Path, str]) -> dict[str, Column]:
    """Check the columns of attributes.

    Args:
        cells: of the table.
        groups: of its pictures that can be learnt.
    """
    columns = zip(*(cells.by_path.get(path, ("",) * len(cells.names)) for path in groups), strict=True)
    return {
        name: _column(f"{cells.table}, column `{name}`", column, list(groups.values()))
        for name, column in zip(cells.names, columns, strict=True)
    }


def _column(where: str, cells: Sequence[str], groups: Sequence[str]) -> Column:
    main = _main(labels_in(cells))
    counts, findings, is_wrong = dict(sorted(Counter(filter(None, main)).items())), tuple[str, ...](), False
    try:
        found = measurable(where, main, groups, needs=GROUPS_OF_ATTRIBUTE)
        findings = _said(where, found, [label for label in main if label in found.labels])
    except BadClasses as error:
        findings, is_wrong = (str(error),), True
    return Column(counts, cells.count(""), cells.count(NOT_THERE), findings, is_wrong)


def _attribute(
    where: str, cells: Sequence[str], pictures: Pictures, classes: Sequence[str], keep: Sequence[str]
) -> Attribute:
    of_each = labels_in(cells)
    found = measurable(where, _main(of_each), pictures.groups.tolist(), needs=GROUPS_OF_ATTRIBUTE, keep=keep)
    main, right = _placed(cells, of_each, found.labels)
    none, some = (set(pictures.labels[chosen].tolist()) for chosen in (main == INAPPLICABLE, main >= 0))
    without = none - some
    applies_to = tuple(one for place, one in enumerate(classes) if place not in without) if without else None
    said = _said(where, found, [found.labels[place] for place in main.tolist() if place >= 0])
    return Attribute(found.labels, main, right, applies_to, said)


def _main(of_each: Sequence[tuple[str, ...]]) -> list[str]:
    return [given[0] if given else "" for given in of_each]


def _placed(
    cells: Sequence[str], of_each: Sequence[tuple[str, ...]], labels: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """`main` and `right` of an Attribute."""
    index = {label: place for place, label in enumerate(labels)}
    main, right = np.full(len(cells), UNKNOWN, np.int64), np.zeros((len(cells), len(labels)), np.bool_)
    for place, (cell, given) in enumerate(zip(cells, of_each, strict=True)):
        kept = [index[label] for label in given if label in index]
        if cell == NOT_THERE:
            main[place] = INAPPLICABLE
        elif kept and given[0] in index:
            main[place], right[place, kept] = kept[0], True
    return main, right


def _said(where: str, found: Measurable, main: Sequence[str]) -> tuple[str, ...]:
    label, count = Counter(main).most_common(1)[0]
    common = f"{where}: {count / len(main):.0%} are {label!r}, so that an answer says little."
    return tuple(filter(None, (found.of_rare(where), common if count >= TOO_MUCH * len(main) else "")))


def _few(labels: Sequence[str]) -> str:
    named = ", ".join(map(repr, labels[:SHOWN])) + (", ..." if len(labels) > SHOWN else "")
    return f" ({named})" if labels else ""
