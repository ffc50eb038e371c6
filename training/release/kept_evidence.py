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
from reports.product_rule import is_accuracy_promise_proven
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

MAX_CHANGED_SHARE: Final = 0.03
"""Largest share of these photos that may be unfamiliar to one head but not to the other."""


def is_contract_as_strict(old_contract: ModelContract, new_contract: ModelContract) -> bool:
    """Return whether new thresholds accept no answer about the class that the old ones did not accept.

    Args:
        old_contract: the thresholds of the old network.
        new_contract: the thresholds of the new network.
    """
    old_head = old_contract.class_head
    new_head = new_contract.class_head
    return (
        # A higher temperature lowers confidences, so the same threshold accepts less.
        new_head.temperature >= old_head.temperature
        and new_head.confidence >= old_head.confidence
        and set(old_head.withheld) <= set(new_head.withheld)
        and all(
            label in new_head.withheld or new_head.stricter.get(label, 0.0) >= least
            for label, least in old_head.stricter.items()
        )
    )


def choose_product_promises(  # noqa: PLR0913, PLR0917 - both heads, and whom it is said to
    parent: LocalRelease,
    parent_heads: Network | None,
    head: PhotoHead,
    contract: ModelContract,
    own_answers: Answers,
    say: Say,
) -> Mapping[str, ProductPromise]:
    """Return the figures that a release has about products: the parent's, or those of the user's products.

    Args:
        parent: the release whose head for photos was fitted again.
        parent_heads: the parent's heads; None if it has no network for photos.
        head: the new head.
        contract: the thresholds of the new head.
        own_answers: decided answers to photos of the user's products, from heads that did not learn them;
            empty if the photos are not grouped by product.
        say: a function that receives a sentence if the parent's figures are dropped, and why.
    """
    parent_figures = read_report(parent).products
    if not parent_figures or parent_heads is None:
        return measure_products(own_answers, PHOTOS_ACCEPTED_ACCURACY)
    if why := _explain_dropped_figures(parent.manifest.get_contract("photos"), parent_heads, head, contract):
        say(f"What {parent.version} showed of products does not hold for this head: {why}.")
        own_figures = measure_products(own_answers.select_head(CLASS_HEAD), PHOTOS_ACCEPTED_ACCURACY)
        if not is_accuracy_promise_proven(own_figures.get(LABEL)):
            promise = own_figures.get(LABEL)
            accepted = f"{promise.accepted:,} of {promise.n:,} are accepted" if promise else ""
            say(
                f"Nor is it shown by products of your own: {accepted or 'there is none to measure'}. "
                "Products of several photos are `review`."
            )
        return own_figures
    return parent_figures


def _explain_dropped_figures(
    old_contract: ModelContract, network: Network, head: PhotoHead, new_contract: ModelContract
) -> str:
    if not is_contract_as_strict(old_contract, new_contract):
        return "it accepts answers that its parent did not"
    vectors = _read_garment_vectors()
    # Familiarities of two heads cannot be compared, since each ranks its own distances. So the photos are
    # compared that each head calls unfamiliar. A head that learnt no other things calls none unfamiliar.
    is_unfamiliar_to_parent = is_unfamiliar_to_head = np.zeros(len(vectors), np.bool_)
    if (output := network.output.get(DISTANCE)) is not None:
        answer = keras.Model(network.get_layer(VECTOR_LAYER).output, output)
        is_unfamiliar_to_parent = _find_unfamiliar(old_contract, np.asarray(answer(vectors), np.float32))
    if (
        distances := make_photo_scores(head.head.compute_logits(vectors), head.class_count).distances
    ) is not None:
        is_unfamiliar_to_head = _find_unfamiliar(new_contract, distances)
    if (
        is_unfamiliar_to_head.sum() >= is_unfamiliar_to_parent.sum()
        and np.mean(is_unfamiliar_to_head != is_unfamiliar_to_parent) <= MAX_CHANGED_SHARE
    ):
        return ""
    return (
        f"of {len(vectors):,} photos of garments it calls {is_unfamiliar_to_head.sum():,} unfamiliar, its "
        f"parent {is_unfamiliar_to_parent.sum():,}, and "
        f"{np.sum(is_unfamiliar_to_head != is_unfamiliar_to_parent):,} of them differ"
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


def has_kind_head(contract: ModelContract) -> bool:
    """Return whether a network answers the attribute `kind`, such as "skirt", besides the class.

    Figures about words of titles are then measured on the kind, and stay valid if the head of the class is
    replaced.
    """
    return KIND in contract.attributes
