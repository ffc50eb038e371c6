"""What `wardrobe label` may write: never what it reads, and over nothing but its own earlier outputs."""

from functools import partial
from pathlib import Path

import pytest

from labelling.errors import LabellingError, OutputUnusable, RunMismatch
from tests.catalogues import write_folder
from tests.commands import wardrobe
from tests.tables import label, rows_of, write_csv

main = partial(wardrobe, "label")

OPTIONS = {"--out": "table.csv", "--review": "sheet.html"}
"""The outputs that a command line names, with a name for each."""

KEPT = ("table.csv.sqlite", "table.csv.summary.json", "table-products.csv", "table-google.csv")
"""What a table of products and its feed have beside them."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_folder(tmp_path)
    rows = [{"path": f"a/{number}.png", "article": number} for number in range(3)]
    write_csv(tmp_path / "list.csv", rows)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def refused(shop: Path, release: Path, option: str, output: Path) -> str:
    """Why a command does not take an output; nothing is labelled, and all files stay as they are."""
    before, named = contents(shop), OPTIONS | {option: str(output)}
    words = [word for option, name in named.items() for word in (option, str(shop / name))]

    with pytest.raises(LabellingError) as error:
        main([str(shop / "list.csv"), *words, "--by", "article", "--model", str(release), "--restart"])

    assert contents(shop) == before
    return str(error.value)


@pytest.mark.parametrize("own", ["list.csv", "a/0.png"])
@pytest.mark.parametrize("option", OPTIONS)
def test_no_output_replaces_what_the_command_reads(
    option: str, own: str, shop: Path, little_release: Path
) -> None:
    output = shop / own

    assert str(output) in refused(shop, little_release, option, output)


@pytest.mark.parametrize("name", ["table.csv", *KEPT[1:], "table-google-categories.csv"])
def test_a_file_that_is_called_as_one_of_a_table_is_not_replaced_before_there_is_a_journal(
    name: str, shop: Path, little_release: Path
) -> None:
    (shop / name).write_text("mine", "utf-8")
    words = ["--by", "article", *(["--feed", "google"] if "google" in name else [])]

    with pytest.raises(RunMismatch, match=rf"{name}: is there already.*move that file away"):
        label(shop / "list.csv", shop / "table.csv", little_release, *words)

    assert not (shop / "table.csv.sqlite").exists()
    assert (shop / name).read_text("utf-8") == "mine"


@pytest.mark.parametrize("name", ["table.csv", *KEPT[1:3]])
def test_a_file_that_was_changed_since_is_replaced_by_restart_alone(
    name: str, shop: Path, little_release: Path
) -> None:
    words = shop / "list.csv", shop / "table.csv", little_release, "--by", "article"
    label(*words)
    (shop / name).write_text("mine", "utf-8")
    before = contents(shop)

    with pytest.raises(OutputUnusable, match=rf"{name}: was changed since.*--restart"):
        label(*words)

    assert contents(shop) == before
    assert len(label(*words, "--restart")) == 3
    assert (shop / name).read_bytes() != b"mine"


def test_a_run_without_products_leaves_their_table_whatever_it_is_by_now(
    shop: Path, little_release: Path
) -> None:
    table = shop / "table.csv"
    label(shop / "list.csv", table, little_release, "--by", "article")
    (shop / "table-products.csv").write_text("mine", "utf-8")

    label(shop / "list.csv", table, little_release)

    assert (shop / "table-products.csv").read_text("utf-8") == "mine"
    assert len(rows_of(table)) == 3


@pytest.mark.parametrize("kept", ["table.csv", *KEPT])
def test_two_outputs_are_never_one_file(kept: str, shop: Path, little_release: Path) -> None:
    outputs = ["--out", str(shop / "table.csv"), "--review", str(shop / kept)]
    words = ["--by", "article", "--model", str(little_release), *(["--feed", "google"] * (kept == KEPT[-1]))]

    with pytest.raises(OutputUnusable, match="would be two outputs"):
        main([str(shop / "list.csv"), *outputs, *words])

    assert not (shop / "table.csv").exists()


def test_nothing_is_written_into_the_release(shop: Path, little_release: Path) -> None:
    message = refused(shop, little_release, "--review", little_release / "new.html")

    assert "this command reads it" in message


def test_corrections_are_not_replaced(shop: Path, little_release: Path) -> None:
    [row, *_] = label(shop / "list.csv", table := shop / "table.csv", little_release)
    answers = write_csv(shop / "answers.csv", [{"path": row["path"], "label": "Bag"}])
    before = contents(shop)

    with pytest.raises(OutputUnusable, match="this command reads it"):
        main(["--corrections", str(answers), "--out", str(table), "--review", str(answers)])

    assert contents(shop) == before


def test_a_folder_of_an_output_is_made_or_refused_before_anything_is_labelled(
    shop: Path, little_release: Path
) -> None:
    words = [str(shop / "list.csv"), "--out", str(shop / "table.csv"), "--model", str(little_release)]
    before = contents(shop)

    with pytest.raises(OutputUnusable, match="its folder cannot be made"):
        main([*words, "--review", str(shop / "a/0.png/sheet.html")])
    assert contents(shop) == before

    assert main([*words, "--review", str(shop / "new/review/sheet.html")]) == 0
    assert (shop / "new/review/sheet.html").exists()
