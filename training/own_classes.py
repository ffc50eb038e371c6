"""Train a release on photos with a user's own classes.

Frozen networks, which come with the package and are not trained, turn each picture into a vector. A head, the
last layer, is fitted on these vectors. Unless a table names a test set, no picture is held out: the pictures
are divided into folds, and for each fold a further head learns the other folds and answers this one. By these
answers thresholds are chosen and the release is measured.

Call `start_tensorflow` before this module is imported, so that TensorFlow prints nothing.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic import JsonValue

from reports.answers import Answers
from reports.network_figures import TrainingFigures
from training.data.data_source import DataSource
from training.data.decoded_pictures import ComputeFeatures, decode_pictures
from training.data.division import choose_training_labels, mark_listed_test_set, split_train_test
from training.data.fashion import LabelledData
from training.data.near_copies import group_near_copies
from training.data.read import check_near_copies
from training.data.split import FoldNumbers, Split, make_default_folds, split_train_validation
from training.data.unique_pictures import UniquePictures
from training.environment import describe_hardware, find_library_versions
from training.evaluation.evaluate import make_answers
from training.features.blocks import (
    ALL_BLOCKS,
    BLOCKS_INPUT_CONTRACT,
    FAST_BLOCKS,
    BlockName,
    build_vector_network,
    get_distance_slice,
    make_feature_function,
)
from training.features.frozen import BACKBONE, EFFICIENTNET
from training.gradient.run_names import make_groups_suffix
from training.options import TrainingOptions
from training.own_class_heads import compute_vector_scores, fit_own_class_heads
from training.progress import CheckLabels, Progress, accept_any_labels, warn_of_few_answers
from training.release.candidate import ReleaseCandidate, select_parity_pictures
from training.release.complete import complete_release, describe_training_settings
from training.release.export import export_network
from training.release.make import TrainingResult, start_numbered_release
from training.release.run_folder import check_run_folder
from training.thresholds.requirements import OWN_CLASSES_ACCEPTED_ACCURACY


def train_own_classes(  # noqa: PLR0913, PLR0917 - pictures, what is learnt of them, and what is recorded
    data_source: DataSource,
    unique_pictures: UniquePictures,
    options: TrainingOptions,
    progress: Progress,
    run_folder: Path | None = None,
    command_line: str = "",
    check_labels: CheckLabels = accept_any_labels,
) -> TrainingResult:
    """Train a release on pictures with a user's own classes, and write it into the folder of a run.

    Args:
        data_source: the place of the pictures, and the way they are read.
        unique_pictures: the same pictures with their classes, hashed and checked.
        options: the options of the user, which the release records.
        run_folder: the folder that gets the release. None takes the first of NAME, NAME-2, ... in runs/ that
            has no release; NAME comes from the network and the pictures.
        command_line: the command line, which the release records, too.
        check_labels: a function that gets the classes, and may refuse them by an exception, before
            anything is fitted.

    Raises:
        OutputUnusable: `run_folder` has a release already.
        DataError: the pictures cannot be learnt.
        BadRecipe: a class has pictures of one group alone.
        WeightsUnusable: a file that comes with this package is missing or damaged.
    """
    check_run_folder(run_folder)
    blocks = FAST_BLOCKS if options.fast else ALL_BLOCKS
    # 1) Pictures: each different one once, turned into a vector while it is read, in folds that keep groups
    # together.
    started = time.perf_counter()
    body = build_vector_network(blocks)
    data = make_labelled_vectors(data_source, unique_pictures, make_feature_function(body), options, progress)
    check_labels(data.labels)
    # Pictures are held out only if the data has a test set of its own.
    parts = split_train_validation(data, limit=None)
    folds = make_default_folds(parts.train)
    announce_training(parts, folds, blocks, options, progress)
    # 2) Heads and the OOD score: one of each for each fold, which answers the fold, and the released ones.
    fitted = fit_own_class_heads(parts.train, folds, blocks, progress)
    answers = make_answers(fitted.cross_fitted_scores, parts.train, folds=folds)
    seconds = time.perf_counter() - started
    progress.say(_describe_accuracy(answers, seconds))
    # 3) Export: graph and network answer alike.
    recorded = describe_training_settings(command_line, options.convert_to_json(), data, int(folds.max()))
    name = (BACKBONE if options.fast else EFFICIENTNET).recipe.network
    head = fitted.class_head
    candidate = ReleaseCandidate(
        network=name,
        model=head.attach_to(body),
        training=_make_training_figures(name, options, [*blocks], head.strength, seconds, recorded),
        data=data,
        split=parts,
        cross_fitted_answers=answers,
        attributes=fitted.attribute_probabilities,
        score=partial(compute_vector_scores, head, fitted.measure, get_distance_slice(blocks)),
        unseen_ood_distances=fitted.unseen_distances,
        accept_conditions=options.accept_conditions,
        has_product_groups=parts.train.has_product_groups,
    )
    default_folder = Path("runs") / f"{name}-{parts.train.compute_digest()[:16]}{make_groups_suffix(data)}"
    with start_numbered_release(run_folder, default_folder) as place:
        folder = place.unfinished_folder
        parts.train.learnt_hashes.save_hashes(folder)
        with progress.show_progress("exporting the graph and comparing it with the network"):
            pictures = select_parity_pictures(parts)
            export_network(folder, candidate.model, fitted.measure, pictures, fitted.attribute_heads)
        # 4) Decide by the answers of the folds, measure as served, and seal.
        _, file_answers = complete_release(folder, candidate, progress)
    return TrainingResult(place.run_folder, file_answers, data.labels)


def make_labelled_vectors(
    data_source: DataSource,
    unique_pictures: UniquePictures,
    compute_features: ComputeFeatures,
    options: TrainingOptions,
    progress: Progress,
) -> LabelledData:
    """Return the pictures to learn: decoded, with near copies grouped, and one label for each picture.

    No test set is taken out. The release is measured by cross-fitting, so that it can learn all pictures.

    Raises:
        DataError: the pictures cannot be learnt.
        BadRecipe: there are fewer pictures than the limit.
    """
    unique_pictures = (
        unique_pictures if options.limit is None else unique_pictures.limit_pictures(options.limit)
    )
    decoded = decode_pictures(
        unique_pictures,
        BLOCKS_INPUT_CONTRACT,
        progress,
        compute_features=compute_features,
        skip_unreadable=data_source.skip_unreadable,
    )
    near_copies = group_near_copies(decoded.unique_pictures, decoded.hashes)
    check_near_copies(near_copies, unique_pictures.listing, progress.warn)
    is_tested = mark_listed_test_set(near_copies)
    labels = choose_training_labels(
        unique_pictures.listing, near_copies, is_tested, data_source.required_labels, progress.warn
    )
    data = split_train_test(
        unique_pictures.listing, decoded, near_copies, labels, is_tested, BLOCKS_INPUT_CONTRACT
    )
    return replace(data, licence=data_source.licence)


def announce_training(
    split: Split,
    folds: FoldNumbers,
    blocks: Sequence[BlockName],
    options: TrainingOptions,
    progress: Progress,
) -> None:
    """Say how many pictures are learnt, and warn if they are too few to promise a share of right answers.

    Args:
        split: the pictures that are learnt and, if the data has a test set, those that are held out.
        folds: int64 (N,), the fold of each learnt picture, from 1; 0 for none.
    """
    progress.say(
        f"{split.train.describe_size()}: a head on {', '.join(blocks)}, and {folds.max()} heads "
        "that each answer what they did not learn."
    )
    labelled_count = len(split.train.pictures_of_known_class)
    warn_of_few_answers(
        len(split.validation) + labelled_count,
        options.accept_conditions.right_share or OWN_CLASSES_ACCEPTED_ACCURACY,
        progress.warn,
    )


def _describe_accuracy(answers: Answers, seconds: float) -> str:
    """Return a sentence with the share of right answers, from heads that had not learnt the picture.

    Args:
        seconds: the time since the training began.
    """
    labelled_count = int(answers.has_class.sum())
    return (
        f"{answers.is_right.sum() / labelled_count:.2%} of {labelled_count:,} answers to pictures that the "
        f"head had not learnt are right; {seconds:.0f} s. The model reads "
        f"{' x '.join(map(str, BLOCKS_INPUT_CONTRACT.shape))} pixels in colour."
    )


def _make_training_figures(  # noqa: PLR0913, PLR0917 - each is a line of the report
    network_name: str,
    options: TrainingOptions,
    blocks: list[str],
    strength: float,
    seconds: float,
    recorded: dict[str, JsonValue],
) -> TrainingFigures:
    """Return the facts about the training for report and manifest.

    Args:
        strength: the value of C, the inverse of the L2 penalty, of the head for the class.
        recorded: further facts, such as the command.
    """
    # No epochs: a logistic regression is fitted at once.
    configuration: dict[str, JsonValue] = {
        "network": network_name,
        "seed": options.seed,
        "limit": options.limit,
        "head": {"blocks": [*blocks], "strength": strength, "seconds": seconds},
    }
    return TrainingFigures(
        seed=options.seed,
        epochs=0,
        best_epoch=0,
        seconds=seconds,
        hardware=describe_hardware(),
        libraries=find_library_versions(),
        configuration=configuration | recorded,
    )
