"""`wardrobe label FOLDER --write-list`: from a folder to a list that the next command labels."""

import os
import shlex
from functools import partial
from pathlib import Path

import pytest

from labelling.errors import OutputUnusable, SourceUnusable, TableUnusable
from tests.catalogues import write_folder, write_list
from tests.commands import wardrobe
from tests.tables import products_of, rows_of
from tests.uploads import a_garment, png

main = partial(wardrobe, "label")


FOLDERS = {
    "The article is the folder. 1 picture in no folder is an article too.": (
        ["a/1.png", "a/2.png", "b/c/1.png", "7.png"],
        {"a": 2, "b/c": 1, "7": 1},
    ),
    "The article is the name of the file without a number at its end": (
        ["7-1.png", "7_2.png", "7 (3).png", "8.png"],
        {"7": 3, "8": 1},
    ),
    "Each file is an article.": (["bag.png", "shirt.png"], {"bag": 1, "shirt": 1}),
    "Each file is an article, because over 10 files would share the name 'IMG'.": (
        [f"IMG_{number:02}.png" for number in range(11)],
        {f"IMG_{number:02}": 1 for number in range(11)},
    ),
}


def flat_folder(folder: Path, *names: str) -> Path:
    """A folder with a different picture under each name."""
    pictures = {name: png(a_garment(seed)) for seed, name in enumerate(names or ("7-1.png", "7-2.png"))}
    return write_folder(folder / "photos", pictures)


def run_next_command(printed: str, release: Path) -> Path:
    """Run the command after `Next:`, and return its table."""
    [line] = [line for line in printed.splitlines() if line.startswith("Next: ")]
    _, verb, *words = shlex.split(line.removeprefix("Next: "))
    assert verb == "label"
    assert main([*words, "--model", str(release), "--workers", "1"]) == 0
    return Path(words[words.index("--out") + 1])


@pytest.mark.parametrize("told", FOLDERS)
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("", ["photos", "--write-list", "list.csv"]),
        ("", ["photos", "--write-list", "photos/list.csv"]),
        ("", ["photos/", "--write-list", "lists/list.csv"]),
        ("photos", [".", "--write-list", "=1.csv"]),
    ],
    ids=["beside it", "in it", "in another folder", "in the working directory"],
)
def test_the_list_says_what_names_its_articles_and_the_next_command_labels_them(
    told: str,
    place: str,
    words: list[str],
    *,
    little_release: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names, photo_counts = FOLDERS[told]
    flat_folder(tmp_path, *names)
    monkeypatch.chdir(tmp_path / place)

    assert main(words) == 0

    printed = capsys.readouterr().out
    products = "1 product" if len(photo_counts) == 1 else f"{len(photo_counts)} products"
    assert f"{words[-1]}: {products}, {len(names)} pictures. {told}" in printed
    table = run_next_command(printed, little_release)
    assert {row["error"] for row in rows_of(table)} == {None}
    assert {name: int(row["photos"]) for name, row in products_of(table).items()} == photo_counts
    assert {row["title"] for row in rows_of(Path(words[-1]))} == {None}


def test_names_that_spreadsheets_or_readers_would_change_are_labelled(
    little_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [
        "=1.png",
        " blank.png",
        "a,b.png",
        'a"b.png',
        "new\nline.png",
        "null.png",
        "kle\u0301d.png",
        "~1.png",
    ]
    monkeypatch.chdir(flat_folder(tmp_path, *names))

    assert main([".", "--write-list", "list.csv"]) == 0

    table = run_next_command(capsys.readouterr().out, little_release)
    assert {row["error"] for row in rows_of(table)} == {None}
    assert len(products_of(table)) == len(names)


def test_pictures_that_no_list_can_name_are_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = flat_folder(tmp_path, "a.png", os.fsdecode(b"\xff.png"), "b.png ")

    assert main([str(folder), "--write-list", str(tmp_path / "list.csv")]) == 0

    assert [row["article"] for row in rows_of(tmp_path / "list.csv")] == ["a"]
    assert "no list can name these pictures" in capsys.readouterr().err


def test_a_list_with_titles_is_kept_and_the_same_list_again_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    words = [str(flat_folder(tmp_path)), "--write-list", str(file)]
    assert main(words) == 0
    assert main(words) == 0
    file.write_text(file.read_text("utf-8").replace("7,\n", "7,Bag\n"), "utf-8")
    before = file.read_bytes()

    with pytest.raises(OutputUnusable, match="is there already, perhaps with your titles"):
        main(words)

    assert file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.csv", "photos"]


@pytest.mark.parametrize("name", ["list.xlsx", "list.png", "list"])
def test_a_list_of_another_ending_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(OutputUnusable, match=r"ends in \.csv"):
        main([str(flat_folder(tmp_path)), "--write-list", str(tmp_path / name)])


def test_only_a_folder_with_pictures_becomes_a_list(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    there = write_list(tmp_path / "there.csv", ["a.png"])

    with pytest.raises(SourceUnusable, match="is no folder, as --write-list needs"):
        main([str(there), "--write-list", str(tmp_path / "list.csv")])
    with pytest.raises(SourceUnusable, match="has no picture that a list can name"):
        main([str(tmp_path / "empty"), "--write-list", str(tmp_path / "list.csv")])

    assert not (tmp_path / "list.csv").exists()


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["--out", "t.csv"], "--out"),
        (["--by-folder"], "--by-folder"),
        (["--by", "article"], "--by"),
        (["--words", "w.csv"], "--words"),
        (["--review-limit", "3"], "--review-limit"),
        (["--restart"], "--restart"),
    ],
)
def test_options_that_would_have_no_effect_are_refused(
    words: list[str], option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(flat_folder(tmp_path)), "--write-list", str(tmp_path / "list.csv"), *words])

    assert f"so leave out {option}." in capsys.readouterr().err
    assert not (tmp_path / "list.csv").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [(["photos"], "name the table to write: --out FILE"), (["--write-list", "list.csv"], "needs a FOLDER")],
)
def test_a_command_without_table_or_folder_is_refused(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)

    assert message in capsys.readouterr().err


@pytest.mark.parametrize("place", [".", "photos"])
def test_by_folder_of_a_folder_without_folders_names_the_list(
    place: str, little_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = flat_folder(tmp_path)
    monkeypatch.chdir(folder if place == "." else tmp_path)

    with pytest.raises(SourceUnusable, match=r"has no folders of pictures.*--write-list list\.csv"):
        main([place, "--by-folder", "--out", str(tmp_path / "t.csv"), "--model", str(little_release)])

    assert not (tmp_path / "t.csv").exists()


def test_by_folder_takes_a_single_folder_of_pictures(little_release: Path, tmp_path: Path) -> None:
    folder = flat_folder(tmp_path, "a/1.png", "a/2.png")

    words = [str(folder), "--by-folder", "--out", str(tmp_path / "t.csv"), "--model", str(little_release)]

    assert main(words) == 0
    assert list(products_of(tmp_path / "t.csv")) == ["a"]


def test_a_feed_of_a_folder_names_the_list(
    little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = flat_folder(tmp_path, "a/1.png")
    words = [str(folder), "--out", str(tmp_path / "t.csv"), "--model", str(little_release)]

    with pytest.raises(SystemExit, match="2"):
        main([*words, "--feed", "google"])
    assert f"label {folder} --write-list list.csv" in capsys.readouterr().err
    with pytest.raises(TableUnusable, match=r"a folder has no column `handle`\. --write-list list\.csv"):
        main([*words, "--by-folder", "--feed", "shopify"])
