"""Limit the pixels and the processor time that all pictures of one request take together.

The number of pixels of a JPEG, PNG or lossy WebP file is known from its header, before it is decoded. Other
files are opened in a separate process only, so their pixels and the time of that process are counted after.
"""

from app.errors import RequestTooLarge
from app.payloads.limits import RequestLimits
from inference.contract import InputContract
from inference.errors import PictureTooLarge
from inference.pictures.decode import DecodedPicture, decode_opened_image
from inference.pictures.picture_opening import OpenedPicture

MAX_PROCESSOR_SECONDS = 10.0
"""Seconds of processor time that all pictures of one request together may take in decoder processes."""


class PictureBudget:
    """The pixels and the processor time that remain for the pictures of one request.

    Args:
        limits: the limits of the request, which have the number of pixels.
        seconds: the seconds of processor time that decoder processes may take.
    """

    def __init__(self, limits: RequestLimits, seconds: float = MAX_PROCESSOR_SECONDS) -> None:
        self.max_picture_pixels = limits.picture_pixels
        self.max_pixels = limits.pixels
        self.pixels_left = limits.pixels
        self.seconds_left = seconds

    def spend(self, pixels: int, seconds: float = 0.0) -> None:
        """Subtract the cost of one picture from the budget.

        Args:
            pixels: the width x height of the picture.
            seconds: the seconds of processor time that a decoder process took for the picture.
        """
        self.pixels_left -= pixels
        self.seconds_left -= seconds


def decode_within_budget(
    opened: OpenedPicture, contract: InputContract, budget: PictureBudget
) -> DecodedPicture:
    """Decode a picture within the remaining budget of the request.

    Raises:
        RequestTooLarge: with this JPEG, PNG or WebP file, those of the request have too many pixels together.
        UploadError: the picture cannot be read, or is too large for the request.
    """
    # Other formats are decoded in a separate process, and their size is known only there.
    if opened.lane != "isolated":
        budget.spend(opened.pixel_count)
        if budget.pixels_left < 0:
            raise RequestTooLarge(
                f"The pictures have {budget.max_pixels - budget.pixels_left:,} pixels in all, or more; at "
                f"most {budget.max_pixels:,} are decoded for one request (WARDROBE_MAX_BATCH_PIXELS). Send "
                "them in several batches, or smaller."
            )
        return decode_opened_image(opened, budget.max_picture_pixels, contract)
    if budget.seconds_left <= 0:
        raise PictureTooLarge(
            "The pictures of this request that are no JPEG, PNG or lossy WebP took as much of "
            "the processor as they may have. Send it by itself, or as JPEG."
        )
    try:
        return decode_opened_image(
            opened, min(budget.max_picture_pixels, budget.pixels_left), contract, budget.spend
        )
    except PictureTooLarge as error:
        if budget.pixels_left >= budget.max_picture_pixels:
            raise
        raise PictureTooLarge(
            "With this picture, those of the request have more pixels than WARDROBE_MAX_BATCH_PIXELS, or it "
            "has too many itself. Send it by itself."
        ) from error
