"""Answer the kind for photos and their parts by a head that has not learnt them.

python -m lab.part_words PHOTOS VECTORS --out FILE

VECTORS is the folder of lab.strangers. Only its whole.npz is read: the vectors by the network of the release.
That network has not learnt the development photos, nor the four sources that are only measured. A head is
fitted without them, and answers them. lab.title_figures chooses the threshold of the second look by FILE.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from lab.attribute_rules import Attribute, Fitted, make_kind_attribute
from lab.pretraining_photos import Photo
from lab.strangers import list_asked_photos
from lab.strangers_heads import read_vectors
from lab.tuning_photos import MEASURED_ALONE
from training.data.labels import UNKNOWN_LABEL
from training.data.vectors import Features, FeatureVectors
from training.evaluation.part_words import PartAnswers
from training.features.weights import read_npz, write_npz

DEVELOPMENT: Final = "dev/"
"""Beginning of the paths of development photos."""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the answers."""
    parser = argparse.ArgumentParser(prog="python -m lab.part_words", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("vectors", type=Path, metavar="VECTORS", help="of lab.strangers")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    given = parser.parse_args(argv)
    photos = list_asked_photos(given.photos)
    seen = Features(*read_vectors(given.vectors, None))
    attribute = make_kind_attribute(photos, lambda _: seen)
    parts = np.asarray(read_npz(given.vectors / "whole.npz")["parts"][0], np.float32)
    write_part_answers(given.out, answer_parts(attribute, parts), attribute.labels.names)
    return 0


def answer_parts(attribute: Attribute, parts: FeatureVectors) -> PartAnswers:
    """Return the answers to the photos that the network has not learnt, by a head without them.

    Args:
        attribute: the attribute `kind` of N photos.
        parts: the vectors of the parts of each photo, float32 (P, N, D).
    """
    photos = attribute.photos
    is_development = np.array([_is_development_photo(photo) for photo in photos])
    is_alone = np.array([photo.source in MEASURED_ALONE for photo in photos])
    truth = attribute.labels.main_codes.astype(np.int64)
    asked = (truth != UNKNOWN_LABEL) & (is_development | is_alone)
    seen = attribute.seen(None)
    fitted = attribute.fit(attribute.learnt["photos"] & ~is_development, seen)
    of_parts = [_answer_vectors(fitted, np.ascontiguousarray(part[asked])) for part in parts]
    of_photos = [photos[place] for place in np.flatnonzero(asked).tolist()]
    whole = _answer_vectors(fitted, seen.upright[asked])
    return PartAnswers(
        whole=whole,
        largest=np.maximum(whole, np.max(of_parts, axis=0)),
        truth=truth[asked],
        sets=np.array([photo.tier for photo in of_photos]),
        groups=np.array([_name_group(photo) for photo in of_photos]),
        products=np.array(["" if _is_development_photo(photo) else photo.sender for photo in of_photos]),
        other_column=attribute.labels.names.index("other"),
    )


def _is_development_photo(photo: Photo) -> bool:
    return not photo.archive and photo.member.startswith(DEVELOPMENT)


def _name_group(photo: Photo) -> str:
    """Return the sender of a development photo, and the source of any other."""
    return (photo.sender or photo.id) if _is_development_photo(photo) else photo.source


def _answer_vectors(fitted: Fitted, vectors: FeatureVectors) -> NDArray[np.float64]:
    """Return the probability of each kind, float64 (N, K)."""
    head, sums = fitted
    shares = softmax(head.compute_logits(vectors).astype(np.float64), 1)
    return np.asarray(shares if sums is None else shares @ sums, np.float64)


def write_part_answers(path: Path, answers: PartAnswers, names: Sequence[str]) -> None:
    """Write answers and the names of the kinds to a file."""
    write_npz(
        path,
        names=np.array(names),
        whole=answers.whole.astype(np.float16),
        largest=answers.largest.astype(np.float16),
        truth=answers.truth.astype(np.uint8),
        **{name: getattr(answers, name) for name in ("sets", "groups", "products")},
    )


def read_part_answers(path: Path) -> PartAnswers:
    """Read the answers that `write_part_answers` wrote."""
    stored = read_npz(path)
    return PartAnswers(
        whole=stored["whole"].astype(np.float64),
        largest=stored["largest"].astype(np.float64),
        truth=stored["truth"].astype(np.int64),
        sets=stored["sets"],
        groups=stored["groups"],
        products=stored["products"],
        other_column=stored["names"].tolist().index("other"),
    )


if __name__ == "__main__":
    sys.exit(main())
