"""What the model saw, as a file that people can look at."""

import numpy as np

from inference.decode import decode
from inference.png import pixels_to_png


def test_what_the_model_saw_can_be_sent_back_and_is_seen_again() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)

    again = decode(pixels_to_png(pixels), max_pixels=784).pixels

    assert again is not None
    assert np.array_equal(again, pixels)
