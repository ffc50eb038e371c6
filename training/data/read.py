"""Read labelled pictures into one data set, for every command that learns or measures. Read it top to bottom.

Pictures are decoded as the service would decode them. Near copies and pictures of one group are joined. Then
the labels to learn and the test set are chosen. Equal files are one picture, so that none is both learnt and
measured on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.contract import GREY_28, LABEL, InputContract
from model_store.release_files import expand_home
from training.data.contents import Contents
from training.data.data_source import KERAS_DATA_SET, DataSource
from training.data.decoded_pictures import ComputeFeatures, DecodedPictures, decode_pictures
from training.data.fashion import (
    FASHION_MNIST_FOLDER,
    LabelledData,
    download_with_keras,
    read_csv_pair,
    read_idx_folder,
    read_measured_csv,
)
from training.data.folders import unwrap_folder
from training.data.hashed_files import NO_HASHED_FILES
from training.data.labels import Labels, choose_learnt_labels, choose_measured_labels, describe_unread_columns
from training.data.listing import Listing, PictureUse
from training.data.near_copies import NearCopies, group_near_copies
from training.data.photos import check_corrected_tiers, warn_of_unread_table
from training.data.pictures import Pictures
from training.data.split import draw_test_positions
from training.errors import DataError
from training.loading import start_tensorflow
from training.progress import Progress, Say


def load_data_set(  # noqa: PLR0913 - what is read, how, and who follows it
    data_source: DataSource,
    progress: Progress,
    input_contract: InputContract = GREY_28,
    *,
    use: PictureUse = "learn",
    compute_features: ComputeFeatures | None = None,
    limit: int | None = None,
    contents: Contents | None = None,
) -> LabelledData:
    """Read a data set from files, and return its training set and test set.

    Args:
        data_source: the options that name the data set.
        progress: the display of how many pictures are read, which also receives warnings about pictures that
            are left out.
        input_contract: the input contract of the model: the shape and form of its pixels.
        use: `learn` or `measure`; it is used only for a folder or table of pictures, and a CSV of pixels.
        compute_features: a function that computes a network's features; None for no features.
        limit: the number of pictures of a folder or table that are learnt, for a quick try; None for all.
        contents: the pictures of the folder or table, if they were already hashed and checked by
            `check_named_pictures`.

    Raises:
        BadRecipe: there are fewer pictures than the limit.
        DataError: a file is missing or wrong; the message names the file and the row.
    """
    if contents is None and (listing := data_source.list_pictures()) is not None:
        contents = data_source.make_contents(listing)
        contents.check_contents(progress.warn, skip_unreadable=data_source.skip_unreadable)
    if contents is None:
        # Corrections are about files, and this data has none. They are read only to be refused.
        data_source.read_corrections(None, NO_HASHED_FILES, progress.warn)
        data = _read_pixels(data_source, use)
    else:
        contents = contents if limit is None else contents.limit_pictures(limit)
        data = make_labelled_data(
            data_source, contents, input_contract, progress, use=use, compute_features=compute_features
        )
    if (data.input_contract.array_shape, data.input_contract.framing) != (
        input_contract.array_shape,
        input_contract.framing,
    ):
        raise DataError(
            f"The model is to read {input_contract.description}, but this data set has "
            f"{data.input_contract.description}. Name pictures with --data: a folder with a sub-folder per "
            "class, or a CSV."
        )
    return replace(data, licence=data_source.licence)


def check_named_pictures(data_source: DataSource, say: Say) -> tuple[Contents | None, tuple[str, ...] | None]:
    """Hash the pictures of a folder or table, and refuse those that cannot be learnt, before any is decoded.

    Args:
        data_source: the options that name the data set.
        say: a function that receives sentences about the pictures that a person should read.

    Returns:
        The pictures, and the classes that a training would learn, which are None with corrections; (None,
        None) if the data set is not a folder or table of pictures.

    Raises:
        DataError: names, columns or bytes of the files cannot be learnt.
    """
    listing = data_source.list_pictures()
    if listing is None:
        return None, None
    classes = data_source.check_listing(listing)
    contents = data_source.make_contents(listing)
    contents.check_contents(say, skip_unreadable=data_source.skip_unreadable)
    return contents, classes


def make_labelled_data(  # noqa: PLR0913 - what is read, how, and who follows it
    data_source: DataSource,
    contents: Contents,
    input_contract: InputContract,
    progress: Progress,
    *,
    use: PictureUse,
    compute_features: ComputeFeatures | None = None,
) -> LabelledData:
    """Decode pictures, join near copies, and choose labels, training set and test set.

    Args:
        data_source: the options that name the data set.
        contents: the pictures, after `Contents.check_contents`.
        input_contract: the input contract of the model: the shape and form of its pixels.
        progress: the display of how many pictures are decoded, which also receives warnings.
        use: whether the pictures are learnt, or measured with no label left out.
        compute_features: a function that computes a network's features; None for no features.
    """
    say = progress.warn
    skip_unreadable = data_source.skip_unreadable
    decoded = decode_pictures(
        contents, input_contract, progress, compute_features=compute_features, skip_unreadable=skip_unreadable
    )
    near_copies = group_near_copies(decoded.contents, decoded.hashes)
    report_near_copies(near_copies, contents.listing, say)
    if use == "measure":
        return make_measured_data(
            contents.listing, decoded, near_copies, input_contract, say, data_source.required_labels
        )
    # With features, a head is fitted and measured by cross-validation. It needs no test set, so none is
    # drawn.
    is_tested = draw_test_set(near_copies) if compute_features is None else find_listed_test_set(near_copies)
    labels = choose_labels(contents.listing, near_copies, is_tested, data_source.required_labels, say)
    return divide_pictures(contents.listing, decoded, near_copies, labels, is_tested, input_contract)


def report_near_copies(near_copies: NearCopies, listing: Listing, say: Say) -> None:
    """Report which near copies are left out, and refuse a data set of which no picture is left.

    Args:
        near_copies: the near copies, with the pictures that can be learnt.
        listing: the pictures, for the message.
        say: a function that receives the sentences.

    Raises:
        DataError: each picture is nearly the same as a picture of another class.
    """
    for sentence in near_copies.notes:
        say(sentence)
    if not len(near_copies.kept_positions):
        raise DataError(f"{listing.place}: each picture is nearly the same as one of another class.")


def find_listed_test_set(near_copies: NearCopies) -> NDArray[np.bool_]:
    """Return which of M kept pictures the folder or table itself puts into the test set, bool (M,)."""
    return np.array([content.part == "test" for content in near_copies.kept_contents], np.bool_)


def draw_test_set(near_copies: NearCopies) -> NDArray[np.bool_]:
    """Choose which of M kept pictures are in the test set, bool (M,).

    If the folder or table is divided into train and test, this division is used. Otherwise groups are drawn
    by their hashes. So the same pictures give the same test set under any names and in any order, and a
    further picture moves no other one, unless both are nearly the same or of one group.
    """
    contents = near_copies.kept_contents
    if any(content.part for content in contents):
        return find_listed_test_set(near_copies)
    is_tested = np.zeros(len(contents), np.bool_)
    is_tested[
        draw_test_positions(np.array([content.label for content in contents]), near_copies.split_keys)
    ] = True
    return is_tested


def choose_labels(
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


def divide_pictures(  # noqa: PLR0913, PLR0917 - pictures, and what was decided about them
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
    order = np.argsort(np.array([content.sha256 for content in near_copies.kept_contents]))
    has_label = np.any([question_labels.main_codes >= 0 for question_labels in labels.values()], axis=0)
    all_pictures = make_pictures(listing, decoded, near_copies, labels)
    train, test = (
        all_pictures.take(order[part[order]]) for part in (has_label & ~is_tested, has_label & is_tested)
    )
    names = labels[LABEL].names
    return LabelledData(
        train, test, labels=names, has_class_names=True, name=listing.name, input_contract=input_contract
    )


def make_measured_data(  # noqa: PLR0913, PLR0917 - pictures, and what is asked of them
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
    is_tested = find_listed_test_set(near_copies)
    measured_copies = near_copies.take(is_tested) if is_tested.any() else near_copies
    class_ids = [content.class_id for content in measured_copies.kept_contents]
    labels = choose_measured_labels(listing, measured_copies.labels, class_ids, release_labels, say)
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
    contents = near_copies.kept_contents
    first_rows = [content.rows[0] for content in near_copies.kept_contents]
    return Pictures(
        pixels=decoded.pixels[near_copies.kept_positions]
        if isinstance(decoded.pixels, np.ndarray)
        else decoded.pixels.take(near_copies.kept_positions),
        features=decoded.features.take(near_copies.kept_positions)
        if len(decoded.features)
        else decoded.features,
        labels=labels,
        sha256=np.array([content.sha256 for content in contents]),
        groups=near_copies.split_keys,
        files=tuple(row.path for row in first_rows),
        tiers=np.array([row.tier for row in first_rows]),
        # A photo in tier X shows none of the classes. Its label, or else its tier, says what it shows.
        spelt=np.array([content.label or content.rows[0].tier for content in contents]),
        sources=np.array([row.source for row in first_rows]),
        networks=tuple(decoded.networks[place] for place in near_copies.kept_positions.tolist()),
        hashes=decoded.hashes[near_copies.kept_positions],
        is_plain=decoded.is_plain[near_copies.kept_positions],
        are_groups_products=listing.are_groups_products,
    )


def draw_test_pictures(pictures: Pictures) -> Pictures:
    """Return the pictures that a training would draw as the test set of an undivided folder."""
    return pictures.take(draw_test_positions(pictures.classes, pictures.groups))


def read_photos(
    data_source: DataSource, listing: Listing, input_contract: InputContract, progress: Progress
) -> Pictures:
    """Read photos in tiers as a model would see them. Photos that are left out are reported as warnings.

    Args:
        data_source: the options that name the photos.
        listing: the photos, from `named.list_photos`.
        input_contract: the input contract of the model: the shape and form of its pixels.
        progress: the display of how many photos are read, which also receives warnings.

    Raises:
        DataError: a folder, a label or a correction is wrong, or nothing can be read; the message names it.
    """
    contents, decoded, near_copies = decode_photos(data_source, listing, input_contract, progress)
    return tabulate_photos(contents.listing, decoded, near_copies)


def decode_photos(
    data_source: DataSource, listing: Listing, input_contract: InputContract, progress: Progress
) -> tuple[Contents, DecodedPictures, NearCopies]:
    """Decode photos in tiers and find near copies among them: the first half of `read_photos`."""
    warn_of_unread_table(listing.place, progress.warn)
    contents = data_source.make_contents(listing)
    check_corrected_tiers(contents)
    contents.check_contents(progress.warn, skip_unreadable=True)
    decoded = decode_pictures(contents, input_contract, progress, skip_unreadable=True)
    near_copies = group_near_copies(decoded.contents, decoded.hashes)
    report_near_copies(near_copies, contents.listing, progress.warn)
    return contents, decoded, near_copies


def tabulate_photos(listing: Listing, decoded: DecodedPictures, near_copies: NearCopies) -> Pictures:
    """Make the table of decoded photos in tiers, with their classes: the second half of `read_photos`."""
    contents = near_copies.kept_contents
    classes = Labels.make_from_codes(np.array([content.class_id for content in contents]), listing.labels)
    pictures = make_pictures(listing, decoded, near_copies, {LABEL: classes})
    has_checked_column = "checked" in listing.columns
    is_checked = np.array([content.is_checked for content in contents if has_checked_column], np.bool_)
    return replace(pictures, is_checked=is_checked)


def _read_pixels(data_source: DataSource, use: PictureUse) -> LabelledData:
    """Read a data set of pixels: Fashion-MNIST, or IDX or CSV files in its form.

    Raises:
        DataError: a file is missing or wrong, or one CSV is to be learnt, which needs a second one as test
            set.
    """
    if data_source.csv_pair is not None:
        return read_csv_pair(*data_source.csv_pair)
    if (table := data_source.find_pixel_table()) is not None:
        if use != "measure":
            raise DataError(
                f"{table}: pixels of one part, and a training needs two. Name them as --train TRAIN.csv "
                "--test TEST.csv."
            )
        return read_measured_csv(table)
    if data_source.place not in {None, KERAS_DATA_SET}:
        return read_idx_folder(unwrap_folder(expand_home(data_source.place or KERAS_DATA_SET)))
    if data_source.place is None and FASHION_MNIST_FOLDER.is_dir():
        return read_idx_folder(FASHION_MNIST_FOLDER)
    start_tensorflow()
    return download_with_keras()
