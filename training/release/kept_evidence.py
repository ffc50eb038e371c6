"""Decide whether figures of a release (the parent) still hold after its head for photos was fitted again.

The head is the last part of the network that answers photos. The parent's report says how many accepted
products are right, and the new head was not measured on these products. The figures hold if two conditions
are met:

1. The new thresholds accept no answer that the parent's did not accept.
2. Both heads call nearly the same photos of garments unfamiliar, because a product is accepted by its
   familiar photos. Both are asked about the garments whose vectors come with this package.
"""

from collections.abc import Mapping
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Distances
from inference.contract import LABEL, ModelContract
from inference.decision import compute_familiarity
from inference.sessions.onnx_session import DISTANCE
from inference.words.kinds import KIND
from model_store.local_releases import LocalRelease
from reports.answers import CLASS_HEAD, Answers
from reports.product_rule import is_promise_shown
from reports.promises import ProductPromise
from reports.values import read_report
from training.data.vectors import FeatureVectors
from training.evaluation.products import measure_products
from training.features.blocks import VECTOR_LAYER
from training.features.shipped import read_shipped_photos
from training.heads.photo_head import PhotoHead, make_photo_scores
from training.progress import Say
from training.thresholds.requirements import PHOTOS_ACCEPTED_ACCURACY
from training.untyped import Network

GARMENTS: Final = ("A", "B")
"""Tiers of the photos that both heads answer: shops' photos, A on a plain background and B worn."""

MOST_CHANGED: Final = 0.03
"""Largest share of these photos that may be unfamiliar to one head but not to the other."""


def is_as_strict(before: ModelContract, now: ModelContract) -> bool:
    """Return whether new thresholds accept no answer about the class that the old ones did not accept.

    Args:
        before: the thresholds of the old network.
        now: the thresholds of the new network.
    """
    then = before.class_head
    head = now.class_head
    return (
        # A higher temperature lowers confidences, so the same threshold accepts less.
        head.temperature >= then.temperature
        and head.confidence >= then.confidence
        and set(then.withheld) <= set(head.withheld)
        and all(
            label in head.withheld or head.stricter.get(label, 0.0) >= least
            for label, least in then.stricter.items()
        )
    )


def choose_product_promises(  # noqa: PLR0913, PLR0917 - both heads, and whom it is said to
    parent: LocalRelease,
    parent_heads: Network | None,
    head: PhotoHead,
    now: ModelContract,
    own: Answers,
    say: Say,
) -> Mapping[str, ProductPromise]:
    """Return the figures that a release has about products: the parent's, or those of the user's products.

    Args:
        parent: the release whose head for photos was fitted again.
        parent_heads: the parent's heads; None if it has no network for photos.
        head: the new head.
        now: the thresholds of the new head.
        own: decided answers to photos of the user's products, from heads that did not learn them; empty if
            the photos are not grouped by product.
        say: a function that receives a sentence if the parent's figures are dropped, and why.
    """
    before = read_report(parent).products
    if not before or parent_heads is None:
        return measure_products(own, PHOTOS_ACCEPTED_ACCURACY)
    if why := _explain_dropped_figures(parent.manifest.get_contract("photos"), parent_heads, head, now):
        say(f"What {parent.version} showed of products does not hold for this head: {why}.")
        measured = measure_products(own.select_head(CLASS_HEAD), PHOTOS_ACCEPTED_ACCURACY)
        if not is_promise_shown(measured.get(LABEL)):
            promise = measured.get(LABEL)
            accepted = f"{promise.accepted:,} of {promise.n:,} are accepted" if promise else ""
            say(
                f"Nor is it shown by products of your own: {accepted or 'there is none to measure'}. "
                "Products of several photos are `review`."
            )
        return measured
    return before


def _explain_dropped_figures(
    before: ModelContract, network: Network, head: PhotoHead, now: ModelContract
) -> str:
    if not is_as_strict(before, now):
        return "it accepts answers that its parent did not"
    vectors = _read_garment_vectors()
    # Familiarities of two heads cannot be compared, since each ranks its own distances. So the photos are
    # compared that each head calls unfamiliar. A head that learnt no other things calls none unfamiliar.
    of_parent = of_head = np.zeros(len(vectors), np.bool_)
    if (output := network.output.get(DISTANCE)) is not None:
        answer = keras.Model(network.get_layer(VECTOR_LAYER).output, output)
        of_parent = _find_unfamiliar(before, np.asarray(answer(vectors), np.float32))
    if (
        distances := make_photo_scores(head.head.compute_logits(vectors), head.class_count).distances
    ) is not None:
        of_head = _find_unfamiliar(now, distances)
    if of_head.sum() >= of_parent.sum() and np.mean(of_head != of_parent) <= MOST_CHANGED:
        return ""
    return (
        f"of {len(vectors):,} photos of garments it calls {of_head.sum():,} unfamiliar, its parent "
        f"{of_parent.sum():,}, and {np.sum(of_head != of_parent):,} of them differ"
    )


def _read_garment_vectors() -> FeatureVectors:
    photos = read_shipped_photos()
    return photos.take(np.isin(photos.tiers, GARMENTS) & (photos.classes >= 0)).features.upright


def _find_unfamiliar(contract: ModelContract, distances: Distances) -> NDArray[np.bool_]:
    """Tell which photos are unfamiliar, bool (N,), by distances from the network that has this contract."""
    familiarity = contract.familiarity
    if familiarity is None:
        return np.zeros(len(distances), np.bool_)
    ranks = [compute_familiarity(distance, familiarity) for distance in distances.tolist()]
    return np.less(ranks, contract.minimum_familiarity)


def has_kind_shares(contract: ModelContract) -> bool:
    """Return whether a network answers the attribute `kind`, such as "skirt", besides the class.

    Figures about words of titles are then measured on the kind, and stay valid if the head of the class is
    replaced.
    """
    return KIND in contract.attributes
