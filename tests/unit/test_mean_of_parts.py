"""A mean of networks is compared with the networks that chose its thresholds."""

from dataclasses import replace

import numpy as np
import pytest

from inference.arrays import Probabilities
from inference.contract import InputContract, ModelContract, Thresholds
from training.export.mean_of_parts import compared

LABELS = np.array([0] * 80_000 + [1] * 20_000, np.uint8)
CONTRACT = ModelContract(
    labels=("left", "right"),
    input=InputContract(),
    temperature=1.0,
    thresholds=Thresholds(confidence=0.85, familiarity=0.0),
    familiarity=None,
)


def sure(*shares: float) -> Probabilities:
    """Answers for the first class to all pictures, as sure as this in turn."""
    first = np.resize(np.array(shares, np.float32), len(LABELS))
    return np.stack([first, 1 - first], axis=1)


def test_the_report_says_what_temperature_the_mean_and_its_parts_need_and_what_they_accept() -> None:
    found = compared(sure(0.8), [sure(0.9), sure(0.9, 0.8)], LABELS, CONTRACT)

    assert found.temperatures == pytest.approx((1.0, np.log(9) / np.log(4), 1.333), rel=0.001)
    assert found.accepted == (0.0, 1.0, 0.5)
    assert found.as_json() == {
        "mean_and_parts": {"temperature": [*found.temperatures], "accepted": [0.0, 1.0, 0.5]}
    }
    assert "the mean of 2 networks needs the temperature 1.000 and accepts 0.0%" in str(found)
    assert "and accept 50.0% to 100.0%." in str(found)


def test_what_is_accepted_is_as_sure_as_the_temperature_of_the_release_leaves_it() -> None:
    warm = replace(CONTRACT, temperature=2.0)  # 0.9 becomes 0.75

    assert compared(sure(0.9), [sure(0.9, 0.99)], LABELS, warm).accepted == (0.0, 0.5)
