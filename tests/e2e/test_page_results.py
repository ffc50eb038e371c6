"""What the page at / offers around the answers: samples, order, a compact list, files, and code to copy."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from model_store.publish import publish
from model_store.store import open_store
from tests.browser import Visits, overhang, violations
from tests.picture_page import DOUBTED, TROUSERS, card, give, settled, visit
from tests.releases import a_release
from tests.service import Service, running


@pytest.fixture
def page(visiting: Visits, bundled_service: Service) -> Page:
    """The page of the bundled release."""
    return visit(visiting, bundled_service)


def test_the_empty_page_names_the_classes_and_a_sample_can_be_tried(page: Page) -> None:
    expect(page.locator("#classes")).to_contain_text("10 classes: T-shirt/top, Trouser,")

    page.get_by_role("button", name="Trousers").click()

    expect(page.locator(".card .label")).to_have_text("Trouser")


def test_a_model_of_other_classes_is_offered_no_garments(visiting: Visits, tmp_path: Path) -> None:
    publish(a_release(tmp_path / "made", labels=("Mug", "Cup")), open_store(str(tmp_path / "store")), by="me")
    with running(tmp_path, MODEL_STORE=str(tmp_path / "store"), WEB_CONCURRENCY="1") as service:
        page = visit(visiting, service)

        expect(page.locator("#classes")).to_have_text("The model knows 2 classes: Mug, Cup.")
        expect(page.locator("#samples")).to_be_hidden()
        assert "garment" not in page.locator("body").inner_text().lower()


def test_results_are_sorted_folded_and_downloaded(page: Page, tmp_path: Path) -> None:
    (tmp_path / "=notes.txt").write_text("no picture", "utf-8")
    give(page, TROUSERS, tmp_path / "=notes.txt", DOUBTED)
    settled(page, 3)

    page.get_by_label("Sort").select_option("To review first")
    page.get_by_label("Compact list").check()
    with page.expect_download() as as_csv:
        page.get_by_role("button", name="Results as CSV").click()
    with page.expect_download() as as_json:
        page.get_by_role("button", name="Results as JSON").click()

    order = [DOUBTED.name, TROUSERS.name, "=notes.txt"]
    assert page.get_by_role("heading", level=3).all_text_contents() == order
    expect(page.get_by_role("list", name="Probability of each class").first).to_be_hidden()
    rows = list(csv.DictReader(as_csv.value.path().read_text("utf-8").splitlines()))
    assert [row["path"] for row in rows] == [DOUBTED.name, TROUSERS.name, "'=notes.txt"]
    assert [row["decision"] for row in rows] == ["review", "accept", ""]
    assert rows[2]["error"].startswith("Not a picture that is read here: ")
    documents = json.loads(as_json.value.path().read_text("utf-8"))
    assert [one["path"] for one in documents] == order
    for row, document in zip(rows[:2], documents[:2], strict=True):
        assert float(row["p_Trouser"]) == document["probabilities"]["Trouser"]
        assert (row["label"], row["model"]) == (document["label"], document["model"]["version"])


@pytest.mark.parametrize("width", [360, 1440])
def test_compact_results_and_snippets_are_accessible_at_any_width(
    visiting: Visits, bundled_service: Service, width: int
) -> None:
    page = visit(visiting, bundled_service, width=width)
    give(page, TROUSERS, DOUBTED)
    settled(page, 2)

    page.get_by_text("Use via API").first.click()
    unfolded = violations(page), overhang(page)
    page.get_by_label("Compact list").check()

    assert unfolded == ([], 0)
    assert (violations(page), overhang(page)) == ([], 0)


def test_a_copied_snippet_gives_the_answer_of_the_page(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    give(page, TROUSERS)
    settled(page, 1)
    shown = card(page, TROUSERS.name)
    shown.get_by_text("Use via API").click()

    code = {}
    for language in ("curl", "JavaScript", "Python"):
        shown.get_by_label("Language of the snippet").select_option(language)
        shown.get_by_role("button", name="Copy").click()
        code[language] = page.evaluate("navigator.clipboard.readText()")

    answer = json.loads(_output("bash", "-c", code["curl"]))
    assert answer["label"] == "Trouser"
    assert _output(sys.executable, "-c", code["Python"]).split()[::2] == ["Trouser", "accept"]
    assert page.evaluate(
        """async ([code, bytes]) => {
          const file = new Blob([new Uint8Array(bytes)]);
          const body = code.replace(/console\\.log\\((.*)\\);/, "return [$1];");
          const run = Object.getPrototypeOf(async () => {}).constructor("file", body);
          return run(file);
        }""",
        [code["JavaScript"], list(TROUSERS.read_bytes())],
    ) == [answer["label"], answer["confidence"], answer["decision"]]


def test_a_probability_is_never_shown_as_certain(page: Page) -> None:
    shown = page.evaluate(
        """async () => {
          const { percent } = await import("./page/words.js");
          return [1, 0.9999, 0.999, 0.5, 0.0001, 0].map(percent);
        }"""
    )

    assert shown == ["> 99.9%", "> 99.9%", "99.9%", "50%", "< 0.1%", "< 0.1%"]


def _output(*command: str) -> str:
    """What a command prints, run where the pictures are."""
    return subprocess.run(
        command, cwd=TROUSERS.parent, capture_output=True, text=True, check=True, timeout=60
    ).stdout
