"""`wardrobe diff`: which answers change between two releases, and what a pipeline learns from it."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from labelling.errors import OutputUnusable
from tests.catalogues import PICTURES, write_folder
from tests.commands import done, wardrobe, without_progress
from tests.contract.labelling.conftest import HEADS
from tests.releases import a_release
from tests.review_sheets import shown_on
from tests.tables import rows_of
from tests.unit.test_commands import TRAINING_ALONE, WITHOUT

main = partial(wardrobe, "diff")


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Two releases with other weights, which answer differently."""
    folder = tmp_path_factory.mktemp("releases")
    return str(a_release(folder / "a")), str(a_release(folder / "b", seed=7))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_folder(tmp_path_factory.mktemp("photos")))


def found(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of the command."""
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_release_and_itself_answer_alike_which_is_said(
    releases: tuple[str, str], photos: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([releases[0], releases[0], photos, "--json"])

    told = capsys.readouterr()
    document = json.loads(told.out)
    assert (code, document["pictures"], document["changes"]) == (0, len(PICTURES), [])
    assert document["accepted"]["a"] == document["accepted"]["b"] > 0
    assert "are the same release" in told.err


def test_a_page_replaces_a_page_and_no_output_replaces_what_is_read(
    releases: tuple[str, str], photos: str, tmp_path: Path
) -> None:
    table, page = str(tmp_path / "changes.csv"), str(tmp_path / "changes.html")
    words = [*releases, photos, "--allow", "1", "--page", page]
    assert main([*words, "--out", table]) == 0
    assert main(words) == 0

    with pytest.raises(OutputUnusable, match="this command reads it"):
        main([*releases, table, "--out", table])
    with pytest.raises(OutputUnusable, match=r"0\.png: has the name of a picture, which it might replace"):
        main([*releases, photos, "--page", f"{photos}/a/0.png"])


@pytest.mark.parametrize("write", [Path.touch, lambda table: table.symlink_to("elsewhere.csv")])
def test_a_table_that_exists_is_refused_before_any_picture_is_read(
    write: Callable[[Path], object], releases: tuple[str, str], tmp_path: Path
) -> None:
    customers = tmp_path / "customers.csv"
    write(customers)

    with pytest.raises(OutputUnusable, match=r"customers\.csv"):
        main([*releases, str(tmp_path / "no such folder"), "--out", str(customers)])

    assert os.path.lexists(customers)


def test_a_list_is_read_as_people_say(
    releases: tuple[str, str], photos: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = min(Path(photos).rglob("*.*")).relative_to(photos)
    (tmp_path / "list.csv").write_text(f"image,title\n{name},one\ncut\n", "utf-8")
    words = ["--path-column", "image", "--root", photos, "--skip-bad-rows", "--allow", "1", "--json"]

    main([*releases, str(tmp_path / "list.csv"), *words])

    told = capsys.readouterr()
    assert json.loads(told.out)["pictures"] == 1
    assert "Rows that are left out: 1." in told.err


def test_changed_answers_fail_a_pipeline_unless_so_many_are_allowed(
    releases: tuple[str, str], photos: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = found(capsys, *releases, photos)
    allowed, _ = found(capsys, *releases, photos, "--allow", "1")

    assert document["changes"]
    assert (code, allowed) == (1, 0)


def test_an_attribute_whose_decisions_change_is_named(
    photos: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    colour = replace(HEADS["colour"], confidence=0.1)
    heads = {"a": HEADS, "b": HEADS | {"colour": colour}}
    releases = [str(a_release(tmp_path / name, attributes=of)) for name, of in heads.items()]

    code, document = found(capsys, *releases, photos)

    changes = document["changes"]
    assert [(one["attribute"], one["decision_a"], one["decision_b"]) for one in changes] == [
        ("colour", "review", "accept")
    ] * len(PICTURES)
    assert code == 1


def test_table_and_page_have_every_change_the_surest_first(
    releases: tuple[str, str], photos: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, page = tmp_path / "changes.csv", tmp_path / "changes.html"

    _, document = found(capsys, *releases, photos, "--out", str(table), "--page", str(page))

    rows, changes = rows_of(table), document["changes"]
    assert [row["path"] for row in rows] == [one["path"] for one in changes]
    assert [float(row["confidence_b"]) for row in rows] == [round(one["confidence_b"], 5) for one in changes]
    of_labels = [float(row["confidence_b"]) for row in rows if row["label_a"] != row["label_b"]]
    assert of_labels == sorted(of_labels, reverse=True)
    cards = shown_on(page)["cards"]
    assert [card["path"] for card in cards] == [row["path"] for row in rows]
    assert all(card["picture"].startswith("data:image/jpeg;base64,") for card in cards)


def test_a_file_that_is_no_picture_is_reported_and_the_others_are_compared(
    releases: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path / "photos", {**PICTURES, "notes.png": b"no picture"})

    _, document = found(capsys, *releases, str(folder))

    assert document["pictures"] == len(PICTURES)
    assert document["unread"].keys() == {f"{folder}/notes.png"}


def test_it_runs_where_serving_alone_is_installed(
    releases: tuple[str, str], photos: str, tmp_path: Path
) -> None:
    code = WITHOUT + "from scripts.__main__ import main; sys.exit(main(['diff', *sys.argv[2:]]))"

    ended = done(
        [sys.executable, "-c", code, TRAINING_ALONE, *releases, photos, "--page", str(tmp_path / "page.html")]
    )

    assert (ended.returncode, without_progress(ended.stderr)) == (1, "")
    assert (tmp_path / "page.html").is_file()
