"""How well a release tells what it never learnt from what it knows."""

import numpy as np
import pytest

from inference.contract import Familiarity
from training.heads.ood import measure_separation

FAMILIARITY = Familiarity(quantiles=(0.0, 1.0, 2.0), threshold=0.5)


@pytest.mark.parametrize(
    ("far", "auroc", "unfamiliar"),
    [
        pytest.param([9.0, 9.0, 9.0, 9.0], 1.0, 1.0, id="all farther than what is known"),
        pytest.param([9.0, 9.0, 9.0, 0.1], 0.75, 0.75, id="one nearer"),
        pytest.param([0.5, 0.5, 0.5, 0.5], 0.5, 0.0, id="a distance that tells nothing"),
    ],
)
def test_photos_of_other_kinds_are_judged_by_their_distances(
    far: list[float], auroc: float, unfamiliar: float
) -> None:
    found = measure_separation(np.full(40, 0.5, np.float32), np.array(far, np.float32), FAMILIARITY)

    assert (found.n, found.familiarity_auroc, found.unfamiliar) == (4, auroc, unfamiliar)
