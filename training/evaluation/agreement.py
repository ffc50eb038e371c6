"""Do two evaluations of one model agree? Pure. scripts/evaluate.py asks."""

from typing import Final

import numpy as np

from model_store.report import TestFigures

TOLERANCE: Final = 1e-3
"""Largest difference of a figure, and share of pictures with another answer, that rounding on another
processor explains; on the same one both are zero."""


def differences(stored: TestFigures, found: TestFigures) -> list[str]:
    """What differs by more than TOLERANCE, a sentence each; empty when they agree."""
    if stored.n != found.n:
        return [f"n: the report has {stored.n}, found {found.n}."]
    named = {
        "accuracy": (stored.accuracy, found.accuracy),
        "loss": (stored.loss, found.loss),
        "ece": (stored.ece, found.ece),
        "coverage": (stored.decisions.coverage, found.decisions.coverage),
    }
    differences = [
        f"{name}: the report has {before:.4f}, found {now:.4f}."
        for name, (before, now) in named.items()
        if not abs(before - now) <= TOLERANCE
    ]
    # A picture with another answer leaves one cell and enters another.
    moved = np.abs(np.array(stored.confusion_matrix) - np.array(found.confusion_matrix)).sum() // 2
    if moved > TOLERANCE * found.n:
        differences.append(f"confusion matrix: {moved} of {found.n} pictures have another answer.")
    return differences
