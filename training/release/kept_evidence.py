"""Evidence of a parent that a release with a new head for photos keeps, as it did not measure it itself.

A product is accepted by its familiar photos. So the parent's evidence of products holds where the new head is
as strict, and calls photos of garments unfamiliar as its parent does: ranks do not say that, as each head has
its own scale. Both are asked about the garments whose vectors come with this package. Pure, but for running
the parent's head. The release: photos.py.
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
from reports.values import ProductPromise, read_report
from training.data.vectors import FeatureVectors
from training.evaluation.products import measure_products
from training.features.blocks import VECTOR_LAYER
from training.features.shipped import read_shipped_photos
from training.heads.photo_head import PhotoHead, make_photo_scores
from training.progress import Say
from training.thresholds.requirements import PHOTOS_ACCEPTED_ACCURACY
from training.untyped import Network

GARMENTS: Final = ("A", "B")
"""Tiers (ways to take photos) of the photos that both heads answer: the shops' photos of products."""

MOST_CHANGED: Final = 0.03
"""Largest share of these photos that may be unfamiliar to one head but not to the other."""


def is_as_strict(before: ModelContract, now: ModelContract) -> bool:
    """Return whether new thresholds accept no answer about the class that the old ones did not accept.

    Args:
        before: the contract of the old network.
        now: the contract of the new network.
    """
    then = before.class_head
    head = now.class_head
    return (
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
    """Return what a release promises about products: the parent's figures, or those of the user's products.

    Args:
        parent: the release whose head for photos was fitted again.
        parent_heads: the parent's heads, from `read_matching_heads`.
        head: the head that takes its place.
        now: the contract of the release.
        own: decided cross-fitted answers to photos of the user's products; empty if groups are no products.
        say: receives a sentence on why figures of the parent are dropped.
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
    # A head that learnt no other things calls none unfamiliar.
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
    """Tell which photos are unfamiliar, by the distances that the contract's own network gives them."""
    familiarity = contract.familiarity
    if familiarity is None:
        return np.zeros(len(distances), np.bool_)
    ranks = [compute_familiarity(distance, familiarity) for distance in distances.tolist()]
    return np.less(ranks, contract.minimum_familiarity)


def has_kind_shares(contract: ModelContract) -> bool:
    """Return whether the threshold of title words was measured on the attribute `kind`.

    If so, it stays valid when the head that answers the class is replaced.
    """
    return KIND in contract.attributes
