"""The pages that list things, held to the things they list."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from labelling.write.platforms import FEED_PLATFORMS
from reports.intervals import compute_share_lower_bounds, count_needed_answers
from reports.values import Report
from tests.documents import DOCUMENTS as PAGES
from tests.documents import Block, anchors, blocks, links, reached_from
from tests.service import ROOT

READMES = sorted(
    path
    for folder in ("deploy", "examples", "lab", "tests", "training")
    for path in (ROOT / folder).rglob("*.md")
)
"""Pages of folders, whose commands no test types."""


LANGUAGES = {"console", "csv", "html", "json", "nginx", "python", "text"}


@cache
def make_targets() -> set[str]:
    """The targets that `make help` shows."""
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@cache
def all_tests() -> set[str]:
    """The names of all tests."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {
        name
        for file in files
        for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }


@pytest.mark.parametrize("page", [*PAGES, *READMES], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_whatever_a_page_names_is_there(page: Path) -> None:
    text, linked = page.read_text("utf-8"), [link.partition("#") for link in links(page)]
    headings = [(file, anchor) for file, _, anchor in linked if anchor and ".json" not in file]

    commands = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    tests = set(re.findall(r"`(test_[a-z0-9]+(?:_[a-z0-9]+){2,})`", text))

    assert commands - make_targets() == set()
    assert tests - all_tests() == set()
    assert [file for file, _, _ in linked if not (page.parent / file).exists()] == []
    assert [at for at in headings if at[1] not in anchors(page.parent / at[0] if at[0] else page)] == []


def test_every_picture_is_shown_on_a_page() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    pictures = {path for kind in ("png", "svg") for path in (ROOT / "docs").rglob(f"*.{kind}")}

    assert sorted(path.name for path in pictures - shown) == []


def test_every_document_can_be_reached_from_the_readme() -> None:
    found = reached_from(ROOT / "README.md")

    assert sorted(page.name for page in set(PAGES) - found) == []


def faults(block: Block) -> Iterator[str]:
    """What is wrong with a block, or with the mark of one that is not run."""
    if block.language not in LANGUAGES:
        yield f"{block.language!r} is none of the languages"
    if block.language == "console" and not block.body.startswith("$ "):
        yield "it does not begin with a command"
    named = re.findall(r"\btests/[\w/]+(?:\.py)?", block.mark or "")
    if block.mark is not None and not named:
        yield "its mark names no test"
    yield from (f"there is no {name}" for name in named if not (ROOT / name).exists())


def test_every_block_says_what_it_holds_and_which_test_runs_it() -> None:
    found = blocks()

    assert sum(block.mark is not None for block in found) > 10
    assert [(one.document, one.body[:40], fault) for one in found for fault in faults(one)] == []


def test_every_mark_of_a_block_that_is_not_run_stands_directly_above_it_on_one_line() -> None:
    marks = {
        page.relative_to(ROOT).as_posix(): len(re.findall(r"^ *<!-- not run here", text, re.MULTILINE))
        for page in PAGES
        if "<!-- not run here" in (text := page.read_text("utf-8"))
    }

    found = Counter(block.document for block in blocks() if block.mark is not None)

    assert {name: count for name, count in marks.items() if count != found[name]} == {}


def test_the_page_of_the_report_explains_keys_that_a_report_has() -> None:
    page = (ROOT / "docs/reference/report.md").read_text("utf-8")

    rows = re.findall(r"^\| (`[a-z_]+[`.].*?) \|", page, re.MULTILINE)
    explained = {key for row in rows for key in re.findall(r"`([a-z]\w*)", row)}

    assert len(explained) > 5
    assert explained <= set(Report.model_fields)


def test_the_example_of_thresholds_takes_the_last_one_that_proves_the_promise() -> None:
    page = (ROOT / "docs/explanation/thresholds.md").read_text("utf-8")

    rows = re.findall(r"^\| 0\.\d{3} \| (\d+) \| (\d+) \| ([\d.]+)% \|", page, re.MULTILINE)
    bounds = [compute_share_lower_bounds(int(right), int(accepted))[0] for accepted, right, _ in rows]

    assert [f"{100 * bound:.1f}" for bound in bounds] == [shown for _, _, shown in rows]
    assert [bound >= 0.95 for bound in bounds] == [True, True, True, True, False]
    assert int(rows[0][0]) >= count_needed_answers(0.95, errors=4) == 181


def test_the_page_of_the_architecture_lists_every_package() -> None:
    page = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}

    assert set(re.findall(r"^\| `([a-z_]+)/` \|", page, re.MULTILINE)) == packages


@pytest.mark.parametrize(
    "page", ["README.md", "docs/README.md", "docs/how-to/label-a-catalogue.md", "docs/how-to/feeds.md"]
)
def test_a_page_that_lists_the_platforms_of_feeds_has_all_of_them(page: str) -> None:
    text = (ROOT / page).read_text("utf-8").lower()

    assert [platform for platform in FEED_PLATFORMS if platform not in text] == []
