"""A table or a person may name anything: what is no regular file is never waited for."""

import os
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from app.prediction.platform_categories import read_taxonomy
from app.security.api_keys import read_api_keys
from inference.sessions.keras_file import check_keras_file
from labelling.errors import ListUnusable, PictureUnreadable
from labelling.lists.list_files import open_list
from labelling.lists.list_reading import ListOptions
from labelling.sources.picture_files import read_file
from labelling.sources.source_opening import open_source
from model_store.errors import BadAddress
from model_store.release_files import hash_file
from model_store.signing import read_private_key, read_trusted_keys
from scripts.terminal import EXPECTED_ERRORS, FAILURE_EXIT_CODE
from tests.commands import wardrobe
from training.data.data_source import DataSource
from training.data.picture_files import decode_picture_file
from training.data.pixel_files import is_pixel_csv, read_idx_file, read_pixel_csv
from training.errors import DataError

pytestmark = pytest.mark.timeout(20)


def a_pipe(folder: Path) -> str:
    os.mkfifo(folder / "pipe.png")
    return f"{folder}/pipe.png"


@pytest.mark.parametrize(
    "made",
    [a_pipe, lambda _: "/dev/zero", str, lambda folder: f"{folder}/gone.png", lambda _: "a\0.png"],
    ids=["pipe", "device", "folder", "nothing", "no path"],
)
def test_what_is_no_file_has_no_content(made: Callable[[Path], str], tmp_path: Path) -> None:
    path = made(tmp_path)

    assert hash_file(path) is None
    assert isinstance(decode_picture_file(Path(path)), str)
    with pytest.raises(PictureUnreadable):
        read_file(path)


@pytest.mark.parametrize("encoding", ["", "cp1252"])
def test_a_list_that_is_a_pipe_is_refused(encoding: str, tmp_path: Path) -> None:
    pipe = Path(a_pipe(tmp_path))

    with pytest.raises(ListUnusable, match=r"pipe\.png: cannot be read"):
        open_list(pipe, ["path"], ListOptions(encoding=encoding))


READERS: dict[str, Callable[[Path], object]] = {
    "categories of a service": read_taxonomy,
    "API keys": read_api_keys,
    "trusted keys": read_trusted_keys,
    "key that signs": read_private_key,
    "Keras model": check_keras_file,
    "pixels as CSV": lambda path: read_pixel_csv(path, 10),
    "pixels as IDX": lambda path: read_idx_file(path, 3),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("made", [a_pipe, lambda _: "/dev/zero"], ids=["pipe", "device"])
def test_no_reader_waits_for_a_pipe_or_a_device(
    read: Callable[[Path], object], made: Callable[[Path], str], tmp_path: Path
) -> None:
    path = Path(made(tmp_path))

    with pytest.raises(EXPECTED_ERRORS, match=f"{path}.*This is no file"):
        read(path)


@pytest.mark.parametrize("made", [a_pipe, lambda _: "/dev/zero"], ids=["pipe", "device"])
def test_predict_names_what_is_no_file(
    made: Callable[[Path], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = made(tmp_path)

    assert wardrobe("predict", [path]) == FAILURE_EXIT_CODE

    assert f"{path}: This is no file." in capsys.readouterr().err


def test_a_table_of_pixels_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"pipe\.png: cannot be read"):
        is_pixel_csv(Path(a_pipe(tmp_path)))


@pytest.mark.parametrize(
    "read",
    [
        open_source,
        lambda place: ListOptions.read_arguments(
            Namespace(path_column=None, root=place, encoding="", skip_bad_rows=False)
        ),
        lambda place: DataSource(place=place).list_pictures(),
        lambda place: DataSource(place=place, photo_use="measure").list_photos(()),
    ],
    ids=["source", "root", "data", "photos"],
)
def test_the_home_folder_of_an_unknown_user_is_refused(read: Callable[[str], object]) -> None:
    with pytest.raises(BadAddress, match="~no-such-user/x: there is no home folder"):
        read("~no-such-user/x")
