"""What a photo or a product is decided to be, by its photos, its title and its category."""

import pytest

from inference.garment_decision import decide_garment
from inference.posterior import DEFAULT_FIGURES
from tests.formula_cases import CASES, RELEASE, Case, make_evidence


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_of_the_seventeen_cases_is_decided_as_the_page_says(case: Case) -> None:
    decision = decide_garment(make_evidence(case), RELEASE, DEFAULT_FIGURES)

    assert (None if decision.kind_reason else decision.kind) == case.kind
    assert (None if decision.label_reason else decision.label) == case.label
    assert decision.suggested_kinds == case.suggestions
