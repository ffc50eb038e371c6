"""Read labelled pictures into one data set, for every command that learns or measures. Read it top to bottom.

First the pictures (contents.py) are decoded as the service would decode them (decoded_pictures.py). Then near
copies and pictures of one group are joined (near_copies.py). Then the labels to learn and the test set are
chosen. Equal files are one picture, so that none is both learnt and measured on. A test set is drawn by the
hash of a picture or its group. So the same pictures give the same test set under any names and in any order,
and an added picture moves no other one between training and test, unless both are nearly the same or of one
group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.contract import GREY_28, LABEL, InputContract
from model_store.release_files import expand_home
from training.data.contents import Contents
from training.data.decoded_pictures import DecodedPictures, See, decode_pictures
from training.data.fashion import SYSTEM_FOLDER, LabelledData, from_csv, from_idx, from_keras, from_one_csv
from training.data.folders import unwrapped
from training.data.hashed_files import NO_FILES
from training.data.labels import Labels, learnt_labels, measured_labels, unread_columns
from training.data.listing import Listing, Use
from training.data.named import KERAS, Named
from training.data.near_copies import NearCopies, group_near_copies
from training.data.photos import check_tiers, warn_of_table
from training.data.pictures import Pictures
from training.data.split import drawn_for_test
from training.errors import BadPictures
from training.loading import start_tensorflow
from training.progress import Progress, Say


def load(  # noqa: PLR0913 - what is read, how, and who follows it
    named: Named,
    progress: Progress,
    reads: InputContract = GREY_28,
    *,
    use: Use = "learn",
    see: See | None = None,
    limit: int | None = None,
    contents: Contents | None = None,
) -> LabelledData:
    """Read a data set from files, and return its training set and test set.

    Args:
        named: the options that name the data set.
        progress: the display of how many pictures are read, which also receives warnings about pictures that
            are left out.
        reads: the input contract of the model: the shape and form of its pixels.
        use: `learn` or `measure`; it is used only for a folder or table of pictures, and a CSV of pixels.
        see: a function that computes a network's features; None for no features.
        limit: the number of pictures of a folder or table that are learnt, for a quick try; None for all.
        contents: the pictures of the folder or table, if they were already hashed and checked by
            `check_pictures`.

    Raises:
        BadRecipe: there are fewer pictures than the limit.
        DataError: a file is missing or wrong; the message names the file and the row.
    """
    if contents is None and (listing := named.list_pictures()) is not None:
        contents = named.make_contents(listing)
        contents.check(progress.warn, skip_unreadable=named.skip_unreadable)
    if contents is None:
        named.read_corrections(None, NO_FILES, progress.warn)  # refuses those of pictures
        data = _read_pixels(named, use)
    else:
        contents = contents if limit is None else contents.limited(limit)
        data = read_contents(named, contents, reads, progress, use=use, see=see)
    if (data.reads.array_shape, data.reads.framing) != (reads.array_shape, reads.framing):
        raise BadPictures(
            f"The model is to read {reads.description}, but this data set has {data.reads.description}. "
            "Name pictures with --data: a folder with a sub-folder per class, or a CSV."
        )
    return replace(data, licence=named.licence)


def check_pictures(named: Named, say: Say) -> tuple[Contents | None, tuple[str, ...] | None]:
    """Hash the pictures of a folder or table, and refuse those that cannot be learnt, before any is decoded.

    Args:
        named: the options that name the data set.
        say: a function that receives sentences about the pictures that a person should read.

    Returns:
        The pictures, and the classes that a training would learn, which are None with corrections; (None,
        None) if the data set is not a folder or table of pictures.

    Raises:
        DataError: names, columns or bytes of the files cannot be learnt.
    """
    listing = named.list_pictures()
    if listing is None:
        return None, None
    classes = named.check_listing(listing)
    contents = named.make_contents(listing)
    contents.check(say, skip_unreadable=named.skip_unreadable)
    return contents, classes


def read_contents(  # noqa: PLR0913 - what is read, how, and who follows it
    named: Named,
    contents: Contents,
    reads: InputContract,
    progress: Progress,
    *,
    use: Use,
    see: See | None = None,
) -> LabelledData:
    """Decode pictures, join near copies, and choose labels, training set and test set.

    Args:
        named: the options that name the data set.
        contents: the pictures, after `Contents.check`.
        reads: the input contract of the model: the shape and form of its pixels.
        progress: the display of how many pictures are decoded, which also receives warnings.
        use: whether the pictures are learnt, or measured with no label left out.
        see: a function that computes a network's features; None for no features.
    """
    say, skips = progress.warn, named.skip_unreadable
    decoded = decode_pictures(contents, reads, progress, see=see, skip_unreadable=skips)
    near = group_near_copies(decoded.contents, decoded.hashes)
    check_kept(near, contents.listing, say)
    if use == "measure":
        return measure_pictures(contents.listing, decoded, near, reads, say, named.keep)
    # What a network sees is answered by heads of folds, and all is learnt.
    tested = draw_test_set(near) if see is None else listed_test_set(near)
    labels = choose_labels(contents.listing, near, tested, named.keep, say)
    return divide(contents.listing, decoded, near, labels, tested, reads)


def check_kept(near: NearCopies, listing: Listing, say: Say) -> None:
    """Report which near copies are left out, and refuse a data set of which no picture is left.

    Args:
        near: the near copies, with the pictures that can be learnt.
        listing: the pictures, for the message.
        say: a function that receives the sentences.

    Raises:
        BadPictures: each picture is nearly the same as a picture of another class.
    """
    for sentence in near.notes:
        say(sentence)
    if not len(near.kept):
        raise BadPictures(f"{listing.place}: each picture is nearly the same as one of another class.")


def listed_test_set(near: NearCopies) -> NDArray[np.bool_]:
    """Return which of M kept pictures the folder or table itself puts into the test set, bool (M,)."""
    return np.array([content.part == "test" for content in near.kept_contents], np.bool_)


def draw_test_set(near: NearCopies) -> NDArray[np.bool_]:
    """Choose which of M kept pictures are in the test set, bool (M,).

    If the folder or table is divided into train and test, this division is used. Otherwise groups are drawn
    by their hashes.
    """
    contents = near.kept_contents
    if any(content.part for content in contents):
        return listed_test_set(near)
    tested = np.zeros(len(contents), np.bool_)
    tested[drawn_for_test(np.array([content.label for content in contents]), near.split_keys)] = True
    return tested


def choose_labels(
    listing: Listing,
    near: NearCopies,
    tested: NDArray[np.bool_],
    keep: Mapping[str, Sequence[str]],
    say: Say,
) -> dict[str, Labels]:
    """Choose the labels to learn, and return those of the kept pictures.

    Labels with too few pictures are left out.

    Args:
        listing: the pictures as they are listed.
        near: the near copies, with the M pictures that can be learnt.
        tested: bool (M,), which of these are in the test set.
        keep: labels of a release that have to be learnt, by question.
        say: a function that receives sentences that a person should read.

    Raises:
        BadClasses: the labels cannot be learnt.
    """
    labels = learnt_labels(listing, near.labels, near.split_keys.tolist(), tested.tolist(), keep, say)
    _say_unread(listing, labels, say)
    return labels


def _say_unread(listing: Listing, labels: Mapping[str, Labels], say: Say) -> None:
    if len(labels) > 1 and (sentence := unread_columns(listing, labels)):
        say(sentence)


def divide(  # noqa: PLR0913, PLR0917 - pictures, and what was decided about them
    listing: Listing,
    decoded: DecodedPictures,
    near: NearCopies,
    labels: Mapping[str, Labels],
    tested: NDArray[np.bool_],
    reads: InputContract,
) -> LabelledData:
    """Divide the kept pictures into training set and test set, and return them as one data set.

    Both are in the order of the sha256, which is as good as shuffled and does not depend on names of files.
    Pictures without any known label are left out; a picture with a label of an attribute stays, even without
    a class.

    Args:
        listing: the pictures as they are listed.
        decoded: the decoded pictures.
        near: the near copies, with the M pictures that can be learnt.
        labels: the labels of these, by question.
        tested: bool (M,), which of these are in the test set.
        reads: the input contract of the model: the shape and form of its pixels.
    """
    order = np.argsort(np.array([content.sha256 for content in near.kept_contents]))
    # A picture of which no label is known is not learnt.
    has_label = np.any([of_question.main >= 0 for of_question in labels.values()], axis=0)
    every = make_pictures(listing, decoded, near, labels)
    train, test = (every.take(order[part[order]]) for part in (has_label & ~tested, has_label & tested))
    names = labels[LABEL].names
    return LabelledData(train, test, labels=names, named=True, name=listing.name, reads=reads)


def measure_pictures(  # noqa: PLR0913, PLR0917 - pictures, and what is asked of them
    listing: Listing,
    decoded: DecodedPictures,
    near: NearCopies,
    reads: InputContract,
    say: Say,
    keep: Mapping[str, Sequence[str]],
) -> LabelledData:
    """Return the pictures on which a release is measured, as a data set whose two parts are the same.

    If the folder or table has a test part, only this part is used. No label is left out. Pictures are in the
    order of the sha256, as in trainings, because a release recognises its test set by a hash over all of
    them.

    Args:
        listing: the pictures as they are listed.
        decoded: the decoded pictures.
        near: the near copies, with the pictures that can be used.
        reads: the input contract of the model: the shape and form of its pixels.
        say: a function that receives sentences that a person should read.
        keep: the labels of the release, by question.
    """
    tested = listed_test_set(near)
    chosen = near.take(tested) if tested.any() else near
    class_ids = [content.class_id for content in chosen.kept_contents]
    labels = measured_labels(listing, chosen.labels, class_ids, keep, say)
    _say_unread(listing, labels, say)
    pictures = make_pictures(listing, decoded, chosen, labels)
    pictures = pictures.take(np.argsort(pictures.sha256))
    names = labels[LABEL].names
    return LabelledData(pictures, pictures, labels=names, named=True, name=listing.name, reads=reads)


def make_pictures(
    listing: Listing,
    decoded: DecodedPictures,
    near: NearCopies,
    labels: Mapping[str, Labels],
) -> Pictures:
    """Make the table of the kept pictures, in their order. At least one picture must be kept.

    Args:
        listing: the pictures as they are listed.
        decoded: the decoded pictures.
        near: the near copies, with the pictures that can be used.
        labels: the labels of the kept pictures, by question.
    """
    contents, first = near.kept_contents, [content.rows[0] for content in near.kept_contents]
    return Pictures(
        pixels=decoded.pixels[near.kept]
        if isinstance(decoded.pixels, np.ndarray)
        else decoded.pixels.take(near.kept),
        features=decoded.features.take(near.kept) if len(decoded.features) else decoded.features,
        labels=labels,
        sha256=np.array([content.sha256 for content in contents]),
        groups=near.split_keys,
        files=tuple(row.path for row in first),
        tiers=np.array([row.tier for row in first]),
        spelt=np.array([content.label or content.rows[0].tier for content in contents]),
        sources=np.array([row.source for row in first]),
        networks=tuple(decoded.networks[place] for place in near.kept.tolist()),
        hashes=decoded.hashes[near.kept],
        is_plain=decoded.is_plain[near.kept],
        of_products=listing.groups_are_products,
    )


def sampled_for_test(pictures: Pictures) -> Pictures:
    """Return the pictures that a training would draw as the test set of an undivided folder."""
    return pictures.take(drawn_for_test(pictures.classes, pictures.groups))


def read_photos(named: Named, listing: Listing, reads: InputContract, progress: Progress) -> Pictures:
    """Read photos in tiers as a model would see them. Photos that are left out are reported as warnings.

    Args:
        named: the options that name the photos.
        listing: the photos, from `named.list_photos`.
        reads: the input contract of the model: the shape and form of its pixels.
        progress: the display of how many photos are read, which also receives warnings.

    Raises:
        DataError: a folder, a label or a correction is wrong, or nothing can be read; the message names it.
    """
    contents, decoded, near = decode_photos(named, listing, reads, progress)
    return tabulate_photos(contents.listing, decoded, near)


def decode_photos(
    named: Named, listing: Listing, reads: InputContract, progress: Progress
) -> tuple[Contents, DecodedPictures, NearCopies]:
    """Decode photos in tiers and find near copies among them: the first half of `read_photos`."""
    warn_of_table(listing.place, progress.warn)
    contents = named.make_contents(listing)
    check_tiers(contents)
    contents.check(progress.warn, skip_unreadable=True)
    decoded = decode_pictures(contents, reads, progress, skip_unreadable=True)
    near = group_near_copies(decoded.contents, decoded.hashes)
    check_kept(near, contents.listing, progress.warn)
    return contents, decoded, near


def tabulate_photos(listing: Listing, decoded: DecodedPictures, near: NearCopies) -> Pictures:
    """Make the table of decoded photos in tiers, with their classes: the second half of `read_photos`."""
    contents = near.kept_contents
    classes = Labels.of(np.array([content.class_id for content in contents]), listing.labels)
    pictures = make_pictures(listing, decoded, near, {LABEL: classes})
    is_said = "checked" in listing.columns
    checked = np.array([content.checked for content in contents if is_said], np.bool_)
    return replace(pictures, checked=checked)


def _read_pixels(named: Named, use: Use) -> LabelledData:
    """Read a data set in the form of Fashion-MNIST."""
    if named.csv_pair is not None:
        return from_csv(*named.csv_pair)
    if (table := named.pixel_table()) is not None:
        if use != "measure":
            raise BadPictures(
                f"{table}: pixels of one part, and a training needs two. Name them as --train TRAIN.csv "
                "--test TEST.csv."
            )
        return from_one_csv(table)
    if named.place not in {None, KERAS}:
        return from_idx(unwrapped(expand_home(named.place or KERAS)))
    if named.place is None and SYSTEM_FOLDER.is_dir():
        return from_idx(SYSTEM_FOLDER)
    start_tensorflow()
    return from_keras()
