"""A catalogue and a release with attributes: table, summary, sheet, tasks, corrections, audit and changes."""

import csv
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from inference.contract import Head, whole_pictures
from labelling.errors import CorrectionsUnusable, TableUnusable
from labelling.export import summary_of
from model_store.local import bundled, open_release
from reports.values import report_of
from scripts.audit import BROKEN, HOLDS
from tests.catalogues import write_folder
from tests.commands import wardrobe
from tests.contract.labelling.test_label_command import Rows, rows_of
from tests.releases import LABELS, a_release
from tests.uploads import a_garment, png

audit = partial(wardrobe, "audit")
diff = partial(wardrobe, "diff")
main = partial(wardrobe, "label")

READS = whole_pictures(32, 3)
COLOURS, LENGTHS = ("red", "green", "blue"), ("long", "short")
PICTURES = {f"{seed}.png": png(a_garment(seed)) for seed in range(6)}
MORE = ("", "_confidence", "_decision", "_also")


def heads(confidence: float, applies_to: tuple[str, ...] = ()) -> dict[str, Head]:
    return {
        "colour": Head(labels=COLOURS, temperature=1.0, confidence=confidence),
        "sleeve": Head(labels=LENGTHS, temperature=1.0, confidence=0.1, applies_to=applies_to),
    }


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that accepts no colour, and of which no class has a sleeve."""
    return a_release(tmp_path_factory.mktemp("release"), reads=READS, attributes=heads(1.0))


@pytest.fixture
def shop(tmp_path: Path) -> str:
    return str(write_folder(tmp_path / "shop", PICTURES))


def label(shop: str, release: Path, table: Path, *words: str) -> Rows:
    assert main([shop, "--out", str(table), "--model", str(release), "--workers", "1", *words]) == 0
    return rows_of(table)


def cards_of(page: Path) -> list[dict[str, Any]]:
    text = page.read_text("utf-8").partition('id="shown">')[2].partition("</script>")[0]
    return [card for part in json.loads(text)["parts"] for card in part["cards"]]


def corrected(table: Path, *rows: tuple[str, ...]) -> Rows:
    file = table.with_name("corrections.csv")
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("path", "sha256", "label", "attribute"), *rows])
    assert main(["--corrections", str(file), "--out", str(table)]) == 0
    return rows_of(table)


def test_the_table_has_four_columns_for_each_which_are_empty_where_the_class_has_none(
    shop: str, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = label(shop, release, tmp_path / "table.csv")

    names = list(rows[0])
    assert names[names.index(f"p_{LABELS[-1]}") + 1 : names.index("version")] == [
        name + end for name in ("colour", "sleeve") for end in MORE
    ]
    for row in rows:
        assert row["colour"] in COLOURS
        assert 0 < float(row["colour_confidence"]) < 1
        assert row["colour_decision"] == "review"
        assert row["colour"] not in (row["colour_also"] or "").split("/")
        assert [row["sleeve" + end] for end in MORE] == [None] * 4
    summary = json.loads(summary_of(tmp_path / "table.csv").read_bytes())["attributes"]
    assert sum(one["review"] for one in summary["colour"].values()) == len(PICTURES)
    assert summary["sleeve"] == {one: {"accept": 0, "review": 0} for one in LENGTHS}
    assert "colour" in capsys.readouterr().out


def test_forty_attributes_have_their_columns_and_no_label_is_run_as_a_formula(
    shop: str, tmp_path: Path
) -> None:
    asked = Head(labels=("=1+1", "a;@b"), temperature=1.0, confidence=0.1)
    many = {f"number_{number}": asked for number in range(40)}
    release = a_release(tmp_path / "release", reads=READS, attributes=many)

    [row, *_] = label(shop, release, tmp_path / "table.csv")

    assert {row[name] for name in many} <= {"'=1+1", "a;'@b"}
    assert len([name for name in row if name.startswith("number_")]) == 4 * 40


def test_jsonl_and_excel_have_the_same(shop: str, release: Path, tmp_path: Path) -> None:
    excel = tmp_path / "excel.csv"
    [row, *_] = label(shop, release, tmp_path / "table.csv", "--excel", str(excel))
    main([shop, "--out", str(tmp_path / "t.jsonl"), "--model", str(release), "--workers", "1"])

    in_json = json.loads((tmp_path / "t.jsonl").read_text("utf-8").splitlines()[0])
    with excel.open(encoding="utf-8-sig", newline="") as opened:
        shown = next(csv.DictReader(opened, delimiter=";"))

    assert (in_json["colour"], in_json["sleeve"]) == (row["colour"], None)
    assert in_json["colour_confidence"] == float(row["colour_confidence"])
    assert shown["colour_confidence"] == row["colour_confidence"].replace(".", ",")


def test_a_release_with_other_attributes_does_not_go_on_with_a_table(
    shop: str, release: Path, tmp_path: Path
) -> None:
    table, words = tmp_path / "table.csv", ["--workers", "1"]
    label(shop, release, table)

    again = label(shop, release, table)  # the same one does

    assert len(again) == len(PICTURES)
    other = a_release(tmp_path / "other", reads=READS)
    with pytest.raises(Exception, match="was begun with"):
        main([shop, "--out", str(table), "--model", str(other), *words])


@pytest.mark.parametrize("name", ["path", "reason", "decided_by", "colour_also", "sleeve_predicted"])
def test_an_attribute_that_is_called_like_another_column_is_refused(
    name: str, shop: str, tmp_path: Path
) -> None:
    attributes = heads(0.1) | {name: heads(0.1)["colour"]}
    made = a_release(tmp_path / "made", reads=READS, attributes=attributes)

    with pytest.raises(TableUnusable, match=f"two columns `{name}`"):
        main([shop, "--out", str(tmp_path / "table.csv"), "--model", str(made), "--workers", "1"])


def test_a_person_decides_an_attribute_and_the_class_apart(shop: str, release: Path, tmp_path: Path) -> None:
    first, second, third, *_ = before = label(shop, release, tmp_path / "table.csv")

    rows = corrected(
        tmp_path / "table.csv",
        (first["path"], "", "blue", "colour"),
        ("", second["sha256"], "Bag", ""),
        ("", third["sha256"], "", "colour"),
    )

    columns = ("label", "decided_by", "predicted", "colour", "colour_decided_by", "colour_predicted")
    assert [tuple(row[name] for name in columns) for row in rows[:4]] == [
        (first["label"], "model", first["label"], "blue", "person", first["colour"]),
        ("Bag", "person", second["label"], second["colour"], "model", second["colour"]),
        (third["label"], "model", third["label"], None, "person", third["colour"]),
        *[
            (one["label"], "model", one["label"], one["colour"], "model", one["colour"])
            for one in before[3:4]
        ],
    ]
    assert rows[0]["colour_also"] is None
    assert {row["sleeve_decided_by"] for row in rows} == {None}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (("blue", "color"), "'color' is no attribute of the release, which has colour, sleeve"),
        (("blu", "colour"), "'blu' is none of the labels of 'colour', red, green, blue. Did you mean 'blue'"),
        (("blue", ""), "'blue' is none of the classes"),
    ],
)
def test_a_correction_for_what_the_release_lacks_is_refused(
    answer: tuple[str, str], reason: str, shop: str, release: Path, tmp_path: Path
) -> None:
    [row, *_] = label(shop, release, tmp_path / "table.csv")

    with pytest.raises(CorrectionsUnusable, match=reason):
        corrected(tmp_path / "table.csv", (row["path"], "", *answer))


ASK = ("--ask", "colour")


def test_the_sheet_asks_for_the_class_alone_where_no_answer_to_an_attribute_is_learnt(
    shop: str, release: Path, tmp_path: Path
) -> None:
    page, table = tmp_path / "sheet.html", tmp_path / "table.csv"

    label(shop, release, table, "--review", str(page), "--audit", "2")

    assert {card["attribute"] for card in cards_of(page)} == {""}
    with pytest.raises(TableUnusable, match=r"--ask size: the release answers no such attribute, but colour"):
        label(shop, release, table, "--review", str(page), "--ask", "size")


def test_the_sheet_asks_for_attributes_that_a_training_learnt(shop: str, tmp_path: Path) -> None:
    page = tmp_path / "sheet.html"
    settings: dict[str, JsonValue] = {"attribute": ["colour"]}
    learnt = a_release(tmp_path / "release", reads=READS, attributes=heads(0.1), settings=settings)

    label(shop, learnt, tmp_path / "table.csv", "--review", str(page), "--audit", "2")

    assert {card["attribute"] for card in cards_of(page)} == {"", "colour"}


def test_the_sheet_asks_for_classes_then_for_attributes_that_no_person_answered(
    shop: str, release: Path, tmp_path: Path
) -> None:
    page, table = tmp_path / "sheet.html", tmp_path / "table.csv"
    rows = label(shop, release, table, "--review", str(page), "--audit", "2", *ASK)

    cards = cards_of(page)
    asked = [(card["audit"] > 0, card["attribute"]) for card in cards if card["audit"]]
    doubtful = [card for card in cards if not card["audit_of"]]

    assert asked == [(True, "")] * 2 + [(True, "colour")] * 2
    assert {card["guess"] for card in cards if card["audit"]} == {""}
    assert {card["attribute"] for card in doubtful} == {"colour"}  # every class is accepted
    of_sample = {card["sha256"] for card in cards if card["audit"]}
    assert {card["sha256"] for card in doubtful} == {row["sha256"] for row in rows} - of_sample
    shares = [card["confidence"] for card in doubtful]
    assert shares == sorted(shares)

    corrected(table, (doubtful[0]["path"], doubtful[0]["sha256"], "red", "colour"))
    label(shop, release, table, "--review", str(page), "--audit", "0", *ASK)
    assert doubtful[0]["sha256"] not in {card["sha256"] for card in cards_of(page)}


def test_label_studio_has_a_choice_for_each_and_its_export_is_read(
    shop: str, release: Path, tmp_path: Path
) -> None:
    file, table = tmp_path / "tasks.json", tmp_path / "table.csv"
    rows = {row["sha256"]: row for row in label(shop, release, table, "--tasks", str(file), *ASK)}
    tasks = json.loads(file.read_text("utf-8"))

    assert len(tasks) == len(PICTURES)
    for task in tasks:
        row = rows[task["data"]["sha256"]]
        results = task["predictions"][0]["result"]
        assert {one["from_name"]: one["value"]["choices"][0] for one in results} == {
            "label": row["label"],
            "colour": row["colour"],
        }

    def said(name: str, label_of: str) -> dict[str, object]:
        return {"from_name": name, "type": "choices", "value": {"choices": [label_of]}}

    tasks[0]["annotations"] = [
        {"result": [said("label", "Bag"), said("colour", "blue"), said("mood", "good")]}
    ]
    tasks[1]["annotations"] = [{"result": [said("colour", "red")]}]
    for task in tasks[2:]:
        task["annotations"] = []
    file.write_text(json.dumps(tasks), "utf-8")
    assert main(["--corrections", str(file), "--out", str(table)]) == 0
    after = {row["sha256"]: row for row in rows_of(table)}
    first, second = (after[task["data"]["sha256"]] for task in tasks[:2])
    assert (first["label"], first["colour"], first["colour_decided_by"]) == ("Bag", "blue", "person")
    assert (second["colour"], second["decided_by"]) == ("red", "model")


def test_each_row_has_the_platforms_category_of_an_attributes_label(
    shop: str, release: Path, tmp_path: Path
) -> None:
    classes = {label: {"id": f"c-{label}", "name": label.upper()} for label in LABELS}
    colours = {label: {"id": f"a-{label}", "name": label.upper()} for label in COLOURS}
    file = tmp_path / "taxonomy.json"
    file.write_text(json.dumps(classes | {"colour": colours}), "utf-8")

    rows = label(shop, release, tmp_path / "table.csv", "--taxonomy", str(file))
    by_people = corrected(tmp_path / "table.csv", (rows[0]["path"], "", "blue", "colour"))

    assert [(row["category_id"], row["colour_category_id"], row["colour_category_name"]) for row in rows] == [
        (f"c-{row['label']}", f"a-{row['colour']}", row["colour"].upper()) for row in rows
    ]
    assert by_people[0]["colour_category_id"] == "a-blue"
    assert "sleeve_category_id" not in rows[0]


def promising(folder: Path) -> Path:
    """A release that promises of accepted colours what the bundled one does."""
    made = a_release(folder / "without", reads=READS, attributes=heads(0.1))
    promised = {"colour": report_of(bundled()).attributes["colour"]}
    report = report_of(open_release(made)).model_copy(update={"attributes": promised})
    more = {"report.json": report.as_bytes().decode()}
    return a_release(folder / "release", reads=READS, attributes=heads(0.1), extra=more)


@pytest.mark.parametrize(
    ("errors", "verdict"), [(1, BROKEN), (0, HOLDS)], ids=["one wrong of six", "none wrong"]
)
def test_an_audit_has_a_part_and_a_verdict_for_each_attribute(
    errors: int, verdict: str, shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = promising(tmp_path)
    page, table, file = (tmp_path / name for name in ("sheet.html", "table.csv", "answers.csv"))
    sheet = ["--review", str(page), "--audit", "6", *ASK]
    rows = {row["sha256"]: row for row in label(shop, release, table, *sheet)}
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        names = ["path", "sha256", "audit", "predicted", "decision", "audit_of", "attribute"]
        writer.writerow([*names, "label"])
        for place, card in enumerate(cards_of(page)):
            true = rows[card["sha256"]][card["attribute"] or "label"]
            wrong = next(one for one in COLOURS if one != true)
            said = wrong if card["attribute"] and place < 6 + errors else true
            writer.writerow([*(card[name] for name in names), said])
    capsys.readouterr()

    code = audit([str(file), str(table), "--model", str(release), "--json"])

    told = capsys.readouterr()
    found = json.loads(told.out)
    assert (found["accepted"]["n"], found["accepted"]["right"]) == (6, 6)
    colour = found["attributes"]["colour"]
    assert (colour["accepted"]["n"], colour["accepted"]["right"]) == (6, 6 - errors)
    assert colour["promise"] == {"accuracy": 0.95, "verdict": verdict}
    assert code == errors
    assert "The release promises that 95% of accepted answers are right: " in told.err
    assert found["attributes"].keys() == {"colour"}


def test_a_diff_names_the_attributes_whose_answers_change(
    shop: str, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = a_release(tmp_path / "other", reads=READS, attributes=heads(0.1))

    code = diff([str(release), str(other), shop, "--json"])

    changes = json.loads(capsys.readouterr().out)["changes"]
    assert code == 1
    assert {(one["attribute"], one["decision_a"], one["decision_b"]) for one in changes} == {
        ("colour", "review", "accept")
    }
    assert len(changes) == len(PICTURES)
