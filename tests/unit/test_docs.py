"""The pages that list things, held to the things they list."""

import re
from functools import cache
from pathlib import Path

import pytest

from app.settings import Settings, setting_names

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted(path for pattern in ("*.md", "docs/**/*.md") for path in ROOT.glob(pattern))


def make_targets() -> set[str]:
    """The targets that `make help` shows."""
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_command_on_a_page_exists(page: Path) -> None:
    text = page.read_text("utf-8")

    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))

    assert named <= make_targets()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)[^):]*\)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


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


def test_the_readme_lists_every_setting_with_its_default() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")

    rows = re.findall(r"^\| `(WARDROBE_[A-Z_]+)` \| (?:`(.*?)`)? ?\|", readme, re.MULTILINE)

    assert [name for name, _ in rows] == setting_names()
    assert [shown for _, shown in rows] == [default_of(name) for name in setting_names()]


def default_of(setting: str) -> str:
    """What the README shows as the default: nothing for None and for an empty list."""
    default = Settings.model_fields[setting.removeprefix("WARDROBE_").lower()].default
    if default is None or default == ():
        return ""
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_the_map_of_the_house_shows_every_package() -> None:
    house = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}

    assert sorted(package for package in packages if f"\n{package}/" not in house) == []
