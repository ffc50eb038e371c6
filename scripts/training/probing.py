"""Train own classes by a linear probe on networks that have learnt clothes: the default of `train --data`.

Each start is tried in folds; the one whose cross-fitted answers are best is released, with a probe that
learnt all training pictures. train.py calls it. Reads the pictures; writes the run's folder alone.
"""

import argparse
import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inference.contract import whole_pictures
from model_store.local import bundled
from scripts.progress import corrected, counting, working
from scripts.terminal import console
from scripts.training.fitting import carry_out
from scripts.training.loading import allow_many_networks, start_tensorflow
from scripts.training.options import IMAGE_SIZE, conditions_of, input_of, parts_of, planned
from scripts.training.starting import size_of, task_of
from training.data.datasets import LabelledData
from training.data.listing import list_pictures
from training.data.own_pictures import read_as
from training.data.picture_files import decode_file
from training.export.out_of_fold import Fold

if TYPE_CHECKING:
    from training.transfer.selection import Candidate, Trial
    from training.transfer.starts import Start

OF_THE_SPLIT: Final = frozenset({"limit", "seed"})
"""The fields of a recipe that change no fit by gradient."""

START_SECONDS: Final = 20
SECONDS_PER_PICTURE: Final = 0.04
"""Of each other start, on two cores: of two, 556 pictures took 113 s in all, with nothing else running."""

COSTLY_SECONDS_PER_PICTURE: Final = 0.06
"""Of a costly start: 448 pictures took 23 s of 120 in all."""

MOST_FOR_COSTLY: Final = 5_000
"""Pictures above which a costly start is not tried: each takes 0.9 MB of memory."""

TUNING_SECONDS: Final = 60
"""A fixed number of steps in each fold, where the backbone is taken and answers pictures wrong."""


def starts_for(arguments: argparse.Namespace, given: Collection[str]) -> list["Start"]:
    """The networks to begin with; none where the command, or the form of its pictures, wants another fit.

    Args:
        arguments: of `wardrobe train`.
        given: the fields of a recipe that they set.

    Returns:
        The one that pictures are first read for is in front.
    """
    decided = (
        *(arguments.network, arguments.recipe, arguments.release, arguments.teacher),
        *(arguments.photos, arguments.save_answers, arguments.tensorboard),
    )
    wants_another = any(one is not None for one in decided) or not OF_THE_SPLIT.issuperset(given)
    if wants_another or arguments.folds == 0 or not _names_photos(arguments.data):
        return []
    start_tensorflow()
    from training.transfer.starts import (  # noqa: PLC0415 - needs Keras
        bundled_start,
        start_in_colour,
        start_of_imagenet,
    )

    release = bundled()
    known = [bundled_start(release, input_of(release)), start_in_colour(), start_of_imagenet()]
    tried = affordable(known, len(list_pictures(Path(arguments.data).expanduser()).pictures))
    if arguments.image_size is None and not arguments.colour:
        return tried
    reads = whole_pictures(arguments.image_size or IMAGE_SIZE, 3 if arguments.colour else 1)
    return [one for one in tried if one.reads == reads]


def affordable(known: Sequence["Start"], pictures: int) -> list["Start"]:
    """The starts, without costly ones where there are many pictures."""
    return [one for one in known if pictures <= MOST_FOR_COSTLY or not one.costly]


def _names_photos(data: str | None) -> bool:
    """Whether --data names pictures, not all of them already pixels in the form of Fashion-MNIST."""
    if data in {None, "keras"}:
        return False
    place = Path(str(data)).expanduser()
    if not place.exists() or any(place.glob("*-ubyte*")):
        return False
    read = (decode_file(one.path) for one in list_pictures(place).pictures)
    return any(not isinstance(one, str) and one[1].is_photo for one in read)


def probe_and_carry_out(
    arguments: argparse.Namespace,
    data: LabelledData,
    folds: Sequence[Fold],
    tried: Sequence["Start"],
) -> Path:
    """Try each start, and make the release of the best one.

    Args:
        arguments: of the command.
        data: as the first start reads it.
        folds: of its training pictures.
        tried: the starts.

    Returns:
        The folder of the run, which has the name of the network that is released.
    """
    from training.transfer.other_things import other_things  # noqa: PLC0415 - needs Keras
    from training.transfer.selection import (  # noqa: PLC0415 - likewise
        better,
        cross_fit,
        fitted,
        try_tuning,
        with_distances,
    )

    allow_many_networks()
    announced = _announce(tried, len(data.train), len(folds))
    read, candidates = [], []
    for start in tried:
        with counting("reading pictures") as watch:
            read.append(planned(read_as(data, start.reads, watch), start.recipe, arguments))
        parts = parts_of(*read[-1])
        with working(f"{len(folds)} folds on {start.name}"):
            candidates.append(one := cross_fit(start, parts.train, folds, len(data.labels)))
        _say_of_start(one, announced, first=len(candidates) == 1)
    chosen = better(candidates)
    as_read, recipe = read[candidates.index(chosen)]
    parts = parts_of(as_read, recipe)
    with working(f"fine-tuning in {len(folds)} folds"):
        trial = try_tuning(chosen, parts.train, folds)
    if trial is not None:
        _say_of(trial, len(parts.train))
        if trial.changes.better:
            chosen = replace(chosen, answers=trial.answers)
    with working("fitting what is released"):
        ood = other_things(chosen.body, parts.train, chosen.features.measured, folds, console().print)
        chosen = with_distances(chosen, parts.train, folds, len(data.labels), ood)
        network = fitted(chosen, parts.train, candidates, ood, trial)
    reads = as_read.reads
    tuned = ", fine-tuned" if trial is not None and trial.changes.better else ""
    console().print(f"Released: the probe on {chosen.start.name}{tuned}, which reads {size_of(reads)}.")
    task = task_of(arguments, as_read, recipe, None)
    carry_out(
        task,
        as_read,
        parts,
        recipe,
        others=chosen.answers,
        fits=[network],
        accept=conditions_of(arguments),
    )
    return task.folder


def _announce(tried: Sequence["Start"], pictures: int, folds: int) -> list[float]:
    """Say what will be done, and for how long; the seconds of each start, and of fine-tuning."""
    tuning = TUNING_SECONDS if any(one.stage for one in tried) else 0
    each = [COSTLY_SECONDS_PER_PICTURE if one.costly else SECONDS_PER_PICTURE for one in tried]
    announced = [*(rate * pictures for rate in each), tuning]
    names = ", on ".join(one.name for one in tried)
    console().print(
        f"A linear probe on {names}, in {folds} folds, then fine-tuning if it can help: about "
        f"{math.ceil((START_SECONDS + sum(announced)) / 10) * 10} s on two cores."
    )
    return announced


def _say_of_start(found: "Candidate", announced: Sequence[float], *, first: bool) -> None:
    console().print(
        f"On {found.start.name}: {found.accuracy:.2%} of {len(found.features.upright):,} cross-fitted "
        f"answers are right; {found.seconds:.0f} s."
    )
    if first and (sentence := corrected(announced, found.seconds)):
        console().print(sentence)


def _say_of(trial: "Trial", pictures: int) -> None:
    found = trial.changes
    verdict = "it replaces the probe" if found.better else "the probe stays"
    console().print(
        f"Fine-tuned: {trial.accuracy:.2%} of {pictures:,} cross-fitted answers are right, "
        f"{found.newly_right} newly right, {found.newly_wrong} newly wrong, p = {found.p:.2g}: {verdict}; "
        f"{trial.seconds:.0f} s."
    )
