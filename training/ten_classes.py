"""Train a release that answers photos of the ten classes of Fashion-MNIST.

The release is made from another one (its parent), and only its head for photos is new. A frozen network,
which is not trained, turns each photo into a vector. A head, the last part of the network, is fitted on these
vectors. Thresholds are chosen by cross-validation: further heads answer photos that they did not learn.

If the photos are a user's corrections, the photos that come with this package are learnt as well, so that no
class is forgotten.

Call `start_tensorflow` before this module is imported, so that TensorFlow prints nothing.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from pydantic import JsonValue

from inference.contract import LABEL
from inference.sessions.session import Scores
from model_store.local_releases import LocalRelease
from model_store.release_files import NEW_RELEASE_FOLDER
from reports.answers import NO_ANSWERS, NO_CLASS, Answers
from reports.values import read_report
from training.data.data_source import DataSource
from training.data.learnt_hashes import LearntHashes
from training.data.listing import Listing
from training.data.photo_reading import read_photos
from training.data.pictures import Pictures
from training.data.split import FoldNumbers
from training.environment import find_library_versions
from training.errors import BadRecipe
from training.evaluation.photos import answer_with_parent, choose_compared_photos, make_photo_answers
from training.features.blocks import BLOCKS_INPUT_CONTRACT
from training.features.shipped import PHOTO_BLOCKS, compute_photo_features, read_shipped_photos
from training.heads.cross_val import describe_lacking_labels
from training.heads.photo_head import PhotoHead, fit_photo_head, make_object_folds, make_photo_folds
from training.progress import Progress
from training.release.doubts import FileAnswers
from training.release.make import TrainingResult
from training.release.photo_decisions import (
    UNLEARNT_THINGS,
    PhotoEvidence,
    can_keep_calibration,
    can_keep_thresholds,
)
from training.release.photos import PhotoCandidate, make_photo_release, read_parent_photo_heads
from training.release.run_folder import check_run_folder, claim_new_run


def train_photo_head(  # noqa: PLR0913, PLR0917 - whose head is fitted, on what, and what the release records
    parent: LocalRelease,
    photo_source: DataSource,
    progress: Progress,
    run_folder: Path | None = None,
    command_line: str = "",
    settings: Mapping[str, JsonValue] = MappingProxyType({}),
    listing: Listing | None = None,
) -> tuple[TrainingResult, PhotoHead]:
    """Train a release whose network answers photos of the ten classes, on the photos of a person.

    If the photos are corrections, the release also keeps the answers of its parent to them, so that the check
    before a promotion (the gate) can compare both.

    Args:
        parent: the release whose other files the new release has.
        photo_source: the photos: their place, and the way they are read.
        run_folder: the folder of the run, which the caller has claimed; None claims a folder in runs/ whose
            name comes from the photos.
        command_line: the command line, which the release records.
        settings: the options of the training, which the release records, too.
        listing: the photos with their classes, if they were listed before.

    Returns:
        The result of the training, and the head with its cross-validated answers.

    Raises:
        OutputUnusable: the folder has a release already.
        TrainingError: the photos cannot be learnt from.
        StoreError: the release cannot be sealed.
    """
    # 1) Photos: read, and turned into vectors by the frozen network.
    started = time.perf_counter()
    labels = parent.manifest.labels
    check_run_folder(run_folder)
    parent_heads = read_parent_photo_heads(parent)  # refuses before any work
    if attributes := parent.manifest.attributes:
        progress.say(f"The answers of {parent.version} to {' and '.join(attributes)} stay as they are.")
    listing = listing or photo_source.list_photos(labels)
    photos = read_photos(photo_source, listing, BLOCKS_INPUT_CONTRACT, progress)
    has_corrections = listing.corrections is not None
    default_folder = Path("runs") / f"photos-{_hash_photos(photos)}"
    with claim_new_run(default_folder) if run_folder is None else nullcontext(run_folder) as folder:
        compared_photos = choose_compared_photos(photos, parent, progress.warn) if has_corrections else None
        _announce_photos(photos, folder, progress, has_corrections=has_corrections)
        learnt_photos = prepare_learnt_photos(
            photos, folder, parent, progress, has_corrections=has_corrections
        )
        # 2) Heads: one for each fold, which answers the fold, and the one that is released.
        head = refit_photo_head(learnt_photos, parent, progress, has_corrections=has_corrections)
        record = _describe_network(head, learnt_photos) | {
            "command": command_line,
            "settings": dict(settings),
            "seconds": round(time.perf_counter() - started, 1),
            "libraries": dict(find_library_versions()),
        }
        # 3) Release: thresholds and figures come from these answers. The parent's answers to the corrections
        # are stored, so that both releases can be compared before a promotion.
        old_answers = NO_ANSWERS
        if compared_photos is not None:
            with progress.show_progress("asking the release before"):
                old_answers = answer_with_parent(parent, compared_photos)
        with progress.show_progress("exporting the graph, comparing and measuring it"):
            candidate = PhotoCandidate(
                parent=parent,
                parent_heads=parent_heads,
                head=head,
                learnt_hashes=LearntHashes.make_from_digests(head.learnt_photos.sha256, photos.hashes),
                training_record=record,
                evidence=_collect_evidence(head, photos, old_answers),
            )
            report = make_photo_release(folder / NEW_RELEASE_FOLDER, candidate, progress.say)
    if missing_tiers := sorted(read_report(parent).photos.keys() - report.photos.keys()):
        progress.say(f"Not measured again: tier {', '.join(missing_tiers)}.")
    return TrainingResult(folder, _make_file_answers(photos, head), labels), head


def _describe_network(head: PhotoHead, learnt_photos: Pictures) -> dict[str, JsonValue]:
    """Return what the release records: the frozen network, the head's size, and the photos in each tier.

    The tier of a photo says how it was taken, such as A for a product shot.
    """
    return {
        "network": "_".join(PHOTO_BLOCKS),
        "units": len(head.head.hidden_bias),
        "photos": dict(sorted(Counter(learnt_photos.tiers.tolist()).items())),
    }


def _collect_evidence(head: PhotoHead, photos: Pictures, old_answers: Answers) -> PhotoEvidence:
    """Return the answers by which the head's thresholds are chosen and its figures are measured.

    Args:
        photos: the photos of the user.
        old_answers: the parent's answers to these photos; empty if they are no corrections.
    """
    return PhotoEvidence(
        cross_fitted_answers=make_cross_fitted_answers(head),
        parent_answers=old_answers,
        has_product_groups=photos.has_product_groups,
    )


def refit_photo_head(
    learnt_photos: Pictures, parent: LocalRelease, progress: Progress, *, has_corrections: bool
) -> PhotoHead:
    """Fit the head that answers photos, on all photos, and get cross-validated answers.

    Args:
        learnt_photos: all photos that are learnt, from `prepare_learnt_photos`.
        parent: the release whose head is replaced.
        progress: the display of the heads that are fitted.
        has_corrections: whether people's answers are learnt, beside the photos that come with this package.
    """
    labels = parent.manifest.labels
    with progress.show_progress("fitting heads, percent") as watch:
        folds = make_photo_folds(learnt_photos, len(labels))
        # Zeros in place of the scores, which the question below does not need.
        no_scores = Scores.make_class_scores(
            np.zeros((np.count_nonzero(folds), len(labels)), np.float32), None
        )
        # If the parent's thresholds stay, answers about unknown things are not needed, and several fits are
        # saved. Only tiers, sources and classes of the photos decide about this.
        can_keep = can_keep_thresholds(
            make_checked_answers(learnt_photos, no_scores, folds), parent, has_corrections=has_corrections
        )
        thing_folds = (
            np.zeros_like(folds)
            if can_keep or can_keep_calibration(parent, has_corrections=has_corrections)
            else make_object_folds(learnt_photos)
        )
        head = fit_photo_head(learnt_photos, labels, folds, thing_folds, watch)
    if sentence := describe_lacking_labels(head.lacking_labels):
        progress.say(sentence)
    return head


def _announce_photos(photos: Pictures, folder: Path, progress: Progress, *, has_corrections: bool) -> None:
    """Say how many photos are learnt, how many of them choose thresholds, and where vectors are stored."""
    shipped_text = " beside the photos that come with this package" if has_corrections else ""
    checked_text = (
        "" if not len(photos.is_checked) else f", of which {photos.is_checked.sum():,} choose thresholds"
    )
    progress.say(
        f"{photos.describe_size('photo')}{checked_text}{shipped_text}. What is seen of them is kept in "
        f"{folder}, so that the same command goes on."
    )


def prepare_learnt_photos(
    photos: Pictures, folder: Path, parent: LocalRelease, progress: Progress, *, has_corrections: bool
) -> Pictures:
    """Compute the feature vectors of the photos to learn.

    If the photos are corrections, the photos that come with this package are added, so that the network does
    not forget these. A photo that is in both is taken from the corrections.

    Raises:
        BadRecipe: the parent has other classes than the photos of this package.
    """
    with progress.show_progress("seeing photos") as watch:
        photos_with_vectors = compute_photo_features(photos, folder, watch)
    if not has_corrections:
        return photos_with_vectors
    shipped_photos = read_shipped_photos()
    labels = parent.manifest.labels
    if (names := shipped_photos.labels[LABEL].names) != labels:
        raise BadRecipe(
            f"{parent.version} knows {', '.join(labels)}; the photos that come with this package "
            f"show {', '.join(names)}. Name all photos of your classes with --photos: a folder, or a "
            "table with a column `tier`."
        )
    return shipped_photos.take(~np.isin(shipped_photos.sha256, photos_with_vectors.sha256)).concatenate(
        photos_with_vectors
    )


def make_cross_fitted_answers(head: PhotoHead) -> Answers:
    """Return the cross-validated answers of a head, before they are accepted or reviewed.

    They are about two sorts of photos. Photos that a person checked are each in one part (fold) of the
    photos, and a head that learnt the other parts answers it. Photos of other things than the classes are
    answered by heads that learnt no such thing; they are in the set UNLEARNT_THINGS.
    """
    unseen_ood_scores = head.unseen_ood_scores
    answers = make_checked_answers(head.learnt_photos, head.cross_fitted_scores, head.folds)
    if unseen_ood_scores is None:
        return answers
    return answers + Answers.make_answers(
        UNLEARNT_THINGS,
        np.full(len(unseen_ood_scores), NO_CLASS),
        networks="photos",
        distances=unseen_ood_scores.distances,
        probabilities=unseen_ood_scores.class_probabilities,
    )


def make_checked_answers(learnt_photos: Pictures, scores: Scores, folds: FoldNumbers) -> Answers:
    """Return the answers to the photos that have a fold, before they are accepted or reviewed.

    Args:
        scores: the scores of the photos that have a fold, in their order.
    """
    has_fold = folds > 0
    answers = make_photo_answers(
        scores, learnt_photos.take(has_fold), networks="photos", folds=folds[has_fold]
    )
    # Photos that no person checked are in no fold, so each head learns them. Their sources are not unknown.
    is_learnt = np.isin(answers.sources, learnt_photos.sources[~learnt_photos.is_checked])
    return replace(answers, sources=np.where(is_learnt & answers.is_from_unknown_source, "", answers.sources))


def _make_file_answers(photos: Pictures, head: PhotoHead) -> FileAnswers:
    """Return the cross-validated answers to the user's photos that show a class, with their files."""
    files = dict(zip(photos.sha256.tolist(), photos.files, strict=True))
    answered_photos = head.learnt_photos.take(head.folds > 0)
    answers = make_photo_answers(
        head.cross_fitted_scores, answered_photos, networks="photos", folds=head.folds[head.folds > 0]
    )
    is_own_file = np.isin(answered_photos.sha256, list(files)) & answers.has_class
    return answers.select_rows(is_own_file), [
        files[name] for name in answered_photos.sha256[is_own_file].tolist()
    ]


def _hash_photos(photos: Pictures) -> str:
    """Return sixteen hex digits that depend on photos and labels, but not on names; the name of a run."""
    lines = sorted(
        f"{sha256} {tier} {label}"
        for sha256, tier, label in zip(photos.sha256, photos.tiers, photos.classes.tolist(), strict=True)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
