"""Pictures and their labels as a folder or a table lists them, before any is opened: one row a picture.

Touches nothing. folders.py and tables.py list pictures; contents.py decides what is learnt of them.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from inference.contract import LABEL
from inference.plain_text import join_first, normalize_label
from inference.title_rule import NONE
from labelling.review.corrections import Correction
from training.data.hashed_files import NO_FILES, HashedFiles
from training.data.rare import LABELS_MAX, LABELS_MIN, check_twins, find_measurable
from training.errors import BadClasses

Part: TypeAlias = Literal["train", "test"]

Use: TypeAlias = Literal["learn", "measure"]
"""Use of pictures: to learn them, or to measure a release on them; see `read.load`."""

LEARNT: Final = frozenset({"train", "training"})
HELD_OUT: Final = frozenset({"val", "valid", "validation"})
MEASURED: Final = frozenset({"test", "testing"})
"""Sub-folders, in any capitals, that divide a data set instead of naming classes, where there are no others:
one of LEARNT, and one of the others. HELD_OUT is learnt where there is a test part, else measured on; what is
held out of the learnt pictures is drawn as always."""

COLUMNS: Final = ("path", "label")
"""Columns that the header of a table has to name, unless people name other columns of paths."""

FURTHER: Final = ("tier", "group", "source", "checked")
"""Columns that are read if a table has them."""

NOT_CHECKED: Final = frozenset({"", "0", "no", "false", "-"})
"""Cells of the column `checked` of photos whose labels no person looked at, in small letters."""

SPLIT: Final = "split"
"""The column of a table that divides it, as sub-folders of these names divide a folder."""

NAMED: Final = 5
"""Folders or cells that a sentence names."""

FILES_NAMED: Final = 3
"""Files that a sentence names."""


@dataclass(frozen=True)
class ListedPicture:
    """A picture file as a folder or a list names it. It never changes.

    Attributes:
        path: the file.
        labels: the labels as the table or the folder spells them: that of the class by LABEL, attributes by
            their names. A label that is not known is empty or not there.
        part: train or test, if the data says so.
        tier: the tier, a way in which a photo is taken; empty if it is not said.
        group: a name that it shares with other pictures, such as sender or product; empty if it is not known.
        source: the shop or collection that it comes from; empty if that is not known.
        product: the product that it shows, if a column of the table names products.
        checked: whether a table says that a person checked its label.
    """

    path: Path
    labels: Mapping[str, str]
    part: Part | None = None
    tier: str = ""
    group: str = ""
    source: str = ""
    product: str = ""
    checked: bool = False

    @property
    def label(self) -> str:
        """The label of the class."""
        return self.labels[LABEL]


def has_several_products(rows: Sequence[ListedPicture], head: str = LABEL) -> bool:
    """Tell whether the rows of one picture have several labels because it lies under several products.

    One product with two labels is a slip of the table, as a picture without a product is.

    Args:
        rows: the rows, one or more.
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
        left_out: files among the pictures that were not taken for pictures.
        empty: folders of labels without a picture.
        nested: folders below a label's own that hold pictures, which are of that label.
        columns: the columns of a table.
        attributes: columns that are further questions.
        labels: the labels of the classes, by class id; empty if the pictures are not classified.
        class_ids: the class id of each picture; empty if the pictures are not classified.
        trusts_checked: whether a checked label counts as a person's answer.
        notes: sentences on a table that a person should read.
        corrections: the rows of people's answers, if the table has such answers.
        hashed: files that were hashed when they were listed.
    """

    place: Path
    pictures: tuple[ListedPicture, ...] = ()
    left_out: tuple[Path, ...] = ()
    empty: tuple[Path, ...] = ()
    nested: tuple[Path, ...] = ()
    columns: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    class_ids: tuple[int, ...] = ()
    trusts_checked: bool = False
    notes: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] | None = None
    hashed: HashedFiles = NO_FILES

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
        """Return this place with the pictures of another one behind its own."""
        joined = "pictures", "left_out", "empty", "nested", "notes"
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in joined})

    @property
    def warnings(self) -> list[str]:
        """Sentences on the listing that a person should read."""
        sentences = [
            *self.notes,
            self.left_out
            and f"left out {len(self.left_out)} that are not taken for pictures of a class: "
            f"{join_first(self.left_out, FILES_NAMED)}.",
            self.nested
            and "Pictures in folders of a class's folder are of that class: "
            f"{join_first(self.nested, NAMED)}.",
        ]
        return [str(sentence) for sentence in sentences if sentence]

    def column(self, name: str) -> str:
        """Return the name of a column of the table, as messages call it."""
        return f"{self.place}, column `{name}`"

    def classified(self) -> "Listing":
        """Return this listing with the class id of each picture, in order of the labels' names.

        Raises:
            BadClasses: these are no classes.
        """
        labels = self.classes()
        codes = {label: code for code, label in enumerate(labels)}
        class_ids = tuple(codes[picture.label] for picture in self.pictures)
        return replace(self, labels=labels, class_ids=class_ids)

    def classes(self) -> tuple[str, ...]:
        """Return the labels in order of their names, LABELS_MIN to LABELS_MAX.

        Raises:
            BadClasses: too few or too many of them, one without a picture, or names that clash.
        """
        labels = {picture.label for picture in self.pictures}
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
        if not LABELS_MIN <= len(labels) <= LABELS_MAX:
            there = "only one class" if len(labels) == 1 else f"{len(labels)} classes"
            names = join_first(sorted(labels), 10) or "none"
            raise BadClasses(
                f"{self.place}: {there} ({names}). {LABELS_MIN} to {LABELS_MAX} can be separated: "
                "one sub-folder each, or one label each in a CSV."
            )
        check_twins(str(self.place), labels)
        return tuple(sorted(labels))

    def measurable_classes(self, keep: Collection[str] = ()) -> tuple[str, ...]:
        """Return the classes can be learnt, as far as names and groups show it.

        Args:
            keep: classes that have to be learnt.

        Raises:
            BadClasses: see `rare.find_measurable`.
        """
        labels = [picture.label for picture in self.pictures]
        groups = [picture.group or str(picture.path) for picture in self.pictures]
        tested = [picture.part == "test" for picture in self.pictures]
        return find_measurable(str(self.place), labels, groups, tested, keep=keep)[0]


def parts_of_names(names: set[str]) -> dict[str, Part]:
    """Return the part that each sub-folder or cell is, by its name; empty if these are no parts."""
    if not names <= LEARNT | HELD_OUT | MEASURED or not names & LEARNT or not names - LEARNT:
        return {}
    measured = names & MEASURED or names & HELD_OUT
    return {name: "test" if name in measured else "train" for name in names}


def absolute(file: Path) -> str:
    """Return the path by which tables name a file, wherever they lie."""
    return os.path.abspath(file)  # noqa: PTH100 - a link keeps its own name


def as_label(text: str, where: str) -> str:
    """Return a label as it is kept: spaces once, accents composed, NONE in small letters.

    Raises:
        BadClasses: nothing is left of it, or it cannot be shown.
    """
    label = normalize_label(text)
    if not label or not label.isprintable():
        raise BadClasses(f"{where}: {text!r} is no label. Name the class in printable characters.")
    return NONE if label.casefold() == NONE else label
