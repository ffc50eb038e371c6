"""What is written and said after the tables of `wardrobe label` stand: a sheet, folders and a feed.

None of these hides the table, or another one of them.
"""

import json
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from inference.contract import Head, make_whole_picture_input
from labelling.journal.journal_file import Journal
from labelling.sources.items import PictureItem
from labelling.workers.labeller import LabelledChunks, Say, WorkerSetup
from model_store.local_releases import open_release
from scripts.console import get_program_name
from scripts.label_job import ENGINES_BY_NAME
from scripts.label_last_run import make_model_path_absolute
from scripts.terminal import run_main
from tests.catalogues import PICTURES, write_doubtful, write_folder
from tests.commands import wardrobe
from tests.labelled_here import here
from tests.releases import LABELS, a_release, a_store
from tests.review_sheets import cards_of, export
from tests.small_disks import fill, small_disk
from tests.tables import label, rows_of, write_csv

main = partial(wardrobe, "label")

COLOURS = ("red", "green", "blue")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that accepts no colour."""
    heads = {"colour": Head(labels=COLOURS, temperature=1.0, confidence=1.0)}
    folder = tmp_path_factory.mktemp("outcome") / "release"
    return a_release(folder, reads=make_whole_picture_input(32, 3), attributes=heads)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A list of six pictures, of one product each."""
    write_folder(tmp_path)
    rows = [{"path": name, "article": f"A{number}"} for number, name in enumerate(PICTURES)]
    return write_csv(tmp_path / "list.csv", rows)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that has room for the folders of the labels, and for no picture of a megabyte."""
    with small_disk(tmp_path / "disk") as disk:
        fill(disk, 1 << 15)
        yield disk


def ended(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Return the exit code of a command, and what it printed to stdout and stderr, each in one line."""
    capsys.readouterr()
    code = run_main(lambda: main(words))
    printed = capsys.readouterr()
    return code, " ".join(printed.out.split()), " ".join(printed.err.split())


def test_folders_on_a_full_disk_are_an_error_after_the_summary(
    release: Path, full_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = {name: content + bytes(1 << 20) for name, content in PICTURES.items()}
    shop, table, folder = write_folder(tmp_path / "shop", pictures), tmp_path / "t.csv", full_disk / "sorted"
    words = [str(shop), "--out", str(table), "--model", str(release), "--into", str(folder)]

    code, printed, said = ended(words, capsys)

    assert code == 1
    assert " 6 rows. " in printed
    assert f"Table: {table}" in printed
    assert "Sorted:" not in printed
    assert "cannot be written (No space left on device)" in said
    assert said.endswith(f"{folder} has only a part of the pictures: name a new folder with --into.")
    assert not [file for file in folder.rglob("*") if file.is_file()], "a part of a picture"


def test_a_sheet_that_cannot_be_written_hides_neither_summary_nor_feed(
    shop: Path, release: Path, full_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [first, *_] = label(shop, table := tmp_path / "t.csv", release, "--by", "article")
    answer = {"sha256": first["sha256"], "path": "", "label": "red", "attribute": "colour", "product": "A0"}
    said_by_people = write_csv(tmp_path / "said.csv", [answer])
    fill(full_disk)
    words = ["--corrections", str(said_by_people), "--out", str(table), "--feed", "google"]

    code, printed, said = ended([*words, "--review", str(full_disk / "sheet.html")], capsys)

    assert code == 1
    assert "6 products by `article`" in printed
    assert f"Feed of 1 product: {tmp_path}/t-google.csv" in printed
    assert rows_of(tmp_path / "t-google.csv") == [{"id": "A0", "color": "red"}]
    assert "sheet.html: cannot be written (No space left on device)" in said
    assert "Review sheet" not in printed
    assert "sheet.html" not in printed, "nothing asks to answer a sheet that is not there"
    assert "Next:" not in printed


def test_a_sheet_and_folders_that_fail_are_both_named(
    release: Path, full_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, folder = write_folder(tmp_path / "shop"), full_disk / "sorted"
    fill(full_disk)
    words = [str(shop), "--out", str(tmp_path / "t.csv"), "--model", str(release), "--into", str(folder)]

    code, _, said = ended([*words, "--review", str(full_disk / "sheet.html")], capsys)

    assert code == 1
    assert "sheet.html: cannot be written" in said
    assert f"{folder}" in said
    assert said.endswith("sheet.html: cannot be written (No space left on device).")


def _without_the_first(
    setup: WorkerSetup, items: Iterator[PictureItem], workers: int | None, say: Say
) -> LabelledChunks:
    """An engine after whose work the first picture is gone."""
    for chunk, photos in here(setup, items, workers, say):
        Path(chunk[0].place).unlink()
        yield chunk, photos


def test_a_picture_that_can_no_longer_be_read_is_skipped_and_counted_and_the_exit_code_is_1(
    release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES_BY_NAME, "processes", _without_the_first)
    shop, folder = write_folder(tmp_path / "shop"), tmp_path / "sorted"
    words = [str(shop), "--out", str(tmp_path / "t.csv"), "--model", str(release), "--into", str(folder)]

    code, printed, _ = ended(words, capsys)

    assert code == 1
    assert f"Sorted: 5 pictures into folders of {folder}; 1 could not be read." in printed
    assert len([file for file in folder.rglob("*") if file.is_file()]) == 5


STOPPED = {
    "write_sheet": "The tables are written, and the same command writes the rest.",
    "copy_pictures_into_folders": "has only a part of the pictures: name a new folder with --into.",
    "write_tables": "Nothing is lost: the same command goes on where it was.",
}


@pytest.mark.parametrize("step", STOPPED)
def test_ctrl_c_says_how_to_go_on(
    step: str,
    release: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"labelling.run.{step}", _interrupted)
    shop, table = write_folder(tmp_path / "shop"), tmp_path / "t.csv"
    words = [str(shop), "--out", str(table), "--model", str(release), "--into", str(tmp_path / "sorted")]

    code, printed, said = ended([*words, "--review", str(tmp_path / "sheet.html")], capsys)

    assert code == 130
    assert "stopped." in said
    assert said.endswith(STOPPED[step])
    assert (f"Table: {table}" in printed) == (step != "write_tables")


def _interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_ctrl_c_while_a_feed_is_written_comes_after_the_summary(
    shop: Path,
    release: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("labelling.run.write_feed", _interrupted)
    words = [str(shop), "--out", str(tmp_path / "t.csv"), "--model", str(release), "--by", "article"]

    code, printed, said = ended([*words, "--feed", "google"], capsys)

    assert code == 130
    assert "6 products by `article`" in printed
    assert said.endswith("stopped. The tables are written, and the same command writes the rest.")


def a_feed(shop: Path, release: Path) -> Path:
    """Write a table and its feed, which has a person's colour."""
    table = shop.with_name("t.csv")
    [first, *_] = label(shop, table, release, "--by", "article")
    answer = {"sha256": first["sha256"], "path": "", "label": "red", "attribute": "colour", "product": "A0"}
    said = write_csv(shop.with_name("said.csv"), [answer])
    label(shop, table, release, "--by", "article", "--corrections", str(said), "--feed", "google")
    return table.with_name("t-google.csv")


@pytest.mark.parametrize("how", ["no colour is left", "the list lacks a column", "no picture can be read"])
def test_a_feed_that_is_refused_says_that_the_earlier_one_is_still_there(
    how: str, shop: Path, release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feed, platform = a_feed(shop, release), "google"
    if how == "no colour is left":
        rows = rows_of(shop)
        write_csv(shop, [row | {"article": f"B{row['article']}"} for row in rows])
    elif how == "the list lacks a column":
        feed, platform = feed.rename(feed.with_name("t-shopify.csv")), "shopify"
    else:
        for name in PICTURES:
            (shop.parent / name).write_bytes(b"no picture")
    words = [str(shop), "--out", str(shop.with_name("t.csv")), "--model", str(release), "--by", "article"]
    before = feed.read_bytes()

    code, _, said = ended([*words, "--feed", platform], capsys)

    assert code == 1
    assert f"{feed} is still the one of an earlier run." in said
    assert feed.read_bytes() == before


def sources(folder: Path) -> dict[str, list[str]]:
    """Return sources as one types them in a folder, each with further options."""
    write_folder(folder / "shop")
    rows = [{"path": name.removeprefix("a/"), "article": "A1"} for name in PICTURES if name.startswith("a")]
    write_csv(folder / "list.csv", rows)
    return {
        "folder": ["shop"],
        "products": ["shop", "--by-folder"],
        "pattern": ["shop/*/*.png"],
        "picture": ["shop/a/0.png"],
        "list": ["list.csv", "--root", "shop/a", "--by", "article"],
    }


@pytest.mark.parametrize("kind", ["folder", "products", "pattern", "picture", "list"])
def test_corrections_alone_work_from_any_folder_and_label_nothing_again(
    kind: str,
    release: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    other.mkdir()
    (other / "shop" / "a").mkdir(parents=True)  # that would be labelled
    source, *more = sources(home)[kind]
    (home / "releases").mkdir()
    (home / "releases" / "mine").symlink_to(release)
    monkeypatch.chdir(home)
    [first, *_] = label(source, Path("t.csv"), "releases/mine", *more)
    said = write_csv(
        home / "said.csv", [{"path": first["path"], "label": "Bag", "at": "2026-01-02T10:00:00Z"}]
    )
    monkeypatch.chdir(other)

    code, printed, complained = ended(["--corrections", str(said), "--out", str(home / "t.csv")], capsys)

    assert (code, "labelled again" in complained) == (0, False)
    rows = rows_of(home / "t.csv")
    assert (rows[0]["path"], rows[0]["label"]) == (first["path"], "Bag")
    assert f"({len(rows)} of them labelled before)" in printed
    assert printed.count(f"Table: {home / 't.csv'}") == 1


def test_a_store_and_a_file_of_categories_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, other = write_folder(tmp_path / "shop"), tmp_path / "other"
    other.mkdir()
    a_store(tmp_path)
    categories = {name: {"id": f"7-{name}", "name": name} for name in LABELS}
    (tmp_path / "categories.json").write_text(json.dumps(categories), "utf-8")
    monkeypatch.chdir(tmp_path)
    model = f"store@{open_release(tmp_path / 'made').version}"
    [first, *_] = label(shop, Path("t.csv"), model, "--taxonomy", "categories.json")
    said = write_csv(tmp_path / "said.csv", [{"path": first["path"], "label": "Bag"}])
    monkeypatch.chdir(other)

    assert main(["--corrections", str(said), "--out", str(tmp_path / "t.csv")]) == 0

    row = rows_of(tmp_path / "t.csv")[0]
    assert (row["label"], row["category_id"]) == ("Bag", "7-Bag")
    with Journal(tmp_path / "t.csv") as journal:
        assert journal.options["model"] == f"{tmp_path}/{model}"


@pytest.mark.parametrize("name", ["bundled", "s3://models/wardrobe", "s3://models/wardrobe@V"])
def test_an_address_or_name_that_is_no_folder_is_kept_as_it_was_typed(name: str) -> None:
    assert make_model_path_absolute(name) == name


def test_the_printed_command_repeats_the_outputs_of_the_run_and_there_is_one_next_step(
    shop: Path, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    sheet = tmp_path / "a sheet.html"
    words = [str(shop), "--out", str(table), "--model", str(release), "--by", "article"]

    ended(words, capsys)
    assert wardrobe("label", [*words, "--review", str(sheet), "--audit", "1"]) == 0
    first = capsys.readouterr().out.splitlines()

    later = [line.removeprefix("Later: ") for line in first if line.startswith("Later: ")]
    command = f"label --corrections corrections.csv --out {table} --review '{sheet}' --audit 1"
    assert [line for line in first if line.startswith("Next: ")] == [
        f"Next: open {sheet} in a browser, and answer its questions"
    ]
    assert later == [f"{get_program_name()} {command}"]


def steps_after(answered: slice, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The steps that a run names after a person answered some of the doubtful pictures."""
    table, sheet = folder / "t.csv", folder / "sheet.html"
    words = ["--review", str(sheet), "--audit", "0"]
    label(write_doubtful(folder / "photos"), table, "bundled", *words)
    said = {card["sha256"]: "Bag" for card in cards_of(sheet)[answered]}
    corrections = export(sheet, said, folder / "said.csv")
    capsys.readouterr()

    assert wardrobe("label", ["--corrections", str(corrections), "--out", str(table), *words]) == 0

    printed = capsys.readouterr().out.splitlines()
    return [line for line in printed if line.startswith(("Next:", "Later:"))]


def test_learning_is_the_next_step_if_no_question_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = steps_after(slice(None), tmp_path, capsys)

    assert steps == [f"Next: {get_program_name()} improve {tmp_path}/said.csv"]


def test_a_run_names_two_steps_if_questions_are_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    step, later = steps_after(slice(1), tmp_path, capsys)

    assert step == f"Next: open {tmp_path}/sheet.html in a browser, and answer its questions"
    assert later.startswith(f"Later: {get_program_name()} label --corrections corrections.csv --out ")


def test_a_run_without_a_sheet_names_the_command_that_writes_one(
    shop: Path, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(shop), "--out", str(tmp_path / "t.csv"), "--model", str(release), "--by", "article"]

    assert wardrobe("label", words) == 0

    steps = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("Next:", "Later:"))]
    assert steps == [f"Next: {get_program_name()} label --review sheet.html {shlex.join(words)}"]


def test_a_restart_for_corrections_reads_source_and_options_of_the_journal(
    shop: Path, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "t.csv"
    [first, *_] = label(shop, table, release, "--by", "article")
    answer = {"sha256": first["sha256"], "path": "", "label": first["label"], "product": first["article"]}
    said = write_csv(tmp_path / "said.csv", [answer])

    assert wardrobe("label", ["--corrections", str(said), "--out", str(table), "--restart"]) == 0

    printed = " ".join(capsys.readouterr().out.split())
    assert "labelled before" not in printed, "everything is labelled again"
    assert "6 products by `article`" in printed
    assert "People decided 1 of 6 products." in printed
