"""Corrections of labels: rows that win over what folders and tables say of the same content.

What counts of them is read by labelling/review/corrections.py, as for tables of `wardrobe label`. Reads the
named files, and the pictures that they name. What is corrected: reading.py.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from labelling.errors import CorrectionsUnusable
from labelling.review.corrections import LEFT_OUT, NONE, corrections_of_files
from training.errors import BadCsv
from training.pictures.listing import Listed
from training.pictures.picture_files import PictureFile
from training.progress import Say


class Corrections:
    """What some pictures are to be labelled, in all that a command reads.

    Attributes:
        labels: by absolute path; LEFT_OUT for what is neither to be learnt nor measured on.
    """

    def __init__(
        self,
        labels: Mapping[str, str] | None = None,
        hashes: Mapping[str, str] | None = None,
        outdated: Sequence[str] = (),
        not_found: Sequence[str] = (),
    ) -> None:
        """Nothing is corrected without labels; of each path in them there is a hash."""
        self.labels = labels or {}
        self._missing = set(self.labels)
        self._by_content = {(hashes or {})[path]: label for path, label in self.labels.items()}
        self._outdated, self._not_found = outdated, not_found

    def match(self, files: Iterable[Path]) -> None:
        """Take note of files that are read; see `check`."""
        self._missing -= {absolute(file) for file in files}

    def check(self) -> None:
        """Raise if a correction names a file that was not read.

        Raises:
            BadCsv: one was not.
        """
        if self._missing:
            raise BadCsv(_of_no_picture(self._missing, len(self.labels)))

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
            BadCsv: a correction is to none of the classes.
        """
        if self._outdated:
            say(
                f"--corrections: {len(self._outdated)} are of pictures that have another content now, and do "
                f"not count, among them {self._outdated[0]}."
            )
        if self._not_found:
            say(
                f"--corrections: {len(self._not_found)} are of pictures that are not found, and are left "
                f"out, among them {self._not_found[0]}."
            )
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


def _corrected(listed: Listed, label: str | None, labels: tuple[str, ...]) -> Listed:
    return listed if label is None else replace(listed, label=label, class_id=labels.index(label))


def read_corrections(places: Sequence[Path]) -> Corrections:
    """Read corrections of picture files, before minutes of reading pictures.

    Args:
        places: CSVs, see labelling/review/corrections.py. An empty label, or NONE, leaves a picture out.

    Raises:
        BadCsv: one cannot be read, has another header or a row that says nothing, names no file, or two
            contradict each other.
    """
    try:
        found = corrections_of_files(places)
    except CorrectionsUnusable as error:
        raise BadCsv(str(error)) from error
    if found.missing and len(found.missing) == len(found.labels):
        raise BadCsv(_of_no_picture(found.missing, len(found.labels)))
    labels = {
        path: LEFT_OUT if label == NONE else label
        for path, label in found.labels.items()
        if path not in found.missing
    }
    return Corrections(labels, found.hashes, found.outdated, found.missing)


def _of_no_picture(missing: Iterable[str], total: int) -> str:
    paths = sorted(missing)
    return (
        f"--corrections: {len(paths)} of {total} name no picture that is read, among them {paths[0]}. "
        "Corrections are of pictures of your own in --data, --photos or --check-photos. Paths are absolute, "
        "or relative to the CSV; remove what is gone."
    )


def absolute(file: Path) -> str:
    """The path by which a correction names a file."""
    return os.path.abspath(file)  # noqa: PTH100 - a link keeps its own name
