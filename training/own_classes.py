"""Train own classes: a head on the vectors of frozen networks. Read it top to bottom.

Pictures are read and split into folds; frozen networks make a vector of each; a head is learnt on all of
them, and a head per fold answers what it did not learn; these answers decide and measure; the release is
exported and sealed. Writes the run's folder alone. Before importing it: loading.start_tensorflow.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np

from inference.arrays import Distances
from inference.contract import LABEL
from inference.session import Scores
from reports.answers import Answers
from training.data.named import Named, load
from training.data.pictures import Pictures
from training.data.split import USUAL_FOLDS, parts_of, rarest_class
from training.data.vectors import Vectors
from training.environment import hardware, libraries
from training.features import backbone, lite0
from training.features.blocks import BLOCKS, READS, WITHOUT_LITE0, Block, measured, network, seeing, spread
from training.fit_result import Fitted, HeadRecord, LastLayer
from training.heads.fit import fit
from training.heads.ood import OodPhotos, fit_measure
from training.heads.other_things import ood_negatives
from training.heads.out_of_fold import Fold, folds_of
from training.measure.evaluate import undecided
from training.options import Options
from training.pixel_network import run_of
from training.progress import Progress, Watch
from training.release.make import Trained
from training.release.of_fit import Evaluation, release_fit, warn_of_few
from training.untyped import Network


def train_own_classes(
    named: Named, options: Options, progress: Progress, run: Path | None = None, command: str = ""
) -> Trained:
    """Read, see, learn, and make the release.

    Args:
        named: the pictures and their classes.
        options: what the user chose, which the release records.
        progress: shows how far it is.
        run: the folder; None takes the one that the pictures name, in runs/.
        command: the command line, which the release records, too.

    Raises:
        DataError: the pictures cannot be learnt.
        BadRecipe: a class has pictures of one group alone.
    """
    blocks = WITHOUT_LITE0 if options.fast else BLOCKS
    # 1) Pictures: each content once, seen as it is read, in folds that keep groups together.
    began, body = time.perf_counter(), network(blocks)
    data = load(named, progress, READS, division="cross-fitted", see=seeing(body), limit=options.limit)
    parts = parts_of(data, None)
    folds = folds_of(parts, min(USUAL_FOLDS, rarest_class(parts.train.classes, parts.train.groups)))
    progress.say(
        f"{parts.train.in_words()}: a head on {', '.join(blocks)}, and {len(folds)} heads "
        "that each answer what they did not learn."
    )
    known = len(parts.train.of_known_class)
    warn_of_few(data, len(parts.validation) + known, options.accept, progress)
    # 2) Heads: one of each fold, which answers what it did not learn, and the one that is released.
    found = fit_own_classes(parts.train, folds, blocks, body, progress, began)
    height, width = data.reads.shape
    progress.say(
        f"{found.answers.right.sum() / known:.2%} of {known:,} answers to pictures that the head had not "
        f"learnt are right; {found.fitted.seconds:.0f} s. The model reads {height} x {width} pixels in "
        "colour."
    )
    # 3) Release: decided and measured by these answers.
    recipe = replace(
        backbone.NETWORK if options.fast else lite0.NETWORK, seed=options.seed, limit=options.limit
    )
    task = run_of(recipe, data, run, command=command, settings=options.as_json())
    of_products = named.listing is not None and named.listing.groups_are_products
    on = Evaluation(
        data=data, split=parts, out_of_fold=found.answers, accept=options.accept, of_products=of_products
    )
    return release_fit(task, recipe, found.fitted, on, progress)


@dataclass(frozen=True)
class OwnClasses:
    """A network for a user's classes.

    Attributes:
        fitted: the network, whose head learnt all pictures.
        answers: to each picture, by a head that learnt none of its group; also where its class is not known.
    """

    fitted: Fitted
    answers: Answers


def fit_own_classes(  # noqa: PLR0913, PLR0917 - pictures, what sees them, and who follows it
    train: Pictures,
    folds: Sequence[Fold],
    blocks: Sequence[Block],
    body: Network,
    progress: Progress,
    began: float,
) -> OwnClasses:
    """Fit heads of folds, and the head that is released.

    Args:
        train: N pictures with what the body sees of them; each class occurs.
        folds: of all of them.
        blocks: of the vector.
        body: the frozen networks.
        progress: shows the heads that are fitted.
        began: when the training did, by time.perf_counter.

    Raises:
        WeightsUnfit: a file that comes with this package is missing or damaged.
    """
    seen, spreads = train.features, spread(blocks)
    # 1) A head for each question, and heads of folds that answer what they did not learn.
    with progress.counting("fitting heads") as watch:
        done, heads = count(1), len(train.labels) * (len(folds) + 1)
        fits = {
            name: fit(labels, seen, train.groups, folds, spreads, lambda: watch(next(done), heads))
            for name, labels in train.labels.items()
        }
    for name, labels in train.labels.items():
        if lacking := ", ".join(repr(labels.names[place]) for place in fits[name].lacking):
            progress.say(
                f"{name}: {lacking} is of so few groups that a fold has not learnt it, and answers it "
                "wrongly."
            )
    # 2) The OOD score, against photos of other things; of each fold, too.
    part = seen.upright[:, measured(blocks)]
    ood = ood_negatives(blocks[0], train, part, folds, progress.say)
    of_class, number = fits[LABEL], np.zeros(len(train), np.int64)
    for fold in folds:
        number[fold.pictures] = fold.number
    with progress.counting("fitting OOD scores") as watch:
        distances = _distances(train, part, folds, ood, watch)
    scores = Scores.of_class(of_class.out_of_fold, distances)
    answers = undecided(scores, train, folds=number)
    record = HeadRecord(list(blocks), of_class.head.strength, time.perf_counter() - began)
    fitted = Fitted(
        model=of_class.head.on(body),
        history=(),
        hardware=(hardware(),),
        libraries=libraries(),
        head=record,
        ood=ood,
        heads=fits,
        last_layer=LastLayer(of_class.head, measured(blocks)),
    )
    return OwnClasses(fitted, answers)


def _distances(
    train: Pictures, part: Vectors, folds: Sequence[Fold], ood: OodPhotos | None, watch: Watch
) -> Distances:
    """How far each picture is from what its fold learnt, float32 (N,), as the release will measure it.

    Args:
        train: the pictures.
        part: float32 (N, M), the measured part of their vectors.
        folds: of all of them.
        ood: photos of other things; None for the distance alone.
        watch: called after each fold.
    """
    classes, found = int(train.classes.max()) + 1, np.zeros(len(train), np.float32)
    for fold in folds:
        others = np.setdiff1d(np.arange(len(train)), fold.pictures)
        measure = fit_measure(part[others], train.classes[others], classes, ood)
        found[fold.pictures] = measure.distances(part[fold.pictures])
        watch(fold.number, len(folds))
    return found
