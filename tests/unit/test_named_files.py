"""A table may name anything: what is no regular file is never waited for."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from labelling.errors import Unreadable
from labelling.review.moved import find_moved
from labelling.sources.files import read_file
from model_store.files import hash_of
from training.data.files import decode_file

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

    assert hash_of(path) is None
    assert isinstance(decode_file(Path(path)), str)
    with pytest.raises(Unreadable):
        read_file(path)


def test_a_picture_that_was_moved_is_found_beside_a_pipe(tmp_path: Path) -> None:
    a_pipe(tmp_path)
    (tmp_path / "z.png").write_bytes(b"picture")
    sha256 = hash_of(tmp_path / "z.png")

    assert sha256 is not None
    assert find_moved(frozenset({sha256}), (tmp_path,), hash_of) == {sha256: f"{tmp_path}/z.png"}
