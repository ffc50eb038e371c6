"""Corrections of labels: what a person said of pictures whose labels a network doubted.

A CSV of `path,label`, as the page of doubted labels exports it (export/doubted.py). Reads the named CSVs;
own_pictures.py applies them.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from training.data.listing import as_label, csv_rows
from training.errors import BadCsv

LEFT_OUT: Final = ""
"""The label of a picture that is to be left out."""


@dataclass(frozen=True)
class Corrections:
    """What some pictures are to be labelled.

    Attributes:
        labels: by absolute path; LEFT_OUT for what is neither to be learnt nor measured on.
    """

    labels: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, file: Path) -> bool:
        """Whether there is a correction of this file."""
        return absolute(file) in self.labels

    def of(self, file: Path) -> str:
        """The label of a file that is corrected."""
        return self.labels[absolute(file)]

    def check(self, files: Sequence[Path], labels: Collection[str]) -> None:
        """Check that each correction is of one of these files, and to one of these labels.

        Raises:
            BadCsv: one is not.
        """
        if strange := sorted(set(self.labels.values()) - {*labels, LEFT_OUT}):
            raise BadCsv(
                f"--corrections: {strange[0]!r} is none of the classes {', '.join(labels)}. Name one, "
                "or none to leave the picture out."
            )
        if missing := sorted(set(self.labels) - {absolute(file) for file in files}):
            raise BadCsv(
                f"--corrections: {len(missing)} of {len(self.labels)} name no picture of --data, among them "
                f"{missing[0]}. Paths are absolute, or relative to the CSV; remove what is gone."
            )


NO_CORRECTIONS: Final = Corrections()


def read_corrections(places: Sequence[Path]) -> Corrections:
    """Read CSVs with the columns `path` and `label`; of two rows for one file the later one counts.

    Args:
        places: which; paths in them are absolute, or relative to their folders. An empty label leaves a
            picture out.

    Raises:
        BadCsv: one cannot be read, has another header, or a row without a path or that ends before its label.
        BadClasses: a label that cannot be shown.
    """
    labels = {}
    for where, file, row in (one for place in places for one in csv_rows(place)):
        if row["label"] is None:
            raise BadCsv(
                f"{where}: no column for the label. A row that leaves a picture out ends in a comma."
            )
        label = row["label"].strip()
        labels[absolute(file)] = as_label(label, where) if label else LEFT_OUT
    return Corrections(labels)


def absolute(file: Path) -> str:
    """The path by which a correction names a file."""
    return os.path.abspath(file)  # noqa: PTH100 - a link keeps its own name
