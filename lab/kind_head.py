"""Give the network of a release that answers photos a head for the attribute `kind`.

python -m lab.kind_head PHOTOS VECTORS RELEASE --run FOLDER

VECTORS is the folder of strangers.py. Temperature and threshold come from photos of the sources, by networks
and heads that learnt nothing of the source, or of the kind where it has no name. Class names need a picture
that is familiar as one of the classes; further names do not. Prints a row for each name. Writes
FOLDER/release.
"""

import argparse
import shlex
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import Head, ModelContract
from inference.decision import calibrate
from lab.attribute_head import AttributeHead, attribute_answers, rows_of, seal_with, sha256_of, stored_answers
from lab.kind_words import CLASSES, OTHER, names_of_kinds
from lab.kinds import KindPhotos
from lab.sealing import TOWNS
from lab.strangers import asked_photos
from lab.strangers_heads import vectors_of
from model_store.files import NEW_RELEASE
from model_store.local import open_release
from reports.answers import Answers
from reports.values import report_of
from training.data.labels import Labels
from training.decide.answer_sets import confidences_of, scores_in
from training.decide.decide import UNFAMILIAR, Thresholds
from training.decide.requirements import ACCEPTED_OF_PHOTOS, Requirements
from training.decide.temperature import temperature_of
from training.decide.unproven import decide_withholding
from training.measure.attributes import attribute_figures
from training.measure.products import products_of

KIND: Final = "kind"


def decided(
    answers: Answers, contract: ModelContract, names: tuple[str, ...], classes: Collection[str] = CLASSES
) -> tuple[Head, Thresholds]:
    """The head that the answers decide, by the rule for the class, and what the threshold was chosen on.

    Args:
        answers: with probabilities of the names, and the class's OOD score.
        contract: of the network that answers the class.
        names: of the kinds.
        classes: those of the classes.

    Returns:
        The head, and its thresholds with two sets of answers: all, and those whose class is unfamiliar.
    """
    further = [name for name in names if name not in {*classes, OTHER}]
    is_further = np.isin(answers.predicted, [names.index(name) for name in further])
    asked = replace(
        answers,
        sets=np.full(len(answers), KIND),  # photos of none of the classes promise as well
        distances=np.where(is_further, -np.inf, answers.distances),
    )
    required = Requirements(
        right=ACCEPTED_OF_PHOTOS,
        temperature=temperature_of(answers),
        familiarity=contract.familiarity,
        unfamiliar=(contract.least_familiarity,),
        withheld=(names.index(OTHER),),
    )
    thresholds = decide_withholding(asked, required, names)
    [of_all] = thresholds.answer_sets
    is_unfamiliar = np.isnan(confidences_of(scores_in(answers), 1.0, contract.familiarity))
    sets = (of_all, of_all.part(UNFAMILIAR, is_unfamiliar))
    head = replace(thresholds.head(names), familiarity=dict.fromkeys(further, 0.0))
    return head, replace(thresholds, answer_sets=sets)


def _table(names: Sequence[str], shown: NDArray[np.str_], sources: NDArray[np.str_], answers: Answers) -> str:
    lines = [
        "| kind | n | sources | recall | precision | accepted answers | of these right |",
        f"{'|---' * 7}|",
    ]
    said, right, accepted = np.array(names)[answers.probabilities.argmax(1)], answers.right, answers.accepted
    rows = {name: [name] for name in names}
    rows |= {"none of the ten classes": [name for name in names if name not in CLASSES], "all": [*names]}
    for name, some_names in rows.items():
        shows, answer = np.isin(shown, some_names), np.isin(said, some_names)
        counts = [str(shows.sum()), str(len(np.unique(sources[shows])))]
        shares = [f"{right[some].mean():.2f}" for some in (shows, answer)]
        of_accepted = [str((accepted & answer).sum()), str((accepted & answer & right).sum())]
        lines.append(f"| {' | '.join([name, *counts, *shares, *of_accepted])} |")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Fit and decide the head, seal the release, and print what it answers."""
    parser = argparse.ArgumentParser(prog="python -m lab.kind_head", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("vectors", type=Path, metavar="VECTORS", help="of lab.strangers")
    parser.add_argument("release", type=Path, metavar="RELEASE", help="folder of the release that gets it")
    parser.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="of the new release")
    given = parser.parse_args(argv)
    parent, names = open_release(given.release), names_of_kinds()
    shop, contract = KindPhotos(asked_photos(given.photos)), parent.manifest.contract("photos")
    kept, (of_source, of_kind) = stored_answers(parent), shop.answers(given.vectors)
    # 1) Decide.
    places = np.flatnonzero(shop.asked)
    rows = rows_of(kept, partial(sha256_of, given.photos), [shop.photos[place] for place in places.tolist()])
    places = places[[row is not None for row in rows]]
    of_class = kept.take(np.array([row for row in rows if row is not None]))
    truth = np.array([names.index(name) for name in shop.names[places].tolist()])
    asked = replace(of_class, truth=truth, predicted=of_kind[places].argmax(1), probabilities=of_kind[places])
    head, thresholds = decided(asked, contract, names)
    contract = contract.with_heads({KIND: head})
    # 2) Measure.
    labels = Labels.of(truth, names)

    def served(chances: NDArray[np.float64]) -> Answers:
        calibrated = np.array([calibrate(row, head.temperature) for row in chances[places].tolist()])
        return attribute_answers(KIND, of_class, labels, calibrated, contract, of_class.groups.tolist())

    answers = served(of_kind)
    shown, sources = shop.names[places], of_class.sources
    sys.stdout.write(f"{head}\n{_table(names, shown, sources, served(of_source))}\n\n")
    sys.stdout.write(f"Without the kind, where it has no name:\n{_table(names, shown, sources, answers)}\n")
    # 3) Seal.
    fitted, sums = shop.fit(vectors_of(given.vectors, None), shop.learnable)
    learnt = {"photos": [shop.photos[place] for place in np.flatnonzero(shop.learnable).tolist()]}
    new = AttributeHead(name=KIND, fitted=fitted, learnt=learnt, sums=sums, command=shlex.join(sys.orig_argv))
    figures = attribute_figures(labels, thresholds, answers)
    # Other photos show all answers of the class and of the colour, but none of the kind.
    products = products_of(answers.take(~np.char.startswith(answers.groups, TOWNS)), ACCEPTED_OF_PHOTOS)
    changed = {"all_accepted": None, "products": report_of(parent).products | products}
    seal_with(given.run / NEW_RELEASE, parent, given.photos, new, contract, figures, kept + answers, changed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
