"""Every step from upload to pixels can be looked at, and says what was decided and why."""

import numpy as np
import pytest

from inference.contract import CUT_OUT, GREY_28, InputContract
from inference.convert import decoded_to_pixels
from inference.decode import Decoded, decode
from inference.stages import stages
from tests.drawn_garments import cut_out, on_a_floor, on_plain, white_on_white
from tests.pictures import plain, png

FLOOR, BLANK, OWN_PIXELS = (
    Decoded(on_a_floor()),
    Decoded(plain(90, 60)),
    Decoded(np.zeros((28, 28), np.uint8)),
)
TRANSPARENT = decode(png(cut_out()), 100_000)
NOISE = Decoded(np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8))


@pytest.mark.parametrize("contract", [CUT_OUT, GREY_28], ids=["photographs", "plain grounds alone"])
@pytest.mark.parametrize("decoded", [FLOOR, Decoded(white_on_white()), BLANK, OWN_PIXELS, TRANSPARENT])
def test_the_last_stage_is_what_the_model_reads(decoded: Decoded, contract: InputContract) -> None:
    last = stages(decoded, contract)[-1]

    assert last.name == "pixels"
    assert np.array_equal(last.image, decoded_to_pixels(decoded, contract))


def test_a_photo_shows_picture_garment_grey_and_pixels() -> None:
    shown = stages(Decoded(on_plain(40, 240)), CUT_OUT)

    garment = shown[1].image
    assert [stage.name for stage in shown] == ["picture", "garment", "grey", "pixels"]
    assert [stage.image.ndim for stage in shown] == [3, 3, 2, 2]
    assert (garment[150, 120].tolist(), garment[5, 5].tolist()) == ([40] * 3, [60] * 3), (
        "the ground is dimmed"
    )


@pytest.mark.parametrize(
    ("decoded", "stage", "words"),
    [
        (Decoded(on_plain(40, 240).repeat(3, 0).repeat(3, 1)), "picture", "from 720 x 900 to 358 x 448"),
        (FLOOR, "garment", "GrabCut"),
        (Decoded(on_plain(40, 240)), "garment", "100% of the border is rgb(240, 240, 240)"),
        (Decoded(on_plain(200, 0)), "garment", "from black"),
        (TRANSPARENT, "garment", "transparent"),
        (NOISE, "garment", "No garment differs"),
        (Decoded(plain(28, 28)), "garment", "28 x 28 already"),
        (Decoded(white_on_white()), "grey", "lifted, since its median of 3 hardly"),
        (Decoded(on_plain(40, 240)), "grey", "negated"),
        (Decoded(on_plain(200, 60)), "grey", "light on black already"),
        (BLANK, "pixels", "Nothing differs from the border"),
        (OWN_PIXELS, "pixels", "used as it is"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_stage_says_what_was_decided(decoded: Decoded, stage: str, words: str) -> None:
    reasons = {shown.name: shown.reason for shown in stages(decoded, CUT_OUT)}

    assert words in reasons[stage]
