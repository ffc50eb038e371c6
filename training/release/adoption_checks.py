"""Find out how a model that was trained elsewhere reads pixels, and whether its labels are in order.

A Keras file stores neither whether pixels are 0..255 or 0..1, nor the names of the outputs. Both are tried on
pictures that were held out of training.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from inference.sessions.keras_session import KerasSession
from reports.answers import Answers
from training.data.fashion import LabelledData
from training.data.pictures import Pictures
from training.errors import ExportError
from training.evaluation.evaluate import join_scores, make_answers, measure_log_loss
from training.evaluation.label_order import MIN_GAINED_SHARE, find_better_order
from training.progress import Say

BATCH: Final = 250
"""Number of pictures that the model answers at once."""

SCALED_BY: Final = 1000
"""Largest number of held-out pictures by which the scale of the pixels is chosen."""


MIN_ADVISED_SHARE: Final = 0.6
"""Share of right answers with which another order of the labels is advised. Below it, the pixels rather than
the labels are wrong: a model that learnt inverted pictures gets 30% with the best of all orders."""


def answer_at_both_scales(session: KerasSession, held_out: Pictures) -> dict[float, Answers]:
    """Answer held-out pictures twice: with pixels of 0..255, and with pixels of 0..1.

    Returns:
        The answers by the number that divides the pixels, 1 or 255. A model that reads integers is only asked
        at its own scale.
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


def set_better_scale(session: KerasSession, answers: Mapping[float, Answers], say: Say) -> float:
    """Set the scale of the model's pixels to 0..255 or 0..1, whichever has the lower loss.

    Args:
        answers: the model's answers to held-out pictures, by the number that divides the pixels, 1 or 255.
        say: a function that receives a sentence with the figures of both scales.

    Returns:
        The share of right answers at the scale that is set, 0 to 1.
    """
    # Not by the share of right answers: many a model is as often right at either scale.
    usual = session.habits.divisor
    right_shares = {divisor: float(shown.is_right.mean()) for divisor, shown in answers.items()}
    if len(answers) == 1:
        return right_shares[usual]
    losses = {divisor: measure_log_loss(shown) for divisor, shown in answers.items()}
    # If both losses are equal, the scale stays that the model's layers suggest.
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
    path: Path, answers: Mapping[float, Answers], data: LabelledData, accuracy: float
) -> None:
    """Refuse labels if the model's outputs fit the same names in another order much better.

    Args:
        path: the file of the model, for the message.
        answers: the model's answers to held-out pictures, by the number that divides the pixels, 1 or 255.
        data: the pictures, with the labels in the order that was given.
        accuracy: the share of right answers with the labels in this order, 0 to 1.

    Raises:
        ExportError: another order is much better. The message names it, unless it is poor as well.
    """
    # Both scales of pixels are looked at. If the labels are in a wrong order, the right scale has the higher
    # loss, since the model is sure of its answers. So the scale that was set may be the wrong one.
    labels = data.labels
    orders = [order for shown in answers.values() if (order := find_better_order(shown, labels))]
    best = max(orders, key=lambda order: order.right_share, default=None)
    if best is None or best.right_share < accuracy + MIN_GAINED_SHARE:
        return
    if best.right_share < MIN_ADVISED_SHARE:
        raise ExportError(
            f"{path}: {accuracy:.1%} of the held-out pictures are right, and in no order of the labels are "
            f"more than {best.right_share:.1%}. Did it learn pixels that were prepared in another way, such "
            "as inverted or transposed? Put this step into the model as a layer, or use --force to release "
            "it as it is."
        )
    if not data.can_reorder_labels:
        raise ExportError(
            f"{path}: {accuracy:.1%} of the held-out pictures are right. {best.right_share:.1%} would be if "
            f"the data gave its classes the numbers of the model's outputs: "
            f"{best.describe_renumbering(labels)}. "
            "The data has only numbers, which --labels names together with the outputs, so no order of "
            "--labels helps. Change these numbers in the data, or use --force to release the model as it is."
        )
    raise ExportError(
        f"{path}: {accuracy:.1%} of the held-out pictures are right with the labels in the order "
        f"{', '.join(labels)}. {best.right_share:.1%} are right in another order, which is probably that of "
        f"the model's outputs: --labels {shlex.quote(best.format_labels())}. Use it, or --force to release "
        "the model with its labels as they are."
    )
