"""Files of the user: their modes, their links, and what a killed command leaves beside them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelling.write.partial_files import PARTIAL_ENDING, make_partial_file, write_output


@pytest.fixture(params=[0o022, 0o027, 0o077], ids=lambda mask: f"umask {mask:03o}")
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    mask = int(request.param)
    earlier_mask = os.umask(mask)
    yield mask
    os.umask(earlier_mask)


def mode_of(file: Path) -> int:
    return file.stat().st_mode & 0o777


def test_a_new_file_has_the_mode_that_the_umask_allows(umask: int, tmp_path: Path) -> None:
    write_output(tmp_path / "t.csv", b"spring")

    assert mode_of(tmp_path / "t.csv") == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_an_existing_file_keeps_its_mode(umask: int, mode: int, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(b"spring")
    file.chmod(mode)

    write_output(file, b"autumn")

    assert (file.read_bytes(), mode_of(file)) == (b"autumn", mode)


def test_nobody_else_reads_the_new_content_of_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(b"spring")
    file.chmod(0o600)

    with make_partial_file(file) as partial:
        assert mode_of(partial.path) == 0o600


@pytest.mark.parametrize("has_file", [True, False], ids=["to a file", "to no file yet"])
def test_a_link_is_followed_and_stays(has_file: bool, tmp_path: Path) -> None:
    real_file = tmp_path / "elsewhere" / "real.csv"
    real_file.parent.mkdir()
    if has_file:
        real_file.write_bytes(b"spring")
    second_link = tmp_path / "second.csv"
    second_link.symlink_to(Path("elsewhere", "real.csv"))
    link = tmp_path / "t.csv"
    link.symlink_to("second.csv")

    write_output(link, b"autumn")

    assert (link.is_symlink(), second_link.is_symlink(), real_file.read_bytes()) == (True, True, b"autumn")


def test_a_link_that_leads_to_itself_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "t.csv").symlink_to("t.csv")

    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        write_output(tmp_path / "t.csv", b"autumn")


def test_what_a_killed_command_left_is_overwritten_and_nothing_else_is_removed(tmp_path: Path) -> None:
    left = tmp_path / f".t.csv{PARTIAL_ENDING}"
    left.write_bytes(b"half of the table, and more than the new one has")
    others = [tmp_path / ".t.csv.backup", tmp_path / f".other.csv{PARTIAL_ENDING}", tmp_path / ".t.csv.x1y2"]
    for other in others:
        other.write_bytes(b"mine")

    write_output(tmp_path / "t.csv", b"autumn")

    assert (tmp_path / "t.csv").read_bytes() == b"autumn"
    assert not left.exists()
    assert [other.read_bytes() for other in others] == [b"mine"] * 3


def test_a_link_under_the_name_of_a_partial_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(b"mine")
    (tmp_path / f".t.csv{PARTIAL_ENDING}").symlink_to("mine.csv")

    write_output(tmp_path / "t.csv", b"autumn")

    assert (tmp_path / "mine.csv").read_bytes() == b"mine"


def test_of_two_commands_that_write_one_file_the_first_says_so_and_the_second_writes_it(
    tmp_path: Path,
) -> None:
    file = tmp_path / "t.csv"
    with pytest.raises(OSError, match="another command writes this file"), make_partial_file(file) as first:
        first.path.write_bytes(b"first")
        with make_partial_file(file) as second:
            second.path.write_bytes(b"second")
            with pytest.raises(OSError, match="another command writes this file"):
                first.move_into_place()
            second.move_into_place()
        first.move_into_place()

    assert file.read_bytes() == b"second"
    assert [*tmp_path.iterdir()] == [file]
