"""Make a better release from people's corrections: which training does it. Read it top to bottom.

The release that answered the corrected pictures is found. Of the ten classes, its head for photos is fitted
again (ten_classes.py). Own classes are trained again (own_classes.py, pixel_network.py) on the pictures that
the release learnt together with the corrections, with the settings that its manifest records. Writes the
table of these pictures alone; scripts/improve.py hands what comes back to the training.
"""

import hashlib
import os
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from inference.contract import LABEL
from inference.decode import prepare_decoders
from inference.listed import NONE
from labelling.decided import LEFT_OUT
from labelling.lists import Reading
from labelling.review.corrections import Correction, OfFiles, read_corrections
from model_store.local import LocalRelease
from model_store.named_release import find_release
from model_store.promotions import newest
from model_store.store import open_store
from reports.intervals import needed
from training.data.corrections import UNREAD, Applied, apply, corrections_in, near_answers
from training.data.fashion import NAME, OTHER_NAME
from training.data.files import Hashed, hash_files, perceptual_hash_of
from training.data.labels import check_columns
from training.data.learnt_hashes import load_learnt
from training.data.listing import (
    PRODUCT,
    SPLIT,
    ListedPicture,
    Listing,
    absolute,
    list_pictures,
    write_pictures,
)
from training.data.named import Named
from training.errors import BadPictures, BadRecipe
from training.options import Options
from training.progress import Progress

SHOWN: Final = 20
"""Pictures that a message names."""

AS_WRITTEN: Final = {"path_column": (), "root": None, "encoding": None, "skip_bad_rows": False}
"""Options for the table that is written here."""


@dataclass(frozen=True)
class Corrected:
    """A release, and what people say of its answers.

    Attributes:
        name: of the release, as --from has it.
        release: that learns the corrections.
        file: of the corrections.
        corrections: as the file has them.
        encoding: of the file, where people name one.
    """

    name: str
    release: LocalRelease
    file: Path
    corrections: tuple[Correction, ...]
    encoding: str = ""


def corrected_release(
    file: Path, encoding: str, named: str | None, usual_store: str, cache: Path
) -> Corrected:
    """Find the release that learns the corrections.

    Args:
        file: of corrections.
        encoding: of the file, where it is not UTF-8; else empty.
        named: the release; None for what is current in the usual store, else the bundled one.
        usual_store: the one that `wardrobe train` fills.
        cache: the folder that a release of a store comes into.

    Raises:
        StoreError: there is no such release.
        CorrectionsUnusable: the file cannot be read.
        BadPictures: no release was named, and the usual one lacks a class of the corrections.
    """
    name = named or (usual_store if newest(open_store(usual_store)) is not None else "bundled")
    release = find_release(name, cache)
    corrections = tuple(read_corrections([file], None, reading=Reading(encoding=encoding)))
    if not named:
        _check_classes(
            {correction.label for correction in corrections if correction.attribute == LABEL}
            - {LEFT_OUT, NONE},
            name,
            release,
        )
    return Corrected(name, release, file, corrections, encoding)


def looked_at(corrections: Sequence[Correction]) -> Path | None:
    """The folder that the corrected pictures come from: a new release changes answers to all that is in it.

    Returns:
        None where they are no files here, or share no folder but one around the working directory.
    """
    there = {
        absolute(Path(correction.path).parent)
        for correction in corrections
        if Path(correction.path).is_file()
    }
    folder, here = Path(os.path.commonpath(there or ["/"])), Path.cwd()
    if here.is_relative_to(folder):
        return None
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _check_classes(given: Collection[str], name: str, release: LocalRelease) -> None:
    """Refuse labels that are no class of the release, by its name or index."""
    labels = release.manifest.labels
    known = {spelt.casefold() for label in labels for spelt in (label, label.replace("/", "_"))}
    strange = sorted(one for one in given if one.casefold() not in known and not one.isdecimal())
    if strange:
        raise BadPictures(
            f"{strange[0]!r} is none of the classes {', '.join(labels)} of {name}, which is taken without "
            "--from. Name the store whose release answered these pictures: --from STORE."
        )


def next_training(corrected: Corrected, data: str | None, progress: Progress) -> Options:
    """Decide what is trained, say so, and write the table of pictures where one is learnt.

    Args:
        corrected: from `corrected_release`.
        data: the pictures that a release of own classes learnt; None for those that its training named.
        progress: shows what will be done.

    Returns:
        Of the ten classes, the release and the corrections; of own classes the options of the parent's
        training, with the table of all pictures in place of its own.

    Raises:
        BadRecipe: the release knows the ten classes and has no network that answers photos.
        DataError: the corrections change nothing, or the pictures that the release learnt are not found.
    """
    if not _knows_ten_classes(corrected.release):
        return _train_again(corrected, data, progress)
    check_learns_photos(corrected.release, corrected.name, corrected.file)
    if of_attributes := sum(correction.attribute != LABEL for correction in corrected.corrections):
        progress.warn(f"{of_attributes:,} answers are to attributes, which stay as they are: not learnt.")
    if products := {one.product for one in corrected.corrections if one.attribute == LABEL} - {""}:
        # Here: scikit-learn is not installed where serving alone is.
        from training.decide.requirements import ACCEPTED_OF_PHOTOS as RIGHT  # noqa: PLC0415

        accepted = f"{needed(RIGHT)} accepted ones are needed to show {RIGHT:.0%}"
        progress.say(f"{len(products):,} products; {accepted}.")
    progress.say(
        f"{corrected.release.version} knows {len(corrected.release.manifest.labels)} classes. Its head "
        f"that answers photos is fitted again, on {corrected.file} and photos that come with this package."
    )
    photos, encoding = str(corrected.file), corrected.encoding or None
    return Options(release=corrected.name, photos=photos, data=data, encoding=encoding)


def _knows_ten_classes(release: LocalRelease) -> bool:
    return release.manifest.data.name in {NAME, OTHER_NAME}


def check_learns_photos(release: LocalRelease, name: str, photos: Path) -> None:
    """Check that a release has a network that answers photos.

    Args:
        release: that is to learn.
        name: of it, as --from has it.
        photos: to learn.

    Raises:
        BadRecipe: it has none; the message says what does.
    """
    if release.manifest.both:
        return
    if not _knows_ten_classes(release):
        raise BadRecipe(
            f"--photos: {release.version} knows classes of its own. It learns corrections by "
            f"`wardrobe improve {shlex.quote(str(photos))} --from {shlex.quote(name)}`."
        )
    raise BadRecipe(
        f"{release.version} has no network that answers photos, so it cannot be improved on photos. Begin "
        "with --from bundled, which has one."
    )


def _train_again(corrected: Corrected, data: str | None, progress: Progress) -> Options:
    """Join the pictures that the release learnt with the corrections, and say what is in them."""
    parent = corrected.release
    options = Options.recorded(parent.manifest.training)
    place = _learnt_pictures(data, options.data, parent)
    labels, attributes = parent.manifest.labels, options.attribute
    # Bad rows are left out of the recorded files alone: `corrected_release` has refused those of the new one.
    encoding = corrected.encoding or options.encoding or ""
    reading = Reading(encoding=encoding, skip_bad_rows=options.skip_bad_rows)
    said = corrections_in([*map(Path, options.corrections), corrected.file], reading, progress.warn)
    listing = list_pictures(place, replace(options.reading, encoding=encoding), attributes)
    with progress.counting("comparing pictures") as watch:
        hashed = hash_files((picture.path for picture in listing.pictures), watch)
    listing = _as_learnt(listing, hashed, parent, progress)
    if any(picture.part for picture in listing.pictures):
        raise BadPictures(
            f"{place} is divided into `train` and `test`. Put the corrected pictures into `train`, each "
            f"under its label, and train again: wardrobe train --data {place}."
        )
    check_columns(listing, attributes, labels)
    _check_attributes(said, attributes)
    prepare_decoders()
    near = near_answers(listing, hashed, said)
    applied = apply(listing, said, labels, hashed, attributes, near)
    if not _has_learnt_any(parent, applied.contents, listing):
        raise BadPictures(
            f"{place}: the release learnt none of these pictures. Name those that it learnt with --data."
        )
    _warn_of_unused(said, applied, progress)
    if not applied.changes:
        raise BadPictures(f"{corrected.file}: nothing in it changes what {place} says already.")
    pictures = [*applied.listing.pictures, *applied.added]
    table = Path("runs") / f"improved-{_digest(pictures, attributes)}" / "pictures.csv"
    write_pictures(pictures, table, attributes)
    _announce(parent, applied, table, progress)
    if attributes:
        progress.say(f"Attributes: {applied.answers:,} answers are new or others.")
    if attributes and applied.unused:
        progress.warn(
            f"{applied.unused:,} answers to attributes are of pictures whose class no person gave, so "
            "they are not learnt."
        )
    if Named(place=str(table)).shows_photos():  # a head learns them, whatever the parent was trained by
        options = options.for_head()
    by = PRODUCT if any(picture.product for picture in pictures) else None
    return options.changed(data=str(table), corrections=(), product_column=by, **AS_WRITTEN)


def _as_learnt(listing: Listing, hashed: Hashed, parent: LocalRelease, progress: Progress) -> Listing:
    """The pictures without the parts that a table names, where the release learnt those for the test, too."""
    tested = [picture.path for picture in listing.pictures if picture.part == "test"]
    if not tested or not listing.columns:
        return listing
    learnt = load_learnt(parent.folder)
    contents = np.array([hashed.sha256.get(path, UNREAD) for path in tested])
    if learnt is not None and not learnt.has(contents).any():
        return listing
    progress.warn(
        f"{listing.place}: {parent.version} learnt rows of all parts, so the column `{SPLIT}` is not read. A "
        "new training reads it: wardrobe train --data."
    )
    return replace(listing, pictures=tuple(replace(picture, part=None) for picture in listing.pictures))


def _has_learnt_any(parent: LocalRelease, contents: Sequence[str], listing: Listing) -> bool:
    """Whether a release learnt one of these pictures, or one that is nearly the same, or does not say so."""
    learnt = load_learnt(parent.folder)
    if learnt is None or learnt.has(np.array(contents)).any():
        return True
    if learnt.near is None or not len(learnt.near):
        return False
    hashes = (perceptual_hash_of(picture.path) for picture in listing.pictures)
    return any(learnt.has(np.array([UNREAD]), found[None]).any() for found in hashes if found is not None)


def _check_attributes(said: OfFiles, names: Sequence[str]) -> None:
    """Refuse answers to an attribute that the release has not learnt."""
    if strange := sorted({attribute for _, attribute in said.attributes} - set(names)):
        known = ", ".join(names) or "none"
        raise BadPictures(
            f"Corrections are of the attribute {strange[0]!r}, which the release lacks: it has learnt "
            f"{known}. Leave these rows out."
        )


def _digest(pictures: Sequence[ListedPicture], attributes: Sequence[str]) -> str:
    """Twelve hex digits of a hash of the rows of the table: other corrections have others."""
    rows = [(absolute(picture.path), picture.label, picture.group) for picture in pictures]
    cells = {name: [picture.labels.get(name, "") for picture in pictures] for name in attributes}
    text = repr(tuple(rows)) + (repr(cells) if cells else "")
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _learnt_pictures(named: str | None, learnt: str | None, parent: LocalRelease) -> Path:
    """The place of the pictures that the release learnt: the one that is named, else the recorded one."""
    if named is None and (learnt is None or not Path(learnt).expanduser().exists()):
        gone = (
            "does not say where these are"
            if learnt is None
            else f"learnt them from {learnt}, which is not here"
        )
        raise BadPictures(
            f"{parent.version} is trained again on the pictures that it learnt, together with the "
            f"corrections, and {gone}. Name them: --data FOLDER."
        )
    return Path(named or str(learnt)).expanduser()


def _warn_of_unused(said: OfFiles, applied: Applied, progress: Progress) -> None:
    if sentence := said.of_several_in_words:
        progress.warn(sentence)
    if said.outdated:
        progress.warn(
            f"{len(said.outdated):,} corrections are of pictures that have changed since, and do not count."
        )
    if applied.missing:
        progress.warn(
            f"{len(applied.missing):,} corrections are of pictures that are not found, and are left out: "
            f"{', '.join(applied.missing[:SHOWN])}{', ...' if len(applied.missing) > SHOWN else ''}"
        )


def _announce(parent: LocalRelease, applied: Applied, table: Path, progress: Progress) -> None:
    """Say what is learnt."""
    count = len(applied.listing.pictures) + len(applied.added)
    progress.say(
        f"{parent.version} knows {len(parent.manifest.labels)} classes of your own. Of its "
        f"{len(applied.contents):,} pictures {applied.relabelled:,} get another label and "
        f"{applied.left_out:,} are left out{applied.near_in_words}; {len(applied.added):,} are new."
    )
    progress.say(f"It is trained again on {count:,} pictures, in {table}.")
