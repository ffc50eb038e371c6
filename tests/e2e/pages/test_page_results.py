"""What the page at / offers around the answers: order, a compact list, files, and code to copy."""

import csv
import json
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visits, flaws
from tests.commands import done
from tests.picture_page import DOUBTED, TROUSERS, a_file, card, give, settled, visit
from tests.service import Service
from tests.uploads import a_garment, png

pytestmark = pytest.mark.slow


@pytest.fixture
def page(visiting: Visits, bundled_service: Service) -> Page:
    """The page of the bundled release."""
    return visit(visiting, bundled_service)


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

    reasons = [card(page, one.name).locator(".reason") for one in (DOUBTED, TROUSERS)]
    expect(reasons[0]).to_be_visible()
    expect(reasons[1]).to_be_hidden()
    order = [DOUBTED.name, TROUSERS.name, "=notes.txt"]
    assert page.get_by_role("heading", level=3).all_text_contents() == order
    expect(page.get_by_role("list", name="Probability of the likeliest classes").first).to_be_hidden()
    rows = list(csv.DictReader(as_csv.value.path().read_text("utf-8").splitlines()))
    assert [row["path"] for row in rows] == [DOUBTED.name, TROUSERS.name, "'=notes.txt"]
    assert [row["decision"] for row in rows] == ["review", "accept", ""]
    assert rows[2]["error"].startswith("Not a picture that is read here: ")
    documents = json.loads(as_json.value.path().read_text("utf-8"))
    assert [one["path"] for one in documents] == order
    for row, document in zip(rows[:2], documents[:2], strict=True):
        assert float(row["p_Trouser"]) == document["probabilities"]["Trouser"]
        assert (row["label"], row["model"]) == (document["label"], document["model"]["version"])


def test_the_columns_of_the_compact_list_align_and_its_answers_can_be_corrected(page: Page) -> None:
    give(
        page,
        a_file(TROUSERS.name, TROUSERS.read_bytes()),
        a_file(DOUBTED.name, DOUBTED.read_bytes()),
        a_file("a-very-long-name-of-a-picture-that-nobody-would-type.png", png(a_garment())),
    )
    settled(page, 3)

    page.get_by_label("Compact list").check()
    for column in (".path", ".label", ".sure", ".decision", ".truth:not([data-attribute]) select", ".remove"):
        edges = page.locator(f".card {column}").evaluate_all(
            "(all) => all.map((one) => one.getBoundingClientRect().x)"
        )
        assert len(edges) == 3
        assert len(set(edges)) == 1, column
    card(page, DOUBTED.name).get_by_label("What is it really?").select_option("Dress")

    expect(page.locator("#kept")).to_contain_text("1 picture")


@pytest.mark.parametrize("width", [360, 430, 700, 1280])
def test_the_compact_list_keeps_words_whole_and_shows_the_colour(
    visiting: Visits, bundled_service: Service, width: int
) -> None:
    page = visit(visiting, bundled_service, width=width)
    give(page, TROUSERS, DOUBTED)
    settled(page, 2)
    page.get_by_label("Compact list").check()
    shown = card(page, TROUSERS.name)

    shown.locator(".label").evaluate("(one) => (one.textContent = 'Sweatshirt')")
    lines = shown.locator(".label").evaluate(
        "(one) => { const all = document.createRange(); all.selectNodeContents(one);"
        " return new Set([...all.getClientRects()].map((line) => line.top)).size; }"
    )

    assert lines == 1
    expect(shown.get_by_role("list", name="Attributes")).to_be_visible()
    assert flaws(page) == []


def test_the_language_of_a_snippet_does_not_look_like_an_answer(page: Page) -> None:
    give(page, TROUSERS)
    settled(page, 1)
    shown = card(page, TROUSERS.name)
    shown.get_by_text("Use via API").click()
    look = "(select) => [getComputedStyle(select).backgroundColor, getComputedStyle(select).borderColor]"
    language, label = shown.locator(".language"), shown.get_by_label("What is it really?")
    before = language.evaluate(look)

    label.select_option("Trouser")

    assert language.evaluate(look) == before != label.evaluate(look)


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
    from_javascript = page.evaluate(
        """async ([code, bytes]) => {
          const file = new Blob([new Uint8Array(bytes)]);
          const body = code.replace(/console\\.log\\((.*)\\);/, "return [$1];");
          return Object.getPrototypeOf(async () => {}).constructor("file", body)(file);
        }""",
        [code["JavaScript"], list(TROUSERS.read_bytes())],
    )

    answer = json.loads(output_of("bash", "-c", code["curl"]))
    assert answer["label"] == "Trouser"
    assert output_of(sys.executable, "-c", code["Python"]).split()[::2] == ["Trouser", "accept"]
    assert from_javascript == [answer["label"], answer["confidence"], answer["decision"]]


def output_of(*command: str) -> str:
    """What a command prints, run where the pictures are."""
    ended = done(command, TROUSERS.parent)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
