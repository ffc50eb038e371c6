"""Pictures and their labels as a folder or a table lists them, one row for each, before any is opened."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from inference.contract import LABEL
from inference.release_labels import NONE
from inference.text.plain_text import join_first_items, normalize_label
from labelling.review.corrections import Correction
from training.data.hashed_files import NO_HASHED_FILES, HashedFiles
from training.data.rare import MAX_LABELS, MIN_LABELS, check_case_duplicates, choose_learnable_labels
from training.errors import DataError

DataSetPart: TypeAlias = Literal["train", "test"]
"""Part of a data set: pictures to learn, or pictures to measure the finished network on."""

PictureUse: TypeAlias = Literal["learn", "measure"]
"""Use of pictures: to learn them, or to measure a release on them."""

TRAIN_FOLDER_NAMES: Final = frozenset({"train", "training"})
VALIDATION_FOLDER_NAMES: Final = frozenset({"val", "valid", "validation"})
TEST_FOLDER_NAMES: Final = frozenset({"test", "testing"})
"""Names of sub-folders, in any capitals, that divide a data set instead of naming classes. They are used so
only if all sub-folders have such names: one of TRAIN_FOLDER_NAMES, and one of the others. Pictures of
VALIDATION_FOLDER_NAMES are learnt if there is also a test folder; otherwise they are the test set. Pictures
that a training holds out for its choices are drawn from the learnt ones in any case."""

REQUIRED_COLUMNS: Final = ("path", "label")
"""Columns that the header of a table must have, unless other columns of paths are named."""

OPTIONAL_COLUMNS: Final = ("tier", "group", "source", "checked")
"""Columns that are read if a table has them."""

UNCHECKED_CELLS: Final = frozenset({"", "0", "no", "false", "-"})
"""Cells of the column `checked`, in small letters, that say that no person looked at the label."""

SPLIT_COLUMN: Final = "split"
"""Column of a table that divides it into parts, by the same names as the sub-folders of a divided folder."""

MAX_FOLDERS_NAMED: Final = 5
"""Number of folders or cells that a sentence names."""

MAX_PATHS_NAMED: Final = 3
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
        is_checked: whether the table says that a person checked the label.
    """

    path: Path
    labels: Mapping[str, str]
    part: DataSetPart | None = None
    tier: str = ""
    group: str = ""
    source: str = ""
    product: str = ""
    is_checked: bool = False

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
        and all(len(product_labels) == 1 for product_labels in labels.values())
        and len(set.union(*labels.values())) > 1
    )


@dataclass(frozen=True)
class Listing:
    """The pictures of a table or a folder, before any file is opened.

    Attributes:
        place: the table or the folder.
        pictures: the pictures with their labels.
        left_out_files: files that were left out because they belong to no class.
        empty_folders: folders of labels without a picture.
        nested_folders: folders below a label's folder that contain pictures, which have this label.
        columns: the columns of the table; empty for a folder.
        attributes: the columns that are further questions, such as `colour`.
        labels: the names of the classes, by class id; empty before `assign_class_ids` is called.
        class_ids: the class id of each picture; empty before `assign_class_ids` is called.
        is_checked_trusted: whether rows with `checked` = 1 count as people's answers.
        notes: sentences about a table that a person should read.
        corrections: the rows of people's answers, if the table consists of such answers.
        hashed_files: the hashes of files that were already read when they were listed.
    """

    place: Path
    pictures: tuple[ListedPicture, ...] = ()
    left_out_files: tuple[Path, ...] = ()
    empty_folders: tuple[Path, ...] = ()
    nested_folders: tuple[Path, ...] = ()
    columns: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    class_ids: tuple[int, ...] = ()
    is_checked_trusted: bool = False
    notes: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] | None = None
    hashed_files: HashedFiles = NO_HASHED_FILES

    @property
    def name(self) -> str:
        """The name of the folder or table.

        Bytes that are no text are replaced, so that any file can contain the name.
        """
        name = self.place.resolve().name if self.place.is_dir() else self.place.stem
        return name.encode("utf-8", "replace").decode() or "pictures"

    @property
    def has_product_groups(self) -> bool:
        """Whether every group of pictures is a product, and there is at least one."""
        groups = {picture.group for picture in self.pictures} - {""}
        return bool(groups) and groups == {picture.product for picture in self.pictures} - {""}

    def concatenate(self, other_listing: "Listing") -> "Listing":
        """Return this listing with the pictures, files and notes of another listing added at the end."""
        # Place, columns and labels stay those of this listing.
        joined_fields = "pictures", "left_out_files", "empty_folders", "nested_folders", "notes"
        return replace(
            self, **{name: getattr(self, name) + getattr(other_listing, name) for name in joined_fields}
        )

    @property
    def warnings(self) -> list[str]:
        """Sentences about the listing that a person should read, such as the files that are left out."""
        sentences = [
            *self.notes,
            self.left_out_files
            and f"left out {len(self.left_out_files)} that are not taken for pictures of a class: "
            f"{join_first_items(self.left_out_files, MAX_PATHS_NAMED)}.",
            self.nested_folders
            and "Pictures in folders of a class's folder are of that class: "
            f"{join_first_items(self.nested_folders, MAX_FOLDERS_NAMED)}.",
        ]
        return [str(sentence) for sentence in sentences if sentence]

    def describe_column(self, name: str) -> str:
        """Return a text for messages that names a column of this table, together with the table."""
        return f"{self.place}, column `{name}`"

    def assign_class_ids(self) -> "Listing":
        """Return this listing with its classes in alphabetical order, and with the class id of each picture.

        Raises:
            DataError: the labels cannot be classes; see `list_classes`.
        """
        labels = self.list_classes()
        codes = {label: code for code, label in enumerate(labels)}
        class_ids = tuple(codes[picture.label] for picture in self.pictures)
        return replace(self, labels=labels, class_ids=class_ids)

    def list_classes(self) -> tuple[str, ...]:
        """Return the names of the classes in alphabetical order.

        Raises:
            DataError: there are fewer than MIN_LABELS or more than MAX_LABELS labels, a label without a
                picture, names that differ in capitals alone, or pictures in tiers, which are photos.
        """
        labels = {picture.label for picture in self.pictures}
        if self.place.is_dir() and any(picture.tier for picture in self.pictures):
            raise DataError(
                f"{self.place}: no picture lies in a sub-folder, but in folders of these. Put those of each "
                "class right into its sub-folder, or divide them first into `train` and `test`, perhaps with "
                "`val`; photos in FOLDER/tier/label/ are named by --photos."
            )
        if self.empty_folders:
            raise DataError(
                f"{self.empty_folders[0]}: no picture in it. Put the pictures of the class "
                f"{self.empty_folders[0].name!r} there, or remove it."
            )
        if not MIN_LABELS <= len(labels) <= MAX_LABELS:
            there = "only one class" if len(labels) == 1 else f"{len(labels)} classes"
            names = join_first_items(sorted(labels), 10) or "none"
            raise DataError(
                f"{self.place}: {there} ({names}). {MIN_LABELS} to {MAX_LABELS} can be separated: "
                "one sub-folder each, or one label each in a CSV."
            )
        check_case_duplicates(str(self.place), labels)
        return tuple(sorted(labels))

    def choose_learnable_classes(self, required_classes: Collection[str] = ()) -> tuple[str, ...]:
        """Return the classes with enough pictures to be learnt and measured. No file is read.

        Args:
            required_classes: classes that have to be learnt.

        Raises:
            DataError: the classes cannot be learnt; see `choose_learnable_labels`.
        """
        labels = [picture.label for picture in self.pictures]
        groups = [picture.group or str(picture.path) for picture in self.pictures]
        is_tested = [picture.part == "test" for picture in self.pictures]
        return choose_learnable_labels(
            str(self.place), labels, groups, is_tested, required_labels=required_classes
        )[0]


def map_names_to_parts(names: set[str]) -> dict[str, DataSetPart]:
    """Return which part (train or test) each name of a sub-folder or cell stands for.

    Args:
        names: the names in small letters.

    Returns:
        The part by name; empty unless all names are those of parts, with one for training and another one.
    """
    if (
        not names <= TRAIN_FOLDER_NAMES | VALIDATION_FOLDER_NAMES | TEST_FOLDER_NAMES
        or not names & TRAIN_FOLDER_NAMES
        or not names - TRAIN_FOLDER_NAMES
    ):
        return {}
    test_names = names & TEST_FOLDER_NAMES or names & VALIDATION_FOLDER_NAMES
    return {name: "test" if name in test_names else "train" for name in names}


def make_absolute_path(file: Path) -> str:
    """Return the absolute path of a file, so that listings and corrections name the same file alike.

    A link keeps its own name, since people name the link and not the file behind it.
    """
    return os.path.abspath(file)  # noqa: PTH100 - a link keeps its own name


def read_label(text: str, message_start: str) -> str:
    """Return a label in its normal form: single spaces, Unicode NFC, and "None of these" in small letters.

    Args:
        text: the label as a person wrote it.
        message_start: the beginning of an error message, such as "row 3 of list.csv".

    Raises:
        DataError: the label is empty or has characters that cannot be shown.
    """
    label = normalize_label(text)
    if not label or not label.isprintable():
        raise DataError(f"{message_start}: {text!r} is no label. Name the class in printable characters.")
    return NONE if label.casefold() == NONE else label
