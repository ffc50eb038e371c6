"""Join the pictures that a release learnt with people's corrections: one table, to train on again.

A correction wins over the label of every copy of its picture; one of another picture adds it. Reads the
pictures; writes one CSV. Reading corrections: labelling/review/corrections.py.
"""

import csv
import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import numpy as np

from inference.spreadsheets import safe_text
from labelling.errors import CorrectionsUnusable
from labelling.review.corrections import LEFT_OUT, NONE, OfFiles, corrections_of_files
from model_store.files import write_whole
from training.errors import BadCsv, BadPictures
from training.pictures.learnt import Learnt
from training.pictures.listing import Listed, list_pictures
from training.pictures.picture_files import on_all_cores
from training.progress import Watch

HEADING: Final = ("path", "label", "group")


@dataclass(frozen=True)
class Joined:
    """What there is to learn.

    Attributes:
        rows: absolute path, label and group of each picture, in the order of the listing; then the new ones.
        before: pictures of the listing.
        relabelled: pictures of these with another label now.
        new: pictures that only the corrections name.
        left_out: pictures that a person left out, or that show none of the classes.
        outdated: corrections of pictures that have another content now.
        missing: pictures of corrections that are neither where these say nor near it; they are left out.
    """

    rows: tuple[tuple[str, str, str], ...]
    before: int
    relabelled: int
    new: int
    left_out: int
    outdated: int
    missing: tuple[str, ...] = ()

    @property
    def changes(self) -> int:
        """How many pictures the corrections change."""
        return self.relabelled + self.new + self.left_out

    def write(self, path: Path) -> None:
        """Write the table; its folder is made if it is not there."""
        text = io.StringIO(newline="")
        table = csv.writer(text, lineterminator="\n")
        table.writerow(HEADING)
        table.writerows((name, safe_text(label), safe_text(group)) for name, label, group in self.rows)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.getvalue().encode("utf-8", "surrogateescape"))

    @property
    def digest(self) -> str:
        """The first hex digits of a hash of the rows: other corrections have another one."""
        return hashlib.sha256(repr(self.rows).encode("utf-8", "backslashreplace")).hexdigest()[:12]


def join(
    place: Path, files: Sequence[Path], labels: Sequence[str], known: Learnt | None, watch: Watch
) -> Joined:
    """Join a folder or table of pictures with corrections.

    Args:
        place: what the release learnt.
        files: of corrections; those of its own training among them.
        labels: that the release knows.
        known: what it learnt; None where it does not say.
        watch: called after each picture.

    Raises:
        BadCsv: corrections cannot be read, are of no file, or name a class that the release does not know.
        BadPictures: the release learnt none of these pictures, or they are divided into parts.
    """
    said = _said(files, labels)
    listing = list_pictures(place)
    if any(one.part for one in listing.pictures):
        raise BadPictures(
            f"{place} is divided into `train` and `test`. Put the corrected pictures into `train`, each "
            f"under its label, and train again: wardrobe train --data {place}."
        )
    contents = on_all_cores(_digest, listing.pictures, watch)
    if known is not None and not known.has(np.array(contents)).any():
        raise BadPictures(
            f"{place}: the release learnt none of these pictures. Name those that it learnt with --data."
        )
    by_content = {said.hashes[path]: label for path, label in said.labels.items()}
    kept, relabelled = [], 0
    for one, content in zip(listing.pictures, contents, strict=True):
        label = by_content.get(content, one.label)
        if label not in {LEFT_OUT, NONE}:
            kept.append((os.path.abspath(one.path), label, one.group))  # noqa: PTH100 - a link keeps its name
            relabelled += label != one.label
    there = set(contents)
    missing = tuple(path for path in said.missing if said.hashes[path] not in there)
    if missing and len(missing) == len(said.labels):
        raise BadCsv(
            f"{len(missing)} of {len(missing)} corrections are of no file, among them {missing[0]}. "
            "Paths are absolute, or relative to the CSV; put it where the pictures are."
        )
    gone = {said.hashes[path] for path in missing}
    by_content = {content: label for content, label in by_content.items() if content not in gone}
    new = {
        said.hashes[path]: path
        for path, label in said.labels.items()
        if label not in {LEFT_OUT, NONE} and said.hashes[path] not in gone
    }
    added = [
        (path, said.labels[path], said.groups.get(path, ""))
        for content, path in new.items()
        if content not in there
    ]
    return Joined(
        rows=(*kept, *added),
        before=len(listing.pictures),
        relabelled=relabelled,
        new=len(added),
        left_out=len(by_content) - len(new),
        outdated=len(said.outdated),
        missing=missing,
    )


def _said(files: Sequence[Path], labels: Sequence[str]) -> OfFiles:
    """What counts of the corrections, checked."""
    try:
        said = corrections_of_files(files)
    except CorrectionsUnusable as error:
        raise BadCsv(str(error)) from error
    if strange := sorted(set(said.labels.values()) - {*labels, LEFT_OUT, NONE}):
        near = get_close_matches(strange[0], labels, 1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise BadCsv(
            f"{strange[0]!r} is none of the classes {', '.join(labels)}.{meant} For a further class, put its "
            "pictures into a sub-folder of your pictures, and train again with wardrobe train --data."
        )
    return said


def _digest(listed: Listed) -> str:
    """The sha256 of a file; of one that cannot be read, none, and the training says why."""
    try:
        with listed.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return "0" * 64
