"""Real titles of 22 languages: their language is recognised, and the kinds that they name are right."""

import csv
import random
from collections import Counter, defaultdict
from typing import NamedTuple

import pytest

from inference.words.language_files import load_languages
from inference.words.recognition import recognise_language
from inference.words.words import read_garments
from tests.service import ROOT

PLACES = [parent / "shared" / "reports" / "titles" / "titles.csv" for parent in ROOT.parents]
DRAWS = 60
NEIGHBOURS = {"da": "no", "no": "da"}
"""Languages that may be taken for each other: most of their words are written alike."""


class Title(NamedTuple):
    text: str
    category: str
    kinds: frozenset[str]


@pytest.fixture(scope="module")
def titles() -> dict[str, list[Title]]:
    path = next((place for place in PLACES if place.is_file()), None)
    if path is None:
        pytest.skip("the titles of ../shared/reports are not here")
    found = defaultdict[str, list[Title]](list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            kinds = frozenset(row["kinds"].split("|")) - {"none"}
            found[row["language"]].append(Title(row["title"], row["category"], kinds))
    return found


def test_the_language_of_some_titles_of_a_shop_is_recognised(titles: dict[str, list[Title]]) -> None:
    draw, wrong = random.Random(3), Counter[tuple[str, str]]()
    for code, of_language in titles.items():
        for _ in range(DRAWS):
            drawn = draw.sample(of_language, min(20, len(of_language)))
            spoken = recognise_language(title.text for title in drawn)
            wrong[code, spoken] += spoken not in {code, NEIGHBOURS.get(code)}

    assert {pair: count for pair, count in wrong.items() if count} == {}


def test_titles_of_real_shops_name_their_kinds(titles: dict[str, list[Title]]) -> None:
    garments, named, wrong, said = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for code, of_language in titles.items():
        for title in of_language if load_languages()[code].is_readable else ():
            kinds = read_garments(title.text, title.category, code).kinds
            garments[code] += bool(title.kinds)
            named[code] += bool(title.kinds and kinds)
            said[code] += bool(kinds)
            wrong[code] += bool(kinds) and kinds.isdisjoint(title.kinds)

    assert named.total() >= 0.97 * garments.total()
    assert wrong.total() <= 0.02 * said.total()
    assert [code for code in garments if named[code] < 0.9 * garments[code] or wrong[code] > 2] == []
