"""Every step from upload to pixels can be looked at, and says what was decided and why."""

import numpy as np
import pytest

from inference.contract import PHOTOGRAPHS, Imaging
from inference.convert import decoded_to_pixels
from inference.decode import Decoded, decode
from inference.stages import stages
from tests.drawn_garments import cut_out, on_a_floor, on_plain, white_on_white
from tests.pictures import plain, png


def reasons(decoded: Decoded, imaging: Imaging = PHOTOGRAPHS) -> dict[str, str]:
    return {stage.name: stage.reason for stage in stages(decoded, imaging)}


@pytest.mark.parametrize("imaging", [PHOTOGRAPHS, Imaging()], ids=["photographs", "plain grounds alone"])
@pytest.mark.parametrize(
    "decoded",
    [
        Decoded(on_a_floor()),
        Decoded(white_on_white()),
        Decoded(plain(90, 60)),
        Decoded(np.full((28, 28), 7, np.uint8)),
        decode(png(cut_out()), 100_000),
    ],
    ids=["on a floor", "white on white", "blank", "own pixels", "cut out"],
)
def test_the_last_stage_is_what_the_model_reads(decoded: Decoded, imaging: Imaging) -> None:
    last = stages(decoded, imaging)[-1]

    assert last.name == "pixels"
    assert np.array_equal(last.image, decoded_to_pixels(decoded, imaging))


def test_a_photo_shows_picture_garment_grey_and_pixels() -> None:
    shown = stages(Decoded(on_a_floor()), PHOTOGRAPHS)

    assert [stage.name for stage in shown] == ["picture", "garment", "grey", "pixels"]
    assert [stage.image.ndim for stage in shown] == [3, 3, 2, 2]
    assert all(stage.image.dtype == np.uint8 for stage in shown)


def test_the_garment_is_shown_as_it_is_and_the_ground_dimmed() -> None:
    _, garment, *_ = stages(Decoded(on_plain(40, 240)), PHOTOGRAPHS)

    assert garment.image[150, 120].tolist() == [40, 40, 40]
    assert garment.image[5, 5].tolist() == [60, 60, 60]


@pytest.mark.parametrize(
    ("decoded", "words"),
    [
        (Decoded(on_a_floor()), "GrabCut"),
        (Decoded(on_plain(40, 240)), "plain background: 100% of the border is rgb(240, 240, 240)"),
        (Decoded(on_plain(200, 0)), "from black"),
        (decode(png(cut_out()), 100_000), "transparent"),
        (Decoded(np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)), "No garment differs"),
        (Decoded(plain(28, 28)), "28 x 28 already"),
    ],
    ids=["on a floor", "on white", "on black", "cut out", "noise", "28 x 28"],
)
def test_how_the_garment_was_found_is_said(decoded: Decoded, words: str) -> None:
    assert words in reasons(decoded)["garment"]


def test_a_faint_garment_is_said_to_be_lifted() -> None:
    assert "lifted, since its median of 3 hardly" in reasons(Decoded(white_on_white()))["grey"]


def test_the_polarity_is_said() -> None:
    assert "negated" in reasons(Decoded(on_plain(40, 240)))["grey"]
    assert "light on black already" in reasons(Decoded(on_plain(200, 60)))["grey"]


def test_a_picture_that_was_larger_than_needed_says_so() -> None:
    large = on_plain(40, 240).repeat(3, axis=0).repeat(3, axis=1)

    assert "reduced from 720 x 900 to 358 x 448" in reasons(Decoded(large))["picture"]


def test_a_blank_picture_says_why_it_is_black() -> None:
    assert "Nothing differs from the border" in reasons(Decoded(plain(90, 60)))["pixels"]


def test_pixels_that_came_as_pixels_are_said_to_be_taken_as_they_are() -> None:
    shown = reasons(Decoded(np.zeros((28, 28), np.uint8)))

    assert list(shown) == ["picture", "pixels"]
    assert "used as it is" in shown["pixels"]
