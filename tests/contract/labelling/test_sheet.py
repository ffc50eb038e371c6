"""What a sheet asks of a table, and in which order."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import JsonValue

from labelling.review.page import AUDIT_HEADING, DOUBTFUL_HEADING
from tests.catalogues import write_doubtful, write_folder
from tests.contract.labelling.conftest import HEADS
from tests.releases import a_release
from tests.review_sheets import cards_of, parts_of, shown_on
from tests.tables import correct, label, rows_of
from tests.uploads import a_garment, png

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


def test_a_run_ends_in_a_summary_and_draws_the_audit_that_its_table_can_pay_for(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, sheet = folder / "table.csv", tmp_path / "sheet.html"
    rows = label(CATALOGUE, table, "bundled", "--review", str(sheet))
    doubtful = {str(folder / str(row["path"])) for row in rows if row["decision"] == "review"}

    said = capsys.readouterr().out
    assert "12 rows (12 of them labelled before). " in said
    assert said.endswith(f"label --corrections corrections.csv --out {table} --review {sheet}\n")
    shown = shown_on(sheet)
    assert (shown["rows"], shown["are_products"]) == (12, False), "for the head of the sheet"
    assert shown["kind_classes"]["boot"] == "Ankle boot"
    assert {name for name, _ in shown["reasons"]} == {card["decision"] for card in cards_of(sheet)} - {
        "accept"
    }
    drawn = [card for card in cards_of(sheet) if card["audit"]]
    assert len(drawn) == (12 - len(doubtful)) // 4 > 0, "a quarter of the accepted ones"

    label(CATALOGUE, table, "bundled", "--review", str(sheet), "--audit", "0")
    assert {card["path"] for card in cards_of(sheet)} == doubtful != set()
    assert all(card["picture"].startswith("data:image/jpeg;base64,") for card in cards_of(sheet))


def test_a_sheet_begins_with_the_doubtful_and_ends_in_an_audit_of_accepted_ones_that_is_optional(
    folder: Path,
) -> None:
    rows = {row["sha256"]: row["decision"] for row in rows_of(folder / "table.csv")}
    first, last = parts_of(folder / "sheet.html")

    assert [(part["title"], part["folded"]) for part in (first, last)] == [
        (DOUBTFUL_HEADING[0], False),
        (AUDIT_HEADING[0], True),
    ]
    assert {card["sha256"] for card in first["cards"]} == {
        sha256 for sha256, decision in rows.items() if decision == "review"
    }
    assert [rows[card["sha256"]] for card in last["cards"]] == ["accept"] * SAMPLED
    accepted = list(rows.values()).count("accept")
    assert {(card["audit"], card["audit_of"]) for card in last["cards"]} == {(SAMPLED, accepted)}
    assert {(card["guess"], card["note"]) for card in last["cards"]} == {("", "")}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "shop", {f"{seed}.png": png(a_garment(seed)) for seed in range(6)})


@pytest.fixture
def learnt(tmp_path: Path) -> Path:
    """A release whose training named the colour."""
    settings: dict[str, JsonValue] = {"attribute": ["colour"]}
    return a_release(tmp_path / "learnt", attributes=HEADS, settings=settings)


def test_a_sheet_asks_for_classes_then_for_attributes_that_were_learnt_and_that_no_person_answered(
    shop: Path, little_release: Path, learnt: Path, tmp_path: Path
) -> None:
    page, table = tmp_path / "sheet.html", tmp_path / "table.csv"
    label(shop, tmp_path / "other.csv", little_release, "--review", str(page), "--audit", "2")
    assert {card["attribute"] for card in cards_of(page, None)} == {""}, "its training named no attribute"

    rows = label(shop, table, learnt, "--review", str(page), "--audit", "2")

    cards = cards_of(page, None)
    doubtful = [card for card in cards if not card["audit"]]
    drawn = [card for card in cards if card["audit"]]
    assert [card["attribute"] for card in drawn] == ["", ""], "no colour is accepted"
    assert {card["guess"] for card in drawn} == {""}
    assert {card["attribute"] for card in doubtful} == {"colour"}, "every class is accepted"
    assert {card["sha256"] for card in doubtful} == {row["sha256"] for row in rows}
    shares = [card["confidence"] for card in doubtful]
    assert shares == sorted(shares)

    first = doubtful[0]["sha256"]
    correct(table, {"path": "", "sha256": first, "label": "red", "attribute": "colour"})
    label(shop, table, learnt, "--review", str(page), "--audit", "0")
    assert first not in {card["sha256"] for card in cards_of(page, None)}
