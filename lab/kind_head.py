"""Give the network of a release that answers photos a head for the attribute `kind`.

python -m lab.kind_head PHOTOS VECTORS RELEASE --run FOLDER

VECTORS is the folder of strangers.py, in which the released network is `released.npz`. Temperature and
thresholds come from photos of the sources, by heads that learnt nothing of the source, or of the kind where
it has no name. Class names need a picture that is familiar as one of the classes; further names do not.
Prints a row for each name. Writes FOLDER/release.
"""

import argparse
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import ACCEPT_NOTHING, Head, ModelContract
from inference.decision import calibrate
from lab.attribute_head import AttributeHead, attribute_answers, rows_of, seal_with, sha256_of, stored_answers
from lab.kinds import CLASSES, OTHER, KindPhotos, names_of_kinds
from lab.strangers import asked_photos
from lab.strangers_heads import RELEASED
from model_store.files import NEW_RELEASE
from model_store.local import open_release
from reports.answers import Answers
from training.data.labels import Labels
from training.decide.answer_sets import AnswerSet
from training.decide.decide import UNFAMILIAR, Thresholds, decide
from training.decide.requirements import ACCEPTED_OF_PHOTOS, Requirements
from training.decide.temperature import temperature_of
from training.features.weights import read_npz
from training.measure.attributes import attribute_figures

KIND: Final = "kind"


def decided(
    answers: Answers, contract: ModelContract, names: tuple[str, ...], classes: Collection[str] = CLASSES
) -> Head:
    """The head that the answers decide: one threshold for class names, and one for further names.

    Args:
        answers: with probabilities of the names, and the class's OOD score.
        contract: of the network that answers the class.
        names: of the kinds.
        classes: those of the classes.
    """
    temperature, index = temperature_of(answers), names.index
    further = [name for name in names if name not in {*classes, OTHER}]
    least = dict[str, float]()
    for accepted, unfamiliar in ((classes, contract.least_familiarity), (further, 0.0)):
        requirements = Requirements(
            right=ACCEPTED_OF_PHOTOS,
            temperature=temperature,
            familiarity=contract.familiarity,
            unfamiliar=(unfamiliar,),
            withheld=tuple(index(name) for name in names if name not in accepted),
        )
        confidence = decide(answers, requirements).confidence
        least |= dict.fromkeys(accepted, confidence)
    lowest = min(least.values())
    return Head(
        labels=names,
        temperature=temperature,
        confidence=lowest,
        withheld=(*(name for name, own in least.items() if own >= ACCEPT_NOTHING > lowest), OTHER),
        stricter={name: own for name, own in least.items() if lowest < own < ACCEPT_NOTHING},
        familiarity=dict.fromkeys(further, 0.0),
    )


def thresholds_of(head: Head, answers: Answers, familiar: NDArray[np.bool_]) -> Thresholds:
    """What the head accepts, as figures are made of it: of all, and of what is unfamiliar as a class.

    Args:
        head: of the kinds.
        answers: as served, N.
        familiar: bool (N,), whether the class is.
    """
    sure = np.where(answers.accepted, answers.confidences, np.nan).astype(np.float32)
    of_all = AnswerSet("held-out", sure, answers.right, ACCEPTED_OF_PHOTOS, answers.together)
    sets = (of_all, of_all.part(UNFAMILIAR, ~familiar))
    return Thresholds(head.temperature, None, head.confidence, sets)


def _table(names: Sequence[str], shown: NDArray[np.str_], sources: NDArray[np.str_], answers: Answers) -> str:
    lines = ["| kind | n | sources | recall | precision | accepted | of these right |", f"{'|---' * 7}|"]
    said, right = np.array(names)[answers.probabilities.argmax(1)], answers.right
    no_class = ~np.isin(shown, CLASSES)
    rows = [(name, shown == name, said == name) for name in names]
    rows += [("none of the ten classes", no_class, no_class), ("all", shown != "", shown != "")]
    for name, shows, answer in rows:
        is_accepted = answers.accepted & (answer if name in names else shows)
        shares = (right[shows], right[answer], answers.accepted[shows], right[is_accepted])
        cells = (f"{share.sum() / max(len(share), 1):.2f}" for share in shares)
        lines.append(
            f"| {' | '.join([name, f'{shows.sum()}', f'{len(np.unique(sources[shows]))}', *cells])} |"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Fit and decide the head, seal the release, and print what it answers."""
    parser = argparse.ArgumentParser(prog="python -m lab.kind_head", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("vectors", type=Path, metavar="VECTORS", help="of lab.strangers")
    parser.add_argument("release", type=Path, metavar="RELEASE", help="folder of the release that gets it")
    parser.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="of the new release")
    given = parser.parse_args(argv)
    parent, shop, names = (
        open_release(given.release),
        KindPhotos(asked_photos(given.photos)),
        names_of_kinds(),
    )
    contract, kept = parent.manifest.contract("photos"), stored_answers(parent)
    of_source, of_kind = shop.answers(given.vectors)
    # 1) Decide.
    places = np.flatnonzero(shop.asked)
    rows = rows_of(kept, partial(sha256_of, given.photos), [shop.photos[place] for place in places.tolist()])
    places = places[[row is not None for row in rows]]
    of_class = kept.take(np.array([row for row in rows if row is not None]))
    truth = np.array([names.index(name) for name in shop.names[places].tolist()])
    asked = replace(of_class, truth=truth, predicted=of_kind[places].argmax(1), probabilities=of_kind[places])
    head = decided(asked, contract, names)
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
    familiar = of_class.familiarity >= contract.least_familiarity
    # 3) Seal.
    released = read_npz(given.vectors / f"{RELEASED}.npz")["both"].astype(np.float32)
    fitted, sums = shop.fit(released, shop.learnable)
    learnt = {"photos": [shop.photos[place] for place in np.flatnonzero(shop.learnable).tolist()]}
    command = "python -m lab.kind_head photos vectors release --run runs/kind"
    new = AttributeHead(name=KIND, fitted=fitted, learnt=learnt, sums=sums, command=command)
    figures = attribute_figures(labels, thresholds_of(head, answers, familiar), answers)
    of_no_class = answers.take(~of_class.known)
    # Other photos show all answers of the class and of the colour, but none of the kind.
    changed = {"all_accepted": None}
    seal_with(
        given.run / NEW_RELEASE, parent, given.photos, new, contract, figures, kept + of_no_class, changed
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
