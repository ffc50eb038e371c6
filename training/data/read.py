"""Read labelled pictures into one data set, for every command that learns or measures. Read it top to bottom.

Pictures are decoded as the service would decode them. Near copies and pictures of one group are joined. Then
the labels to learn and the test set are chosen. Equal files are one picture, so that none is both learnt and
measured on.
"""

from dataclasses import replace

from inference.contract import GREY_28, InputContract
from model_store.release_files import expand_home
from training.data.data_source import KERAS_DATA_SET, DataSource
from training.data.decoded_pictures import ComputeFeatures, decode_pictures
from training.data.division import (
    choose_training_labels,
    make_evaluation_data,
    mark_listed_test_set,
    mark_test_set,
    split_train_test,
)
from training.data.fashion import LabelledData
from training.data.folders import unwrap_folder
from training.data.hashed_files import NO_HASHED_FILES
from training.data.listing import Listing, PictureUse
from training.data.near_copies import NearCopies, group_near_copies
from training.data.pixel_data_sets import (
    FASHION_MNIST_FOLDER,
    download_fashion_mnist,
    read_evaluation_csv,
    read_idx_folder,
    read_pixel_csv_pair,
)
from training.data.unique_pictures import UniquePictures
from training.errors import DataError
from training.loading import start_tensorflow
from training.progress import Progress, Say


def load_data_set(  # noqa: PLR0913 - what is read, how, and who follows it
    data_source: DataSource,
    progress: Progress,
    input_contract: InputContract = GREY_28,
    *,
    picture_use: PictureUse = "learn",
    compute_features: ComputeFeatures | None = None,
    limit: int | None = None,
    unique_pictures: UniquePictures | None = None,
) -> LabelledData:
    """Read a data set from files, and return its training set and test set.

    Args:
        data_source: the options that name the data set.
        progress: the display of how many pictures are read, which also receives warnings about pictures that
            are left out.
        input_contract: the input contract of the model: the shape and form of its pixels.
        picture_use: `learn` or `measure`; it is used only for a folder or table of pictures, and a CSV of
            pixels.
        compute_features: a function that computes a network's features; None for no features.
        limit: the number of pictures of a folder or table that are learnt, for a quick try; None for all.
        unique_pictures: the pictures of the folder or table, if they were already hashed and checked by
            `make_checked_pictures`.

    Raises:
        BadRecipe: there are fewer pictures than the limit.
        DataError: a file is missing or wrong; the message names the file and the row.
    """
    if unique_pictures is None and (listing := data_source.list_pictures()) is not None:
        unique_pictures = data_source.make_unique_pictures(listing)
        unique_pictures.check_pictures(progress.warn, skip_unreadable=data_source.skip_unreadable)
    if unique_pictures is None:
        # Corrections are about files, and this data has none. They are read only to be refused.
        data_source.read_corrections(None, NO_HASHED_FILES, progress.warn)
        data = _read_pixels(data_source, picture_use)
    else:
        unique_pictures = unique_pictures if limit is None else unique_pictures.limit_pictures(limit)
        data = make_labelled_data(
            data_source,
            unique_pictures,
            input_contract,
            progress,
            picture_use=picture_use,
            compute_features=compute_features,
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


def make_checked_pictures(
    data_source: DataSource, say: Say
) -> tuple[UniquePictures | None, tuple[str, ...] | None]:
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
    unique_pictures = data_source.make_unique_pictures(listing)
    unique_pictures.check_pictures(say, skip_unreadable=data_source.skip_unreadable)
    return unique_pictures, classes


def make_labelled_data(  # noqa: PLR0913 - what is read, how, and who follows it
    data_source: DataSource,
    unique_pictures: UniquePictures,
    input_contract: InputContract,
    progress: Progress,
    *,
    picture_use: PictureUse,
    compute_features: ComputeFeatures | None = None,
) -> LabelledData:
    """Decode pictures, join near copies, and choose labels, training set and test set.

    Args:
        data_source: the options that name the data set.
        unique_pictures: the pictures, after `UniquePictures.check_pictures`.
        input_contract: the input contract of the model: the shape and form of its pixels.
        progress: the display of how many pictures are decoded, which also receives warnings.
        picture_use: whether the pictures are learnt, or measured with no label left out.
        compute_features: a function that computes a network's features; None for no features.
    """
    say = progress.warn
    skip_unreadable = data_source.skip_unreadable
    decoded = decode_pictures(
        unique_pictures,
        input_contract,
        progress,
        compute_features=compute_features,
        skip_unreadable=skip_unreadable,
    )
    near_copies = group_near_copies(decoded.unique_pictures, decoded.hashes)
    check_near_copies(near_copies, unique_pictures.listing, say)
    if picture_use == "measure":
        return make_evaluation_data(
            unique_pictures.listing, decoded, near_copies, input_contract, say, data_source.required_labels
        )
    # With features, a head is fitted and measured by cross-validation. It needs no test set, so none is
    # drawn.
    is_tested = mark_test_set(near_copies) if compute_features is None else mark_listed_test_set(near_copies)
    labels = choose_training_labels(
        unique_pictures.listing, near_copies, is_tested, data_source.required_labels, say
    )
    return split_train_test(unique_pictures.listing, decoded, near_copies, labels, is_tested, input_contract)


def check_near_copies(near_copies: NearCopies, listing: Listing, say: Say) -> None:
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


def _read_pixels(data_source: DataSource, use: PictureUse) -> LabelledData:
    """Read a data set of pixels: Fashion-MNIST, or IDX or CSV files in its form.

    Raises:
        DataError: a file is missing or wrong, or one CSV is to be learnt, which needs a second one as test
            set.
    """
    if data_source.csv_pair is not None:
        return read_pixel_csv_pair(*data_source.csv_pair)
    if (table := data_source.find_pixel_table()) is not None:
        if use != "measure":
            raise DataError(
                f"{table}: pixels of one part, and a training needs two. Name them as --train TRAIN.csv "
                "--test TEST.csv."
            )
        return read_evaluation_csv(table)
    if data_source.place not in {None, KERAS_DATA_SET}:
        return read_idx_folder(unwrap_folder(expand_home(data_source.place or KERAS_DATA_SET)))
    if data_source.place is None and FASHION_MNIST_FOLDER.is_dir():
        return read_idx_folder(FASHION_MNIST_FOLDER)
    start_tensorflow()
    return download_fashion_mnist()
