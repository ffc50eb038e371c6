"""What a new head for photos leaves of its parent's evidence of products, by the bundled network's own."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference.contract import LABEL, ModelContract
from inference.sessions.onnx_session import DISTANCE
from inference.words.kinds import KIND
from model_store.local_releases import open_bundled_release
from reports.answers import NO_ANSWERS, Answers
from reports.product_rule import is_accuracy_promise_proven
from reports.promises import ProductPromise
from reports.values import read_report
from training.features.shipped import read_shipped_photos
from training.gradient.networks.registry import LOGITS_LAYER
from training.heads.hidden import HiddenLayerHead
from training.heads.photo_head import PhotoHead, build_heads_network
from training.release.kept_evidence import choose_product_promises, has_kind_head, is_contract_as_strict
from training.release.photos import read_parent_photo_heads
from training.untyped import Network

CONTRACT = open_bundled_release().manifest.get_contract("photos")


@pytest.fixture(scope="module")
def network() -> Network:
    return read_parent_photo_heads(open_bundled_release())


@pytest.fixture(scope="module")
def head(network: Network) -> PhotoHead:
    """The parent's own, as if it had been fitted again."""
    weights = [
        weight for name in ("hidden", LOGITS_LAYER) for weight in network.get_layer(name).get_weights()
    ]
    none: Any = None
    return PhotoHead(read_shipped_photos(), HiddenLayerHead(*weights), 10, none, none, none, none)


def kept(
    network: Network, head: PhotoHead, now: ModelContract, own: Answers = NO_ANSWERS
) -> tuple[dict[str, ProductPromise], str]:
    """What is kept, and what is said."""
    said = list[str]()
    products = choose_product_promises(open_bundled_release(), network, head, now, own, said.append)
    return dict(products), " ".join(said)


def of_label(**changed: Any) -> ModelContract:
    return CONTRACT.replace_heads({LABEL: replace(CONTRACT.class_head, **changed)})


def test_a_head_that_answers_alike_keeps_what_its_parent_showed_of_products(
    network: Network, head: PhotoHead
) -> None:
    assert DISTANCE in network.output
    assert kept(network, head, CONTRACT) == (read_report(open_bundled_release()).products, "")


def test_ranks_of_another_scale_do_not_drop_it(network: Network, head: PhotoHead) -> None:
    """The same distances have half their ranks among twice as many photos."""
    familiarity = CONTRACT.familiarity
    assert familiarity is not None
    nearer = (familiarity.quantiles[0],) * (len(familiarity.quantiles) - 1)
    more = replace(
        familiarity, quantiles=(*nearer, *familiarity.quantiles), threshold=familiarity.threshold / 2
    )

    products, _ = kept(network, head, replace(CONTRACT, familiarity=more))

    assert products == read_report(open_bundled_release()).products


@pytest.mark.parametrize("odds", [-1.0, 3.0], ids=["fewer are unfamiliar", "too many change sides"])
def test_a_head_that_calls_other_photos_unfamiliar_keeps_nothing_and_says_so(
    odds: float, network: Network, head: PhotoHead
) -> None:
    bias = head.head.bias + np.where(np.arange(11) == 10, odds, 0).astype(np.float32)

    products, said = kept(network, replace(head, head=replace(head.head, bias=bias)), CONTRACT)

    assert products == {}
    assert "showed of products does not hold for this head: of 4,905 photos of garments it calls" in said
    assert "there is none to measure. Products of several photos are `review`" in said


@pytest.fixture(scope="module")
def of_classes(head: PhotoHead) -> PhotoHead:
    """The same, as if it had learnt no other things."""
    alone = replace(head.head, kernel=head.head.kernel[:, :10], bias=head.head.bias[:10])
    return replace(head, head=alone)


def test_a_head_that_learnt_no_other_things_keeps_nothing(network: Network, of_classes: PhotoHead) -> None:
    products, said = kept(network, of_classes, replace(CONTRACT, familiarity=None))

    assert products == {}
    assert "of 4,905 photos of garments it calls 0 unfamiliar, its parent" in said


def test_a_parent_that_learnt_no_other_things_calls_none_unfamiliar(
    network: Network, head: PhotoHead, of_classes: PhotoHead
) -> None:
    parent, bias = build_heads_network(of_classes, network), head.head.bias + 3 * (np.arange(11) == 10)
    many = replace(head, head=replace(head.head, bias=bias.astype(np.float32)))

    found, (products, said) = (kept(parent, one, CONTRACT) for one in (head, many))

    assert DISTANCE not in parent.output
    assert found == (read_report(open_bundled_release()).products, "")
    assert products == {}
    assert "unfamiliar, its parent 0, and" in said


def test_products_of_the_corrections_take_its_place_where_they_show_the_promise(
    network: Network, head: PhotoHead
) -> None:
    lax = of_label(confidence=0.8)
    n = 80
    own = Answers.make_answers(
        "own",
        np.repeat(np.arange(n) % 10, 2),
        pictures=[f"{place:016x}" for place in range(2 * n)],
        groups=[f"product {place // 2}" for place in range(2 * n)],
        decisions="accept",
        probabilities=np.repeat(0.991 * np.eye(10)[np.arange(n) % 10] + 0.0009, 2, axis=0),
    )

    products, said = kept(network, head, lax, own)

    assert (products[LABEL].n, products[LABEL].accepted, is_accuracy_promise_proven(products[LABEL])) == (
        n,
        n,
        True,
    )
    assert said.endswith("does not hold for this head: it accepts answers that its parent did not.")


@pytest.mark.parametrize(
    ("now", "as_strict"),
    [
        (CONTRACT, True),
        (of_label(confidence=0.99, stricter={"Coat": 0.95}), True),
        (of_label(withheld=("Coat",), stricter={}), True),
        (of_label(confidence=0.5), False),
        (of_label(temperature=0.5), False),
        (of_label(stricter={}), False),
    ],
)
def test_a_contract_is_as_strict_where_it_accepts_no_further_answer(
    now: ModelContract, as_strict: bool
) -> None:
    assert is_contract_as_strict(CONTRACT, now) == as_strict


def test_what_words_may_decide_rests_on_the_kinds_where_a_release_answers_them() -> None:
    without = CONTRACT.replace_heads({})

    assert KIND in CONTRACT.attributes
    assert has_kind_head(CONTRACT)
    assert not has_kind_head(replace(without, heads={LABEL: without.class_head}))
