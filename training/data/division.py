"""Divide decoded pictures into training set and test set, with the labels that are learnt or measured.

A *kept* picture stands for itself and its near copies, which are left out. M is the number of kept pictures.
All pictures of one group, such as a product, are in the same part.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inference.contract import LABEL, InputContract
from training.data.decoded_pictures import DecodedPictures
from training.data.fashion import LabelledData
from training.data.label_choice import choose_evaluation_labels, choose_learnt_labels
from training.data.labels import Labels, describe_unread_columns
from training.data.listing import Listing
from training.data.near_copies import NearCopies
from training.data.pictures import Pictures
from training.data.split import sample_test_positions
from training.progress import Say


def mark_listed_test_set(near_copies: NearCopies) -> NDArray[np.bool_]:
    """Return which of M kept pictures the folder or table itself puts into the test set, bool (M,)."""
    return np.array([picture.part == "test" for picture in near_copies.kept_pictures], np.bool_)


def mark_test_set(near_copies: NearCopies) -> NDArray[np.bool_]:
    """Choose which of M kept pictures are in the test set, bool (M,).

    If the folder or table is divided into train and test, this division is used. Otherwise groups are drawn
    by their hashes. So the same pictures give the same test set under any names and in any order, and a
    further picture moves no other one, unless both are nearly the same or of one group.
    """
    unique_pictures = near_copies.kept_pictures
    if any(picture.part for picture in unique_pictures):
        return mark_listed_test_set(near_copies)
    is_tested = np.zeros(len(unique_pictures), np.bool_)
    is_tested[
        sample_test_positions(
            np.array([picture.label for picture in unique_pictures]), near_copies.split_keys
        )
    ] = True
    return is_tested


def choose_training_labels(
    listing: Listing,
    near_copies: NearCopies,
    is_tested: NDArray[np.bool_],
    required_labels: Mapping[str, Sequence[str]],
    say: Say,
) -> dict[str, Labels]:
    """Choose the labels to learn, and return those of the kept pictures.

    Labels with too few pictures are left out.

    Args:
        listing: the pictures as they are listed.
        near_copies: the near copies, with the M pictures that can be learnt.
        is_tested: bool (M,), whether each of them is in the test set.
        required_labels: labels of a release that have to be learnt, by question.
        say: a function that receives sentences that a person should read.

    Raises:
        DataError: the labels cannot be learnt.
    """
    labels = choose_learnt_labels(
        listing, near_copies.labels, near_copies.split_keys.tolist(), is_tested.tolist(), required_labels, say
    )
    _report_unread_columns(listing, labels, say)
    return labels


def _report_unread_columns(listing: Listing, labels: Mapping[str, Labels], say: Say) -> None:
    """Name the columns of a table that are not used, if some columns are used as attributes."""
    if len(labels) > 1 and (sentence := describe_unread_columns(listing, labels)):
        say(sentence)


def split_train_test(  # noqa: PLR0913, PLR0917 - pictures, and what was decided about them
    listing: Listing,
    decoded: DecodedPictures,
    near_copies: NearCopies,
    labels: Mapping[str, Labels],
    is_tested: NDArray[np.bool_],
    input_contract: InputContract,
) -> LabelledData:
    """Divide the kept pictures into training set and test set, and return them as one data set.

    Both are in the order of the sha256, which is as good as shuffled and does not depend on names of files.
    Pictures without any known label are left out; a picture with a label of an attribute stays, even without
    a class.

    Args:
        listing: the pictures as they are listed.
        near_copies: the near copies, with the M pictures that can be learnt.
        labels: the labels of these M pictures, by question (the class or an attribute).
        is_tested: bool (M,), whether each of them is in the test set.
        input_contract: the input contract of the model: the shape and form of its pixels.
    """
    order = np.argsort(np.array([picture.sha256 for picture in near_copies.kept_pictures]))
    # A picture without a label of a question has a negative code there.
    has_label = np.any([question_labels.main_codes >= 0 for question_labels in labels.values()], axis=0)
    all_pictures = make_pictures(listing, decoded, near_copies, labels)
    # `order[part[order]]` are the positions of a part, in the order of the sha256.
    train, test = (
        all_pictures.take(order[part[order]]) for part in (has_label & ~is_tested, has_label & is_tested)
    )
    names = labels[LABEL].names
    return LabelledData(
        train, test, labels=names, has_class_names=True, name=listing.name, input_contract=input_contract
    )


def make_evaluation_data(  # noqa: PLR0913, PLR0917 - pictures, and what is asked of them
    listing: Listing,
    decoded: DecodedPictures,
    near_copies: NearCopies,
    input_contract: InputContract,
    say: Say,
    release_labels: Mapping[str, Sequence[str]],
) -> LabelledData:
    """Return the pictures on which a release is measured, as a data set whose two parts are the same.

    If the folder or table has a test part, only this part is used. No label is left out. Pictures are in the
    order of the sha256, as in trainings, because a release recognises its test set by a hash over all of
    them.

    Args:
        listing: the pictures as they are listed.
        near_copies: the near copies, with the pictures that can be used.
        input_contract: the input contract of the model: the shape and form of its pixels.
        say: a function that receives sentences that a person should read.
        release_labels: the labels of the release, by question.
    """
    is_tested = mark_listed_test_set(near_copies)
    measured_copies = near_copies.take(is_tested) if is_tested.any() else near_copies
    class_ids = [picture.class_id for picture in measured_copies.kept_pictures]
    labels = choose_evaluation_labels(listing, measured_copies.labels, class_ids, release_labels, say)
    _report_unread_columns(listing, labels, say)
    pictures = make_pictures(listing, decoded, measured_copies, labels)
    pictures = pictures.take(np.argsort(pictures.sha256))
    names = labels[LABEL].names
    return LabelledData(
        pictures,
        pictures,
        labels=names,
        has_class_names=True,
        name=listing.name,
        input_contract=input_contract,
    )


def make_pictures(
    listing: Listing,
    decoded: DecodedPictures,
    near_copies: NearCopies,
    labels: Mapping[str, Labels],
) -> Pictures:
    """Make the table of the kept pictures, in their order. At least one picture must be kept.

    Args:
        listing: the pictures as they are listed.
        near_copies: the near copies, with the pictures that can be used.
        labels: the labels of the kept pictures, by question.
    """
    unique_pictures = near_copies.kept_pictures
    # Files with the same bytes are one picture. The first of their rows gives its path, tier and source.
    first_rows = [picture.rows[0] for picture in unique_pictures]
    positions = near_copies.kept_positions
    pixels, features = decoded.pixels, decoded.features
    return Pictures(
        # Large pictures are no array: they are read from their files when needed.
        pixels=pixels[positions] if isinstance(pixels, np.ndarray) else pixels.take(positions),
        features=features.take(positions) if len(features) else features,
        labels=labels,
        sha256=np.array([picture.sha256 for picture in unique_pictures]),
        groups=near_copies.split_keys,
        files=tuple(row.path for row in first_rows),
        tiers=np.array([row.tier for row in first_rows]),
        # A photo in tier X shows none of the classes. Its label, or else its tier, says what it shows.
        spelt=np.array([picture.label or picture.rows[0].tier for picture in unique_pictures]),
        sources=np.array([row.source for row in first_rows]),
        networks=tuple(decoded.networks[place] for place in positions.tolist()),
        hashes=decoded.hashes[positions],
        is_plain=decoded.is_plain[positions],
        has_product_groups=listing.has_product_groups,
    )


def sample_test_pictures(pictures: Pictures) -> Pictures:
    """Return the pictures that a training would draw as the test set of an undivided folder."""
    return pictures.take(sample_test_positions(pictures.classes, pictures.groups))
