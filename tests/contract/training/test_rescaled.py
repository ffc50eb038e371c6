"""Attributes of a calibrated network are accepted up to the distances up to which they were shown."""

from dataclasses import replace

import numpy as np
import pytest

from inference.contract import ModelContract
from model_store.local import LocalRelease, bundled
from reports.answers import Answers, all_answers_in
from reports.decisions import decide_stored
from training.release.kept_evidence import farthest
from training.release.rescaled import attributes_as_far, keeps_promise, stored_ranks

BEFORE = bundled().manifest.contract("photos")
RANKED = BEFORE.with_heads(
    {"kind": replace(BEFORE.heads["kind"], familiarity={"skirt": 0.3, "hat": 0.0, "belt": 1.0})}
)


def on_scale(before: ModelContract, shift: float, threshold: float = 0.09) -> ModelContract:
    """The contract whose own photos lie farther away by `shift`, with its attributes."""
    assert before.familiarity is not None
    quantiles = tuple(distance + shift for distance in before.familiarity.quantiles)
    now = replace(before, familiarity=replace(before.familiarity, quantiles=quantiles, threshold=threshold))
    return now.with_heads(attributes_as_far(before, now))


def reaches(contract: ModelContract, name: str) -> list[float]:
    """By label, the greatest distance from which the attribute is accepted."""
    head = contract.heads[name]
    return [farthest(contract, contract.least_familiarity_of(head, label)) for label in head.labels]


@pytest.mark.parametrize("shift, threshold", [(0, 0.02), (3, 0.09), (3, 0.0)])
def test_attributes_keep_their_distances_where_the_class_is_accepted_from_farther(
    shift: float, threshold: float
) -> None:
    now = on_scale(BEFORE, shift, threshold)

    assert now.fault() is None
    for name in BEFORE.attributes:
        assert reaches(now, name) == pytest.approx(reaches(BEFORE, name))
        assert keeps_promise(name, BEFORE, now)


def test_a_rank_of_a_label_becomes_that_of_its_distance_and_0_stays_0() -> None:
    before = RANKED.with_heads(
        {"kind": replace(RANKED.heads["kind"], familiarity={"skirt": 0.3, "hat": 0.0})}
    )

    now = on_scale(before, -1.0)

    ranks = now.heads["kind"].familiarity
    assert ranks is not None
    assert (set(ranks), ranks["hat"]) == ({"skirt", "hat"}, 0.0)
    assert farthest(now, ranks["skirt"]) == pytest.approx(farthest(before, 0.3))


def test_a_distance_beyond_the_new_scale_refuses_what_is_farther_than_that_scale() -> None:
    now = on_scale(
        RANKED.with_heads({"kind": replace(RANKED.heads["kind"], familiarity={"skirt": 0.3})}), -50
    )

    assert (now.heads["kind"].familiarity or {})["skirt"] > 0


def test_a_distance_nearer_than_the_new_scale_accepts_nothing() -> None:
    now = on_scale(RANKED, 3)  # `belt` was accepted where it is as near as the nearest photo

    assert now.heads["kind"].accepts_nothing
    assert not keeps_promise("kind", RANKED, now)
    assert keeps_promise("colour", RANKED, now)


def test_an_attribute_of_some_classes_has_no_rank_and_loses_its_promise_where_the_class_reaches_farther() -> (
    None
):
    of_some = replace(BEFORE.heads["colour"], applies_to=BEFORE.labels[:2])
    before = BEFORE.with_heads({"colour": of_some})

    farther, nearer = on_scale(before, 3), on_scale(before, -3)

    assert farther.heads["colour"] == nearer.heads["colour"] == of_some
    assert farther.fault() is None
    assert (keeps_promise("colour", before, farther), keeps_promise("colour", before, nearer)) == (
        False,
        True,
    )


def test_stored_answers_to_attributes_are_decided_on_the_new_scale_as_they_were() -> None:
    stored = answers_to_photos(bundled())
    now = on_scale(BEFORE, 3)

    ranks = stored_ranks(stored.familiarity, BEFORE, now)
    then = decide_stored(stored, {"photos": BEFORE})
    again = decide_stored(replace(stored, familiarity=ranks), {"photos": now})

    of_kind = stored.attributes == "kind"
    assert np.sum(then.decisions[of_kind] == "unfamiliar") > 10
    assert again.decisions[of_kind].tolist() == then.decisions[of_kind].tolist()


def answers_to_photos(release: LocalRelease) -> Answers:
    stored = all_answers_in(release.manifest, lambda path: (release.folder / path).read_bytes(), "bundled")
    return stored.take((stored.by == "") & (stored.networks == "photos"))
