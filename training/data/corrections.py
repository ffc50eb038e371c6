"""Corrections of labels: what a person said of pictures whose labels a network doubted.

A CSV of `path,label`, as the page of doubted labels exports it (export/doubted.py). Reads the named CSVs.
Pictures that are corrected: own_pictures.py and photos/reading.py.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

from training.data.listing import as_label, csv_rows
from training.data.picture_files import PictureFile, Say
from training.errors import BadCsv

LEFT_OUT: Final = ""
"""The label of a picture that is to be left out."""

L = TypeVar("L")
"""How a picture was listed, with its label."""


@dataclass(frozen=True)
class Corrections:
    """What some pictures are to be labelled.

    Attributes:
        labels: by absolute path; LEFT_OUT for what is neither to be learnt nor measured on.
        elsewhere: folders whose pictures another reader corrects; `check` passes over them.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    elsewhere: tuple[Path, ...] = ()

    def within(self, folder: Path) -> "Corrections":
        """Those of files in a folder, or in one of its sub-folders."""
        return Corrections({path: label for path, label in self.labels.items() if _is_in(path, folder)})

    def check(self, files: Iterable[Path], labels: Collection[str], place: str = "--data") -> None:
        """Check that each correction is of one of these files, or lies elsewhere, and to one of these labels.

        Args:
            files: that are read.
            labels: of the classes.
            place: where these files are.

        Raises:
            BadCsv: one is not.
        """
        if strange := sorted(set(self.labels.values()) - {*labels, LEFT_OUT}):
            raise BadCsv(
                f"--corrections: {strange[0]!r} is none of the classes {', '.join(labels)}. Name one, "
                "or none to leave the picture out."
            )
        missing = set(self.labels) - {absolute(file) for file in files}
        missing = {path for path in missing if not any(_is_in(path, folder) for folder in self.elsewhere)}
        if missing:
            raise BadCsv(
                f"--corrections: {len(missing)} of {len(self.labels)} name no picture of {place}, among "
                f"them {min(missing)}. Paths are absolute, or relative to the CSV; remove what is gone."
            )

    def apply(
        self,
        pictures: Sequence[tuple[L, PictureFile]],
        relabelled: Callable[[L, str], L],
        place: str,
        say: Say,
    ) -> list[tuple[L, PictureFile]]:
        """Pictures under their corrected labels, each with all its copies, without those to leave out.

        Args:
            pictures: that were read.
            relabelled: gives what was listed another label.
            place: where they are.
            say: receives how many labels change, and how many pictures are left out.

        Raises:
            BadCsv: two copies of a picture have different corrections.
        """
        if not self.labels:
            return list(pictures)
        found = self._by_content
        kept = [(listed, file) for listed, file in pictures if found.get(file.sha256) != LEFT_OUT]
        corrected = [
            (relabelled(listed, found[file.sha256]) if file.sha256 in found else listed, file)
            for listed, file in kept
        ]
        changed = sum(after != before for (after, _), (before, _) in zip(corrected, kept, strict=True))
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


def _is_in(path: str, folder: Path) -> bool:
    return Path(path).is_relative_to(absolute(folder.expanduser()))


def absolute(file: Path) -> str:
    """The path by which a correction names a file."""
    return os.path.abspath(file)  # noqa: PTH100 - a link keeps its own name
