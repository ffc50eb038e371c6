"""Corrections of labels: rows that win over what folders and tables say of the same content.

A CSV of `path,label`, as the page of doubted labels exports it (export/doubted.py). Reads the named CSVs, and
the pictures that they name. What is corrected: reading.py.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Final

from inference.spreadsheets import as_it_was
from training.data.listing import NONE_OF_THESE, Listed, table_rows
from training.data.picture_files import PictureFile, Say
from training.errors import BadCsv

LEFT_OUT: Final = ""
"""The label of a picture that is to be left out."""


class Corrections:
    """What some pictures are to be labelled, in all that a command reads.

    Attributes:
        labels: by absolute path; LEFT_OUT for what is neither to be learnt nor measured on.
    """

    def __init__(self, labels: Mapping[str, str] | None = None) -> None:
        """Nothing is corrected without labels."""
        self.labels = labels or {}
        self._missing = set(self.labels)

    def match(self, files: Iterable[Path]) -> None:
        """Take note of files that are read; see `check`."""
        self._missing -= {absolute(file) for file in files}

    def check(self) -> None:
        """Check, once everything has been read, that each correction was of a picture.

        Raises:
            BadCsv: one was not.
        """
        self._refuse(self._missing)

    def check_files(self) -> None:
        """Check, before minutes of reading, that each correction names a file.

        Raises:
            BadCsv: one does not.
        """
        self._refuse({path for path in self.labels if not os.path.lexists(path)})

    def _refuse(self, missing: set[str]) -> None:
        if missing:
            raise BadCsv(
                f"--corrections: {len(missing)} of {len(self.labels)} name no picture that is read, "
                f"among them {min(missing)}. Corrections are of pictures of your own in --data, "
                "--photos or --check-photos. Paths are absolute, or relative to the CSV; remove what is gone."
            )

    def apply(
        self, pictures: Sequence[tuple[Listed, PictureFile]], labels: tuple[str, ...], place: str, say: Say
    ) -> list[tuple[Listed, PictureFile]]:
        """Pictures under their corrected labels, each with all its copies, without those to leave out.

        Args:
            pictures: that were read.
            labels: of the classes.
            place: where they are.
            say: receives how many labels change, and how many pictures are left out.

        Raises:
            BadCsv: a correction is to none of the classes, or two copies have different ones.
        """
        if not self.labels:
            return list(pictures)
        if strange := sorted(set(self.labels.values()) - {*labels, LEFT_OUT}):
            raise BadCsv(
                f"--corrections: {strange[0]!r} is none of the classes {', '.join(labels)}. Name one, "
                "or none to leave the picture out."
            )
        found = self._by_content
        kept = [(one, file) for one, file in pictures if found.get(file.sha256) != LEFT_OUT]
        corrected = [(_corrected(one, found.get(file.sha256), labels), file) for one, file in kept]
        changed = sum(
            after.class_id != one.class_id for (after, _), (one, _) in zip(corrected, kept, strict=True)
        )
        say(
            f"--corrections: of {len(pictures)} pictures of {place}, {changed} get another label and "
            f"{len(pictures) - len(kept)} are left out."
        )
        return corrected

    @cached_property
    def _by_content(self) -> dict[str, str]:
        """The labels by the files' sha256: copies may lie in other folders, and under other names."""
        named: dict[str, str] = {}
        for path, label in self.labels.items():
            try:
                first = named.setdefault(hashlib.sha256(Path(path).read_bytes()).hexdigest(), path)
            except OSError:
                continue  # `check` reports missing files
            if self.labels[first] != label:
                raise BadCsv(
                    f"--corrections: {first} and {path} are the same picture, and get "
                    f"{self.labels[first]!r} and {label!r}. Give both the same label."
                )
        return {sha256: self.labels[path] for sha256, path in named.items()}


def _corrected(listed: Listed, label: str | None, labels: tuple[str, ...]) -> Listed:
    return listed if label is None else replace(listed, label=label, class_id=labels.index(label))


def read_corrections(places: Sequence[Path]) -> Corrections:
    """Read CSVs with the columns `path` and `label`; of two rows for one file the later one counts.

    Args:
        places: which; paths in them are absolute, or relative to their folders. An empty label, or
            NONE_OF_THESE, leaves a picture out; labels may be as `safe_text` writes them.

    Raises:
        BadCsv: one cannot be read, has another header, or a row without a path or a column for the label, or
            that names no file.
        BadClasses: a label that cannot be shown.
    """
    rows = (row for place in places for _, row in table_rows(place))
    corrections = Corrections(
        {absolute(row.path): as_it_was(row.label) if row.label != NONE_OF_THESE else LEFT_OUT for row in rows}
    )
    corrections.check_files()
    return corrections


def absolute(file: Path) -> str:
    """The path by which a correction names a file."""
    return os.path.abspath(file)  # noqa: PTH100 - a link keeps its own name
