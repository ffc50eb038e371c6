"""Whatever bytes come as a picture, the package's own errors are all that comes back."""

import contextlib
import zlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inference.arrays import Picture
from inference.contract import GREY_28, InputContract, make_whole_picture_input
from inference.errors import UploadError
from inference.pictures.convert import convert_to_pixels
from inference.pictures.decode import decode_image
from tests.hostile.corpus import SEEDS
from tests.pictures import png_of_stream
from tests.properties.mutations import nearly

MAX_PIXELS = 2_000_000
PICTURES = [path.read_bytes() for path in sorted(SEEDS.iterdir())]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=28) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=60,
)


@given(nearly(PICTURES))
def test_an_upload_becomes_pixels_or_a_refusal(upload: bytes) -> None:
    with contextlib.suppress(UploadError):
        decoded = decode_image(upload, MAX_PIXELS)
        pixels = convert_to_pixels(decoded, GREY_28)
        assert decoded.picture.dtype == np.uint8
        assert decoded.picture.shape[2:] == (3,)
        assert decoded.picture.shape[0] * decoded.picture.shape[1] <= MAX_PIXELS
        assert pixels.shape == (28, 28)
        assert pixels.dtype == np.uint8


STREAMS = [zlib.compress(bytes([kind, *range(28)]) * 28, level) for kind in range(5) for level in (0, 9)]


@given(nearly(STREAMS))
def test_what_opencv_reads_of_the_models_own_size_pillow_reads_alike(stream: bytes) -> None:
    upload = png_of_stream(28, 28, stream)

    one, other = (samples_of(upload, reads) for reads in (GREY_28, make_whole_picture_input(28, 3)))

    assert (one is None) == (other is None)
    assert one is None or other is None or np.array_equal(one, other)


def samples_of(upload: bytes, contract: InputContract) -> Picture | None:
    """The picture; None where it is refused. By Pillow alone where the contract is of colours."""
    with contextlib.suppress(UploadError):
        return decode_image(upload, MAX_PIXELS, contract).picture
    return None
