"""The pages that list things, held to the things they list."""

import re
from functools import cache
from pathlib import Path

import pytest

from reports.values import Report
from tests.documents import DOCUMENTS as PAGES
from tests.documents import Block, anchors, blocks, links, reached_from
from tests.service import ROOT

CONSOLE = [block for block in blocks() if block.language == "console"]
LANGUAGES = {"console", "csv", "javascript", "json", "nginx", "python", "text"}


def make_targets() -> set[str]:
    """The targets that `make help` shows."""
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_command_on_a_page_exists(page: Path) -> None:
    text = page.read_text("utf-8")

    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))

    assert named <= make_targets()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_picture_that_a_page_links_to_is_there(page: Path) -> None:
    files = [link.partition("#")[0] for link in links(page)]

    assert [file for file in files if not (page.parent / file).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_heading_that_a_page_links_to_is_there(page: Path) -> None:
    parts = [link.partition("#") for link in links(page) if "#" in link and ".json" not in link]

    missing = [
        f"{file}#{anchor}"
        for file, _, anchor in parts
        if anchor not in anchors(page.parent / file if file else page)
    ]

    assert missing == []


def test_every_picture_is_shown_on_a_page() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    pictures = {path for kind in ("png", "svg") for path in (ROOT / "docs").rglob(f"*.{kind}")}

    assert sorted(path.name for path in pictures - shown) == []


def test_every_document_can_be_reached_from_the_readme() -> None:
    found = reached_from(ROOT / "README.md")

    assert sorted(page.name for page in set(PAGES) - found) == []


def test_every_block_says_what_it_holds() -> None:
    assert [(block.document, block.body[:60]) for block in blocks() if block.language not in LANGUAGES] == []


@pytest.mark.parametrize("block", CONSOLE, ids=lambda block: f"{block.document}: {block.body[2:40]}")
def test_a_block_of_commands_begins_with_one(block: Block) -> None:
    assert block.body.startswith("$ ")


@pytest.mark.parametrize(
    "block",
    [block for block in CONSOLE if block.mark],
    ids=lambda block: f"{block.document}: {block.mark[:40]}",
)
def test_a_mark_names_tests_that_are_there(block: Block) -> None:
    named = re.findall(r"\btests/[\w/]+(?:\.py)?", block.mark or "")

    assert named != []
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    named = set(re.findall(r"`(test_[a-z0-9]+(?:_[a-z0-9]+){2,})`", page.read_text("utf-8")))

    assert named <= all_tests()


@cache
def all_tests() -> set[str]:
    """The names of all tests."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {
        name
        for file in files
        for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }


def test_the_page_of_the_report_explains_keys_that_a_report_has() -> None:
    page = (ROOT / "docs/reference/report.md").read_text("utf-8")

    rows = re.findall(r"^\| (`[a-z_]+[`.].*?) \|", page, re.MULTILINE)
    explained = {key for row in rows for key in re.findall(r"`([a-z]\w*)", row)}

    assert len(explained) > 5
    assert explained <= set(Report.model_fields)


def test_the_page_of_the_architecture_lists_every_package() -> None:
    page = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}

    assert set(re.findall(r"^\| `([a-z_]+)/` \|", page, re.MULTILINE)) == packages
