"""Find the release that people corrected, with their corrections, and check what it can learn."""

import shlex
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.contract import LABEL
from inference.release_labels import NONE
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.lists.list_reading import ListOptions
from labelling.review.corrections import Correction, read_corrections
from model_store.local_releases import LocalRelease
from model_store.named_release import find_release
from model_store.promotions import read_newest_promotion
from model_store.store import open_store
from training.data.fashion import FASHION_MNIST, OTHER_DATA_SET_NAME
from training.data.labels import find_class_index
from training.data.listing import make_absolute_path
from training.errors import BadRecipe, DataError
from training.progress import Say


@dataclass(frozen=True)
class CorrectedRelease:
    """A release, and the corrections that people made to its answers.

    Attributes:
        name: the place of the release as a user names it: a folder, a store, or `bundled`.
        release: the release that learns the corrections.
        file: the file of the corrections.
        corrections: the rows of the file.
        encoding: the encoding of the file, if the user named one; otherwise empty.
    """

    name: str
    release: LocalRelease
    file: Path
    corrections: tuple[Correction, ...]
    encoding: str = ""


def find_corrected_release(  # noqa: PLR0913, PLR0917 - a file, a release, and whom it is said to
    file: Path, encoding: str, named_release: str | None, default_store: str, cache: Path, say: Say
) -> CorrectedRelease:
    """Find the release that learns the corrections, and read the corrections.

    Args:
        file: the table of corrections.
        encoding: the encoding of the file, if it is not UTF-8; else empty.
        named_release: the folder or store of the release; None takes the current release of `default_store`,
            or the bundled release if that store has none.
        default_store: the folder or S3 prefix in which `wardrobe train` puts its releases.
        cache: the folder into which a release is fetched from a store.
        say: a function that receives sentences about the file, which a person should read.

    Raises:
        StoreError: there is no such release.
        CorrectionsUnusable: the file cannot be read.
        DataError: no release was named, and the usual one lacks a class of the corrections.
    """
    name = named_release or (
        default_store if read_newest_promotion(open_store(default_store)) is not None else "bundled"
    )
    release = find_release(name, cache)
    corrections = tuple(read_corrections([file], None, list_options=ListOptions(encoding=encoding), say=say))
    if not named_release:
        _check_classes(
            {correction.label for correction in corrections if correction.attribute == LABEL}
            - {LEFT_OUT_LABEL, NONE},
            name,
            release,
        )
    return CorrectedRelease(name, release, file, corrections, encoding)


MAX_COMPARED_FOLDERS: Final = 3
"""Largest number of folders for each of which a command is printed that compares two releases."""


def find_most_corrected_folders(corrections: Sequence[Correction]) -> tuple[Path, ...]:
    """Return the folders with the most corrected pictures, at most MAX_COMPARED_FOLDERS.

    A user is told to compare both releases on all pictures of these folders, because answers to pictures that
    nobody corrected may change, too.

    Returns:
        The folders, relative to the working directory if they lie below it. The working directory and the
        folders that contain it are left out, because they have many other files. So is a folder inside
        another one of them, because a comparison of the outer folder includes it.
    """
    here = Path.cwd()
    counts = Counter[Path]()
    for path in dict.fromkeys(Path(correction.path) for correction in corrections):
        if path.is_file() and not here.is_relative_to(folder := Path(make_absolute_path(path.parent))):
            counts[folder] += 1
    outermost = [folder for folder, _ in counts.most_common() if counts.keys().isdisjoint(folder.parents)]
    return tuple(
        folder.relative_to(here) if folder.is_relative_to(here) else folder
        for folder in outermost[:MAX_COMPARED_FOLDERS]
    )


def _check_classes(given_labels: Collection[str], name: str, release: LocalRelease) -> None:
    """Refuse labels that are neither the name nor the index of a class of the release."""
    labels = release.manifest.labels
    if unknown_labels := sorted(label for label in given_labels if find_class_index(label, labels) is None):
        raise DataError(
            f"{unknown_labels[0]!r} is none of the classes {', '.join(labels)} of {name}, which is taken "
            "without --from. Name the store whose release answered these pictures: --from STORE."
        )


def has_fashion_mnist_classes(release: LocalRelease) -> bool:
    """Tell whether the classes of a release are the ten of Fashion-MNIST, and not a user's own."""
    return release.manifest.data.name in {FASHION_MNIST, OTHER_DATA_SET_NAME}


def check_has_photo_network(release: LocalRelease, name: str, photos: Path) -> None:
    """Check that a release has a network that answers photos of the ten classes.

    Args:
        name: the name of the release for the message, as given to --from.
        photos: the path of the photos that the release is to learn, for the message.

    Raises:
        BadRecipe: the release has no such network; the message says which releases have one.
    """
    if release.manifest.has_both_networks:
        return
    if not has_fashion_mnist_classes(release):
        raise BadRecipe(
            f"--photos: {release.version} knows classes of its own. It learns corrections by "
            f"`wardrobe improve {shlex.quote(str(photos))} --from {shlex.quote(name)}`."
        )
    raise BadRecipe(
        f"{release.version} has no network that answers photos, so it cannot be improved on photos. Begin "
        "with --from bundled, which has one."
    )
