"""Check that a graph gives the answers of its network, and nearly the same ones after rounding."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from inference.arrays import PixelsBatch
from inference.sessions.onnx_session import OnnxSession
from inference.sessions.session import Scores
from training.errors import ExportError
from training.evaluation.evaluate import score_pictures

PARITY_TOLERANCE: Final = 1e-5
"""Largest difference of a probability between a network and its graph, both in float32."""


ROUNDING_TOLERANCE: Final = 0.005
"""Largest difference of a probability between a float32 graph and its copy with float16 weights."""


DISTANCE_TOLERANCE: Final = 1e-2
"""Largest difference of a distance, as a share of 1 plus its size. It is larger than for probabilities:
whitening enlarges the roundings of features that hardly vary, as in a network with random weights."""


def check_parity(
    compute_scores: Callable[[PixelsBatch], Scores],
    path: Path,
    images: PixelsBatch,
    max_difference: float = PARITY_TOLERANCE,
) -> float:
    """Compare the answers of a graph with those of the network that it was made from.

    Args:
        compute_scores: a function that returns the network's scores of pictures. Only questions that it
            answers are compared, and distances only if it returns them.
        path: the file of the graph.
        images: the pictures, in the shape that the graph reads, such as uint8 (N, 28, 28).
        max_difference: the largest difference of a probability that is allowed.

    Returns:
        The largest difference of a probability.

    Raises:
        ExportError: the difference is above `max_difference`, or not a number; or a distance differs by more
            than DISTANCE_TOLERANCE.
    """
    session = OnnxSession(path, shape=images.shape[1:])
    given = score_pictures(session, images)
    wanted = compute_scores(images)
    differences = [
        np.abs(given.probabilities[name] - probability).max()
        for name, probability in wanted.probabilities.items()
    ]
    if given.parts is not None and wanted.parts is not None:
        differences.append(np.abs(given.parts - wanted.parts).max())
    # Python's max would lose a NaN; numpy's keeps it. `not <=` then refuses it, where `>` would let it pass.
    difference = float(np.max(differences))
    if not difference <= max_difference:
        raise ExportError(
            f"{path}: a probability differs by {difference:.2g} from the network's, over {len(images)} "
            f"pictures; {max_difference:g} is allowed. Try other versions of keras and tf2onnx."
        )
    if given.distances is not None and wanted.distances is not None:
        apart = float((np.abs(given.distances - wanted.distances) / (1 + np.abs(wanted.distances))).max())
        if not apart <= DISTANCE_TOLERANCE:
            raise ExportError(
                f"{path}: a distance differs by {apart:.2g} of its size from the network's, over "
                f"{len(images)} pictures; {DISTANCE_TOLERANCE:g} is allowed. Try other versions of keras and "
                "tf2onnx."
            )
    return difference


def check_float16_rounding(path: Path, exact_scores: Scores, images: PixelsBatch) -> None:
    """Check that a graph with weights rounded to float16 answers nearly as the float32 graph.

    Args:
        path: the file of the graph.
        exact_scores: the scores of the float32 graph for these pictures.

    Raises:
        ExportError: a probability differs by more than ROUNDING_TOLERANCE, or a distance by more than
            DISTANCE_TOLERANCE. Or the answered label differs, although its probability was more than
            ROUNDING_TOLERANCE above the next one.
    """
    check_parity(lambda _: exact_scores, path, images, ROUNDING_TOLERANCE)
    given = score_pictures(OnnxSession(path, shape=images.shape[1:]), images)
    for name, before in exact_scores.probabilities.items():
        ordered = np.sort(before, axis=1)
        apart = ordered[:, -1] - ordered[:, -min(2, ordered.shape[1])]
        differs = given.probabilities[name].argmax(axis=1) != before.argmax(axis=1)
        if (differs & (apart > ROUNDING_TOLERANCE)).any():
            raise ExportError(f"{path}: weights in half precision change the {name} of a made picture.")
