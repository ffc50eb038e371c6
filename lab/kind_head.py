"""Give the network of a release that answers photos a head for the attribute `kind`.

python -m lab.kind_head PHOTOS VECTORS RELEASE --run FOLDER

VECTORS is the folder of strangers.py. Temperature and threshold come from photos of the sources, by networks
and heads that learnt nothing of the source, or of the kind where it has no name. Class names need a picture
that is familiar as one of the classes; further names do not. Prints a row for each name. A head learns
kinds, and the names of the attribute add them up (kinds.csv). Writes FOLDER/release.
"""

import argparse
import shlex
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from inference.contract import Head, ModelContract
from inference.decision import calibrate
from lab.attribute import (
    UNITS,
    AttributeHead,
    attribute_answers,
    rows_of,
    seal_with,
    sha256_of,
    stored_answers,
)
from lab.pretraining_photos import Photo
from lab.sealing import TOWNS
from lab.strangers import asked_photos
from lab.strangers_heads import SOURCES, parts_of, vectors_of
from lab.tuning_photos import CLASSES, MEASURED_ALONE, OTHER, PARTS, kind_of, names_of_kinds
from model_store.files import NEW_RELEASE
from model_store.local import open_release
from reports.answers import Answers
from reports.values import report_of
from training.data.labels import Labels
from training.data.vectors import Features, Vectors
from training.decide.answer_sets import confidences_of, scores_in
from training.decide.decide import UNFAMILIAR, Thresholds
from training.decide.requirements import ACCEPTED_OF_PHOTOS, Requirements
from training.decide.temperature import temperature_of
from training.decide.unproven import decide_withholding
from training.heads.hidden import HiddenHead, fit_hidden_head
from training.heads.photo_head import BALANCE
from training.measure.attributes import attribute_figures
from training.measure.products import products_of

OF_CATALOGUE: Final = 0.3
"""What a photo of 60 x 80 pixels counts."""
OF_NAMES: Final = {"skirt": 0.4, "underwear": 2.0, "jewellery": 0.2, OTHER: 1.3}
"""What a photo of one name counts: few photos are called jewellery that are none, and underwear is found."""


class KindPhotos:
    """Photos with their kinds and names, and heads on them."""

    def __init__(self, photos: Sequence[Photo]) -> None:
        self.photos = photos
        self.kinds, self.names = (np.array(column) for column in zip(*map(kind_of, photos), strict=True))
        self.learnable = (self.kinds != "") & [photo.source not in MEASURED_ALONE for photo in photos]
        self.asked = (self.names != "") & [photo.archive.startswith(SOURCES) for photo in photos]
        self.weights = self._weights()

    def _weights(self) -> NDArray[np.float64]:
        """Of each in the loss, float64 (N,): n photos of a kind, tier and source have n^(1 - BALANCE)."""
        cells = [f"{kind} {one.tier} {one.source}" for kind, one in zip(self.kinds, self.photos, strict=True)]
        _, of_each, counts = np.unique(cells, return_inverse=True, return_counts=True)
        is_small = [photo.archive.startswith("catalogue") for photo in self.photos]
        of_names = [OF_NAMES.get(name, 1.0) for name in self.names.tolist()]
        return np.asarray(counts[of_each] ** -BALANCE * np.where(is_small, OF_CATALOGUE, 1) * of_names)

    def fit(self, both: Vectors, learnt: NDArray[np.bool_]) -> tuple[HiddenHead, Vectors]:
        """A head on some of the photos, and the name of each of its kinds: float32 (kinds, names), 1 or 0.

        Args:
            both: float32 (2, N, D), vectors of all and of their mirror images.
            learnt: bool (N,).
        """
        places = np.flatnonzero(learnt)
        kinds, labels = np.unique(self.kinds[places], return_inverse=True)
        codes = labels.astype(np.uint8)
        head = fit_hidden_head(Features(*both[:, places]), codes, len(kinds), self.weights[places], UNITS)
        name_of = dict(zip(self.kinds.tolist(), self.names.tolist(), strict=True))
        names = names_of_kinds()
        return head, np.array([[name_of[kind] == name for name in names] for kind in kinds], np.float32)

    def answers(self, vectors: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probabilities of the names of asked photos, float64 (N, names), else NaN, of two heads each.

        The first head learnt nothing of the source. The second, of a photo that has no name but OTHER,
        learnt nothing of its kind either; of other photos it lacks some kinds without a name.

        Args:
            vectors: the folder of strangers.py.
        """
        parts, names = parts_of(self.photos), names_of_kinds()
        groups = {kind: place % PARTS for place, kind in enumerate(np.unique(self.kinds[self._is_other]))}
        group_of = np.array([groups.get(kind, -1) for kind in self.kinds.tolist()])
        of_source, of_kind = (np.full((len(self.photos), len(names)), np.nan) for _ in range(2))
        for part, group in product(range(PARTS), (-1, *range(PARTS))):
            both = vectors_of(vectors, part)
            learnt = self.learnable & (parts != part) & ((group < 0) | (group_of != group))
            asked, (head, sums) = self.asked & (parts == part), self.fit(both, learnt)
            if group < 0:
                _answer(of_source, head, sums, both, asked)
            else:
                _answer(of_kind, head, sums, both, asked & np.isin(group_of, (group, -1)))
        unlearnt = self.asked & (self.kinds == "")
        of_kind[unlearnt] = of_source[unlearnt]
        return of_source, of_kind

    @property
    def _is_other(self) -> NDArray[np.bool_]:
        return np.asarray((self.names == OTHER) & (self.kinds != ""))


def _answer(
    rows: NDArray[np.float64], head: HiddenHead, sums: Vectors, both: Vectors, asked: NDArray[np.bool_]
) -> None:
    rows[asked] = softmax(head.logits(both[0, asked]).astype(np.float64), 1) @ sums


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
