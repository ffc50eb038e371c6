"""Find out on held-out pictures how a model from elsewhere has to be fed, and whether its labels fit.

Two things are not stored in a Keras model: whether it reads pixels as 0..255 or 0..1, and the names of its
outputs.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from inference.sessions.keras_session import KerasSession
from reports.answers import Answers
from training.data.pictures import Pictures
from training.errors import ExportError
from training.evaluation.evaluate import join_scores, make_answers, measure_log_loss
from training.evaluation.label_order import MIN_GAINED_SHARE, find_better_order
from training.progress import Say

BATCH: Final = 250
"""Pictures that a hand-made model answers at once."""

SCALED_BY: Final = 1000
"""Most held-out pictures that decide how a model's input is scaled."""


def answer_at_both_scales(session: KerasSession, held_out: Pictures) -> dict[float, Answers]:
    """Answer held-out pictures with the model fed 0..255 and fed 0..1.

    Returns:
        The answers by the divisor of the pixels, 1 or 255. A model that reads integers has only its own.
    """
    shown = held_out.take(np.arange(min(SCALED_BY, len(held_out))))
    batches = [shown.images[first : first + BATCH] for first in range(0, len(shown), BATCH)]
    usual = session.habits.divisor
    answers = {}
    for divisor in (usual,) if "int" in session.habits.dtype else (1.0, 255.0):
        session.set_divisor(divisor)
        answers[divisor] = make_answers(join_scores([session.run(batch) for batch in batches]), shown)
    session.set_divisor(usual)
    return answers


def take_better_scale(session: KerasSession, answers: Mapping[float, Answers], say: Say) -> float:
    """Feed the model 0..255 or 0..1, whichever has the lower loss: many a model is as often right by either.

    Args:
        session: the model, whose divisor is set.
        answers: its answers to held-out pictures, by divisor.
        say: a function that receives a sentence on both scales.

    Returns:
        0..1, the share of right answers by the scale that is taken.
    """
    usual = session.habits.divisor
    right_shares = {divisor: float(shown.is_right.mean()) for divisor, shown in answers.items()}
    if len(answers) == 1:
        return right_shares[usual]
    losses = {divisor: measure_log_loss(shown) for divisor, shown in answers.items()}
    better = min(losses, key=lambda divisor: (losses[divisor], divisor != usual))
    session.set_divisor(better)
    as_they_are, divided = (
        f"loss {losses[divisor]:.4f}, {right_shares[divisor]:.1%} right" for divisor in losses
    )
    say(
        f"it reads {'0..255' if better == 1 else '0..1'}: of {len(answers[better]):,} held-out pictures as "
        f"0..255 {as_they_are}; divided by 255 {divided}"
    )
    return right_shares[better]


def check_label_order(
    path: Path, answers: Mapping[float, Answers], labels: tuple[str, ...], right: float
) -> None:
    """Refuse labels if the model's outputs fit the same names in another order much better.

    Args:
        path: the model, for the message.
        answers: its answers to held-out pictures, by divisor. By the names in a wrong order, the right scale
            has the higher loss, since the model is sure of its answers. So both are looked at.
        right: 0..1, the share of right answers in this order.

    Raises:
        ExportError: the message has the better order.
    """
    orders = [order for shown in answers.values() if (order := find_better_order(shown, labels))]
    best = max(orders, key=lambda order: order.right_share, default=None)
    if best is None or best.right_share < right + MIN_GAINED_SHARE:
        return
    raise ExportError(
        f"{path}: {right:.1%} of the held-out pictures are right with the labels in the order "
        f"{', '.join(labels)}. {best.right_share:.1%} are right in another order, which is probably that of "
        f"the model's outputs: --labels {shlex.quote(best.format_labels())}. Use it, or --force to release "
        "the model with its labels as they are."
    )
