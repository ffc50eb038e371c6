"""Rules of the attributes `colour` and `kind`: what each learns, and how its thresholds are decided.

An attribute is decided by answers of heads that learnt nothing from the photo's source (its shop or sender),
since a new shop is unknown to the released head as well.

- The head of `colour` learns one word for each photo. Photos of the development set, of which nothing is
  learnt, decide; each of them may have several right words.
- The head of `kind` learns fine kinds, which are added up to the names of the attribute (kinds.csv). Photos
  of the sources decide. Names of the ten classes are only accepted if the picture is familiar, further names
  always.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.contract import LABEL, Head, ModelContract
from lab.coloured_photos import (
    CHECKED,
    PALETTE,
    SHOP,
    USERS,
    WORDS,
    compute_colour_features,
    list_coloured_photos,
)
from lab.pretraining_photos import Photo
from lab.sealing import TOWNS
from lab.strangers import list_asked_photos
from lab.strangers_heads import SOURCES, UNITS, find_parts, read_vectors
from lab.tuning_photos import CLASSES, MEASURED_ALONE, OTHER, PARTS, find_kind, list_kind_names
from reports.answers import Answers
from training.data.labels import UNKNOWN_LABEL, Labels
from training.data.vectors import Features, FeatureVectors
from training.features.blocks import BlockName
from training.heads.hidden import HiddenLayerHead, fit_hidden_layer_head
from training.heads.photo_head import BALANCE_EXPONENT
from training.thresholds.acceptance import choose_confidence_threshold
from training.thresholds.answer_sets import compute_confidences, make_scores
from training.thresholds.attribute_thresholds import decide_attribute_thresholds
from training.thresholds.decide import UNFAMILIAR_PICTURES, Thresholds
from training.thresholds.requirements import PHOTOS_ACCEPTED_ACCURACY, ThresholdRequirements
from training.thresholds.temperature import fit_temperature_to_answers
from training.thresholds.unproven import decide_photo_thresholds

COLOUR: Final = "colour"
"""Name of the attribute that says the main colour of a garment."""
KIND: Final = "kind"
"""Name of the attribute that names a garment as shops do, such as `skirt`."""

USER_PHOTO_WEIGHT: Final = 8.0
"""Weight of a user's photo in the loss of `colour`: there are 424 of them and 9,363 of shops."""
COLOUR_BALANCE_EXPONENT: Final = 0.5
"""Exponent b of the weight n^-b that each of the n photos of one colour has in the loss."""

CATALOGUE_PHOTO_WEIGHT: Final = 0.3
"""Weight of a photo of 60 x 80 pixels in the loss of `kind`."""
NAME_WEIGHTS: Final = {"skirt": 0.4, "underwear": 2.0, "jewellery": 0.2, OTHER: 1.3}
"""Weight of the photos of one name in the loss of `kind`.

A low one makes the head give the name less often.
"""

Mask = NDArray[np.bool_]

Fitted = tuple[HiddenLayerHead, FeatureVectors | None]
"""A head, and the table that adds up its classes: float32 (classes of the head, labels), 1 where a class
belongs to a label. None if the head's classes are the labels.
"""


@dataclass(frozen=True)
class Trial:
    """A head whose answers are used, and the photos that it learns and answers.

    Attributes:
        part: the part of the sources that its network has not learnt; None for the network that learnt all.
        learnt: the photos that the head learns, bool (N,).
        answered: the photos that it answers, bool (N,).
    """

    part: int | None
    learnt: Mask
    answered: Mask


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """The photos from which an attribute is learnt, and the rules for it.

    Attributes:
        name: the name of the attribute.
        photos: N photos.
        labels: the right labels of each photo; UNKNOWN_LABEL if its answer is not used.
        learnt: the photos that the head of the release learns, bool (N,), by where they come from.
        trials: the heads that answer photos of sources they have not learnt; the last one is the released
            head.
        deciding: the photos whose answers decide the thresholds, bool (N,).
        products: the photos of products, bool (N,). Several of them belong to one product.
        further: the feature blocks that the head reads beside the vector of the class.
        seen: a function that returns the feature vectors of all photos by the network of a part.
        fit: a function that fits a head on some of the photos, bool (N,).
        decide: a function that returns the head and its thresholds. It gets the answers about the class, the
            labels and the probabilities of the photos that decide, and the contract of the network.
    """

    name: str
    photos: Sequence[Photo]
    labels: Labels
    learnt: Mapping[str, Mask]
    trials: Sequence[Trial]
    deciding: Mask
    products: Mask
    further: tuple[BlockName, ...] = ()
    seen: Callable[[int | None], Features]
    fit: Callable[[Mask, Features], Fitted]
    decide: Callable[[Answers, Labels, NDArray[np.float64], ModelContract], tuple[Head, Thresholds]]


def make_attribute(name: str, folder: Path, vectors: Path) -> Attribute:
    """Return the attribute with a name, and the photos that it learns.

    Args:
        folder: the folder of photos.
        vectors: the folder of vectors from lab.strangers, which `kind` needs.
    """
    if name == COLOUR:
        photos = list_coloured_photos(folder)
        seen = compute_colour_features(folder, photos)
        return make_colour_attribute(photos, lambda _: seen)
    return make_kind_attribute(list_asked_photos(folder), lambda part: Features(*read_vectors(vectors, part)))


def find_source_photos(photos: Sequence[Photo]) -> Mask:
    """Tell which photos other shops and people have taken, bool (N,)."""
    return np.array([photo.archive.startswith(SOURCES) for photo in photos])


def make_colour_attribute(
    pairs: Sequence[tuple[str, Photo]], seen: Callable[[int | None], Features]
) -> Attribute:
    """Return the attribute `colour`.

    Args:
        pairs: the photos with their parts, from `list_coloured_photos`.
        seen: a function that returns their feature vectors.
    """
    part = np.array([part for part, _ in pairs])
    photos = [photo for _, photo in pairs]
    main = np.array([WORDS.index(photo.colours[0]) for photo in photos], np.int16)
    labels = Labels(WORDS, main, np.array([[word in photo.colours for word in WORDS] for photo in photos]))
    learnt = np.isin(part, (SHOP, USERS))
    left_out = np.where(find_source_photos(photos), find_parts(photos), -1)
    products = (left_out >= 0) & [photo.tier in {"A", "B"} for photo in photos]

    def fit(learnt: Mask, seen: Features) -> Fitted:
        words = main[learnt]
        factors = np.where(part[learnt] == USERS, USER_PHOTO_WEIGHT, 1.0)
        weights = np.float64(np.bincount(words)[words]) ** -COLOUR_BALANCE_EXPONENT * factors
        head = fit_hidden_layer_head(seen.take(learnt), words.astype(np.uint8), len(WORDS), weights, UNITS)
        return head, None

    without = [Trial(n, learnt & (left_out != n), products & (left_out == n)) for n in range(PARTS)]
    return Attribute(
        name=COLOUR,
        photos=photos,
        labels=labels,
        learnt={name: part == name for name in (SHOP, USERS)},
        trials=(*without, Trial(None, learnt, part == CHECKED)),
        deciding=part == CHECKED,
        products=products,
        further=(PALETTE,),
        seen=seen,
        fit=fit,
        decide=decide_colour,
    )


def decide_colour(
    of_class: Answers, labels: Labels, shares: NDArray[np.float64], contract: ModelContract
) -> tuple[Head, Thresholds]:
    """Return the head of `colour` and its thresholds, by the rule for attributes of own classes."""
    of_all = {LABEL: Labels.make_from_codes(of_class.truth, contract.labels), COLOUR: labels}
    about_class = Thresholds(contract.temperature, contract.familiarity, contract.class_head.confidence, ())
    required = ThresholdRequirements(accuracy=PHOTOS_ACCEPTED_ACCURACY)
    answered = {COLOUR: shares.astype(np.float32)}
    thresholds = decide_attribute_thresholds(of_all, answered, of_class, about_class, required)[COLOUR]
    return thresholds.make_head(WORDS), thresholds


def make_kind_attribute(photos: Sequence[Photo], seen: Callable[[int | None], Features]) -> Attribute:
    """Return the attribute `kind`.

    The name OTHER stands for all kinds without a name of their own. A photo of such a kind is answered by a
    head that has learnt nothing of its kind, as the released head will meet kinds that nobody knows. Photos
    of other kinds are answered by a head that lacks only some of the kinds without a name.
    """
    kinds, shown = (np.array(column) for column in zip(*map(find_kind, photos), strict=True))
    names = list_kind_names()
    parts = find_parts(photos)
    main = [names.index(name) if name else UNKNOWN_LABEL for name in shown.tolist()]
    learnt = (kinds != "") & [photo.source not in MEASURED_ALONE for photo in photos]
    asked = (shown != "") & find_source_photos(photos)
    # What is not learnt has a group of its own, which all heads lack.
    unnamed = np.unique(kinds[(shown == OTHER) & (kinds != "")]).tolist()
    group_of = {kind: place % PARTS for place, kind in enumerate(unnamed)} | {"": PARTS}
    groups = np.array([group_of.get(kind, -1) for kind in kinds.tolist()])
    answered_by = np.where(groups < 0, PARTS - 1, groups)
    without = [
        Trial(
            part,
            learnt & (parts != part) & (groups != group),
            asked & (parts == part) & (answered_by == group),
        )
        for part in range(PARTS)
        for group in range(PARTS + 1)
    ]
    weights = _weigh_kinds(photos, kinds, shown)

    def fit(learnt: Mask, seen: Features) -> Fitted:
        own, codes = np.unique(kinds[learnt], return_inverse=True)
        head = fit_hidden_layer_head(
            seen.take(learnt), codes.astype(np.uint8), len(own), weights[learnt], UNITS
        )
        name_of = dict(zip(kinds.tolist(), shown.tolist(), strict=True))
        return head, np.array([[name_of[kind] == name for name in names] for kind in own], np.float32)

    return Attribute(
        name=KIND,
        photos=photos,
        labels=Labels.make_from_codes(np.array(main), names),
        learnt={"photos": learnt},
        trials=(*without, Trial(None, learnt, np.zeros_like(learnt))),
        deciding=asked,
        # Other photos show all answers of the class and of the colour, but none of the kind.
        products=asked & [not photo.sender.startswith(TOWNS) for photo in photos],
        seen=seen,
        fit=fit,
        decide=decide_kind,
    )


def _weigh_kinds(
    photos: Sequence[Photo], kinds: NDArray[np.str_], names: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Return the weight of each photo in the loss, float64 (N,).

    The n photos of one kind, tier and source weigh n^(1 - BALANCE_EXPONENT) together, so that a large source
    does not hide a small one.
    """
    cells = [f"{kind} {photo.tier} {photo.source}" for kind, photo in zip(kinds, photos, strict=True)]
    _, of_each, counts = np.unique(cells, return_inverse=True, return_counts=True)
    is_small = [photo.archive.startswith("catalogue") for photo in photos]
    of_names = [NAME_WEIGHTS.get(name, 1.0) for name in names.tolist()]
    return np.asarray(
        counts[of_each] ** -BALANCE_EXPONENT * np.where(is_small, CATALOGUE_PHOTO_WEIGHT, 1) * of_names
    )


def decide_kind(
    of_class: Answers,
    labels: Labels,
    shares: NDArray[np.float64],
    contract: ModelContract,
    classes: Collection[str] = CLASSES,
) -> tuple[Head, Thresholds]:
    """Return the head of `kind`, and its thresholds by the rule for the class.

    All answers show the promise, and those about pictures whose class is unfamiliar by themselves.
    """
    names = labels.names
    predicted = shares.argmax(axis=1)
    further = [name for name in names if name not in {*classes, OTHER}]
    is_further = np.isin(predicted, [names.index(name) for name in further])
    answers = replace(
        of_class,
        sets=np.full(len(of_class), KIND),  # photos of none of the classes promise as well
        truth=labels.main_codes.astype(np.int64),
        predicted=predicted,
        probabilities=shares,
    )
    required = ThresholdRequirements(
        accuracy=PHOTOS_ACCEPTED_ACCURACY,
        temperature=fit_temperature_to_answers(answers),
        familiarity=contract.familiarity,
        unfamiliar_shares=(contract.minimum_familiarity,),
        withheld_label_ids=(names.index(OTHER),),
    )
    anywhere = replace(answers, distances=np.where(is_further, -np.inf, answers.distances))
    thresholds = decide_photo_thresholds(anywhere, required, names)
    [of_all] = thresholds.answer_sets
    is_unfamiliar = np.isnan(compute_confidences(make_scores(answers), 1.0, contract.familiarity))
    sets = (of_all, of_all.select_answers(UNFAMILIAR_PICTURES, is_unfamiliar))
    # Names outside the classes keep the promise by themselves, because a shop may sell hats alone.
    thresholds = replace(thresholds, confidence=choose_confidence_threshold(sets), answer_sets=sets)
    return replace(thresholds.make_head(names), familiarity=dict.fromkeys(further, 0.0)), thresholds
