"""Figures in the documents: each block shows what was measured, and each result has a command and a page."""

import inspect
import re

import pytest

from app.settings import Settings
from benchmarks.results import FOLDER
from scripts.documents import (
    BLOCK_PATTERN,
    fill_blocks,
    generate_blocks,
    make_settings_rows,
)
from tests.documents import DOCUMENTS
from tests.service import ROOT
from training.gradient.networks.published_figures import PUBLISHED_FIGURES

PAGES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in DOCUMENTS}


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return generate_blocks()


def test_the_blocks_of_every_document_show_what_there_is(made: dict[str, str]) -> None:
    renewed = {page: fill_blocks(text, made).splitlines() for page, text in PAGES.items()}

    missing = {
        page: [line for line in renewed[page] if line not in PAGES[page].splitlines()] for page in PAGES
    }
    assert {page: lines for page, lines in missing.items() if lines} == {}, "make docs writes these lines"
    assert [page for page in PAGES if renewed[page] != PAGES[page].splitlines()] == [], "make docs"


def test_a_block_that_nothing_fills_is_named(made: dict[str, str]) -> None:
    with pytest.raises(SystemExit, match=r"^setings: no such block\. A page may show classes, .*settings"):
        fill_blocks("<!-- setings -->\n<!-- /setings -->\n", made)


def test_every_block_has_its_one_place(made: dict[str, str]) -> None:
    shown = [block["name"] for text in PAGES.values() for block in BLOCK_PATTERN.finditer(text)]

    assert sorted(shown) == sorted(made)
    assert [name for name, text in made.items() if not text.strip()] == []


def test_every_file_of_results_is_written_by_a_command_and_shown_by_a_document() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "benchmarks").rglob("*.py"))
    documents = "".join(text for page, text in PAGES.items() if page.startswith("docs/"))
    saved = set(re.findall(r"""\bsave\(\s*['"]([\w-]+)""", code))
    chosen = set(re.findall(r"--out docs/results/([\w-]+)", documents))
    written = saved | chosen | {f"{folder}/{name}" for folder in chosen for name in saved}

    files = [path.relative_to(FOLDER) for path in FOLDER.rglob("*") if path.is_file()]

    assert {str(file.with_suffix("")) for file in files} <= written
    assert [file for file in files if f"results/{file}" not in documents] == []


def test_each_published_network_has_its_command() -> None:
    shown = PAGES["docs/how-to/from-other-projects.md"]

    commands = re.findall(r"^\| .* \| `wardrobe train --network (\w+) --recipe published` \|$", shown, re.M)

    assert commands == list(PUBLISHED_FIGURES)


@pytest.mark.parametrize(
    ("line", "spelt"),
    [
        (
            "cache_keep: number of releases that stay in the cache, plus those used in the last ten minutes.",
            "cache_keep: how many releases\n        stay in the cache, beside those used within ten minutes.",
        ),
        (
            "cache_keep: number of releases that stay in the cache, plus those used in the last ten minutes.",
            "cache_keep: how many releases stay in the cache, beside those used within ten minutes",
        ),
        (
            "cache_keep: number of releases that stay in the cache, plus those used in the last ten minutes.",
            "",
        ),
    ],
    ids=["wraps", "no full stop", "absent"],
)
def test_a_setting_without_its_line_is_named(line: str, spelt: str) -> None:
    docstring = inspect.getdoc(Settings) or ""
    assert line in docstring

    with pytest.raises(SystemExit, match=r"one line for cache_keep, as in .* does not wrap\."):
        make_settings_rows(docstring.replace(line, spelt))
