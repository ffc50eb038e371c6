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
"""Use of pictures: to learn them, or to measure a release on them."""

LEARNT: Final = frozenset({"train", "training"})
HELD_OUT: Final = frozenset({"val", "valid", "validation"})
MEASURED: Final = frozenset({"test", "testing"})
"""Names of sub-folders, in any capitals, that divide a data set instead of naming classes. They are used so
only if all sub-folders have such names: one of LEARNT, and one of the others. Pictures of HELD_OUT are learnt
if there is also a test folder; otherwise they are the test set. Pictures that a training holds out for its
choices are drawn from the learnt ones in any case."""

COLUMNS: Final = ("path", "label")
"""Columns that the header of a table must have, unless other columns of paths are named."""

FURTHER: Final = ("tier", "group", "source", "checked")
"""Columns that are read if a table has them."""

NOT_CHECKED: Final = frozenset({"", "0", "no", "false", "-"})
"""Cells of the column `checked`, in small letters, that say that no person looked at the label."""

SPLIT: Final = "split"
"""Column of a table that divides it into parts, by the same names as the sub-folders of a divided folder."""

NAMED: Final = 5
"""Number of folders or cells that a sentence names."""

FILES_NAMED: Final = 3
"""Number of files that a sentence names."""


@dataclass(frozen=True)
class ListedPicture:
    """A picture file with its labels, as a folder or a table lists it.

    Attributes:
        path: the file.
        labels: the labels as they are spelt in the table or folder, by question: the class by LABEL, an
            attribute by its name. A label that is not known is empty or missing.
        part: train or test, if the data says so.
        tier: the tier, which says how the photo was taken; empty if it is not known.
        group: a name that the picture shares with others, such as a sender or product; empty if it is not
            known.
        source: the shop or collection that the picture comes from; empty if it is not known.
        product: the product that the picture shows, if a column of the table names products.
        checked: whether the table says that a person checked the label.
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
        """The label of the picture's class."""
        return self.labels[LABEL]


def has_several_products(rows: Sequence[ListedPicture], head: str = LABEL) -> bool:
    """Tell whether the rows of one picture have several labels only because several products show it.

    If one product has two labels, or a row names no product, the labels contradict each other, and the answer
    is False.

    Args:
        rows: the rows of one picture, one or more.
        head: the question: LABEL for the class, or an attribute whose label all of these rows have.
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
    """The pictures of a table or a folder, before any file is opened.

    Attributes:
        place: the table or the folder.
        pictures: the pictures with their labels.
        left_out: files among the pictures that were not taken for pictures of a class.
        empty: label folders without a picture.
        nested: folders below a label's folder that contain pictures, which have this label.
        columns: the columns of the table; empty for a folder.
        attributes: the columns that are further questions, such as `colour`.
        labels: the names of the classes, by class id; empty before `classified` is called.
        class_ids: the class id of each picture; empty before `classified` is called.
        trusts_checked: whether a label that a table calls checked is used like a person's answer.
        notes: sentences about a table that a person should read.
        corrections: the rows of people's answers, if the table consists of such answers.
        hashed: the hashes of files that were already read when they were listed.
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
        """The name of the folder or table.

        Bytes that are no text are replaced, so that any file can contain the name.
        """
        name = self.place.resolve().name if self.place.is_dir() else self.place.stem
        return name.encode("utf-8", "replace").decode() or "pictures"

    @property
    def groups_are_products(self) -> bool:
        """Whether every group of pictures is a product, and there is at least one."""
        groups = {picture.group for picture in self.pictures} - {""}
        return bool(groups) and groups == {picture.product for picture in self.pictures} - {""}

    def followed_by(self, other: "Listing") -> "Listing":
        """Return this listing with the pictures, files and notes of another listing added at the end."""
        joined = "pictures", "left_out", "empty", "nested", "notes"
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in joined})

    @property
    def warnings(self) -> list[str]:
        """Sentences about the listing that a person should read, such as the files that are left out."""
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
        """Return a text for messages that names a column of this table, together with the table."""
        return f"{self.place}, column `{name}`"

    def classified(self) -> "Listing":
        """Return this listing with its classes in alphabetical order, and with the class id of each picture.

        Raises:
            BadClasses: the labels cannot be classes; see `classes`.
        """
        labels = self.classes()
        codes = {label: code for code, label in enumerate(labels)}
        class_ids = tuple(codes[picture.label] for picture in self.pictures)
        return replace(self, labels=labels, class_ids=class_ids)

    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes in alphabetical order.

        Raises:
            BadClasses: there are fewer than LABELS_MIN or more than LABELS_MAX labels, a label without a
                picture, names that differ in capitals alone, or pictures in tiers, which are photos.
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
        """Return the classes with enough pictures to be learnt and measured, by names and groups alone.

        Args:
            keep: classes that have to be learnt.

        Raises:
            BadClasses: the classes cannot be learnt; see `rare.find_measurable`.
        """
        labels = [picture.label for picture in self.pictures]
        groups = [picture.group or str(picture.path) for picture in self.pictures]
        tested = [picture.part == "test" for picture in self.pictures]
        return find_measurable(str(self.place), labels, groups, tested, keep=keep)[0]


def parts_of_names(names: set[str]) -> dict[str, Part]:
    """Return which part (train or test) each name of a sub-folder or cell stands for.

    Args:
        names: the names in small letters.

    Returns:
        The part by name; empty unless all names are those of parts, with one for training and another one.
    """
    if not names <= LEARNT | HELD_OUT | MEASURED or not names & LEARNT or not names - LEARNT:
        return {}
    measured = names & MEASURED or names & HELD_OUT
    return {name: "test" if name in measured else "train" for name in names}


def absolute(file: Path) -> str:
    """Return the absolute path of a file, as corrections and hashes name it. Links are not followed."""
    return os.path.abspath(file)  # noqa: PTH100 - a link keeps its own name


def as_label(text: str, where: str) -> str:
    """Return a label in its normal form: single spaces, composed accents, and NONE in small letters.

    Args:
        text: the label as a person wrote it.
        where: the beginning of the message, which says where the label was found.

    Raises:
        BadClasses: the label is empty or has characters that cannot be shown.
    """
    label = normalize_label(text)
    if not label or not label.isprintable():
        raise BadClasses(f"{where}: {text!r} is no label. Name the class in printable characters.")
    return NONE if label.casefold() == NONE else label
