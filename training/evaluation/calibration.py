"""What the held-out pictures decide about a release: temperature, familiarity and the decision's thresholds.

Serving distinguishes pixels that are used as they are sent from photos, which it converts: the held-out
pictures choose `thresholds`, photos `photo_thresholds`. It does not know a photo's tier, so these keep the
promise of every tier, and need photos of each. It does know the ground around the garment: where the tiers
are found on plain or on cluttered ground, with enough photos, each ground has its own for its tiers, unless
nothing can be accepted on one. No TensorFlow; never sees the test set. How a threshold is shown:
acceptance.py; how serving applies it: inference/decision.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Distances
from inference.contract import (
    CUT_OUT,
    Calibration,
    Familiarity,
    Ground,
    ModelContract,
    Shown,
    Thresholds,
)
from inference.decision import calibrate, familiarity_of
from inference.session import Scores
from model_store.acceptance import ACCEPT_CONFIDENCE, needed
from model_store.report import HELD_OUT, ON_GROUND
from training.decide import fit_temperature
from training.evaluation.acceptance import Kind, by_shown, confidence_threshold
from training.evaluation.grouped import numbered
from training.photos.reading import OOD

Labels = NDArray[np.uint8]

FAMILIARITY_POINTS: Final = 101
"""Quantiles of the distance kept in the manifest: one per hundredth."""

ACCEPTED_ACCURACY: Final = 0.99
"""Share of accepted pictures that must be right: without a person's review, one in a hundred may be wrong. To
show it takes splitting.ENOUGH_HELD_OUT answers."""

ACCEPTED_OF_OWN: Final = 0.95
"""The same of classes of one's own, unless the training names another share: some hundred pictures show it
where 98% are right."""

ACCEPTED_OF_PHOTOS: Final = 0.95
"""The same of each tier that has a promise: some hundred photos can show it where about 98% are right."""

PROMISED_TIERS: Final = ("A", "B", "C")
"""Product shots, garments worn by a person, and users' own photos. Other tiers have no promise; the report
measures them."""

FAMILIARITY_THRESHOLD: Final = 0.01
"""Held-out pictures rarer than one in a hundred are `unfamiliar`. Every one of them is a garment that a
person reviews without need, so the price of finding out-of-distribution ones is fixed at 1%."""

FAMILIARITY_OF_OWN: Final = 0.05
"""The same of own classes whose score was fitted against photos of other things. These are answers of folds,
which know less: of hidden pictures fewer are `unfamiliar` (docs/explanation/experiments.md)."""

FAMILIARITY_OF_PHOTOS: Final = 0.02
"""The same where photos count, too: at 2% the bundled model finds nine in ten out-of-distribution photos."""

ENOUGH_ON_GROUND: Final = 2 * needed(ACCEPTED_OF_PHOTOS)
"""Photos of a tier that choose on one ground: as many again as it takes without an error, since some are
unfamiliar or unsure."""

NEARLY_ALL: Final = 0.95
"""Share of each promised tier's photos that has to choose before grounds have thresholds of their own: what
is left would be accepted by what others showed."""

FAMILIARITY_BY_GROUND: Final = 0.06
"""The same of photos where each ground has its thresholds: lower confidences are accepted then, which
more photos of other things reach. At 6% no more of these are accepted (docs/explanation/experiments.md)."""

FEWEST_FAMILIAR: Final = 100
"""Known photos below which the held-out pictures alone say what is unfamiliar, at FAMILIARITY_THRESHOLD."""

AS_HELD_OUT: Final = 1000
"""Known photos that weigh as much as all held-out pictures; fewer weigh by their number. So it takes 40 of
them to set the 2%, not the single most distant one."""


@dataclass(frozen=True)
class Checked:
    """What a model says about photos that thresholds are chosen on.

    Attributes:
        scores: of N photos.
        labels: uint8 (N,), a class's index, or OOD.
        tiers: of each.
        calibrated: whether the probabilities are as served, not as the network gave them.
        groups: of each, such as its sender; empty where each photo is its own.
        grounds: of each; empty where they are not known.
    """

    scores: Scores
    labels: Labels
    tiers: tuple[str, ...]
    calibrated: bool = False
    groups: tuple[str, ...] = ()
    grounds: tuple[Ground, ...] = ()

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which show one of the classes, bool (N,)."""
        return np.not_equal(self.labels, OOD)

    @property
    def says_what_is_familiar(self) -> bool:
        """Whether there are FEWEST_FAMILIAR known photos."""
        return int(self.known.sum()) >= FEWEST_FAMILIAR

    def of_all_tiers(self, least: int = 1) -> bool:
        """Whether there are so many known photos of each of PROMISED_TIERS.

        With one of each, photos choose thresholds of their own.
        """
        return all(self._of_tier[tier] >= least for tier in PROMISED_TIERS)

    @property
    def _of_tier(self) -> Counter[str]:
        """How many known photos there are of each tier."""
        return Counter(np.array(self.tiers)[self.known].tolist())

    @property
    def of_both_grounds(self) -> bool:
        """Whether plain and cluttered photos may choose thresholds of their own.

        Each ground then has `on_grounds` of a tier with a promise, which are nearly all photos of each.
        """
        enough = {one: count for one, count in self.on_grounds().items() if one[0] in PROMISED_TIERS}
        counted, of_tier = Counter[str](), self._of_tier
        for (tier, _), count in enough.items():
            counted[tier] += count
        nearly_all = all(counted[tier] >= NEARLY_ALL * of_tier[tier] > 0 for tier in PROMISED_TIERS)
        return nearly_all and {ground for _, ground in enough} == {"plain", "cluttered"}

    def on_grounds(self) -> dict[tuple[str, Ground], int]:
        """How many known photos a tier has on a ground, where these are ENOUGH_ON_GROUND; sorted."""
        known = self.known.tolist()
        counts = Counter(
            (tier, ground)
            for tier, ground, is_known in zip(self.tiers, self.grounds, known, strict=False)
            if is_known
        )
        return {one: count for one, count in sorted(counts.items()) if count >= ENOUGH_ON_GROUND}

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Checked":
        """Those that a mask, bool (N,), picks, or those at these positions."""
        distances = None if self.scores.distances is None else self.scores.distances[chosen]
        tiers, groups, grounds = (
            tuple(np.array(names)[chosen].tolist()) if names else ()
            for names in (self.tiers, self.groups, self.grounds)
        )
        return replace(
            self,
            scores=Scores(self.scores.probabilities[chosen], distances),
            labels=self.labels[chosen],
            tiers=tiers,
            groups=groups,
            grounds=grounds,
        )


def fit_contract(  # noqa: PLR0913 - what decides about a release
    scores: Scores,
    labels: Labels,
    names: tuple[str, ...],
    checked: Checked | None = None,
    *,
    are_photos: bool = False,
    groups: Sequence[str] | NDArray[np.str_] | None = None,
    accuracy: float = ACCEPTED_ACCURACY,
    confidence: float = ACCEPT_CONFIDENCE,
    unfamiliar: float = FAMILIARITY_THRESHOLD,
) -> tuple[ModelContract, tuple[Kind, ...]]:
    """What serving needs to know about a model, learnt from the held-out pictures; the answers behind it.

    The temperature is the data set's alone: its probabilities are what the report checks.

    Args:
        scores: of the held-out pictures.
        labels: uint8 (N,), the truth.
        names: of the classes, in index order.
        checked: photos that familiarity and thresholds are learnt from, too.
        are_photos: whether the held-out pictures were converted like photos; all then choose one pair of
            thresholds.
        groups: of the held-out pictures; None where each is its own.
        accuracy: 0..1, share of the accepted answers to held-out pictures that must be right.
        confidence: 0..1, that each accepted answer needs.
        unfamiliar: 0..1, share of the held-out pictures that are `unfamiliar`, unless photos say.
    """
    temperature = fit_temperature(scores.probabilities, labels)
    familiarity = None
    if scores.distances is not None:
        familiarity = fit_familiarity(scores.distances, _known_distances(checked))
    least = least_familiarity(checked, are_photos=are_photos, unfamiliar=unfamiliar)
    table = partial(
        answers_by_kind,
        *(scores, labels, temperature, familiarity),
        checked=checked,
        groups=groups,
        accuracy=accuracy,
        confidence=confidence,
    )
    kinds = table(least)
    thresholds = fit_thresholds(kinds, least)
    if "cluttered" in least and any(thresholds[one].accept_nothing for one in ("plain", "cluttered")):
        least = {"pixels": least["pixels"], "plain": least["pixels"]}
        kinds = table(least)
        thresholds = fit_thresholds(kinds, least)
    contract = ModelContract(
        labels=names,
        input=CUT_OUT,
        temperature=temperature,
        thresholds=thresholds["pixels"],
        familiarity=familiarity,
        photo_thresholds=thresholds.get("plain"),
        cluttered_thresholds=thresholds.get("cluttered"),
    )
    return contract, kinds


def _known_distances(checked: Checked | None) -> Distances | None:
    """Of the photos that count for what is familiar; None where there are too few."""
    if checked is None or checked.scores.distances is None or not checked.says_what_is_familiar:
        return None
    return checked.scores.distances[checked.known]


def fit_familiarity(distances: Distances, of_photos: Distances | None = None) -> Familiarity:
    """Keep the distances of the held-out pictures at FAMILIARITY_POINTS evenly spaced ranks.

    Args:
        distances: float32 (N,), of the held-out pictures.
        of_photos: float32 (M,), of known photos; from AS_HELD_OUT on they count as much as these, fewer by
            their number, but none for less than a held-out picture.
    """
    groups, shares = [distances], [1.0]
    if of_photos is not None and len(of_photos):
        groups.append(of_photos)
        shares.append(min(1.0, len(of_photos) / min(AS_HELD_OUT, len(distances))))
    weights = np.concatenate(
        [np.full(len(group), share / len(group)) for group, share in zip(groups, shares, strict=True)]
    )
    quantiles = np.quantile(
        np.concatenate(groups).astype(np.float64),
        np.linspace(0, 1, FAMILIARITY_POINTS),
        weights=weights,
        method="inverted_cdf",
    )
    return Familiarity(quantiles=tuple(quantiles.tolist()))


def least_familiarity(
    checked: Checked | None = None, *, are_photos: bool = False, unfamiliar: float = FAMILIARITY_THRESHOLD
) -> dict[Shown, float]:
    """What has thresholds of its own, with the least familiarity of what is accepted of it.

    Args:
        checked: photos; they choose thresholds of their own if there are some of all PROMISED_TIERS, by
            ground if there are enough on both.
        are_photos: whether the held-out pictures were converted like photos; all then choose one pair.
        unfamiliar: as for `fit_contract`.
    """
    counts = checked is not None and checked.says_what_is_familiar
    usual = FAMILIARITY_OF_PHOTOS if counts else unfamiliar
    if are_photos or checked is None or not checked.of_all_tiers():
        return {"pixels": usual}
    if not checked.of_both_grounds:
        return {"pixels": usual, "plain": usual}
    return {"pixels": usual, "plain": FAMILIARITY_BY_GROUND, "cluttered": FAMILIARITY_BY_GROUND}


def answers_by_kind(  # noqa: PLR0913, PLR0917 - as above
    scores: Scores,
    labels: Labels,
    temperature: float,
    familiarity: Familiarity | None,
    least: Mapping[Shown, float],
    checked: Checked | None = None,
    *,
    groups: Sequence[str] | NDArray[np.str_] | None = None,
    accuracy: float = ACCEPTED_ACCURACY,
    confidence: float = ACCEPT_CONFIDENCE,
) -> tuple[Kind, ...]:
    """The table: the held-out pictures first, then each tier of photos.

    Args:
        scores: of the held-out pictures, before temperature.
        labels: uint8 (N,), the truth.
        temperature: from `fit_temperature`.
        familiarity: from `fit_familiarity`; None where the model measures no distance.
        least: from `least_familiarity`.
        checked: photos.
        groups: of the held-out pictures; None where each is its own.
        accuracy: as for `fit_contract`.
        confidence: as for `fit_contract`.
    """
    together = None if groups is None else numbered(groups)
    sure = confidences_of(scores, temperature, familiarity, least["pixels"])
    right = scores.probabilities.argmax(axis=1) == labels
    kinds = [Kind(HELD_OUT, sure, right, accuracy, together, confidence)]
    if checked is not None:
        softened = 1.0 if checked.calibrated else temperature
        of_photos = least.get("plain", least["pixels"])
        confidences = confidences_of(checked.scores, softened, familiarity, of_photos)
        promised = dict.fromkeys(PROMISED_TIERS, ACCEPTED_OF_PHOTOS)
        by_ground = "cluttered" in least
        kinds += photo_kinds(checked, confidences, promised, confidence, by_ground=by_ground)
    return tuple(kinds)


def photo_kinds(
    checked: Checked,
    confidences: NDArray[np.float32],
    promised: Mapping[str, float],
    least: float = ACCEPT_CONFIDENCE,
    *,
    by_ground: bool = False,
) -> tuple[Kind, ...]:
    """The rows of the table that are tiers of photos; an out-of-distribution photo has no right answer.

    Args:
        checked: N photos.
        confidences: float32 (N,), from `confidences_of`.
        promised: share of accepted answers that must be right, by tier; others have no promise.
        least: 0..1, confidence that each accepted answer needs.
        by_ground: whether a row is what a tier has on one ground, as far as it has enough there.
    """
    tiers, right = np.array(checked.tiers), checked.scores.probabilities.argmax(axis=1) == checked.labels

    def kind(tier: str, which: NDArray[np.bool_], ground: str = "") -> Kind:
        mine = (tiers == tier) & checked.known & which
        senders = numbered(np.array(checked.groups)[mine]) if checked.groups else None
        name = f"photos of tier {tier}{ground}"
        return Kind(name, confidences[mine], right[mine], promised.get(tier), senders, least)

    if by_ground:
        grounds = np.array(checked.grounds)
        return tuple(
            kind(tier, grounds == ground, ON_GROUND[ground]) for tier, ground in checked.on_grounds()
        )
    return tuple(kind(tier, checked.known) for tier in sorted(set(tiers[checked.known].tolist())))


def confidences_of(
    scores: Scores, temperature: float, familiarity: Familiarity | None, least: float
) -> NDArray[np.float32]:
    """The confidences of a Kind, float32 (N,): not a number where the familiarity is below the least."""
    calibration = Calibration(temperature=temperature)
    confidences: NDArray[np.float32] = np.array(
        [max(calibrate(row, calibration)) for row in scores.probabilities.tolist()], np.float32
    )
    if familiarity is None or scores.distances is None:
        return confidences
    ranks = np.array([familiarity_of(distance, familiarity) for distance in scores.distances.tolist()])
    return np.where(ranks >= least, confidences, np.float32(np.nan))


def fit_thresholds(kinds: Sequence[Kind], least: Mapping[Shown, float]) -> dict[Shown, Thresholds]:
    """The confidence at which most is accepted and every promise kept; ACCEPT_NOTHING where none keeps all.

    Args:
        kinds: the table.
        least: from `least_familiarity`; thresholds are chosen for each of its keys.
    """
    promised = [kind for kind in kinds if kind.accuracy is not None]
    # Easy tiers alone would let too much of others pass, so all tiers of a threshold choose it together.
    together = by_shown(promised) if "plain" in least else {"pixels": promised}
    return {
        shown: Thresholds(confidence=confidence_threshold(together[shown]), familiarity=familiarity)
        for shown, familiarity in least.items()
    }


def usual_accept_right(*, own_classes: bool) -> float:
    """Share of the accepted answers that must be right, unless the training names another."""
    return ACCEPTED_OF_OWN if own_classes else ACCEPTED_ACCURACY


def doubts_of_photos(tiers: Sequence[str]) -> list[str]:
    """The warnings before a training in which few photos of a tier would choose thresholds.

    Args:
        tiers: of the photos that show one of the classes.
    """
    least, counts = needed(ACCEPTED_OF_PHOTOS), Counter(tiers)
    doubts = [
        f"{counts[tier]} photos of tier {tier} can show how often accepted answers are right. With fewer "
        f"than {least}, every decision by the thresholds that photos choose will be `review`: bring more, or "
        "none."
        for tier in PROMISED_TIERS
        if 0 < counts[tier] < least
    ]
    if 0 < len(tiers) < FEWEST_FAMILIAR:
        doubts.append(
            f"{len(tiers)} photos of the classes do not say which photos are `unfamiliar`: with fewer than "
            f"{FEWEST_FAMILIAR}, the held-out pictures alone do, and most photos of floors and people may be."
        )
    return doubts
