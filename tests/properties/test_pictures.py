"""Whatever bytes come as a picture, the package's own errors are all that comes back."""

import contextlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inference.contract import CUT_OUT
from inference.convert import decoded_to_pixels
from inference.decode import decode, exif_orientation
from inference.errors import UploadError
from inference.header import find_fault, read_header
from tests.hostile.corpus import SEEDS
from tests.pictures import exif, tiff
from tests.properties.mutations import nearly

MAX_PIXELS = 2_000_000
PICTURES = [path.read_bytes() for path in sorted(SEEDS.iterdir())]
EXIF = [exif(6), exif(6, "<"), tiff(np.zeros((2, 2), np.uint8), 6)]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=28) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=60,
)


@given(nearly(PICTURES))
def test_a_header_is_read_and_searched_for_faults_or_refused(upload: bytes) -> None:
    with contextlib.suppress(UploadError):
        header = read_header(upload)
        assert header.width >= 1 <= header.height
        assert find_fault(upload, header) != ""


@given(nearly(PICTURES))
def test_an_upload_becomes_pixels_or_a_refusal(upload: bytes) -> None:
    with contextlib.suppress(UploadError):
        decoded = decode(upload, MAX_PIXELS)
        pixels = decoded_to_pixels(decoded, CUT_OUT)
        assert decoded.picture.dtype == np.uint8
        assert decoded.picture.shape[2:] == (3,)
        assert decoded.picture.shape[0] * decoded.picture.shape[1] <= MAX_PIXELS
        assert pixels.shape == (28, 28)
        assert pixels.dtype == np.uint8


@given(nearly(EXIF))
def test_an_exif_block_names_a_turn_or_none(block: bytes) -> None:
    assert exif_orientation(block) in range(1, 9)
    assert exif_orientation(b"Exif\0\0" + block) in range(1, 9)
