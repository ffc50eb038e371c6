"""`wardrobe label --corrections`: what people said stays in the finished table, whatever happens to it.

Which answer counts of which picture: tests/unit/test_corrections.py.
"""

import hashlib
import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest

from labelling.errors import CorrectionsUnusable, SourceUnusable, TableUnusable
from labelling.journal.journal_file import Journal, make_journal_path
from model_store.errors import NotFound
from model_store.local_releases import open_release
from tests.catalogues import write_folder, write_list
from tests.commands import wardrobe
from tests.contract.labelling.conftest import COLOURS, HEADS
from tests.releases import CREATED_AT, LABELS, a_release
from tests.review_sheets import cards_of
from tests.tables import Rows, correct, label, products_of, rows_of, summary_in, write_csv
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
    first, second, *others = label(shop, table := tmp_path / f"table{suffix}", little_release)

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
    colour |= {"colour_decision": "accept"}
    expected[1] |= colour
    assert after == expected
    assert (summary_in(table)["decided_by_person"], summary_in(table)["rows_before"]) == (1, len(PICTURES))
    assert "1 of 3 corrections is of no picture in" in " ".join(capsys.readouterr().err.split())


def test_answers_survive_a_new_run_and_a_changed_picture_is_the_models_again(
    table: Path, shop: Path, little_release: Path
) -> None:
    correct(table, *({"path": row["path"], "label": other(row)} for row in rows_of(table)[:2]))
    (shop / "1.png").write_bytes(PICTURES["4.png"] + b"\0")

    again = label(shop, table, little_release)
    restarted = label(shop, table, little_release, "--restart")

    assert said_by_people(again) == [True, False, False, False, False, False]
    assert restarted == again


def test_beside_a_source_answers_count_in_a_new_table_by_the_path_within_it(
    shop: Path, little_release: Path, tmp_path: Path
) -> None:
    said = write_csv(tmp_path / "said.csv", [{"path": "0.png", "label": "Bag"}])

    rows = label(shop, tmp_path / "new.csv", little_release, "--corrections", str(said))

    assert said_by_people(rows) == [True, *[False] * 5]


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
    assert (folder / other(first).replace("/", "_") / "0.png").exists()


@pytest.mark.parametrize("gone", ["shop", "release"])
def test_where_source_or_release_is_gone_corrections_alone_are_refused_before_an_answer_goes_in(
    gone: str, shop: Path, little_release: Path, tmp_path: Path
) -> None:
    release = Path(shutil.copytree(little_release, tmp_path / "release"))
    first = label(shop, table := tmp_path / "table.csv", release)[0]
    shutil.move(tmp_path / gone, tmp_path / "away")

    with pytest.raises((SourceUnusable, NotFound), match=f"{gone}: no such file or folder"):
        correct(table, {"path": first["path"], "label": other(first)})

    with Journal(table) as journal:
        assert journal.read_human_answers() == {}


def test_corrections_alone_label_what_is_new_with_the_options_of_the_run_before(
    shop: Path, little_release: Path, tmp_path: Path
) -> None:
    rows = [{"image": f"{number}.png", "title": "Bag", "sku": number} for number in range(3)]
    list_ = write_csv(tmp_path / "list.csv", rows[:2])
    words = ("--path-column", "image", "--root", str(shop), "--by", "sku", "--language", "none")
    first = label(list_, table := tmp_path / "table.csv", little_release, *words)[0]
    write_csv(list_, rows)

    after = correct(table, {"path": first["path"], "label": other(first)})

    assert said_by_people(after) == [True, False, False]
    assert (summary_in(table)["rows_before"], summary_in(table)["words"]) == (2, None)
    assert len(products_of(table)) == 3


def test_rows_about_single_photos_of_an_answered_product_are_told_with_what_to_write(
    shop: Path, little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"path": f"{number}.png", "sku": f"S-{number // 2}"} for number in range(4)]
    list_ = write_csv(tmp_path / "list.csv", rows)
    label(list_, table := tmp_path / "table.csv", little_release, "--root", str(shop), "--by", "sku")
    correct(table, {"product": "S-0", "label": "Bag"})
    capsys.readouterr()

    correct(
        table, {"path": str(shop / "1.png"), "label": "Coat"}, {"path": str(shop / "0.png"), "label": "Coat"}
    )

    said = " ".join(capsys.readouterr().err.split())
    assert "2 rows name single photos of products with several photos, such as `S-0`: nothing about" in said
    assert "write its name into a column `product`" in said
    assert (products_of(table)["S-0"]["label"], products_of(table)["S-0"]["decided_by"]) == ("Bag", "person")


def test_answers_do_not_go_into_rows_of_another_release_or_other_products(
    shop: Path, little_release: Path, tmp_path: Path
) -> None:
    first = label(shop, table := tmp_path / "table.csv", little_release)[0]
    said = write_csv(tmp_path / "said.csv", [{"path": first["path"], "label": other(first)}])
    version, before = open_release(little_release).version, table.read_bytes()
    later = a_release(tmp_path / "later", seed=1, created_at=CREATED_AT + timedelta(days=1), attributes=HEADS)
    alone = [str(shop), "--out", str(table)]
    command = [*alone, "--corrections", str(said)]

    for words in (["--model", str(later)], ["--by-folder"]):
        with pytest.raises(
            CorrectionsUnusable, match=rf"of release {version}.*--model STORE@{version}.*first"
        ):
            wardrobe("label", [*command, *words])

    assert table.read_bytes() == before
    assert wardrobe("label", command) == 0, "--model is the one of the run before"
    assert wardrobe("label", [*alone, "--model", str(later)]) == 0
    assert wardrobe("label", command) == 0
    assert said_by_people(rows_of(table)) == [True, *[False] * 5]
    assert rows_of(table)[0]["version"] == open_release(later).version


def test_where_nothing_can_be_read_any_more_a_run_says_what_became_of_the_answers(
    table: Path, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = rows_of(table)[0]
    for name in PICTURES:
        (shop / name).write_bytes(b"no picture")
    sha256 = hashlib.sha256(b"no picture").hexdigest()
    said = write_csv(table.with_name("said.csv"), [{"path": row["path"], "sha256": sha256, "label": "Bag"}])

    assert wardrobe("label", ["--corrections", str(said), "--out", str(table)]) == 1

    assert "People decided 6 of 6 pictures." in capsys.readouterr().out


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


@pytest.mark.parametrize("words", ["shop", "shop/0.png", "shop/list.csv", "list.csv --root shop"])
def test_a_path_is_absolute_or_relative_to_the_corrections_wherever_the_command_is_given(
    words: str, shop: Path, little_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_folder(tmp_path, {"0.png": PICTURES["1.png"]}))
    source, *options = words.split()
    if source.endswith(".csv"):
        write_list(tmp_path / source, ["0.png"])
    first = label(Path(source), table := tmp_path / "table.csv", little_release, *options)[0]

    with pytest.raises(CorrectionsUnusable, match="none of 1 correction is of a picture"):
        correct(table, {"path": str(tmp_path / "0.png"), "label": other(first)})
    for path, given in ((str(shop / "0.png"), other(first)), ("shop/0.png", first["label"])):
        assert correct(table, {"path": path, "label": given})[0]["label"] == given


def test_a_table_without_its_journal_is_refused(table: Path) -> None:
    make_journal_path(table).unlink()

    with pytest.raises(
        TableUnusable, match=r"table\.csv\.sqlite is missing\. Label first, or name the SOURCE"
    ):
        correct(table, {"path": "0.png", "label": "Bag"})


def test_corrections_alone_are_refused_where_the_first_run_ended_before_it_began(tmp_path: Path) -> None:
    make_journal_path(table := tmp_path / "table.csv").touch()

    with pytest.raises(TableUnusable, match=r"table\.csv\.sqlite: says of no SOURCE"):
        correct(table, {"path": "0.png", "label": "Bag"})
