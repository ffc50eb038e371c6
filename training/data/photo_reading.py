"""Read photos in tiers into a table of pictures, as a model would see them.

A tier says how a photo was taken, such as A for a product shot and C for a user's own photo.
"""

from dataclasses import replace

import numpy as np

from inference.contract import LABEL, InputContract
from training.data.data_source import DataSource
from training.data.decoded_pictures import DecodedPictures, decode_pictures
from training.data.division import make_pictures
from training.data.labels import Labels
from training.data.listing import Listing
from training.data.near_copies import NearCopies, group_near_copies
from training.data.photos import check_corrected_tiers, warn_of_unread_table
from training.data.pictures import Pictures
from training.data.read import check_near_copies
from training.data.unique_pictures import UniquePictures
from training.progress import Progress


def read_photos(
    data_source: DataSource, listing: Listing, input_contract: InputContract, progress: Progress
) -> Pictures:
    """Read photos in tiers as a model would see them. Photos that are left out are reported as warnings.

    Args:
        data_source: the options that name the photos.
        listing: the photos, from `DataSource.list_photos`.
        input_contract: the input contract of the model: the shape and form of its pixels.
        progress: the display of how many photos are read, which also receives warnings.

    Raises:
        DataError: a folder, a label or a correction is wrong, or nothing can be read; the message names it.
    """
    unique_pictures, decoded, near_copies = decode_photos(data_source, listing, input_contract, progress)
    return make_labelled_photos(unique_pictures.listing, decoded, near_copies)


def decode_photos(
    data_source: DataSource, listing: Listing, input_contract: InputContract, progress: Progress
) -> tuple[UniquePictures, DecodedPictures, NearCopies]:
    """Decode photos in tiers and find near copies among them: the first half of `read_photos`."""
    warn_of_unread_table(listing.place, progress.warn)
    unique_pictures = data_source.make_unique_pictures(listing)
    check_corrected_tiers(unique_pictures)
    unique_pictures.check_pictures(progress.warn, skip_unreadable=True)
    decoded = decode_pictures(unique_pictures, input_contract, progress, skip_unreadable=True)
    near_copies = group_near_copies(decoded.unique_pictures, decoded.hashes)
    check_near_copies(near_copies, unique_pictures.listing, progress.warn)
    return unique_pictures, decoded, near_copies


def make_labelled_photos(listing: Listing, decoded: DecodedPictures, near_copies: NearCopies) -> Pictures:
    """Make the table of decoded photos in tiers, with their classes: the second half of `read_photos`."""
    unique_pictures = near_copies.kept_pictures
    classes = Labels.make_from_codes(
        np.array([picture.class_id for picture in unique_pictures]), listing.labels
    )
    pictures = make_pictures(listing, decoded, near_copies, {LABEL: classes})
    has_checked_column = "checked" in listing.columns
    is_checked = np.array([picture.is_checked for picture in unique_pictures if has_checked_column], np.bool_)
    return replace(pictures, is_checked=is_checked)
