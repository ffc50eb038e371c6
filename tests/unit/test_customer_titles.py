"""Titles of 22 languages that say for whom a garment is made, half of them traps.

Whoever wrote tests/fixtures/customers had not seen the words of the language files.
"""

import csv

import pytest

from inference.words.customers import Customers, read_customers
from inference.words.language_files import load_languages
from tests.service import ROOT

FOLDER = ROOT / "tests" / "fixtures" / "customers"
LANGUAGES = sorted(language.code for language in load_languages().values() if language.is_readable)


def read_titles(language: str) -> dict[str, tuple[str, str]]:
    """The gender and the age group that each title says, empty for none, by the title."""
    with (FOLDER / f"{language}.csv").open(encoding="utf-8", newline="") as file:
        return {row["title"]: (row["gender"], row["age_group"]) for row in csv.DictReader(file)}


def say(customers: Customers) -> tuple[str, str]:
    return customers.gender, customers.age_group


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "all"])
def test_titles_say_for_whom_a_garment_is_made(language: str) -> None:
    titles = read_titles(language)

    assert len(titles) >= 20
    assert {title: say(read_customers(title, language)) for title in titles} == titles


def test_words_in_quotation_marks_are_printed_on_the_garment() -> None:
    assert say(read_customers('Men\'s T-shirt "Girls"', "en")) == ("male", "adult")
    assert say(read_customers('Jeans 28" women 30"', "en")) == ("female", "adult")
