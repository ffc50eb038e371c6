"""Choose the way to train that pictures need, check options and classes, and call it.

There are three ways:

1. `own classes`: photos with a user's own classes. Frozen networks, which are not trained, turn photos into
   vectors, and a head (last layer) is fitted on these.
2. `pixels`: pictures of 28 x 28. A whole network is trained by gradient.
3. `photos`: photos of the ten classes of Fashion-MNIST. The head for photos of a release is fitted again.
"""

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inference.contract import LABEL
from model_store.local_releases import LocalRelease
from training.data.data_source import DataSource
from training.data.decoded_pictures import decode_until_photo
from training.data.hashed_files import NO_HASHED_FILES, HashedFiles
from training.data.listing import Listing
from training.data.read import load_data_set
from training.data.unique_pictures import UniquePictures
from training.gradient.fitting.checkpoints import remove_checkpoint
from training.loading import start_tensorflow
from training.options import TrainingMethod, TrainingOptions, check_options_used
from training.progress import CheckLabels, Progress, add_resume_advice
from training.recipe_choice import choose_recipe
from training.release.run_folder import claim_new_run

if TYPE_CHECKING:  # needs Keras
    from training.release.make import TrainingResult


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """The folder of a training, and the files that are written beside its release.

    Attributes:
        folder: the folder that a person named, which the caller has locked; None for a folder whose name
            comes from the pictures.
        command_line: the command line, which the release records.
        tensorboard_folder: the folder of TensorBoard's log; None for no log. Only for a training by gradient.
        is_fresh: whether a checkpoint is removed first. Only for a training by gradient.
    """

    folder: Path | None = None
    command_line: str = ""
    tensorboard_folder: Path | None = None
    is_fresh: bool = False


def make_data_source(
    options: TrainingOptions, csv_pair: tuple[Path, Path] | None = None, parent: LocalRelease | None = None
) -> DataSource:
    """Return the pictures of a training that the options name: their place, and the way they are read.

    Args:
        csv_pair: two CSV files of pixels, a training set and a test set, in place of the pictures that the
            options name.
        parent: the release whose labels the training has to learn; None if the labels are free.
    """
    return DataSource(
        place=options.data,
        csv_pair=csv_pair,
        corrections=tuple(map(Path, options.corrections)),
        skip_unreadable=options.skip_unreadable,
        licence=options.data_licence,
        attributes=options.attribute,
        required_labels=_list_required_labels(parent),
        reading=options.list_options,
        parent=parent,
    )


def _list_required_labels(parent: LocalRelease | None) -> dict[str, tuple[str, ...]]:
    """Return the labels that the next release must know, by question; none if there is no release before.

    A question is the class (LABEL) or an attribute such as `colour`.
    """
    if parent is None:
        return {}
    heads = parent.manifest.attributes
    return {LABEL: parent.manifest.labels} | {name: head.labels for name, head in heads.items()}


def make_photo_source(options: TrainingOptions) -> DataSource:
    """Return the photos of the ten classes that the options name: their place, and the way they are read."""
    return DataSource(
        place=options.photos,
        corrections=tuple(map(Path, options.corrections)),
        reading=options.list_options,
        photo_use="learn",
    )


def train_on_pictures(  # noqa: PLR0913, PLR0917 - what is learnt and how, where, and who follows it
    data_source: DataSource,
    options: TrainingOptions,
    run_request: RunRequest,
    progress: Progress,
    check_labels: CheckLabels,
    typed_option_names: Collection[str] = (),
    known_files: HashedFiles = NO_HASHED_FILES,
) -> "TrainingResult":
    """Train a release on pictures: a network by gradient if they are 28 x 28, otherwise a head for photos.

    Args:
        run_request: the folder, and the files that are written there.
        check_labels: a function that gets the classes, and may refuse them by an exception, before
            anything is fitted.
        typed_option_names: the names of the options that a person typed. An option without effect is refused.
        known_files: files of the pictures that were read before.

    Raises:
        UnusedOption: an option was typed that this way to train does not use.
        TrainingError: the pictures cannot be learnt.
    """
    listing = data_source.list_pictures()
    unique_pictures = None
    method, known_files = choose_training_method(listing, progress, typed_option_names, known_files)
    if listing is not None:
        classes = data_source.check_listing(listing)
        unique_pictures = data_source.make_unique_pictures(listing, known_files)
        unique_pictures.check_pictures(progress.warn, skip_unreadable=data_source.skip_unreadable)
        if classes is not None:  # None with corrections, which may change them
            check_labels(classes)
    if unique_pictures and method == "own classes":
        start_tensorflow()
        from training.own_classes import train_own_classes  # noqa: PLC0415 - needs Keras

        with add_resume_advice("The same command begins again: heads take minutes at most."):
            return train_own_classes(
                data_source,
                unique_pictures,
                options,
                progress,
                run_request.folder,
                run_request.command_line,
                check_labels,
            )
    return _train_pixels(data_source, unique_pictures, options, run_request, progress, check_labels)


def choose_training_method(
    listing: Listing | None,
    progress: Progress,
    typed_names: Collection[str] = (),
    known_files: HashedFiles = NO_HASHED_FILES,
) -> tuple[TrainingMethod, HashedFiles]:
    """Return the way to train that pictures need. It reads files until one of them is a photo.

    Args:
        listing: the pictures; None for Fashion-MNIST or pixels in its form.
        progress: the display of how many pictures are read.
        typed_names: the names of the options that a person typed.
        known_files: files that were read before.

    Returns:
        The way, and the known files together with those that were read here.

    Raises:
        UnusedOption: an option was typed that this way to train does not use.
    """
    if listing is None:
        check_options_used(typed_names, "pixels")
        return "pixels", NO_HASHED_FILES
    # Checked twice: an option that neither way uses is refused before any picture is read.
    check_options_used(typed_names, "own classes", "pixels")
    is_of_photos, known_files = decode_until_photo(listing, progress, known_files)
    method: TrainingMethod = "own classes" if is_of_photos else "pixels"
    check_options_used(typed_names, method)
    return method, known_files


def _train_pixels(  # noqa: PLR0913, PLR0917 - what is learnt and how, where, and who follows it
    data_source: DataSource,
    unique_pictures: UniquePictures | None,
    options: TrainingOptions,
    run: RunRequest,
    progress: Progress,
    check_labels: CheckLabels,
) -> "TrainingResult":
    """Train a network by gradient on pictures of 28 x 28.

    Args:
        unique_pictures: the pictures of a folder or table; None for Fashion-MNIST or pixels in its form.
    """
    data = load_data_set(data_source, progress, unique_pictures=unique_pictures)
    check_labels(data.labels)
    recipe = choose_recipe(options, data)
    start_tensorflow()
    from training.pixel_network import make_training_run, train_pixel_network  # noqa: PLC0415 - needs Keras

    training_run = make_training_run(
        recipe, data, run.folder, run.tensorboard_folder, run.command_line, options.convert_to_json()
    )
    with nullcontext() if run.folder else claim_new_run(training_run.folder):
        if run.is_fresh:
            remove_checkpoint(training_run)
        with add_resume_advice(
            f"The same command goes on after the last finished epoch, from {training_run.folder}."
        ):
            return train_pixel_network(data, recipe, training_run, progress, options.accept_conditions)


def train_on_photos(  # noqa: PLR0913, PLR0917 - what is learnt and how, where, and who follows it
    parent: LocalRelease,
    photo_source: DataSource,
    options: TrainingOptions,
    run_request: RunRequest,
    progress: Progress,
    check_labels: CheckLabels,
    listing: Listing | None = None,
) -> "TrainingResult":
    """Fit the head (last layers) of a release again that answers photos of the ten classes.

    Args:
        parent: the release, which has a network for photos.
        photo_source: the photos: their place, and the way they are read.
        options: the options of the training, which the release records.
        run_request: the folder, and the command line.
        check_labels: a function that gets the classes, and may refuse them by an exception, before
            anything is fitted.
        listing: the photos with their classes, if they were listed before.

    Raises:
        TrainingError: the photos cannot be learnt.
    """
    check_labels(parent.manifest.labels)
    start_tensorflow()
    from training.ten_classes import train_photo_head  # noqa: PLC0415 - needs Keras

    settings = options.convert_to_json()
    return train_photo_head(
        parent, photo_source, progress, run_request.folder, run_request.command_line, settings, listing
    )[0]
