"""Choose the story of a training, check its options and its classes, and call it.

Own classes: own_classes.py; pictures of 28 x 28 by gradient: pixel_network.py; photos of the ten classes:
ten_classes.py. Used by `wardrobe train`, and by improve.py.
"""

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inference.contract import LABEL
from model_store.local_releases import LocalRelease
from training.data.contents import Contents
from training.data.decoded_pictures import look_for_photo
from training.data.hashed_files import NO_HASHED_FILES, HashedFiles
from training.data.listing import Listing
from training.data.named import Named
from training.data.read import load_data_set
from training.gradient.fitting.checkpoints import remove_checkpoint
from training.loading import start_tensorflow
from training.options import Options, Story, check_used
from training.progress import CheckLabels, Progress, resumable
from training.recipe_choice import choose_recipe
from training.release.run_folder import claim_new_run

if TYPE_CHECKING:  # needs Keras
    from training.release.make import Trained


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """The folder of a training, and the files that are written beside its release.

    Attributes:
        folder: the folder that a person named and that is claimed; None for one that the pictures name.
        command: the command line, which the release records.
        events: the folder of TensorBoard's log; None for no log. Only for a training by gradient.
        is_fresh: whether a checkpoint is removed first. Only for a training by gradient.
    """

    folder: Path | None = None
    command: str = ""
    events: Path | None = None
    is_fresh: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The names of the options of this request that a person typed: those of `events` and `is_fresh`."""
        typed = {"tensorboard": self.events is not None, "fresh": self.is_fresh}
        return frozenset(name for name, is_typed in typed.items() if is_typed)


def name_pictures(
    options: Options, csv_pair: tuple[Path, Path] | None = None, parent: LocalRelease | None = None
) -> Named:
    """Return the pictures of a training that the options name: their place, and the way they are read.

    Args:
        options: the options of the training.
        csv_pair: CSV files of pixels, a training set and a test set, that take the place of these pictures.
        parent: the release whose labels the training has to learn; None if the labels are free.
    """
    return Named(
        place=options.data,
        csv_pair=csv_pair,
        corrections=tuple(map(Path, options.corrections)),
        skip_unreadable=options.skip_unreadable,
        licence=options.data_licence,
        attributes=options.attribute,
        required_labels=_labels_of(parent),
        reading=options.reading,
        parent=parent,
    )


def _labels_of(parent: LocalRelease | None) -> dict[str, tuple[str, ...]]:
    """Return the labels that a better release than this one has to know, by class and attribute."""
    if parent is None:
        return {}
    heads = parent.manifest.attributes
    return {LABEL: parent.manifest.labels} | {name: head.labels for name, head in heads.items()}


def name_photos(options: Options) -> Named:
    """Return the photos of the ten classes that the options name: their place, and the way they are read."""
    return Named(
        place=options.photos,
        corrections=tuple(map(Path, options.corrections)),
        reading=options.reading,
        photo_use="learn",
    )


def train_on_pictures(  # noqa: PLR0913, PLR0917 - what is learnt and how, where, and who follows it
    named: Named,
    options: Options,
    run: RunRequest,
    progress: Progress,
    check_labels: CheckLabels,
    typed: Collection[str] = (),
    known: HashedFiles = NO_HASHED_FILES,
) -> "Trained":
    """Train a release on pictures: by gradient if they are 28 x 28, else a head on frozen networks.

    Args:
        named: the pictures.
        options: the options of the training.
        run: the folder, and the files that are written there.
        progress: the display of the training.
        check_labels: a function that gets the classes, and may refuse them by an exception, before
            anything is fitted.
        typed: the names of the options that a person typed; one without effect is refused.
        known: files of the pictures that were read before.

    Raises:
        UnusedOption: the story does not use an option that was typed.
        TrainingError: the pictures cannot be learnt.
    """
    listing, contents = named.list_pictures(), None
    story, known = choose_story(listing, progress, typed, known)
    if listing is not None:
        classes = named.check_listing(listing)
        contents = named.make_contents(listing, known)
        contents.check_contents(progress.warn, skip_unreadable=named.skip_unreadable)
        if classes is not None:
            check_labels(classes)
    if contents and story == "own classes":
        start_tensorflow()
        from training.own_classes import train_own_classes  # noqa: PLC0415 - needs Keras

        with resumable("The same command begins again: heads take minutes at most."):
            return train_own_classes(
                named, contents, options, progress, run.folder, run.command, check_labels
            )
    return _train_pixels(named, contents, options, run, progress, check_labels)


def choose_story(
    listing: Listing | None,
    progress: Progress,
    typed: Collection[str] = (),
    known: HashedFiles = NO_HASHED_FILES,
) -> tuple[Story, HashedFiles]:
    """Return the story, the sort of training that pictures need, after a look at the first pictures.

    Args:
        listing: the pictures; None for a data set in the form of Fashion-MNIST.
        progress: the display of how many pictures are read.
        typed: the names of the options that a person typed.
        known: files that were read before.

    Returns:
        The story, and the files that were read to find out, with the known ones.

    Raises:
        UnusedOption: the story does not use one of these options.
    """
    check_used(typed, *(("pixels",) if listing is None else ("own classes", "pixels")))
    if listing is None:
        return "pixels", NO_HASHED_FILES
    is_of_photos, known = look_for_photo(listing, progress, known)
    story: Story = "own classes" if is_of_photos else "pixels"
    check_used(typed, story)
    return story, known


def _train_pixels(  # noqa: PLR0913, PLR0917 - what is learnt and how, where, and who follows it
    named: Named,
    contents: Contents | None,
    options: Options,
    run: RunRequest,
    progress: Progress,
    check_labels: CheckLabels,
) -> "Trained":
    data = load_data_set(named, progress, contents=contents)
    check_labels(data.labels)
    recipe = choose_recipe(options, data)
    start_tensorflow()
    from training.pixel_network import run_of, train_pixels  # noqa: PLC0415 - needs Keras

    task = run_of(recipe, data, run.folder, run.events, run.command, options.as_json())
    with nullcontext() if run.folder else claim_new_run(task.folder):
        if run.is_fresh:
            remove_checkpoint(task)
        with resumable(f"The same command goes on after the last finished epoch, from {task.folder}."):
            return train_pixels(data, recipe, task, progress, options.accept)


def train_on_photos(  # noqa: PLR0913, PLR0917 - what is learnt and how, where, and who follows it
    parent: LocalRelease,
    named: Named,
    options: Options,
    run: RunRequest,
    progress: Progress,
    check_labels: CheckLabels,
    listing: Listing | None = None,
) -> "Trained":
    """Fit the head of a release again that answers photos of the ten classes.

    Args:
        parent: the release, which has a network for photos.
        named: the photos.
        options: the options of the training, which the release records.
        run: the folder, and the command line.
        progress: shows how far the training is.
        check_labels: a function that gets the classes, and may refuse them by an exception, before
            anything is fitted.
        listing: the photos with their classes, if they were listed before.

    Raises:
        TrainingError: the photos cannot be learnt.
    """
    check_labels(parent.manifest.labels)
    start_tensorflow()
    from training.ten_classes import train_photos  # noqa: PLC0415 - needs Keras

    settings = options.as_json()
    return train_photos(parent, named, progress, run.folder, run.command, settings, listing)[0]
