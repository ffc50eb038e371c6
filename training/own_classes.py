"""Train a release on photos with a user's own classes.

Frozen networks, which come with the package and are not trained, turn each picture into a vector. A head, the
last layer, is fitted on these vectors. Unless a table names a test set, no picture is held out: the pictures
are divided into folds, and for each fold a further head learns the other folds and answers this one. By these
answers thresholds are chosen and the release is measured.

Call `start_tensorflow` before this module is imported, so that TensorFlow prints nothing.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from inference.arrays import Distances
from inference.contract import LABEL
from inference.sessions.session import Scores
from reports.answers import Answers
from reports.network_figures import TrainingFigures
from training.data.contents import Contents
from training.data.data_source import DataSource
from training.data.decoded_pictures import ComputeFeatures, decode_pictures
from training.data.fashion import LabelledData
from training.data.near_copies import group_near_copies
from training.data.pictures import Pictures
from training.data.read import choose_labels, divide_pictures, find_listed_test_set, report_near_copies
from training.data.split import FoldNumbers, Split, choose_folds, split_data
from training.data.vectors import FeatureVectors
from training.environment import describe_hardware, find_library_versions
from training.evaluation.evaluate import make_answers
from training.features.blocks import (
    ALL_BLOCKS,
    BLOCKS_INPUT_CONTRACT,
    FAST_BLOCKS,
    BlockName,
    build_vector_network,
    find_measured_part,
    make_block_spreads,
    make_feature_function,
)
from training.features.frozen import BACKBONE, EFFICIENTNET
from training.gradient.recipes import make_groups_suffix
from training.heads.cross_val import (
    FittedHead,
    answer_out_of_fold,
    describe_lacking_labels,
    fit_head_with_folds,
)
from training.heads.logistic import LogisticHead
from training.heads.negatives import choose_other_things
from training.heads.ood import ClassWhitening, OodPhotos, OodScore, fit_unfamiliarity
from training.options import TrainingOptions
from training.progress import CheckLabels, Progress, ReportDone, accept_labels, warn_of_few_answers
from training.release.complete import Candidate, complete_release, describe_settings, select_parity_pictures
from training.release.export import export_network
from training.release.make import TrainingResult, start_numbered_release
from training.release.run_folder import check_named_run
from training.thresholds.requirements import OWN_CLASSES_ACCEPTED_ACCURACY


def train_own_classes(  # noqa: PLR0913, PLR0917 - pictures, what is learnt of them, and what is recorded
    data_source: DataSource,
    contents: Contents,
    options: TrainingOptions,
    progress: Progress,
    run: Path | None = None,
    command: str = "",
    check_labels: CheckLabels = accept_labels,
) -> TrainingResult:
    """Train a release on pictures with a user's own classes, and write it into the folder of a run.

    Args:
        data_source: the place of the pictures, and the way they are read.
        contents: the same pictures with their classes, hashed and checked.
        options: the options of the user, which the release records.
        run: the folder that gets the release. None takes the first of NAME, NAME-2, ... in runs/ that has
            no release; NAME comes from the network and the pictures.
        command: the command line, which the release records, too.
        check_labels: a function that gets the classes, and may refuse them by an exception, before
            anything is fitted.

    Raises:
        OutputUnusable: `run` has a release already.
        DataError: the pictures cannot be learnt.
        BadRecipe: a class has pictures of one group alone.
        WeightsUnusable: a file that comes with this package is missing or damaged.
    """
    check_named_run(run)
    blocks = FAST_BLOCKS if options.fast else ALL_BLOCKS
    # 1) Pictures: each content once, turned into a vector while it is read, in folds that keep groups
    # together.
    started = time.perf_counter()
    body = build_vector_network(blocks)
    data = make_labelled_vectors(data_source, contents, make_feature_function(body), options, progress)
    check_labels(data.labels)
    parts = split_data(data, None)
    train = parts.train
    folds = choose_folds(parts.train)
    announce_training(parts, folds, blocks, options, progress)
    # 2) Heads: one for each fold, which answers the fold, and the one that is released.
    heads = fit_question_heads(train, folds, blocks, progress)
    head = heads[LABEL].head
    # 3) The score that tells the classes from photos of other things (OOD): one for each fold, and the
    # released one.
    ood, measure, distances = _fit_ood_score(train, folds, blocks, progress)
    answers = make_answers(
        Scores.make_class_scores(heads[LABEL].cross_fitted_probabilities, distances), train, folds=folds
    )
    seconds = time.perf_counter() - started
    progress.say(_describe_accuracy(answers, seconds))
    # 4) Export: graph and network answer alike.
    name = (BACKBONE if options.fast else EFFICIENTNET).recipe.network
    model = head.attach_to(body)
    default_folder = Path("runs") / f"{name}-{train.compute_digest()[:16]}{make_groups_suffix(data)}"
    attributes = {question: fitted for question, fitted in heads.items() if question != LABEL}
    last_layers = {question: fitted.head for question, fitted in attributes.items()}
    with start_numbered_release(run, default_folder) as release_place:
        train.learnt_hashes.save_hashes(release_place.unfinished)
        with progress.show_progress("exporting the graph and comparing it with the network"):
            export_network(
                release_place.unfinished, model, measure, select_parity_pictures(parts), last_layers
            )
        # 5) Decide by these answers, measure as served, and seal.
        recorded = describe_settings(command, options.convert_to_json(), data, int(folds.max()))
        candidate = Candidate(
            network=name,
            model=model,
            training=_make_training_figures(name, options, [*blocks], head.strength, seconds, recorded),
            data=data,
            split=parts,
            cross_fitted_answers=answers,
            attributes={
                question: fitted.cross_fitted_probabilities for question, fitted in attributes.items()
            },
            score=partial(compute_vector_scores, head, measure, find_measured_part(blocks)),
            unseen=None if ood is None else measure.compute_distances(ood.unseen_features),
            accept=options.accept_conditions,
            has_product_groups=train.are_groups_products,
        )
        answers_to_files = complete_release(release_place.unfinished, candidate, progress)[1]
    return TrainingResult(release_place.run, answers_to_files, data.labels)


def make_labelled_vectors(
    data_source: DataSource,
    contents: Contents,
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
    contents = contents if options.limit is None else contents.limit_pictures(options.limit)
    decoded = decode_pictures(
        contents,
        BLOCKS_INPUT_CONTRACT,
        progress,
        compute_features=compute_features,
        skip_unreadable=data_source.skip_unreadable,
    )
    near_copies = group_near_copies(decoded.contents, decoded.hashes)
    report_near_copies(near_copies, contents.listing, progress.warn)
    is_tested = find_listed_test_set(near_copies)
    labels = choose_labels(
        contents.listing, near_copies, is_tested, data_source.required_labels, progress.warn
    )
    data = divide_pictures(contents.listing, decoded, near_copies, labels, is_tested, BLOCKS_INPUT_CONTRACT)
    return replace(data, licence=data_source.licence)


def announce_training(
    parts: Split,
    folds: FoldNumbers,
    blocks: Sequence[BlockName],
    options: TrainingOptions,
    progress: Progress,
) -> None:
    """Say how many pictures are learnt, and warn if they are too few to promise a share of right answers.

    Args:
        parts: the pictures that are learnt and, if the data has a test set, those that are held out.
        folds: int64 (N,), the fold of each learnt picture, from 1; 0 for none.
    """
    progress.say(
        f"{parts.train.describe_size()}: a head on {', '.join(blocks)}, and {folds.max()} heads "
        "that each answer what they did not learn."
    )
    labelled_count = len(parts.train.pictures_of_known_class)
    warn_of_few_answers(
        len(parts.validation) + labelled_count,
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


def fit_question_heads(
    train: Pictures, folds: FoldNumbers, blocks: Sequence[BlockName], progress: Progress
) -> dict[str, FittedHead]:
    """Fit a logistic head for the class and for each attribute, and get cross-validated answers of each.

    Args:
        train: N pictures with the vectors that the frozen networks made of them; each class occurs.
        folds: the fold of each picture, from 1; 0 for none.
        blocks: the parts of the vector, such as `lite2`, one for each frozen network.
        progress: the display of the heads that are fitted.

    Returns:
        The fits by question, the class first, then the attributes. Each has the head that learnt all
        pictures, and answers of heads that did not learn the picture.
    """
    spreads = make_block_spreads(blocks)
    with progress.show_progress("fitting heads") as watch:
        done = count(1)
        heads = len(train.labels) * (int(folds.max()) + 1)
        fits = {
            name: fit_head_with_folds(
                labels, train.features, train.groups, folds, spreads, lambda: watch(next(done), heads)
            )
            for name, labels in train.labels.items()
        }
    for name, labels in train.labels.items():
        if sentence := describe_lacking_labels(
            [labels.names[place] for place in fits[name].lacking_label_ids]
        ):
            progress.say(f"{name}: {sentence}")
    return fits


def _fit_ood_score(
    train: Pictures, folds: FoldNumbers, blocks: Sequence[BlockName], progress: Progress
) -> tuple[OodPhotos | None, ClassWhitening | OodScore, Distances]:
    """Choose photos of other things, and fit the score that tells the classes from them (OOD).

    Returns:
        The photos, None if there are none to choose; the score; and the distances of the pictures, from
        scores of folds that did not learn them.
    """
    features = train.features.upright[:, find_measured_part(blocks)]
    other_things = choose_other_things(blocks[0], train, features, folds, progress.say)
    with progress.show_progress("fitting OOD scores") as watch:
        measure, distances = cross_fit_unfamiliarity(train, features, folds, other_things, watch)
    return other_things, measure, distances


def cross_fit_unfamiliarity(
    train: Pictures,
    features: FeatureVectors,
    folds: FoldNumbers,
    other_things: OodPhotos | None,
    report_done: ReportDone,
) -> tuple[ClassWhitening | OodScore, Distances]:
    """Fit the measure of how unfamiliar a picture is, and return it with cross-validated distances.

    Args:
        train: N pictures.
        features: float32 (N, M), the part of their vectors in which distances are measured.
        folds: the fold of each picture, from 1; 0 for none.
        other_things: photos of other things (out of distribution), which an OodScore learns to tell apart;
            None for a ClassWhitening, which measures the distance to the learnt classes.
        report_done: a function that is called after each fold.
    """
    done = count(1)
    classes = int(train.classes.max()) + 1

    def learn(positions: NDArray[np.int64]) -> Callable[[FeatureVectors], Distances]:
        """Fit the measure to the pictures at these positions, and return its function of distances."""
        measure = fit_unfamiliarity(features[positions], train.classes[positions], classes, other_things)
        report_done(next(done), int(folds.max()))
        return measure.compute_distances

    distances = answer_out_of_fold(learn, features, train.groups, folds)
    return fit_unfamiliarity(features, train.classes, classes, other_things), distances


def compute_vector_scores(
    head: LogisticHead, measure: ClassWhitening | OodScore, features: slice, pictures: Pictures
) -> Scores:
    """Return the probabilities and distances that a network gives to pictures, computed from their vectors.

    Args:
        head: the head that answers the class.
        features: the part of the vector in which distances are measured.
    """
    vectors = pictures.features.upright
    return Scores.make_class_scores(
        head.compute_probabilities(vectors), measure.compute_distances(vectors[:, features])
    )
