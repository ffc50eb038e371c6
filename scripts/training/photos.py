"""Read the photos that options name: to learn from, to choose thresholds on, and to measure.

training/photos/reading.py documents the layout; balance.py and making.py beside it make the variants
and keep them in the run's folder.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Final

import numpy as np

from inference.contract import InputContract
from inference.decode import prepare_decoders
from scripts.progress import counting
from scripts.terminal import at_least, complain, console
from training.data.corrections import Corrections
from training.data.datasets import LabelledData
from training.data.learnt import Learnt
from training.data.listing import Listing
from training.data.splitting import USUAL_FOLDS, Split, held_out_indices, in_groups
from training.errors import BadPictures, BadRecipe
from training.fitting.checkpoints import Run
from training.photos.balance import plan
from training.photos.making import load_auxiliary, make_auxiliary, photos_sha256, save_auxiliary, variants_key
from training.photos.reading import Photos, as_photos, list_photos, read_photos
from training.recipes import Recipe


def photos_in(
    places: Sequence[Path],
    labels: tuple[str, ...],
    contract: InputContract,
    corrections: Corrections | None = None,
    *,
    untiered: str = "",
) -> tuple[Photos, ...]:
    """Read folders or tables of photos as a model would see them; what was left out is said on stderr.

    Args:
        places: FOLDER/tier/label/file, or a table; a leading `~` is the user's own.
        labels: of the model.
        contract: the input of the model.
        corrections: of labels, of these photos or of copies that lie elsewhere; they have to be of pictures
            that have been read after these.
        untiered: as `list_photos` has it.

    Raises:
        DataError: a folder, a label or a correction is wrong, or nothing can be read; the message names it.
    """
    prepare_decoders()
    corrections = corrections or Corrections()
    listings = [_listed(place.expanduser(), labels, untiered) for place in places]
    with counting("reading photos") as watch:
        sets = [
            read_photos(one, labels, contract, complain, watch, corrections=corrections) for one in listings
        ]
    corrections.check()
    return as_photos(sets, complain)


def _listed(place: Path, labels: tuple[str, ...], untiered: str) -> Listing:
    table = place.absolute().with_name(f"{place.absolute().name}.csv")
    if place.is_dir() and table.is_file():
        complain(
            f"{table} is not read. Name it in place of the folder, if its column `group` is to keep photos "
            "together; it needs the columns `path`, `label` and `tier`, too."
        )
    return list_photos(place, labels, untiered)


HELD_OUT: Final = 8
"""One photo in so many is held out for the thresholds unless --check-photos names others."""


@dataclass(frozen=True)
class PhotoSets:
    """Photos to learn from, and photos to choose thresholds on.

    Attributes:
        learnt: those of --photos; with --folds, then the checked ones.
        checked: those that choose thresholds.
        dealt: whether the checked ones are learnt, too, and dealt into folds: the last ones of `learnt`.
    """

    learnt: Photos
    checked: Photos
    dealt: bool = False


def add_photo_options(parser: argparse.ArgumentParser) -> None:
    """Add --photos, --check-photos, --variants, --folds and --average-folds."""
    layout = (
        "in FOLDER/tier/label/, or a CSV of `path`, `label`, `tier` and perhaps `group`, beside the data set"
    )
    group = parser.add_argument_group("photos of real garments", layout)
    add = group.add_argument
    add("--photos", type=Path, metavar="FOLDER|CSV", help="learn from variants of these, too")
    check = f"choose thresholds on these, and report on them (one in {HELD_OUT} of --photos)"
    add("--check-photos", type=Path, metavar="FOLDER|CSV", help=check)
    add("--variants", type=float, metavar="X", help="so many times the usual number (1)")
    folds = f"choose thresholds by K folds ({USUAL_FOLDS}, or 0 with much data)"
    add("--folds", type=at_least(0), metavar="K", help=folds)
    mean = "release the mean of the weights of these networks, and fit no further one"
    add("--average-folds", action="store_true", help=mean)


def check_photo_options(arguments: argparse.Namespace) -> None:
    """Let a contradiction among the options end as wrong usage."""
    for option in ("check_photos", "variants"):
        if arguments.photos is None and getattr(arguments, option) is not None:
            arguments.error(f"--{option.replace('_', '-')} belongs to --photos, which names what is learnt")
    if arguments.folds == 1:
        arguments.error("--folds 1: with one there would be nothing to learn from; 2 or more, or 0")
    if arguments.average_folds and not (arguments.folds and arguments.photos and arguments.release):
        # Networks that begin with fresh weights end too far from one another to have a mean.
        arguments.error("--average-folds belongs to --folds K with --photos FOLDER and --from RELEASE")
    if arguments.average_folds and arguments.tensorboard:
        arguments.error("--average-folds fits nothing after the folds that --tensorboard could follow")


def photo_sets(
    arguments: argparse.Namespace, data: LabelledData, corrections: Corrections | None = None
) -> PhotoSets | None:
    """Read the photos that the arguments name, as the data's model will; None when they name none.

    Of photos that both folders hold, those of --photos are left out, and so are those of groups in both.
    With --folds the checked photos, or all if none are named, are both learnt and checked, by different
    networks, and photos of their groups are learnt with them. No group with a photo that is known is checked.

    Args:
        arguments: with those of `add_photo_options`.
        data: says what is known.
        corrections: of labels.

    Raises:
        DataError: a folder or a label is wrong, or nothing is left to learn or to check.
        BadRecipe: all photos that would be checked are known.
    """
    if arguments.photos is None:
        return None

    known = data.known
    places = [place for place in (arguments.photos, arguments.check_photos) if place is not None]
    photos, *others = photos_in(places, data.labels, data.reads, corrections)
    if not others and not arguments.folds:
        console().print(f"One photo in {HELD_OUT} is held out to choose thresholds on: no --check-photos.")
        contents, keys = np.array(photos.sha256), np.array(photos.keys)
        held_out = np.zeros(len(photos), np.bool_)
        held_out[held_out_indices(photos.labels, keys, contents, known, 1 / HELD_OUT)] = True
        _check_new(held_out)
        return PhotoSets(_some(photos, ~held_out), _some(photos, held_out))
    checked = others[0] if others else photos
    new = ~in_groups(np.array(checked.keys), np.array(checked.keys)[known.has(np.array(checked.sha256))])
    _check_new(new)
    # With folds, others of a group are learnt by the networks that do not answer it. A key is a content, too:
    # that of any photo of its group, so a content is compared with contents alone.
    apart = np.logical_not(np.isin(photos.sha256, checked.sha256))
    if not arguments.folds:
        apart &= ~np.isin(photos.keys, checked.keys)
    if not arguments.folds:
        return PhotoSets(_some(photos, apart), _some(checked, new))
    learnt = [photos.take(np.flatnonzero(apart)), checked.take(np.flatnonzero(~new))]
    asked = checked.take(np.flatnonzero(new))
    return PhotoSets(reduce(Photos.followed_by, [*filter(len, learnt), asked]), asked, dealt=True)


def _check_new(asked: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
    if not asked.any():
        raise BadRecipe(
            "The release of --from learnt these photos, so they cannot choose thresholds. Name others with "
            "--check-photos, or train without --from."
        )


def _some(photos: Photos, chosen: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Photos:
    if not chosen.any():
        raise BadPictures(
            f"{len(photos)} photos are too few to learn from some and check on others. Name more with "
            "--photos, or others with --check-photos."
        )
    return photos.take(np.flatnonzero(chosen))


def named(recipe: Recipe, photos: PhotoSets | None, variants: float | None = None) -> Recipe:
    """The recipe with the hash of the photos to learn, and the number of variants if it is given.

    Raises:
        BadRecipe: it learns from photos, and none were named.
    """
    if photos is None:
        if recipe.photos is not None:
            raise BadRecipe(
                "This recipe learns from photos, too. Name a folder of them with --photos; "
                "docs/how-to/retrain.md says where those that it was made with are from."
            )
        return recipe
    digest = photos_sha256(photos.learnt)
    if recipe.photos not in {None, digest}:
        complain("these are other photos than the recipe was made with, so the release will be another one.")
    return replace(recipe, photos=digest, variants=recipe.variants if variants is None else variants)


def with_photos(parts: Split, data: LabelledData, recipe: Recipe, task: Run, photos: Photos) -> Split:
    """A split with variants of photos as auxiliary data: the run's, or made now and stored there."""
    imaging = data.reads.imaging
    key = variants_key(task.fingerprint, imaging)
    auxiliary = load_auxiliary(task.folder, key)
    if auxiliary is None:
        planned = plan(photos, parts.train, data.labels, imaging, recipe)
        with counting("making variants") as watch:
            auxiliary = make_auxiliary(planned, watch)
        save_auxiliary(auxiliary, task.folder, key)
    console().print(
        f"{len(auxiliary):,} variants of {len(photos):,} photos and of training pictures are auxiliary data, "
        f"{np.count_nonzero(auxiliary.ood):,} of them as none of the classes."
    )
    tiers = dict(sorted(Counter(photos.tiers).items()))
    learnt = Learnt.of(np.array(photos.sha256))
    return replace(parts, auxiliary=replace(auxiliary, photos=tiers, learnt=learnt))
