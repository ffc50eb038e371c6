"""`wardrobe label --corrections`: what people said stays in the finished table, whatever happens to it.

Which answer counts of which picture: tests/unit/test_corrections.py.
"""

import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest

from labelling.errors import CorrectionsUnusable, OutputUnusable, SourceUnusable, TableUnusable
from labelling.journal import UNFINISHED, Journal, journal_of
from tests.catalogues import write_folder, write_zip
from tests.commands import wardrobe
from tests.contract.labelling.conftest import COLOURS
from tests.releases import LABELS
from tests.review_sheets import cards_of
from tests.tables import Rows, correct, label, rows_of, summary_in, write_csv
from tests.uploads import a_garment, png

PICTURES = {f"{seed}.png": png(a_garment(seed)) for seed in range(6)}
"""All of them different."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "shop", PICTURES)


@pytest.fixture
def table(shop: Path, little_release: Path, tmp_path: Path) -> Path:
    """A finished table of `shop`."""
    label(shop, tmp_path / "table.csv", little_release)
    return tmp_path / "table.csv"


def other(row: dict[str, str], attribute: str = "") -> str:
    """A label that the model did not choose."""
    labels = COLOURS if attribute else LABELS
    return next(one for one in labels if one != row[attribute or "label"])


def said_by_people(rows: Rows) -> list[bool]:
    return [row["decided_by"] == "person" for row in rows]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_people_decide_what_they_answered_and_the_model_the_rest_without_being_asked_again(
    suffix: str, shop: Path, little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = Path(shutil.copytree(little_release, tmp_path / "release"))
    first, second, *others = label(shop, table := tmp_path / f"table{suffix}", release)
    shutil.rmtree(release)
    shutil.rmtree(shop)

    after = correct(
        table,
        {"path": first["path"], "label": other(first)},
        {"path": second["path"], "label": other(second, "colour"), "attribute": "colour"},
        {"path": "gone.png", "sha256": "0" * 64, "label": "Bag"},
    )

    model: dict[str, str | None] = {"decided_by": "model", "colour_decided_by": "model"}
    model |= dict.fromkeys(("sleeve_decided_by", "sleeve_predicted"))
    expected = [
        {"predicted": row["label"], "colour_predicted": row["colour"]} | row | model
        for row in (first, second, *others)
    ]
    expected[0] |= {"label": other(first), "decided_by": "person"}
    colour = {"colour": other(second, "colour"), "colour_decided_by": "person", "colour_also": None}
    expected[1] |= colour
    assert after == expected
    assert summary_in(table)["decided_by_person"] == 1
    assert "1 of 3 corrections are of no picture in" in " ".join(capsys.readouterr().err.split())


def test_answers_survive_a_new_run_and_a_changed_picture_is_the_models_again(
    table: Path, shop: Path, little_release: Path
) -> None:
    correct(table, *({"path": row["path"], "label": other(row)} for row in rows_of(table)[:2]))
    (shop / "1.png").write_bytes(PICTURES["4.png"] + b"\0")

    again = label(shop, table, little_release)
    restarted = label(shop, table, little_release, "--restart")

    assert said_by_people(again) == [True, False, False, False, False, False]
    assert restarted == again


def test_a_table_that_is_as_it_was_before_the_answers_is_refused(
    table: Path, shop: Path, little_release: Path
) -> None:
    stale, row = table.read_bytes(), rows_of(table)[0]
    correct(table, {"path": row["path"], "label": other(row)})
    correct(table, {"path": row["path"], "label": ""})
    table.write_bytes(stale)

    with pytest.raises(OutputUnusable, match="was changed since"):
        label(shop, table, little_release)


def test_corrections_beside_a_source_go_in_before_everything_that_the_command_names(
    table: Path, shop: Path, little_release: Path, tmp_path: Path
) -> None:
    first = label(shop, table, little_release)[0]
    (shop / "2.png").unlink()
    said = write_csv(tmp_path / "said.csv", [{"path": first["path"], "label": other(first)}])
    sheet, folder = tmp_path / "s.html", tmp_path / "sorted"

    words = ("--corrections", str(said), "--review", str(sheet), "--audit", "0")
    after = label(shop, table, little_release, *words, "--into", str(folder))

    assert [row["decided_by"] for row in after] == ["person", *["model"] * 4]
    assert (folder / other(first).replace("/", "_") / "0.png").exists()
    assert first["path"] not in {card["path"] for card in cards_of(sheet)}


OF_OTHERS: dict[str, dict[str, str]] = {
    "another path": {"path": "others/0.png"},
    "another content": {"path": "shop/0.png", "sha256": "0" * 64},
    "a product": {"path": "shop/0.png", "product": "1"},
}


@pytest.mark.parametrize("answer", OF_OTHERS.values(), ids=OF_OTHERS)
def test_beside_a_source_answers_to_other_pictures_are_refused_before_anything_is_labelled(
    answer: dict[str, str], shop: Path, little_release: Path, tmp_path: Path
) -> None:
    said = write_csv(tmp_path / "said.csv", [{"label": "Bag", **answer}])

    with pytest.raises(CorrectionsUnusable):
        label(shop, tmp_path / "new.csv", little_release, "--corrections", str(said))

    assert sorted(file.name for file in tmp_path.iterdir()) == ["said.csv", "shop"]


@pytest.mark.parametrize("answer", ["0.png", "shop/0.png", "ABSOLUTE", "another.png"])
def test_beside_a_source_answers_count_in_a_new_table_by_path_and_content(
    answer: str, shop: Path, little_release: Path, tmp_path: Path
) -> None:
    path = answer.replace("ABSOLUTE", str(shop / "0.png"))
    content = hashlib.sha256(PICTURES["0.png"]).hexdigest() if answer == "another.png" else ""
    said = write_csv(tmp_path / "said.csv", [{"path": path, "sha256": content, "label": "Bag"}])

    rows = label(shop, tmp_path / "new.csv", little_release, "--corrections", str(said))

    assert said_by_people(rows) == [True, *[False] * 5]


@pytest.mark.parametrize("path", ["0.png", "renamed.png"])
def test_beside_an_archive_answers_are_found_inside_it(
    path: str, little_release: Path, tmp_path: Path
) -> None:
    archive = write_zip(tmp_path / "shop.zip", PICTURES)
    content = hashlib.sha256(PICTURES["0.png"]).hexdigest()
    said = write_csv(tmp_path / "said.csv", [{"path": path, "sha256": content, "label": "Bag"}])

    rows = label(archive, tmp_path / "new.csv", little_release, "--corrections", str(said))

    assert sum(said_by_people(rows)) == 1


def test_corrections_alone_write_all_that_the_command_names_from_the_source_of_the_table(
    table: Path, shop: Path, tmp_path: Path
) -> None:
    first, *others = rows_of(table)
    said = write_csv(tmp_path / "said.csv", [{"path": first["path"], "label": other(first)}])
    sheet, folder = tmp_path / "s.html", tmp_path / "sorted"
    words = ["--corrections", str(said), "--out", str(table), "--review", str(sheet), "--audit", "0"]

    assert wardrobe("label", [*words, "--into", str(folder)]) == 0

    doubtful = {row["path"] for row in others if row["decision"] == "review"}
    assert {card["path"] for card in cards_of(sheet)} == doubtful
    assert len(list(folder.rglob("*.png"))) == len(PICTURES)


def test_where_the_source_is_gone_what_needs_it_is_refused_before_anything_is_written(
    table: Path, shop: Path, tmp_path: Path
) -> None:
    first, before = rows_of(table)[0], table.read_bytes()
    said = write_csv(tmp_path / "said.csv", [{"path": first["path"], "label": other(first)}])
    shutil.rmtree(shop)

    with pytest.raises(SourceUnusable, match="no such file or folder"):
        wardrobe(
            "label", ["--corrections", str(said), "--out", str(table), "--review", str(tmp_path / "s.html")]
        )

    assert table.read_bytes() == before
    assert wardrobe("label", ["--corrections", str(said), "--out", str(table)]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["--by", "article"],
        ["--by-folder"],
        ["--words", "de"],
        ["--taxonomy", "google"],
        ["--workers", "2"],
        ["--restart"],
        ["--model", "store"],
        ["--root", "photos"],
        ["--allow-host", "shop.example"],
        ["--review-limit", "7"],
    ],
    ids=lambda words: words[0],
)
def test_an_option_without_effect_on_a_finished_table_is_refused_by_name(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        wardrobe("label", ["--corrections", "c.csv", "--out", "t.csv", *words])

    assert f"{words[0]} has no effect" in capsys.readouterr().err


def test_an_unfinished_table_has_no_sheet(
    shop: Path, little_release: Path, tmp_path: Path, table: Path
) -> None:
    first = rows_of(table)[0]
    with Journal(table) as journal:
        journal.change("UPDATE run SET state = ?", UNFINISHED)
    said = write_csv(tmp_path / "said.csv", [{"path": first["path"], "label": other(first)}])

    with pytest.raises(TableUnusable, match="is unfinished"):
        wardrobe(
            "label", ["--corrections", str(said), "--out", str(table), "--review", str(tmp_path / "s.html")]
        )


def test_an_answer_without_a_time_of_a_file_from_the_future_can_be_corrected(
    table: Path, tmp_path: Path
) -> None:
    first = rows_of(table)[0]
    said = write_csv(tmp_path / "corrections.csv", [{"path": first["path"], "label": other(first)}])
    later = time.time() + 10 * 86_400
    os.utime(said, (later, later))
    assert wardrobe("label", ["--corrections", str(said), "--out", str(table)]) == 0

    after = correct(table, {"path": first["path"], "label": first["label"]})

    assert (after[0]["label"], after[0]["decided_by"]) == (first["label"], "person")


def test_a_table_without_its_journal_is_refused(table: Path) -> None:
    journal_of(table).unlink()

    with pytest.raises(TableUnusable, match=r"there is no table\.csv\.sqlite beside it"):
        correct(table, {"path": "0.png", "label": "Bag"})
