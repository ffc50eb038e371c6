"""List the pictures of a folder, with a sub-folder for each label, or of a table.

Only names are looked at. No picture is opened.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from inference.contract import LABEL
from inference.release_labels import NONE
from inference.text.file_names import is_picture_name, is_system_file_name
from labelling.lists.list_reading import DEFAULT_LIST_OPTIONS, ListOptions
from model_store.release_files import expand_home
from training.data.listing import (
    TRAIN_FOLDER_NAMES,
    DataSetPart,
    ListedPicture,
    Listing,
    map_names_to_parts,
    read_label,
)
from training.data.tables import list_table_pictures
from training.errors import DataError


def list_pictures(
    path: Path,
    list_options: ListOptions = DEFAULT_LIST_OPTIONS,
    attributes: Sequence[str] = (),
) -> Listing:
    """List the pictures of a table, or of a folder with one sub-folder for each label.

    A folder may first be divided into `train` and `test`, perhaps with `val`, or into tiers (how a photo was
    taken), with the sub-folders of labels inside. Folders below a label's folder belong to the same label.
    These are left out: hidden files, files whose names are not those of pictures, and a folder `none of
    these` outside tiers. All other files are taken for pictures.

    Args:
        path: a folder, or a CSV whose header has the columns `path` and `label`, and perhaps `tier`,
            `group`, `source` and `split`. Paths are relative to the CSV's folder.
        list_options: the way in which the CSV is read, such as the encoding and the names of columns.
        attributes: the columns of further labels, such as `colour`, which are read if the CSV has them.

    Raises:
        DataError: a folder cannot be read; or the CSV cannot be read, has another header, or has a row that
            does not fit the header or has no path; or the pictures are in a folder, and `list_options` names
            a product column; or a row has no label or tier, or a label that cannot be shown.
    """
    if path.exists() and not path.is_dir():
        return list_table_pictures(path, attributes, list_options)
    if list_options.product_column:
        raise DataError(
            f"{path}: --product-column {list_options.product_column} names a column of a CSV, and this is "
            "none."
        )
    folders = [
        entry for entry in list_entries(path) if entry.is_dir() and not is_system_file_name(entry.name)
    ]
    unlabelled_folders = _find_unlabelled_folders(folders)
    # The other folders are tiers or parts if they have folders of labels inside, or else labels themselves.
    tiers = [folder for folder in folders if folder not in unlabelled_folders]
    listing = Listing(
        path, left_out_files=tuple(entry for folder in unlabelled_folders for entry in list_entries(folder))
    )
    if not _is_divided(tiers):
        return listing.concatenate(_list_labels(path))
    other_entries = (
        entry for entry in list_entries(path) if not entry.is_dir() or is_system_file_name(entry.name)
    )
    listing = replace(listing, left_out_files=(*listing.left_out_files, *other_entries))
    names = {tier.name.casefold() for tier in tiers}
    if names <= TRAIN_FOLDER_NAMES:  # only `train` has labels, as if the data set were not divided
        return listing.concatenate(_list_labels(tiers[0]))
    parts = map_names_to_parts(names)
    for tier in sorted(tiers, key=lambda folder: parts.get(folder.name.casefold()) == "test"):
        part = parts.get(tier.name.casefold())
        listing = listing.concatenate(_list_labels(tier, part=part, tier="" if part else tier.name))
    return listing


def has_idx_files(folder: Path) -> bool:
    """Tell whether a folder contains IDX files (the format of MNIST), judged by their names."""
    return any(folder.glob("*-ubyte*"))


def resolve_user_path(text: str) -> Path:
    """Return the existing file or folder that a person named. A leading `~` is the home folder.

    Raises:
        DataError: the file or folder does not exist.
    """
    place = expand_home(text)
    if not place.exists():
        raise DataError(f"{text}: no such file or folder.")
    return place


def unwrap_folder(path: Path) -> Path:
    """Return the folder of the data set itself, if archives wrapped it into outer folders with nothing else.

    A sub-folder with a name of one letter is not unwrapped, because it is a tier of photos.

    Args:
        path: a file, which is returned as it is, or a folder.

    Raises:
        DataError: a folder cannot be read.
    """
    if not path.is_dir() or has_idx_files(path) or any(map(can_be_picture, list_entries(path))):
        return path
    folders = [
        entry for entry in list_entries(path) if entry.is_dir() and not is_system_file_name(entry.name)
    ]
    if len(folders) != 1 or len(folders[0].name) == 1:
        return path
    inner_entries = list_entries(folders[0])
    has_folders = any(entry.is_dir() and not is_system_file_name(entry.name) for entry in inner_entries)
    is_data_set = has_idx_files(folders[0]) or (has_folders and not any(map(can_be_picture, inner_entries)))
    return unwrap_folder(folders[0]) if is_data_set else path


def _find_unlabelled_folders(folders: Sequence[Path]) -> list[Path]:
    """Return the sub-folders of a divided folder that have pictures without labels, as `test` often has."""
    names = {folder.name.casefold() for folder in folders}
    picture_folders = [
        folder for folder in folders if any(can_be_picture(entry) for entry in list_entries(folder))
    ]
    train_folders = [folder for folder in folders if folder.name.casefold() in TRAIN_FOLDER_NAMES]
    if (
        not map_names_to_parts(names)
        or any(folder in picture_folders for folder in train_folders)
        or not _is_divided(train_folders)
    ):
        return []
    return picture_folders


def _is_divided(folders: Sequence[Path]) -> bool:
    """Tell whether folders contain sub-folders and no pictures, so that labels are one level further down."""
    inner_entries = [
        entry for folder in folders for entry in list_entries(folder) if not is_system_file_name(entry.name)
    ]
    return any(entry.is_dir() for entry in inner_entries) and not any(map(can_be_picture, inner_entries))


def _list_labels(folder: Path, part: DataSetPart | None = None, tier: str = "") -> Listing:
    """List the pictures in the folders of labels inside a folder, and the files that are no pictures.

    Args:
        part: the part of the data set that the folder is, if it is one.
        tier: the tier (how a photo was taken) that the folder is; empty for none.
    """
    pictures = list[ListedPicture]()
    left_out_files = list[Path]()
    empty_folders = list[Path]()
    nested_folders = list[Path]()
    for entry in list_entries(folder):
        if is_system_file_name(entry.name) or not entry.is_dir():
            left_out_files.append(entry)
            continue
        label = read_label(entry.name, str(entry))
        folders = list(_walk_folders(entry))
        files = [
            file for inner_folder in folders for file in list_entries(inner_folder) if file not in folders
        ]
        if label == NONE and not tier:  # pictures of no class, which a training of classes cannot use
            left_out_files += files
            continue
        rows = [ListedPicture(file, {LABEL: label}, part, tier) for file in files if can_be_picture(file)]
        pictures += rows
        nested_folders += sorted({row.path.parent for row in rows} - {entry})
        left_out_files += [file for file in files if not can_be_picture(file)]
        if not rows:
            empty_folders.append(entry)
    return Listing(
        folder,
        tuple(pictures),
        tuple(left_out_files),
        tuple(empty_folders),
        nested_folders=tuple(nested_folders),
    )


def _walk_folders(folder: Path) -> Iterator[Path]:
    """Yield a folder and all folders below it, without links and folders such as `__MACOSX`."""
    yield folder
    for entry in list_entries(folder):
        if entry.is_dir() and not entry.is_symlink() and not is_system_file_name(entry.name):
            yield from _walk_folders(entry)


def can_be_picture(entry: Path) -> bool:
    """Tell whether an entry of a folder is taken for a picture: a file whose name is that of a picture."""
    return not entry.is_dir() and is_picture_name(entry.name)


def list_entries(folder: Path) -> list[Path]:
    """Return the files and folders directly inside a folder, sorted by name.

    Raises:
        DataError: the folder cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}).") from error
