"""Choose photos that the report page shows with their answers, and write them as small JPEGs.

Only photos whose licence lets anybody show them may be given. The bundled release has such photos; a training
by a user shows none, because nobody was asked.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.arrays import Pixels
from inference.decision import ACCEPT
from inference.pictures.decode import MAX_PIXELS, decode_image
from model_store.local_releases import LocalRelease
from model_store.release_files import FIGURES_FOLDER
from reports.answer_counts import PhotoExample, PhotoExamples
from reports.answers import Answers
from reports.values import read_report

EXAMPLES_OF_EACH: Final = 4
"""Number of photos of each sort: accepted and right, accepted and wrong, and in review."""

EDGE: Final = 192
"""Longer edge of a picture in pixels."""

MAX_BYTES: Final = 150_000
"""Largest size of all pictures together."""

QUALITIES: Final = (85, 75, 65, 50, 30)
"""Qualities of JPEG, the best first; the first one is taken with which the pictures are small enough."""


def write_photo_examples(
    folder: Path, answers: Answers, photos: Mapping[str, bytes], labels: Sequence[str], collection: str
) -> PhotoExamples | None:
    """Write photos of each sort into the figures of a release, and return them with their answers.

    Args:
        folder: the folder of the release.
        answers: decided answers about the class, from networks that had not learnt the photo.
        photos: the files of the photos that may be shown, all of one tier, by their names in `answers`.
        labels: the labels of the classes.
        collection: the collection of the photos, with its licence, for readers.

    Returns:
        The examples; None if no answer is about one of these photos.
    """
    shown = answers.select_rows(np.isin(answers.pictures, list(photos)) & answers.has_class)
    if not len(shown):
        return None
    chosen = {
        "right": _choose_various(shown.select_rows(shown.is_accepted & shown.is_right)),
        "wrong": _choose_surest(shown.select_rows(shown.is_accepted & ~shown.is_right)),
        "reviewed": _choose_various(shown.select_rows(~shown.is_accepted)),
    }
    names = [str(picture) for rows in chosen.values() for picture in rows.pictures]
    _write_pictures(folder / FIGURES_FOLDER, {name: photos[name] for name in names})
    return PhotoExamples(
        tier=str(shown.sets[0]),
        collection=collection,
        **{sort: _describe_examples(rows, labels) for sort, rows in chosen.items()},
    )


def list_photo_example_files(release: LocalRelease) -> frozenset[str]:
    """Return the paths of the photos that a release shows, inside its folder; none for a release without."""
    examples = read_report(release).photo_examples
    names = [] if examples is None else examples.list_figures()
    return frozenset(f"{FIGURES_FOLDER}/{name}" for name in names)


def _choose_surest(answers: Answers) -> Answers:
    return answers.select_rows(np.argsort(-answers.confidences, kind="stable")[:EXAMPLES_OF_EACH])


def _choose_various(answers: Answers) -> Answers:
    """Choose photos of different classes as if at random, by their hashes."""
    order = np.argsort(answers.pictures, kind="stable")
    truth = answers.truth[order]
    repetitions = np.array([np.sum(truth[:place] == truth[place]) for place in range(len(truth))], np.int64)
    return answers.select_rows(order[np.argsort(repetitions, kind="stable")][:EXAMPLES_OF_EACH])


def _describe_examples(answers: Answers, labels: Sequence[str]) -> tuple[PhotoExample, ...]:
    return tuple(
        PhotoExample(
            figure=_name_figure(str(answers.pictures[row])),
            truth=labels[answers.truth[row]],
            predicted=labels[answers.predicted[row]],
            confidence=float(answers.confidences[row]),
            decision=str(answers.decisions[row]) or ACCEPT,
        )
        for row in range(len(answers))
    )


def _name_figure(picture: str) -> str:
    return f"photo-{picture}.jpg"


def _write_pictures(folder: Path, photos: Mapping[str, bytes]) -> None:
    """Write photos as JPEGs with a longer edge of EDGE, of at most MAX_BYTES together."""
    pictures = {name: _shrink_picture(content) for name, content in photos.items()}
    for quality in QUALITIES:
        files = {name: _encode_picture(picture, quality) for name, picture in pictures.items()}
        if sum(map(len, files.values())) <= MAX_BYTES:
            break
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / _name_figure(name)).write_bytes(data)


def _shrink_picture(content: bytes) -> Pixels:
    picture = decode_image(content, MAX_PIXELS).picture
    scale = min(1.0, EDGE / max(picture.shape[:2]))
    height, width = (max(1, round(edge * scale)) for edge in picture.shape[:2])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def _encode_picture(picture: NDArray[np.uint8], quality: int) -> bytes:
    """Return an RGB picture as JPEG, without any of the facts that a camera adds."""
    return cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
