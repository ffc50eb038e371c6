"""What may be written, by whatever kind of link; and which files beside a table are its journal's own."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labelling.errors import OutputUnusable, RunMismatch
from labelling.journal.journal_file import Journal
from labelling.run_settings import RunSettings
from labelling.write.outputs import (
    check_no_file_exists,
    check_not_edited,
    check_outputs,
    record_file_hashes,
    replace_files,
)
from labelling.write.partial_files import PARTIAL_ENDING

RUN = RunSettings(source="here", version="20261120T101500Z-3f9a1c2e", heads={"label": ("Shirt", "Bag")})


def written(file: Path, text: str = "text") -> Path:
    file.write_text(text, "utf-8")
    return file


WAYS: dict[str, Callable[[Path], Path]] = {
    "the same path": lambda file: file,
    "another path": lambda file: file.parent / ".." / file.parent.name / file.name,
    "a link": lambda file: linked(file.with_name("link.csv"), file),
    "a linked folder": lambda file: linked(file.parent / "folder", file.parent) / file.name,
    "a hard link": lambda file: hard_link(file.with_name("hard.csv"), file),
}


def linked(link: Path, target: Path) -> Path:
    link.symlink_to(target)
    return link


def hard_link(link: Path, target: Path) -> Path:
    link.hardlink_to(target)
    return link


@pytest.mark.parametrize("way", WAYS)
def test_what_is_read_is_not_written_by_whatever_way(way: str, tmp_path: Path) -> None:
    own = written(tmp_path / "own.csv")
    other = WAYS[way](own)

    for output, read in ((own, other), (other, own)):
        with pytest.raises(OutputUnusable, match="this command reads it, and would replace it"):
            check_outputs([output], [read])


@pytest.mark.parametrize("way", ["the same path", "another path", "a linked folder", "a hard link"])
def test_two_outputs_are_not_one_file(way: str, tmp_path: Path) -> None:
    own = written(tmp_path / "own.csv")

    with pytest.raises(OutputUnusable, match="would be two outputs"):
        check_outputs([own, WAYS[way](own)], [])


def test_two_outputs_that_are_not_there_yet_are_not_one_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)

    with pytest.raises(OutputUnusable, match="would be two outputs"):
        check_outputs([tmp_path / "new.csv", tmp_path / "link" / "new.csv"], [])


def test_what_is_no_file_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "lost link").symlink_to("nowhere")

    for name in ("folder", "pipe", "lost link"):
        with pytest.raises(OutputUnusable, match="is there already and is no file"):
            check_outputs([tmp_path / name], [])


def test_nothing_is_written_into_a_folder_that_is_read_whole(tmp_path: Path) -> None:
    with pytest.raises(OutputUnusable, match="this command reads it"):
        check_outputs([tmp_path / "release" / "new.html"], [tmp_path / "release"])


@pytest.mark.parametrize("read", ["s3://bucket/photos", "photos/*.jpg", "no\0name", "x" * 5000])
def test_an_address_that_is_no_file_forbids_nothing(read: str, tmp_path: Path) -> None:
    check_outputs([tmp_path / "new.csv"], [read])


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "table.csv", RUN) as opened:
        yield opened


def put(journal: Journal, file: Path, text: str) -> None:
    with replace_files(journal, [file]) as [new]:
        new.write_text(text, "utf-8")


def test_a_file_is_replaced_where_the_journal_knows_it_and_no_other(journal: Journal, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    put(journal, file, "spring")
    put(journal, file, "autumn")
    with pytest.raises(OutputUnusable, match=r"table\.csv: was changed since.*--restart"):
        check_not_edited(journal, [written(file, "mine")])

    with pytest.raises(OutputUnusable, match=r"was changed since"):
        put(journal, file, "winter")

    assert file.read_text("utf-8") == "mine"
    record_file_hashes(journal, [file])
    put(journal, file, "winter")
    assert file.read_text("utf-8") == "winter"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_the_option_that_reads_a_changed_file_is_named_for_the_shops_words_alone(
    journal: Journal, tmp_path: Path
) -> None:
    table, words = tmp_path / "table.csv", tmp_path / "table-words.csv"

    for file, advice in ((table, "it. Move it away"), (words, f"with --words {words} and without")):
        with pytest.raises(OutputUnusable, match=re.escape(advice)):
            check_not_edited(journal, [written(file, "mine")])


def test_a_table_that_is_a_link_is_written_where_the_link_leads(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "table.csv"
    linked_file = tmp_path / "elsewhere" / "real.csv"
    put(journal, file, "winter")
    file.rename(linked_file)
    file.symlink_to(Path("elsewhere", "real.csv"))

    for text in ("spring", "autumn"):
        put(journal, file, text)
        assert (linked_file.read_text("utf-8"), file.is_symlink()) == (text, True)

    written(linked_file, "mine")
    with pytest.raises(OutputUnusable, match=r"table\.csv: was changed since"):
        put(journal, file, "winter")
    assert linked_file.read_text("utf-8") == "mine"
    assert [*tmp_path.rglob(f"*{PARTIAL_ENDING}")] == []


def test_a_write_that_fails_leaves_all_files_as_they_were(journal: Journal, tmp_path: Path) -> None:
    files = [tmp_path / "table.csv", tmp_path / "table.csv.summary.json"]
    with replace_files(journal, files) as new:
        for file in new:
            file.write_text("spring", "utf-8")

    with pytest.raises(OSError, match="No space"), replace_files(journal, files) as new:
        new[0].write_text("autumn", "utf-8")
        raise OSError(28, "No space left on device")

    assert [file.read_text("utf-8") for file in files] == ["spring", "spring"]
    check_not_edited(journal, files)


def test_a_kill_between_the_journal_and_the_file_leaves_it_our_own(journal: Journal, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    put(journal, file, "spring")
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(KeyboardInterrupt),
        replace_files(journal, [file]) as [new],
    ):
        new.write_text("autumn", "utf-8")
        patch.setattr(Path, "replace", killed)

    check_not_edited(journal, [file])
    put(journal, file, "winter")

    assert file.read_text("utf-8") == "winter"


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_beside_a_table_without_a_journal_no_file_is_replaced(tmp_path: Path) -> None:
    summary = written(tmp_path / "table.csv.summary.json")

    with pytest.raises(RunMismatch, match=r"summary\.json: is there already.*no table\.csv\.sqlite"):
        check_no_file_exists(tmp_path / "table.csv", [tmp_path / "table.csv", summary])
