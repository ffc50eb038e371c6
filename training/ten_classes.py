"""`train --from RELEASE --photos`: fit the network that answers photos, beside the release's other files.

Corrections are learnt with the photos that come with this package, so that no class is forgotten, and are
compared with the parent's answers (improving.py). Reads the photos; writes the run's folder alone.
"""

import argparse
import hashlib
import shlex
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from model_store.local import LocalRelease
from model_store.store import Store
from scripts.progress import counting
from scripts.publish import RELEASE, hand_over
from scripts.terminal import console
from scripts.training.doubted import write_doubted
from scripts.training.improving import (
    announce,
    audited_in,
    compare_with_parent,
    compared_of,
    next_commands,
    show,
)
from scripts.training.loading import start_tensorflow
from scripts.training.options import given_fields
from scripts.training.photos import photos_in
from training.errors import BadRecipe
from training.pictures.corrections import read_corrections
from training.pictures.fashion import NAME, OTHER_NAME
from training.pictures.photos import CORRECTED_TIER, OWN_TIER, Photos, is_corrections
from training.release.doubted import Asked

if TYPE_CHECKING:
    from training.features.shipped import SeenPhotos
    from training.ten_classes import PhotoHead

SECONDS_PER_PHOTO: Final = 0.03
"""Of two cores: to read it, and to see it upright and mirrored."""

SECONDS_TO_FIT: Final = 165

GRADIENT: Final = (
    "network", "recipe", "data", "train", "test", "tensorboard"
)  # fmt: skip
"""Options of a training by gradient, by their names in its arguments."""

Keep = Callable[["SeenPhotos", "PhotoHead", tuple[str, ...], Path], None]
"""Receives what is learnt, the heads, the names of the classes, and the run's folder."""


def add_photo_options(parser: argparse.ArgumentParser) -> None:
    """Add --from, --from-version, --photos and --check-photos."""
    layout = (
        "of the ten classes, in FOLDER/tier/label/, or a CSV of `path`, `label`, `tier`, perhaps `group` and "
        "`source`"
    )
    add = parser.add_argument_group("photos of real garments", layout).add_argument
    parent = "fit its head for photos again: bundled, a folder, a store"
    add("--from", dest="release", metavar="RELEASE", help=parent)
    version = "version in the store of --from (default: the current one)"
    add("--from-version", metavar="VERSION", help=version)
    fits = "photos of the ten classes, which that head learns"
    add("--photos", type=Path, metavar="FOLDER|CSV", help=fits)
    check = "choose thresholds on these, and report on them (all of --photos)"
    add("--check-photos", type=Path, metavar="FOLDER|CSV", help=check)


def check_photo_options(arguments: argparse.Namespace) -> None:
    """Let a contradiction among the options end as wrong usage."""
    if arguments.photos is None:
        if arguments.check_photos is not None:
            arguments.error("--check-photos belongs to --photos, which names what is learnt")
        if arguments.release is not None:
            arguments.error(
                "--from fits a head again, on --photos. Own classes: --data PLACE alone; corrections: "
                "wardrobe improve CSV"
            )
        if arguments.from_version is not None:
            arguments.error("--from-version belongs to --from, which names the store")
        return
    if arguments.release is None:
        arguments.error("--photos fits a network of the release that --from names, such as --from bundled")
    if arguments.check_photos is not None and is_corrections(arguments.photos.expanduser()):
        arguments.error("--check-photos is for photos with tiers: corrections choose thresholds themselves")
    others = [*(name for name in GRADIENT if getattr(arguments, name) is not None), *given_fields(arguments)]
    if others:
        arguments.error(f"--{others[0].replace('_', '-')} is not for --photos, which fits a head alone")


def check_learns_photos(release: LocalRelease, name: str, photos: Path) -> None:
    """Check that a release has a network that answers photos.

    Args:
        release: that is to learn.
        name: of it, as --from has it.
        photos: to learn.

    Raises:
        BadRecipe: it has none; the message says what does.
    """
    if release.manifest.photos is not None:
        return
    if release.manifest.data.name not in {NAME, OTHER_NAME}:
        raise BadRecipe(
            f"--photos: {release.version} knows classes of its own. It learns corrections by "
            f"`wardrobe improve {shlex.quote(str(photos))} --from {shlex.quote(name)}`."
        )
    raise BadRecipe(
        f"{release.version} has no network that answers photos, so it cannot be improved on photos. Begin "
        "with --from bundled, which has one."
    )


def fit_photos(
    arguments: argparse.Namespace,
    release: LocalRelease,
    store: Store,
    *,
    keep: Keep = lambda *_: None,
) -> object:
    """Fit, export, compare with the parent where the photos are corrections, and hand over.

    Raises:
        TrainingError: the photos cannot be learnt from.
        StoreError: the release cannot be stored.
    """
    began = time.perf_counter()
    labels, corrected = release.manifest.model.labels, is_corrections(arguments.photos.expanduser())
    start_tensorflow()
    from training.features.blocks import READS  # noqa: PLC0415 - as above
    from training.release.photo_release import Made, add_photo_network  # noqa: PLC0415 - needs Keras
    from training.ten_classes import fit_photo_head  # noqa: PLC0415 - as above

    places = [place for place in (arguments.photos, arguments.check_photos) if place is not None]
    sets = photos_in(places, labels, READS, read_corrections(arguments.corrections))
    audited = audited_in(arguments.photos.expanduser()) if corrected else frozenset[str]()
    if corrected:
        sets = (_by_audit(sets[0], audited),)
    folder = arguments.run or Path("runs") / f"photos-{_digest(sets)}"
    compared = compared_of(sets[0], release) if corrected else None
    _announce(sets, corrected=corrected, folder=folder)
    if compared is not None:
        announce(compared)
    learnt = _seen(sets, folder, labels, release, corrected=corrected)
    with counting("fitting heads") as watch:
        fitted = fit_photo_head(learnt, labels, watch)
    keep(learnt, fitted, labels, folder)
    made = Made(shlex.join(["wardrobe", "train", *arguments.words]), time.perf_counter() - began)
    add_photo_network(folder / RELEASE, release, learnt, fitted, made, console().print)
    write_doubted(folder, _asked(sets, learnt, fitted), labels)
    if compared is None:
        return hand_over(folder / RELEASE, store, arguments)
    found = compare_with_parent(release, folder / RELEASE, compared, audited)
    show(found, release)
    if arguments.out or arguments.publish:
        return hand_over(folder / RELEASE, store, arguments) | {"own_pictures": asdict(found)}
    print("\n".join(next_commands(arguments.release, folder / RELEASE, arguments.photos)))
    return {"release": str(folder / RELEASE), "own_pictures": asdict(found)}


def _by_audit(photos: Photos, audited: frozenset[str]) -> Photos:
    """Corrections with the tier that says whether they were drawn at random."""
    tiers = (
        CORRECTED_TIER if tier == OWN_TIER and sha256 not in audited else tier
        for tier, sha256 in zip(photos.tiers, photos.sha256, strict=True)
    )
    return replace(photos, tiers=tuple(tiers))


def _announce(sets: tuple[Photos, ...], *, corrected: bool, folder: Path) -> None:
    n = sum(map(len, sets))
    minutes = (SECONDS_PER_PHOTO * n + SECONDS_TO_FIT) / 60
    more = " beside the photos that come with this package" if corrected else ""
    console().print(
        f"{n:,} photos{more}: about {minutes:.0f} minutes on two cores. What is seen of them is kept in "
        f"{folder}, so that the same command goes on."
    )


def _seen(
    sets: tuple[Photos, ...],
    folder: Path,
    labels: tuple[str, ...],
    release: LocalRelease,
    *,
    corrected: bool,
) -> "SeenPhotos":
    """All photos that are learnt: those that choose thresholds are --check-photos, or all without it."""
    from training.features.shipped import seen_photos, shipped_photos  # noqa: PLC0415 - needs Keras

    photos, *others = sets
    if others:
        photos = photos.take(np.flatnonzero(~np.isin(photos.sha256, others[0].sha256)))
    with counting("seeing photos") as watch:
        learnt = seen_photos(photos, folder, watch, checked=not others)
        for one in others:
            learnt = learnt.followed_by(seen_photos(one, folder, watch, checked=True))
    if not corrected:
        return learnt
    shipped = shipped_photos()
    if shipped.names != labels:
        raise BadRecipe(
            f"{release.version} knows {', '.join(labels)}; the photos that come with this package "
            f"show {', '.join(shipped.names)}. Name all photos of your classes with --photos: a folder, or a "
            "table with a column `tier`."
        )
    return shipped.photos.take(~np.isin(shipped.photos.sha256, learnt.sha256)).followed_by(learnt)


def _asked(sets: tuple[Photos, ...], learnt: "SeenPhotos", fitted: "PhotoHead") -> Asked:
    """What heads of folds answered to the photos at hand that show a class."""
    from training.measure.photo_evaluation import asked_photos  # noqa: PLC0415 - needs scikit-learn

    files = {sha256: file for one in sets for sha256, file in zip(one.sha256, one.files, strict=True)}
    asked = learnt.take(fitted.asked)
    answers = asked_photos(fitted.scores, asked, "photo", "photos", fitted.folds)
    at_hand = np.isin(asked.sha256, list(files)) & answers.known
    return answers.take(at_hand), [files[name] for name in asked.sha256[at_hand].tolist()]


def _digest(sets: tuple[Photos, ...]) -> str:
    """Sixteen hex digits of what photos there are, with their labels, whatever their files are called."""
    lines = sorted(
        f"{sha256} {tier} {label}"
        for one in sets
        for sha256, tier, label in zip(one.sha256, one.tiers, one.labels.tolist(), strict=True)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
