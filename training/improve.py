"""Make a better release from people's corrections: find the training that learns them, and call it.

People correct the answers of a release in a table. What is trained depends on the classes of this release:

1. The ten classes of Fashion-MNIST: only the head (last layers) that answers photos is fitted again.
2. A user's own classes: the training of the release is repeated with the settings that its manifest records,
   on the pictures that it learnt together with the corrections.

Start reading at `improve_release`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from inference.contract import LABEL
from inference.pictures.decode import prepare_decoders
from inference.text.plain_text import choose_form, format_count
from labelling.review.corrections import Correction
from model_store.local_releases import LocalRelease
from model_store.release_files import expand_home
from reports.intervals import count_needed_answers
from training.corrected_release import CorrectedRelease, check_has_photo_network, has_fashion_mnist_classes
from training.data.correction_files import read_correction_files, save_corrections
from training.data.corrections import Corrections, make_corrections
from training.data.data_source import DataSource, remove_learnt_split
from training.data.decoded_pictures import decode_until_photo
from training.data.hashed_files import NO_HASHED_FILES, HashedFiles, hash_files, map_on_all_cores
from training.data.labels import check_attribute_columns
from training.data.learnt_hashes import mark_learnt_pictures
from training.data.perceptual_hashes import PerceptualHash, compute_perceptual_hash
from training.data.photos import CORRECTED_TIER, OWN_TIER
from training.data.picture_files import decode_picture_file
from training.errors import DataError, UnusedOption
from training.methods import (
    RunRequest,
    make_data_source,
    make_photo_source,
    train_on_photos,
    train_on_pictures,
)
from training.options import TrainingOptions, check_options_used
from training.progress import CheckLabels, Progress
from training.release.run_folder import check_run_folder

if TYPE_CHECKING:  # needs Keras
    from training.release.make import TrainingResult


@dataclass(frozen=True, kw_only=True)
class ImproveRequest:
    """The input of `improve_release`: the corrections, and the options of the training that learns them.

    Attributes:
        corrected_release: the corrections, their file and its encoding, and the name of the release.
        data: the place of the pictures that a release of own classes learnt; None for the place that its
            manifest records.
        learnt_corrections: the files of corrections that such a release learnt; empty for the files that its
            manifest records.
        typed_options: the options that a person typed, which replace those that the release records.
        typed_names: the names of all options that a person typed.
        run: the folder of the training, and the command line.
    """

    corrected_release: CorrectedRelease
    data: str | None = None
    learnt_corrections: tuple[str, ...] = ()
    typed_options: TrainingOptions = field(default_factory=TrainingOptions)
    typed_names: frozenset[str] = frozenset()
    run: RunRequest = field(default_factory=RunRequest)


OPTIONS_SET_BY_IMPROVE: Final = {
    "release": "--from stands before `--`",
    "photos": "--photos is for `wardrobe train`: improve learns the photos of its CSV",
    "data": "--data stands before `--`",
    "train": "--train is for `wardrobe train`: improve learns what the release learnt, and its CSV",
    "test": "--test is for `wardrobe train`: improve learns what the release learnt, and its CSV",
    "corrections": "--corrections is for `wardrobe train`: improve learns its CSV and --learnt-corrections",
}
"""Options of `wardrobe train` that `wardrobe improve` sets itself, with the message that refuses each of
them. A person types options of `train` after `--`: `wardrobe improve CSV --from RELEASE -- --fast`."""


def improve_release(
    request: ImproveRequest, release: LocalRelease, progress: Progress, check_labels: CheckLabels
) -> "TrainingResult":
    """Train a new version of a release that also learns people's corrections.

    Args:
        request: the corrections, and how they are learnt.
        release: the release that learns them.
        check_labels: a function that gets the classes of the new release, and may refuse them by an
            exception, before anything is fitted.

    Raises:
        OutputUnusable: the folder of the run has a release already.
        UnusedOption: an option was typed that this training does not use.
        BadRecipe: the release knows the ten classes and has no network that answers photos.
        DataError: the corrections cannot be learnt, or the pictures that the release learnt are not found.
    """
    # The folder and the options are checked before any picture is read.
    check_run_folder(request.run.folder)
    # A caller in Python may give options without `typed_names`.
    typed_names = request.typed_names | request.typed_options.option_names
    if refused_names := sorted(typed_names & OPTIONS_SET_BY_IMPROVE.keys()):
        raise UnusedOption(OPTIONS_SET_BY_IMPROVE[refused_names[0]])
    corrected_release = replace(request.corrected_release, release=release)
    has_ten_classes = has_fashion_mnist_classes(release)
    # A release of own classes is trained again by a head for photos, or as a network for pixels.
    check_options_used(typed_names, *(("photos",) if has_ten_classes else ("own classes", "pixels")))
    recorded_options, known_files = choose_next_training(
        corrected_release, request.data, progress, request.learnt_corrections
    )
    options = recorded_options.override_with(request.typed_options)
    if has_ten_classes:
        return train_on_photos(
            release, make_photo_source(options), options, request.run, progress, check_labels
        )
    data_source = make_data_source(options, parent=release)
    return train_on_pictures(
        data_source, options, request.run, progress, check_labels, typed_names, known_files
    )


def get_recorded_data_path(release: LocalRelease) -> str | None:
    """Return the path or name of the data set that a release learnt; None if its manifest records none."""
    return TrainingOptions.read_manifest_options(release.manifest.training).data


def choose_next_training(
    corrected_release: CorrectedRelease,
    data: str | None,
    progress: Progress,
    learnt_corrections: Sequence[str] = (),
) -> tuple[TrainingOptions, HashedFiles]:
    """Choose the training that learns the corrections, announce it, and copy corrections of own classes.

    Args:
        corrected_release: the release and its corrections, from `find_corrected_release`.
        data: the place of the pictures that a release of own classes learnt; None for the place that its
            manifest records.
        progress: the display that says what will be done.
        learnt_corrections: the files of corrections that such a release learnt; empty for the files that its
            manifest records.

    Returns:
        The options of the training, and the files that were read. For a release of the ten classes, the
        options name the release and the corrections. For own classes, they are the options of the parent's
        training, with the copy in place of its corrections.

    Raises:
        BadRecipe: the release knows the ten classes and has no network that answers photos.
        UnusedOption: such a release does not learn `data` or `learnt_corrections`.
        DataError: the corrections cannot be learnt, or the pictures that the release learnt are not found.
    """
    if not has_fashion_mnist_classes(corrected_release.release):
        return _repeat_recorded_training(corrected_release, data, learnt_corrections, progress)
    check_has_photo_network(corrected_release.release, corrected_release.name, corrected_release.file)
    for option, value in (("--data", data), ("--learnt-corrections", learnt_corrections)):
        if value:
            raise UnusedOption(
                f"{option} is for releases of own classes. A release of the ten classes learns all "
                "corrections from one file, beside the photos that come with this package."
            )
    if attribute_answers := sum(
        correction.attribute != LABEL for correction in corrected_release.corrections
    ):
        answers = format_count(attribute_answers, "answer to an attribute is", "answers to attributes are")
        progress.warn(f"{answers} not learnt, since attributes stay as they are.")
    class_corrections = [
        correction for correction in corrected_release.corrections if correction.attribute == LABEL
    ]
    if class_corrections:
        progress.say(_announce_answers(class_corrections, _count_learnt_answers(corrected_release.release)))
        progress.say(
            f"{corrected_release.release.version} learns {choose_form(len(class_corrections), 'it', 'them')} "
            "beside the photos that come with this package. This takes a few minutes."
        )
    photos = str(corrected_release.file)
    encoding = corrected_release.encoding or None
    return TrainingOptions(release=corrected_release.name, photos=photos, encoding=encoding), NO_HASHED_FILES


def _announce_answers(corrections: Sequence[Correction], earlier_count: int) -> str:
    """Return the sentences that say which answers the ten classes learn, and what else may change.

    Args:
        corrections: the answers about classes.
        earlier_count: the number of photos with answers that the old release learnt.
    """
    # Imported here, because scikit-learn is not installed with a service.
    from training.thresholds.requirements import PHOTOS_ACCEPTED_ACCURACY  # noqa: PLC0415

    products = {correction.product for correction in corrections if correction.product}
    photos = {correction.path for correction in corrections if not correction.product}
    learnt = [
        format_count(len(subjects), f"answer about a {noun}", f"answers about {noun}s")
        for subjects, noun in ((products, "product"), (photos, "photo"))
        if subjects
    ]
    audited = {(correction.product, correction.path) for correction in corrections if correction.audit}
    rest = (
        "The audit may raise the confidence that an answer needs."
        if len(audited) >= count_needed_answers(PHOTOS_ACCEPTED_ACCURACY)
        else "Nothing else changes."
    )
    if earlier_count > len({correction.path for correction in corrections}):
        earlier = format_count(earlier_count, "photo with an answer", "photos with answers")
        rest = (
            f"The old release learnt {earlier}, and the new one learns only this file: what is not in it is "
            "forgotten. Put all answers into one file."
        )
    return f"{' and '.join(learnt)} will be learnt. {rest}"


def _count_learnt_answers(parent: LocalRelease) -> int:
    """Return how many photos with people's answers a release of the ten classes learnt."""
    record = parent.manifest.training.get("photo_network")
    counts = record.get("photos") if isinstance(record, dict) else None
    if not isinstance(counts, dict):
        return 0
    return sum(count for tier in (OWN_TIER, CORRECTED_TIER) if isinstance(count := counts.get(tier), int))


def _repeat_recorded_training(
    corrected_release: CorrectedRelease,
    data: str | None,
    learnt_corrections: Sequence[str],
    progress: Progress,
) -> tuple[TrainingOptions, HashedFiles]:
    """Return the options of the training that made a release of own classes, with all corrections.

    Earlier and new corrections are saved as one file, which takes the place of the recorded ones.

    Returns:
        The options, and the files that were read.
    """
    parent = corrected_release.release
    options = TrainingOptions.read_manifest_options(parent.manifest.training)
    place = _find_training_pictures(data, options.data, parent)
    earlier_files = _find_learnt_corrections(learnt_corrections, options, parent)
    typed_encoding = corrected_release.encoding
    recorded_encoding = options.encoding
    # The recorded encoding is that of the recorded list, so it comes first unless the user named another
    # list.
    encoding = (typed_encoding or recorded_encoding) if data else (recorded_encoding or typed_encoding)
    options = options.replace_options(data=str(place), encoding=encoding or None)
    data_source = DataSource(
        place=options.data, reading=options.list_options, attributes=options.attribute, parent=parent
    )
    if (listing := data_source.list_pictures()) is None:
        raise DataError(f"{place}: names no pictures that corrections could be of. Name them: --data FOLDER.")
    is_of_photos, known_files = decode_until_photo(listing, progress)
    hashed_files = hash_files((picture.path for picture in listing.pictures), known_files)
    if any(picture.part for picture in remove_learnt_split(listing, hashed_files, parent).pictures):
        raise DataError(
            f"{place} is divided into `train` and `test`. Put the corrected pictures into `train`, each "
            f"under its label, and train again: wardrobe train --data {place}."
        )
    check_attribute_columns(listing, options.attribute, parent.manifest.labels)
    # Bad rows are left out of the recorded files alone. `find_corrected_release` has refused those of the
    # new file.
    rows = read_correction_files(earlier_files, options.list_options.correction_options)
    corrections = make_corrections([*rows, *corrected_release.corrections], hashed_files)
    _check_attributes(corrections, options.attribute)
    if not _has_learnt_any(parent, hashed_files):
        raise DataError(
            f"{place}: the release learnt none of these pictures. Name those that it learnt with --data."
        )
    saved_corrections = save_corrections(corrections, Path("runs"))
    progress.say(
        f"{parent.version} knows {len(parent.manifest.labels)} classes of your own. It is trained again on "
        f"{place}, under the corrections in {saved_corrections}."
    )
    # Photos are learnt by a head, even if the release was a network for pixels. A head uses no options
    # of a training by gradient.
    if is_of_photos:
        options = options.keep_options_of_method("own classes")
    return options.replace_options(
        corrections=(str(saved_corrections),)
    ), hashed_files | corrections.hashed_files


def _find_learnt_corrections(
    named_files: Sequence[str], options: TrainingOptions, parent: LocalRelease
) -> list[Path]:
    """Return the files of corrections that the release learnt: the named ones, or else the recorded ones."""
    files = [expand_home(file) for file in named_files or options.corrections]
    if missing_files := [file for file in files if not file.is_file()]:
        raise DataError(
            f"{parent.version} learnt the corrections in {missing_files[0]}, which is not here. Name a copy "
            "of it: --learnt-corrections CSV."
        )
    return files


def _has_learnt_any(parent: LocalRelease, hashed_files: HashedFiles) -> bool:
    """Tell whether a release learnt one of these pictures or a near copy; True if that is not known."""
    # By SHA-256 first, since a perceptual hash needs each picture decoded.
    if mark_learnt_pictures(
        parent, np.array(list(hashed_files.sha256.values()), str), is_learnt_if_unstated=True
    ).any():
        return True
    prepare_decoders()
    hashes = map_on_all_cores(_hash_picture, list(hashed_files.sha256), lambda *_: None)
    perceptual_hashes = [hash_ for hash_ in hashes if hash_ is not None]
    digests = np.array(list(hashed_files.sha256.values()), str)[[hash_ is not None for hash_ in hashes]]
    return bool(perceptual_hashes) and bool(
        mark_learnt_pictures(parent, digests, np.stack(perceptual_hashes)).any()
    )


def _hash_picture(path: Path) -> PerceptualHash | None:
    """Return the perceptual hash of the picture in a file; None if it cannot be read."""
    decoded = decode_picture_file(path)
    return None if isinstance(decoded, str) else compute_perceptual_hash(decoded.picture)


def _check_attributes(corrections: Corrections, names: Sequence[str]) -> None:
    """Refuse answers to an attribute that the release has not learnt."""
    if unknown_attributes := sorted(
        {attribute for _, attribute in corrections.attribute_answer_keys} - set(names)
    ):
        learnt_names = ", ".join(names) or "none"
        raise DataError(
            f"Corrections are of the attribute {unknown_attributes[0]!r}, which the release lacks: it has "
            f"learnt {learnt_names}. Leave these rows out."
        )


def _find_training_pictures(
    named_place: str | None, recorded_place: str | None, parent: LocalRelease
) -> Path:
    """Return the place of the pictures that the release learnt: the named one, or else the recorded one."""
    if named_place is None and (recorded_place is None or not expand_home(recorded_place).exists()):
        reason = (
            "does not say where these are"
            if recorded_place is None
            else f"learnt them from {recorded_place}, which is not here"
        )
        raise DataError(
            f"{parent.version} is trained again on the pictures that it learnt, together with the "
            f"corrections, and {reason}. Name them: --data FOLDER."
        )
    return expand_home(named_place or str(recorded_place))
