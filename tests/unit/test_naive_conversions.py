"""The common ways of making a photo 28 x 28 are what they are said to be."""

import numpy as np

from inference.arrays import Picture
from inference.contract import PHOTOGRAPHS, Imaging
from inference.convert import decoded_to_pixels
from inference.decode import Decoded, decode
from tests.photos import a_garment_photo
from tests.uploads import png
from training.photos.naive_conversions import conversions, grey_resized, inverted


def on_a_carpet(photo: Picture) -> Picture:
    """The same photo where its light ground is a mess of colours."""
    carpet = np.random.default_rng(0).integers(90, 256, photo.shape).astype(np.uint8)
    return np.where(photo > 200, carpet, photo).astype(np.uint8)


PHOTO = decode(png(a_garment_photo(0)), 10**6)
CLUTTERED = Decoded(on_a_carpet(a_garment_photo(0)))


def test_the_naive_ways_squeeze_the_whole_photo_into_the_square() -> None:
    naive, negated = grey_resized(PHOTO), inverted(PHOTO)

    assert naive.shape == negated.shape == (28, 28)
    assert naive.dtype == negated.dtype == np.uint8
    assert naive[0, 0] > 230  # light ground stays light
    np.testing.assert_array_equal(negated, 255 - naive)


def test_the_papers_pipeline_reads_plain_backgrounds_alone_and_ours_what_the_release_asks_for() -> None:
    ways = conversions(PHOTOGRAPHS)

    assert list(ways) == ["naive", "inverted", "paper pipeline", "ours"]
    paper, ours = ways["paper pipeline"](CLUTTERED), ways["ours"](CLUTTERED)
    np.testing.assert_array_equal(paper, decoded_to_pixels(CLUTTERED, Imaging()))
    np.testing.assert_array_equal(ours, decoded_to_pixels(CLUTTERED, PHOTOGRAPHS))
    assert not np.array_equal(paper, ours)
