"""List pictures with their labels: a table of `path,label[,tier][,group][,source][,split]`, or folders.

A table may have columns of attributes, too, and is parsed once. Looks at names alone and opens no picture;
that is read.py's. Reads the named folder or table, and writes such a table.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from inference.contract import LABEL
from inference.file_names import is_clutter, is_picture_name
from inference.listed import NONE
from inference.plain_text import as_spelt
from inference.spreadsheets import as_it_was
from labelling.errors import CorrectionsUnusable, ListUnusable
from labelling.identifiers import NOT_KNOWN, NOT_THERE, identifier
from labelling.list_words import contradictions, word_columns
from labelling.lists import AS_IT_IS, ListFile, ListRow, OpenList, Reading, open_list
from labelling.review.corrections import OfFiles, corrections_of_files
from model_store.files import hash_of
from training.data.rare import LABELS_MAX, LABELS_MIN, Measurable, check_twins, measurable
from training.errors import BadClasses, BadCsv, DataSetMissing

Part: TypeAlias = Literal["train", "test"]

Sha256Of: TypeAlias = Callable[[str], str | None]
"""The digest of a file that people answered; None where it cannot be read."""

LEARNT: Final = frozenset({"train", "training"})
HELD_OUT: Final = frozenset({"val", "valid", "validation"})
MEASURED: Final = frozenset({"test", "testing"})
"""Sub-folders, in any capitals, that divide a data set instead of naming classes, where there are no others:
one of LEARNT, and one of the others. HELD_OUT is learnt where there is a test part, else measured on; what is
held out of the learnt pictures is drawn as always."""

COLUMNS: Final = ("path", "label")
"""What the header of a table has to name, unless people name other columns of paths."""

FURTHER: Final = ("tier", "group", "source")
"""What is read of a table as well."""

SPLIT: Final = "split"
"""The column of a table that divides it, as sub-folders of these names divide a folder."""

WORDS: Final = re.compile("[,;|/]")
"""Between words in cells of attributes."""

NAMED: Final = 5
"""Folders or cells that a sentence names."""

FILES_NAMED: Final = 3
"""Files that a sentence names."""

PRODUCT: Final = "product"
"""What a table that is written here calls the column of products."""

ANSWERED: Final = "at"
"""Column of people's answers, the time of each: in such a table an empty label leaves a picture out."""


@dataclass(frozen=True)
class ListedPicture:
    """One picture file.

    Attributes:
        labels: as the table or the folder spells them: the class by LABEL, attributes by their names. Empty,
            or not there, where one is not known.
        part: train or test, where the data says so.
        tier: how a photo was taken; empty where that is not said.
        group: what it shares with other pictures, such as sender or product; empty where that is not known.
            Of prepared pictures equal ones stay on one side of every split.
        source: the shop or collection that it comes from; empty where that is not known.
        product: that it shows, where a column of the table names products.
        class_id: the index of its class, once labels have one.
        sha256: hex digest of its bytes, once it is prepared; empty where it cannot be read.
        groups: of it and its copies, once it is prepared.
    """

    path: Path
    labels: Mapping[str, str]
    part: Part | None = None
    tier: str = ""
    group: str = ""
    source: str = ""
    class_id: int = -1
    product: str = ""
    sha256: str = ""
    groups: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """Of the class."""
        return self.labels[LABEL]


def of_several_products(rows: Sequence[ListedPicture], head: str = LABEL) -> bool:
    """Whether the rows of one picture have several labels because it lies under several products.

    One product with two labels is a slip of the table, as a picture without a product is.

    Args:
        rows: one or more.
        head: the class, or an attribute that all of these rows know.
    """
    labels: dict[str, set[str]] = {}
    for row in rows:
        labels.setdefault(row.product, set()).add(row.labels[head])
    return (
        "" not in labels
        and all(len(of) == 1 for of in labels.values())
        and len(set.union(*labels.values())) > 1
    )


@dataclass(frozen=True)
class Listing:
    """The pictures of a table or a folder, before any is opened.

    Attributes:
        place: the table or the folder.
        left_out: what lies among the pictures and was not taken for one.
        empty: folders of labels without a picture.
        outdated: pictures that have another content than the one that a person answered.
        nested: folders below a label's own that hold pictures, which are of that label.
        missing: pictures that a person answered and that are neither where the table says nor near it.
        columns: of a table.
        attributes: columns that are further questions.
        labels: of the classes, by the `class_id` of the pictures; empty where these have none.
        notes: what a person should know of a table, a sentence each.
        answers: of people, where the table is of such.
    """

    place: Path
    pictures: tuple[ListedPicture, ...] = ()
    left_out: tuple[Path, ...] = ()
    empty: tuple[Path, ...] = ()
    outdated: tuple[Path, ...] = ()
    missing: tuple[Path, ...] = ()
    nested: tuple[Path, ...] = ()
    columns: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    answers: OfFiles | None = None

    @property
    def name(self) -> str:
        """The folder's or the table's, as text that any file can hold, whatever bytes it has."""
        name = self.place.resolve().name if self.place.is_dir() else self.place.stem
        return name.encode("utf-8", "replace").decode() or "pictures"

    @property
    def groups_are_products(self) -> bool:
        """Whether there are products, and no other groups than these."""
        groups = {picture.group for picture in self.pictures} - {""}
        return bool(groups) and groups == {picture.product for picture in self.pictures} - {""}

    def followed_by(self, other: "Listing") -> "Listing":
        """This place with the pictures of another one behind its own."""
        joined = "pictures", "left_out", "empty", "nested", "outdated", "missing", "notes"
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in joined})

    @property
    def warnings(self) -> list[str]:
        """What a person should know of it, a sentence each."""
        sentences = [
            *self.notes,
            self.left_out
            and f"left out {len(self.left_out)} that are not taken for pictures of a class: "
            f"{_few(self.left_out, FILES_NAMED)}.",
            self.of_nested(),
            self.missing
            and f"{len(self.missing)} pictures that a person answered are not found and left out: "
            f"{', '.join(map(str, self.missing[:FILES_NAMED]))}.",
            self.outdated
            and f"{len(self.outdated)} pictures have another content than when a person answered, and are "
            f"left out: {self.outdated[0]}.",
        ]
        return [str(sentence) for sentence in sentences if sentence]

    def column(self, name: str) -> str:
        """A column of the table, as messages call it."""
        return f"{self.place}, column `{name}`"

    def cells(self, name: str) -> list[str]:
        """What a column says of each picture, as spelt."""
        return [picture.labels.get(name, "") for picture in self.pictures]

    def classified(self) -> "Listing":
        """This listing with the `class_id` of each picture, in order of the labels' names.

        Raises:
            BadClasses: these are no classes.
        """
        labels = self.classes()
        codes = {label: code for code, label in enumerate(labels)}
        pictures = (replace(picture, class_id=codes[picture.label]) for picture in self.pictures)
        return replace(self, pictures=tuple(pictures), labels=labels)

    def of_nested(self) -> str:
        """A sentence on pictures in folders of folders; empty where there are none."""
        few = _few(self.nested, NAMED)
        return f"Pictures in folders of a class's folder are of that class: {few}." if few else ""

    def classes(self) -> tuple[str, ...]:
        """The labels in order of their names, LABELS_MIN to LABELS_MAX.

        Raises:
            BadClasses: too few or too many of them, one without a picture, or names that clash.
        """
        found = {picture.label for picture in self.pictures}
        if self.place.is_dir() and any(picture.tier for picture in self.pictures):
            raise BadClasses(
                f"{self.place}: no picture lies in a sub-folder, but in folders of these. Put those of each "
                "class right into its sub-folder, or divide them first into `train` and `test`, perhaps with "
                "`val`; photos in FOLDER/tier/label/ are named by --photos."
            )
        if self.empty:
            raise BadClasses(
                f"{self.empty[0]}: no picture in it. Put the pictures of the class {self.empty[0].name!r} "
                "there, or remove it."
            )
        if not LABELS_MIN <= len(found) <= LABELS_MAX:
            there = "only one class" if len(found) == 1 else f"{len(found)} classes"
            raise BadClasses(
                f"{self.place}: {there} ({_shown(found)}). {LABELS_MIN} to {LABELS_MAX} can be separated: "
                "one sub-folder each, or one label each in a CSV."
            )
        check_twins(str(self.place), found)
        return tuple(sorted(found))

    def measurable(self, keep: Collection[str] = (), gone: Collection[str] = ()) -> Measurable:
        """The classes that can be learnt of these pictures: before one is opened, as far as groups show it.

        Args:
            keep: classes that have to be learnt.
            gone: classes of which corrections may have left no picture.

        Raises:
            BadClasses: see `rare.measurable`.
        """
        labels = [picture.label for picture in self.pictures]
        groups = [picture.group or str(picture.path) for picture in self.pictures]
        tested = [picture.part == "test" for picture in self.pictures]
        return measurable(str(self.place), labels, groups, tested, keep=keep, gone=gone)


def list_pictures(
    place: Path,
    reading: Reading = AS_IT_IS,
    attributes: Sequence[str] = (),
    sha256_of: Sha256Of = hash_of,
) -> Listing:
    """List the pictures of a table, or of a folder with one sub-folder per label.

    A folder's sub-folders may also be `train` and `test`, perhaps with `val`, or tiers, with those of the
    labels inside. Pictures in a label's own sub-folders are of that label. Hidden files and those that are no
    pictures by their names are left out, and so is a folder `none of these` outside tiers; anything else is
    taken for a picture. Of people's answers, those without a class are left out.

    Args:
        place: a folder, or a CSV whose header has the columns `path` and `label`, and perhaps `tier`,
            `group`, `source` and `split`. Paths are relative to the CSV's folder.
        reading: how the CSV is read.
        attributes: columns that are further questions, read where the CSV has them.
        sha256_of: reads the pictures of people's answers.

    Raises:
        DataSetMissing: a folder cannot be read.
        BadCsv: the CSV cannot be read, has another header, or a row that does not fit it or has no path.
        BadClasses: a row without a label or tier, or a label that cannot be shown.
    """
    if place.exists() and not place.is_dir():
        return _list_table(place, attributes, reading, sha256_of)
    if reading.by:
        raise BadCsv(f"{place}: --product-column {reading.by} names a column of a CSV, and this is none.")
    folders = [entry for entry in entries(place) if entry.is_dir() and not is_clutter(entry.name)]
    unlabelled = _unlabelled(folders)
    tiers = [folder for folder in folders if folder not in unlabelled]
    listing = Listing(place, left_out=tuple(entry for folder in unlabelled for entry in entries(folder)))
    if not _is_divided(tiers):
        return listing.followed_by(_list_labels(place))
    beside = (entry for entry in entries(place) if not entry.is_dir() or is_clutter(entry.name))
    listing = replace(listing, left_out=(*listing.left_out, *beside))
    names = {tier.name.casefold() for tier in tiers}
    if names <= LEARNT:  # the rest has no labels
        return listing.followed_by(_list_labels(tiers[0]))
    parts = _parts_of(names)
    for tier in sorted(tiers, key=lambda folder: parts.get(folder.name.casefold()) == "test"):
        part = parts.get(tier.name.casefold())
        listing = listing.followed_by(_list_labels(tier, part=part, tier="" if part else tier.name))
    return listing


def has_idx(place: Path) -> bool:
    """Whether a folder holds IDX files, by their names."""
    return any(place.glob("*-ubyte*"))


def unwrapped(place: Path) -> Path:
    """The data set in a folder around it, as archives unpack: its only sub-folder, if that is a data set.

    A sub-folder with a name of one letter stays: it is a tier of photos.

    Raises:
        DataSetMissing: a folder cannot be read.
    """
    if not place.is_dir() or has_idx(place) or any(map(could_be_picture, entries(place))):
        return place
    folders = [entry for entry in entries(place) if entry.is_dir() and not is_clutter(entry.name)]
    if len(folders) != 1 or len(folders[0].name) == 1:
        return place
    inside = entries(folders[0])
    has_folders = any(one.is_dir() and not is_clutter(one.name) for one in inside)
    is_set = has_idx(folders[0]) or (has_folders and not any(map(could_be_picture, inside)))
    return unwrapped(folders[0]) if is_set else place


def _unlabelled(folders: Sequence[Path]) -> list[Path]:
    """Those of a divided folder that hold pictures of no label, as `test` often does."""
    names = {folder.name.casefold() for folder in folders}
    flat = [folder for folder in folders if any(could_be_picture(entry) for entry in entries(folder))]
    learnt = [folder for folder in folders if folder.name.casefold() in LEARNT]
    if not _parts_of(names) or any(folder in flat for folder in learnt) or not _is_divided(learnt):
        return []
    return flat


def _parts_of(names: set[str]) -> dict[str, Part]:
    """The part that each sub-folder is, by its name; empty where these are no parts of a data set."""
    if not names <= LEARNT | HELD_OUT | MEASURED or not names & LEARNT or not names - LEARNT:
        return {}
    measured = names & MEASURED or names & HELD_OUT
    return {name: "test" if name in measured else "train" for name in names}


_Labelled: TypeAlias = tuple[Mapping[str, str], str]
"""The words of a row of a table, by column, and its label."""


def _list_table(place: Path, attributes: Sequence[str], reading: Reading, sha256_of: Sha256Of) -> Listing:
    table = open_table(place, attributes, reading)
    columns = tuple(name for name in table.columns if name != reading.by)
    if _holds_answers(columns):
        answers = _list_answers_with_a_class(table, answers_in([place], reading, sha256_of=sha256_of))
        return replace(answers, columns=columns, attributes=tuple(attributes))
    there = [name for name in attributes if name in columns]
    parts = parts_in(table)
    words, labelled = word_columns(table.columns), list[_Labelled]()
    pictures, left_out, unknown = list[ListedPicture](), list[Path](), Counter[str]()
    for line in table.rows():
        labelled.append(({name: line.cells[name] for name in words.columns}, line.cells[LABEL].strip()))
        part = parts.get(line.cells.get(SPLIT, "").strip().casefold())
        for row in _pictures(table, line, there, part):
            if not row.tier and _is_no_class(row.label):
                left_out.append(row.path)
                unknown[row.label] += row.label != NONE
                continue
            if not row.tier:  # which may say that a photo shows none of the classes
                as_label(row.label, line.where)
            pictures.append(row)
    notes = table.notes + _of_unknown(f"{place}, column `label`", unknown)
    for name in there:
        pictures, of_column = _without_what_is_no_label(pictures, name, f"{place}, column `{name}`")
        notes += of_column
    if wrong := contradictions(words.in_language("", (cells for cells, _ in labelled)), labelled):
        notes += (f"{place}: {wrong}",)
    return Listing(
        place,
        tuple(pictures),
        tuple(left_out),
        columns=columns,
        attributes=tuple(attributes),
        notes=notes,
    )


def _list_answers_with_a_class(table: ListFile, said: OfFiles) -> Listing:
    answers = list_answers(table.path, said, parts_in(table))
    shown = tuple(row for row in answers.pictures if not _is_no_class(row.label))
    unclassed = (row.path for row in answers.pictures if _is_no_class(row.label))
    for row in shown:
        as_label(row.label, str(table.path))
    return replace(
        answers,
        pictures=shown,
        left_out=(*answers.left_out, *unclassed),
        notes=table.notes + answers.notes,
    )


def _part_of(picture: str, said: OfFiles, parts: Mapping[str, Part]) -> Part | None:
    """The part that all answers to a picture name; None where the table is not divided.

    Raises:
        BadCsv: they name both.
    """
    named = sorted({part for cell in said.splits.get(picture, ()) if (part := parts.get(cell.casefold()))})
    if len(named) > 1:
        raise BadCsv(
            f"{picture} is in `train` in one row and in `test` in another one. A picture is either learnt or "
            "measured on: give it one part in the column `split`."
        )
    return named[0] if named else None


def _is_no_class(label: str) -> bool:
    """Whether a label says that no class is shown, or that it is not known."""
    return label in {NONE, NOT_THERE} or label.casefold() in NOT_KNOWN


def _of_unknown(where: str, counts: Mapping[str, int]) -> tuple[str, ...]:
    """The sentence on cells that are not known, by what they hold."""
    cells = [f"{cell!r} ({count:,})" for cell, count in counts.items() if count]
    return (f"{where}: cells that are not known: {', '.join(cells)}.",) if cells else ()


def parts_in(table: ListFile) -> dict[str, Part]:
    """The part that each cell of SPLIT is; a table that is all of one part is tested or learnt as a whole.

    Returns:
        Empty where the table is not divided.

    Raises:
        BadCsv: a cell is the name of no part.
    """
    if SPLIT not in table.columns or table.reading.by == SPLIT:
        return {}
    cells = {row.cells[SPLIT].strip() for row in table.rows()}
    names = {cell.casefold() for cell in cells}
    if strange := sorted(cell for cell in cells if cell.casefold() not in LEARNT | HELD_OUT | MEASURED):
        raise BadCsv(
            f"{table.path}: the column `{SPLIT}` has {strange[0]!r}, which is none of `train`, `val` and "
            "`test`. Rename the column, if it does not divide the pictures, or fill it."
        )
    return {} if names <= LEARNT else _parts_of(names | LEARNT)


def _pictures(
    table: ListFile, row: ListRow, attributes: Sequence[str], part: Part | None
) -> Iterator[ListedPicture]:
    """The pictures of a row: those of several columns are of one group unless the row names another.

    A product is a group, too.
    """
    cells = {name: cell.strip() for name, cell in row.cells.items()}
    paths = [path for name in table.reading.path_columns if (path := cells[name])]
    if not paths:
        raise BadCsv(f"{row.where}: names no picture.")
    tier, group, source = (cells.get(column, "") for column in FURTHER)
    product = identifier(cells.get(table.reading.by, ""))
    group = identifier(group) or product or (row.where if len(paths) > 1 else "")
    labels = {name: as_it_was(cells[name]) for name in (LABEL, *attributes)}
    labels = {name: cell and as_label(cell, row.where) for name, cell in labels.items()}
    labels |= {name: "" for name in attributes if labels[name] == NONE}  # not known, as in a correction
    for path in paths:
        yield ListedPicture(Path(table.place(path)), labels, part, tier, group, source, product=product)


def _without_what_is_no_label(
    pictures: Sequence[ListedPicture], attribute: str, where: str
) -> tuple[list[ListedPicture], tuple[str, ...]]:
    """The pictures with an attribute unknown where a cell has no label, or several without SEVERAL.

    Returns:
        The pictures, and sentences on these cells.
    """
    counts = Counter(row.labels[attribute] for row in pictures)
    words = Counter(word for cell in counts for word in _words(cell))
    missing = [cell for cell in counts if cell.casefold() in NOT_KNOWN]
    several = [
        cell
        for cell in counts
        if re.search("[,;|]", cell)
        and (len(_words(cell)) < 2 or any(words[word] > 1 for word in _words(cell)))
    ]
    unknown = {*missing, *several}
    known = [
        replace(row, labels={**row.labels, attribute: ""}) if row.labels[attribute] in unknown else row
        for row in pictures
    ]
    notes = _of_unknown(where, {cell: counts[cell] for cell in (*missing, NOT_THERE)})
    if several:
        count, few = sum(counts[cell] for cell in several), ", ".join(map(repr, several[:NAMED]))
        notes += (f"{where}: {count:,} cells such as {few} are not known: several words are separated by /.",)
    return known, notes


def _words(cell: str) -> set[str]:
    return {word.strip().casefold() for word in WORDS.split(cell)} - {""}


def _holds_answers(columns: Sequence[str]) -> bool:
    return ANSWERED in columns and "tier" not in columns


def answers_in(
    files: Sequence[Path],
    reading: Reading = AS_IT_IS,
    say: Callable[[str], None] = lambda _: None,
    sha256_of: Sha256Of = hash_of,
    known: Callable[[], Mapping[str, str]] = dict,
) -> OfFiles:
    """What counts of people's answers to picture files.

    Args:
        files: of answers.
        reading: how they are read.
        say: receives what a person should know of them.
        sha256_of: reads the pictures.
        known: pictures that are taken first where one is not where its answer says, by sha256.

    Raises:
        BadCsv: a table cannot be read, or two answers contradict each other.
    """
    if reading.root or reading.path_columns != AS_IT_IS.path_columns:
        raise BadCsv(
            f"{files[0]}: is read as people's answers, as it has a column `at`, or no `tier` for --photos. "
            "Their `path` is relative to the file: --path-column and --root are not for them."
        )
    try:
        return corrections_of_files(files, reading, say, sha256_of, known)
    except CorrectionsUnusable as error:
        raise BadCsv(str(error)) from error


def list_answers(place: Path, said: OfFiles, parts: Mapping[str, Part] = MappingProxyType({})) -> Listing:
    """List what people said of picture files: the answer that counts of each, without those left out.

    Args:
        place: the table.
        said: what counts of it.
        parts: of `parts_in`.

    Raises:
        BadCsv: none of the pictures is there, or one is in both parts.
    """
    pictures = tuple(
        ListedPicture(
            Path(path),
            {LABEL: as_spelt(label)},
            part=_part_of(path, said, parts),
            group=said.groups.get(path, ""),
            product=said.products.get(path, ""),
        )
        for path, label in said.labels.items()
        if label and path not in said.missing
    )
    left_out = tuple(
        Path(path) for path, label in said.labels.items() if not label and path not in said.of_several
    )
    outdated, missing = (tuple(map(Path, paths)) for paths in (said.outdated, said.missing))
    if missing and not pictures:
        raise BadCsv(
            f"{place}: none of its {len(missing):,} pictures is there, among them {missing[0]}. Paths are "
            "absolute, or relative to the CSV; put it where the pictures are."
        )
    notes = tuple(filter(None, [said.of_several_in_words]))
    return Listing(place, pictures, left_out, outdated=outdated, missing=missing, notes=notes, answers=said)


def open_table(
    path: Path, attributes: Sequence[str] = (), reading: Reading = AS_IT_IS, read: OpenList = open_list
) -> ListFile:
    """A table of pictures, each row of which was looked at, unless `read` reads the header alone.

    Raises:
        BadCsv: it cannot be read, or is not what its header says.
    """
    try:
        found = read(
            path,
            (*reading.path_columns, LABEL),
            replace(reading, identifiers=("group",)),
            (*FURTHER, SPLIT, ANSWERED, *attributes),
        )
    except ListUnusable as error:
        raise BadCsv(str(error)) from error
    if reading.by and reading.by not in found.columns:
        raise BadCsv(
            f"{path}: has no column `{reading.by}` for --product-column; it has {', '.join(found.columns)}."
        )
    return found


def absolute(file: Path) -> str:
    """The path by which tables name a file, wherever they lie."""
    return os.path.abspath(file)  # noqa: PTH100 - a link keeps its own name


def _is_divided(folders: Sequence[Path]) -> bool:
    """Whether labels are one level further down: no sub-folder holds a picture, but one holds folders."""
    inner = [entry for folder in folders for entry in entries(folder) if not is_clutter(entry.name)]
    return any(entry.is_dir() for entry in inner) and not any(map(could_be_picture, inner))


def _list_labels(folder: Path, part: Part | None = None, tier: str = "") -> Listing:
    """The pictures of the labels' folders in a folder, and what is none."""
    pictures, left_out, empty, nested = list[ListedPicture](), list[Path](), list[Path](), list[Path]()
    for entry in entries(folder):
        if is_clutter(entry.name) or not entry.is_dir():
            left_out.append(entry)
            continue
        label, folders = as_label(entry.name, str(entry)), list(_folders(entry))
        files = [file for inside in folders for file in entries(inside) if file not in folders]
        if label == NONE and not tier:  # no class, as in a table
            left_out += files
            continue
        rows = [ListedPicture(file, {LABEL: label}, part, tier) for file in files if could_be_picture(file)]
        pictures += rows
        nested += sorted({row.path.parent for row in rows} - {entry})
        left_out += [file for file in files if not could_be_picture(file)]
        if not rows:
            empty.append(entry)
    return Listing(folder, tuple(pictures), tuple(left_out), tuple(empty), nested=tuple(nested))


def _folders(folder: Path) -> Iterator[Path]:
    """A folder and those below it, without links and what systems add."""
    yield folder
    for entry in entries(folder):
        if entry.is_dir() and not entry.is_symlink() and not is_clutter(entry.name):
            yield from _folders(entry)


def could_be_picture(entry: Path) -> bool:
    """Whether a file is taken for a picture, by its name."""
    return not entry.is_dir() and is_picture_name(entry.name)


def entries(folder: Path) -> list[Path]:
    """What is in a folder, by name.

    Raises:
        DataSetMissing: the folder cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataSetMissing(f"{folder}: cannot be read ({error.strerror}).") from error


def as_label(text: str, where: str) -> str:
    """A label as it is kept: spaces once, accents composed, NONE in small letters.

    Raises:
        BadClasses: nothing is left of it, or it cannot be shown.
    """
    label = as_spelt(text)
    if not label or not label.isprintable():
        raise BadClasses(f"{where}: {text!r} is no label. Name the class in printable characters.")
    return NONE if label.casefold() == NONE else label


def _few(paths: Sequence[Path], most: int) -> str:
    return ", ".join(map(str, paths[:most])) + (", ..." if len(paths) > most else "")


def _shown(labels: set[str]) -> str:
    """The first few of some labels."""
    few = ", ".join(sorted(labels)[:10])
    return (few + (", ..." if len(labels) > 10 else "")) or "none"
