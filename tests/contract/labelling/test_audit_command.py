"""From a sheet with an audit to `wardrobe audit`: what is asked, what counts, and the promise's verdict."""

import json
import shlex
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from pydantic import JsonValue

from labelling.errors import CorrectionsUnusable, TableUnusable
from labelling.review.page import ADDED, AUDITED, DOUBTFUL
from model_store.local import bundled, open_release
from reports.values import report_of
from scripts.audit import BROKEN, HOLDS, OPEN
from scripts.terminal import program
from tests.catalogues import write_doubtful, write_folder
from tests.commands import wardrobe
from tests.contract.labelling.conftest import COLOURS, HEADS
from tests.releases import a_release
from tests.review_sheets import cards_of, export, origin_of, shown_on
from tests.tables import correct, label, rows_of, write_csv
from tests.uploads import a_garment, png

main = partial(wardrobe, "audit")
labelling = partial(wardrobe, "label")

CATALOGUE, SAMPLED = Path("catalogue"), 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A table of twelve pictures by the bundled release, and a sheet with an audit of four.

    An audit draws by the paths of a table, so these are relative to it: it draws the same everywhere.
    """
    folder = tmp_path_factory.mktemp("audit")
    sheet = ["--review", str(folder / "sheet.html"), "--audit", str(SAMPLED)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        label(write_doubtful(CATALOGUE), folder / "table.csv", "bundled", *sheet)
        yield folder


def answers_of(table: Path) -> dict[str, str]:
    """The label of each picture, by its sha256."""
    return {row["sha256"]: row["label"] for row in rows_of(table)}


def test_a_run_ends_in_a_summary_and_draws_the_audit_that_its_table_can_pay_for(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, sheet = folder / "table.csv", tmp_path / "sheet.html"
    rows = label(CATALOGUE, table, "bundled", "--review", str(sheet))

    said = capsys.readouterr().out
    assert "12 rows (12 of them before); " in said
    assert said.endswith(f"label --corrections corrections.csv --out {table}\n")
    assert [card["audit"] for card in cards_of(sheet) if card["audit"]] == [3, 3, 3], "a quarter of 12"

    label(CATALOGUE, table, "bundled", "--review", str(sheet), "--audit", "0")
    doubtful = sorted(str(folder / str(row["path"])) for row in rows if row["decision"] == "review")
    assert sorted(card["path"] for card in cards_of(sheet)) == doubtful != []
    assert all(card["picture"].startswith("data:image/jpeg;base64,") for card in cards_of(sheet))


def test_a_sheet_begins_with_the_audit_without_answers_of_the_model_and_then_suggests_labels(
    folder: Path,
) -> None:
    rows = rows_of(folder / "table.csv")
    accepted = Counter(row["label"] for row in rows if row["decision"] == "accept")
    drawn, rare, then = shown_on(folder / "sheet.html")["parts"]

    blind = [*drawn["cards"], *rare["cards"]]
    assert [one["title"] for one in (drawn, rare, then)] == [AUDITED[0], ADDED[0], DOUBTFUL[0]]
    assert [card["audit"] for card in blind] == [SAMPLED] * SAMPLED + [0] * len(rare["cards"])
    assert {card["predicted"]: card["audit_of"] for card in blind if card["decision"] == "accept"} == {
        label: f"{count} of {sum(accepted.values())}" for label, count in accepted.items()
    }
    assert {row["sha256"] for row in rows} == {card["sha256"] for card in (*blind, *then["cards"])}
    assert {(card["guess"], card["note"], card["button"]) for card in blind} == {("", "", "")}
    assert {card["button"] for card in then["cards"]} == {"Right: {answer}"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "shop", {f"{seed}.png": png(a_garment(seed)) for seed in range(6)})


def test_a_sheet_asks_for_attributes_that_a_training_learnt_or_people_name(
    shop: Path, little_release: Path, tmp_path: Path
) -> None:
    settings: dict[str, JsonValue] = {"attribute": ["colour"]}
    learnt = a_release(tmp_path / "learnt", attributes=HEADS, settings=settings)
    page, table = tmp_path / "sheet.html", tmp_path / "table.csv"
    sheet = ("--review", str(page), "--audit", "2")

    def asked(release: Path, *words: str) -> set[str]:
        label(shop, table.with_stem(release.parent.name), release, *sheet, *words)
        return {card["attribute"] for card in cards_of(page, None)}

    assert asked(little_release) == {""}
    assert asked(little_release, "--ask", "colour") == {"", "colour"}
    assert asked(learnt) == {"", "colour"}
    with pytest.raises(TableUnusable, match=r"--ask size: the release answers no such attribute, but colour"):
        label(shop, table, little_release, *sheet, "--ask", "size")


def test_a_sheet_asks_for_classes_then_for_attributes_that_no_person_answered(
    shop: Path, little_release: Path, tmp_path: Path
) -> None:
    page, table = tmp_path / "sheet.html", tmp_path / "table.csv"
    words = ("--review", str(page), "--ask", "colour", "--audit")
    rows = label(shop, table, little_release, *words, "2")

    cards = cards_of(page, None)
    drawn, doubtful = (
        [card for card in cards if card["audit"]],
        [card for card in cards if not card["audit_of"]],
    )
    assert [card["attribute"] for card in drawn] == ["", "", "colour", "colour"]
    assert {card["guess"] for card in drawn} == {""}
    assert {card["attribute"] for card in doubtful} == {"colour"}, "every class is accepted"
    of_sample = {card["sha256"] for card in drawn}
    assert {card["sha256"] for card in doubtful} == {row["sha256"] for row in rows} - of_sample
    shares = [card["confidence"] for card in doubtful]
    assert shares == sorted(shares)

    first = doubtful[0]["sha256"]
    correct(table, {"path": "", "sha256": first, "label": "red", "attribute": "colour"})
    label(shop, table, little_release, *words, "0")
    assert first not in {card["sha256"] for card in cards_of(page, None)}


def test_the_audit_counts_the_sample_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["sha256"]: row for row in rows_of(folder / "table.csv")}
    file = export(folder / "sheet.html", answers_of(folder / "table.csv"), folder / "corrections.csv")
    capsys.readouterr()

    code = main([str(file), "--json"])

    found = json.loads(capsys.readouterr().out)
    drawn = [one["sha256"] for one in cards_of(folder / "sheet.html") if one["audit"]]
    accepted = sum(rows[sha256]["decision"] == "accept" for sha256 in drawn)
    of = sum(row["decision"] == "accept" for row in rows.values())
    assert (found["sampled"], found["unanswered"], found["accepted"]["of"]) == (SAMPLED, 0, of)
    assert (found["accepted"]["n"], found["accepted"]["right"]) == (accepted, accepted)
    assert sum(one["n"] for one in found["labels"].values()) == of
    assert (code, found["promise"]["verdict"]) == (0, HOLDS if accepted == of else OPEN)


@pytest.fixture(scope="module")
def promising(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that promises of accepted colours what the bundled one does."""
    folder = tmp_path_factory.mktemp("promising")
    heads = {"colour": replace(HEADS["colour"], confidence=0.1)}
    made = a_release(folder / "without", attributes=heads)
    promised = {"colour": report_of(bundled()).attributes["colour"]}
    report = report_of(open_release(made)).model_copy(update={"attributes": promised})
    more = {"report.json": report.as_bytes().decode()}
    return a_release(folder / "release", attributes=heads, extra=more)


@pytest.mark.parametrize("errors", [1, 0])
def test_an_audit_has_a_part_and_a_verdict_for_each_attribute(
    errors: int, promising: Path, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, table = tmp_path / "sheet.html", tmp_path / "table.csv"
    rows = label(shop, table, promising, "--review", str(page), "--audit", "6", "--ask", "colour")
    said = answers_of(table) | {f"{row['sha256']} colour": row["colour"] for row in rows}
    for key in list(said)[6 : 6 + errors]:
        said[key] = next(one for one in COLOURS if one != said[key])
    file = export(page, said, tmp_path / "answers.csv")
    capsys.readouterr()

    code = main([str(file), "--model", str(promising), "--json"])

    told = capsys.readouterr()
    found = json.loads(told.out)
    assert (found["accepted"]["n"], found["accepted"]["right"]) == (6, 6)
    assert found["attributes"].keys() == {"colour"}
    colour = found["attributes"]["colour"]
    assert (colour["accepted"]["n"], colour["accepted"]["right"]) == (6, 6 - errors)
    assert colour["promise"] == {"accuracy": 0.95, "verdict": BROKEN if errors else HOLDS}
    assert code == errors
    assert "The release promises that 95% of accepted answers are right: " in told.err


@pytest.mark.parametrize("table", ["table.csv", "table-products.csv"])
def test_a_table_among_the_files_is_refused_with_the_command_that_takes_its_place(
    table: str, shop: Path, little_release: Path, tmp_path: Path
) -> None:
    label(shop, tmp_path / table.replace("-products", ""), little_release, "--by-folder")
    answers = tmp_path / "ann's.csv"

    with pytest.raises(
        CorrectionsUnusable, match=f"{table}: is a table, and corrections alone are read"
    ) as one:
        main([str(answers), str(tmp_path / table)])
    assert str(one.value).endswith(f" audit {shlex.quote(str(answers))}")
    with pytest.raises(CorrectionsUnusable, match=r" audit corrections\.csv$"):
        main([str(tmp_path / table)])


def test_sheets_of_different_tables_or_releases_are_refused_together_and_a_larger_sheet_is_not(
    shop: Path, little_release: Path, tmp_path: Path
) -> None:
    other_release = a_release(tmp_path / "other", seed=1)
    other_shop = write_folder(
        tmp_path / "others", {f"{seed}.png": png(a_garment(seed)) for seed in range(3, 9)}
    )

    def answers(name: str, source: Path, release: Path, size: int) -> str:
        page, table = tmp_path / f"{name}.html", tmp_path / f"{name}-table.csv"
        label(source, table, release, "--review", str(page), "--audit", str(size))
        return str(export(page, answers_of(table), tmp_path / f"{name}.csv"))

    first = answers("first", shop, little_release, 2)
    for name, source, release in (("table", other_shop, little_release), ("release", shop, other_release)):
        with pytest.raises(CorrectionsUnusable, match="are of sheets of several tables or releases"):
            main([first, answers(name, source, release, 2), "--model", str(little_release)])
    assert main([first, answers("larger", shop, little_release, 4), "--model", str(little_release)]) == 0


def test_answers_without_an_audit_or_of_an_earlier_sheet_are_refused(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "corrections.csv"
    rows = rows_of(export(folder / "sheet.html", answers_of(folder / "table.csv"), file))
    write_csv(
        file,
        [
            {name: row[name] or "" for name in row if name not in origin_of(folder / "sheet.html")}
            for row in rows
        ],
    )

    with pytest.raises(
        CorrectionsUnusable, match=r"is of 2\.0\.0 .* Write the sheet again, to the same file"
    ):
        main([str(file)])

    file.write_text("path,label\na.jpg,Coat\n", "utf-8")
    with pytest.raises(CorrectionsUnusable, match="No correction is of an audit"):
        main([str(file)])


def test_people_s_answers_and_a_new_name_leave_a_table_the_same(folder: Path, tmp_path: Path) -> None:
    table, page = tmp_path / "renamed.csv", tmp_path / "sheet.html"
    label(CATALOGUE, table, "bundled", "--review", str(page))
    before = origin_of(page)
    row = rows_of(table)[0]
    correct(table, {"path": "", "sha256": row["sha256"], "label": "none of these"})

    label(CATALOGUE, table, "bundled", "--review", str(page))

    assert origin_of(page) == before == origin_of(folder / "sheet.html")


def test_sheets_of_several_reviewers_have_every_picture_once_and_merge_in_any_order(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, sheet = answers_of(folder / "table.csv"), tmp_path / "sheet.html"
    options = ["--review", str(sheet), "--audit", str(SAMPLED), "--reviewers", "3"]
    label(CATALOGUE, folder / "table.csv", "bundled", *options)

    sheets = [tmp_path / f"sheet-{number}.html" for number in (1, 2, 3)]
    pictures = [card["sha256"] for one in sheets for card in cards_of(one)]
    assert sorted(pictures) == sorted(card["sha256"] for card in cards_of(folder / "sheet.html"))
    exports = [f"corrections-{number}.csv" for number in (1, 2, 3)]
    then = f"{program()} label --corrections {' '.join(exports)} --out {folder}/table.csv"
    assert [shown_on(one)["export"] for one in sheets] == exports
    assert {shown_on(one)["command"] for one in sheets} == {then}
    assert f"Next: {then}" in capsys.readouterr().out

    files = [export(one, said, tmp_path / f"{one.stem}.csv") for one in sheets]
    tables = []
    for order in (files, files[::-1]):
        table = Path(shutil.copytree(folder, tmp_path / order[0].stem)) / "table.csv"
        labelling(["--corrections", *map(str, order), "--out", str(table)])
        assert "Audit: of the accepted" in capsys.readouterr().out
        tables.append(rows_of(table))
    assert tables[0] == tables[1]
    assert sum(row["decided_by"] == "person" for row in tables[0]) == len(pictures)
