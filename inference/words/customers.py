"""Read for whom a garment is made: the gender and the age group that a title or a category names.

"Girls' dress" is for `female` and `kids`. Words for women and men also say `adult`, unless another word or an
age in the text says a child. Nothing is guessed: a text without such a word says nothing.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise, product
from typing import Final, NamedTuple

from inference.words.language_files import list_readable_languages, load_languages
from inference.words.tokens import CONJUNCTION_SIGNS
from inference.words.vocabulary import (
    GarmentWord,
    Grammar,
    Item,
    make_customer_vocabulary,
    make_grammar,
    replace_known_words,
)

FEMALE: Final = "female"
MALE: Final = "male"
UNISEX: Final = "unisex"
GENDERS: Final = (FEMALE, MALE, UNISEX)
"""The genders of a garment, by the names that Google and Meta give them."""

NEWBORN: Final = "newborn"
INFANT: Final = "infant"
TODDLER: Final = "toddler"
KIDS: Final = "kids"
ADULT: Final = "adult"
AGE_GROUPS: Final = (NEWBORN, INFANT, TODDLER, KIDS, ADULT)
"""The age groups of a garment, by the names that Google and Meta give them, the youngest first."""

_FIRST_MONTHS: Final = (0, 3, 12, 60, 168)
"""The age in months with which each of AGE_GROUPS begins, by Google's limits."""

MAX_AGE_YEARS: Final = 17
"""Largest number of years that is read as an age. "80 years" is none."""

MAX_AGE_MONTHS: Final = 36
"""Largest number of months that is read as an age."""

_FEMALE_WORDS: Final = frozenset({"women", "girls", "female"})
_MALE_WORDS: Final = frozenset({"men", "boys", "male"})
_ADULT_WORDS: Final = frozenset({"women", "men", "adults"})
_AGE_OF_CHILD: Final = {
    **{"girls": KIDS, "boys": KIDS, "kids": KIDS},
    **{"baby": INFANT, "newborn": NEWBORN, "toddler": TODDLER},
}
_GENDERED_CHILD_WORDS: Final = frozenset({"girls", "boys"})
_NO_CUSTOMER: Final = frozenset({"prints", "months", "years"})
_JOINING_SIGNS: Final = CONJUNCTION_SIGNS | {",", ";"}
_QUOTATION: Final = re.compile(r"""(?<!\w)(?:"[^"]+"|“[^”]+”|„[^“”]+[“”]|«[^»]+»)(?!\w)""")
"""A text in quotation marks, which is printed on the garment or is a name. Inches follow a digit."""
_POSSESSIVE: Final = "s"
"""The token of English "women's" behind the apostrophe."""


class Customers(NamedTuple):
    """The customers whom a text names: those who wear the garment.

    Attributes:
        gender: one of GENDERS; empty if the text names none, or both without joining them.
        age_group: one of AGE_GROUPS; empty if the text names none, or several.
        gender_words: the words of the text from which the gender was read, in small letters.
        age_words: the words of the text from which the age group was read, in small letters.
    """

    gender: str = ""
    age_group: str = ""
    gender_words: tuple[str, ...] = ()
    age_words: tuple[str, ...] = ()


NO_CUSTOMERS: Final = Customers()


class _Mention(NamedTuple):
    """A word for customers in a text.

    Attributes:
        word: the word in small letters.
        meanings: its meanings, of CUSTOMER_MEANINGS.
        place: its position among the items of the text.
    """

    word: str
    meanings: frozenset[str]
    place: int

    @property
    def child_age(self) -> str:
        """The age group of a word for children; empty for other words."""
        return _choose_child_age({_AGE_OF_CHILD[one] for one in self.meanings if one in _AGE_OF_CHILD})


@lru_cache(maxsize=8192)
def read_customers(text: str, language: str, *, is_cell: bool = False) -> Customers:
    """Return the gender and the age group that a text names. Results are cached.

    Args:
        text: a title, one level of a category, or a cell of a column of genders or ages.
        language: the code of a language that can be read, such as `en`.
        is_cell: whether the text is such a cell. Then "2 years" is an age without a word for a child, and
            several ages say none.
    """
    tokens = load_languages()[language].tokenize(_QUOTATION.sub(" ", text))
    items = replace_known_words(tokens, make_customer_vocabulary(language))
    mentions = _find_mentions(items)
    age = _read_age(tokens, language, has_child=is_cell or any(mention.child_age for mention in mentions))
    if not mentions and not age.group:
        return NO_CUSTOMERS
    joins = _find_joins(items, mentions, make_grammar(language))
    gender = _decide_gender(mentions, joins)
    age_group = age.group or _decide_age_group(mentions, joins, is_cell=is_cell)
    return Customers(
        gender,
        age_group,
        _list_words(mentions, _FEMALE_WORDS | _MALE_WORDS | {"unisex"}) if gender else (),
        (age.words if age.group else _list_age_words(mentions, age_group)) if age_group else (),
    )


def names_only_customers(text: str, language: str) -> bool:
    """Return whether a text, such as a level of a category, names customers and nothing else ("For men").

    Args:
        language: the code of a language that can be read, such as `en`.
    """
    items = replace_known_words(load_languages()[language].tokenize(text), make_customer_vocabulary(language))
    grammar = make_grammar(language)
    filling = grammar.conjunctions | grammar.prepositions | _JOINING_SIGNS | {_POSSESSIVE}
    # A start such as "damen-" also matches "Damenkleid", which names more than customers.
    wholes = make_customer_vocabulary(language).phrases
    others = [item for item in items if get_word(item) not in filling]
    return bool(others) and all(
        isinstance(item, GarmentWord)
        and item.kinds - _NO_CUSTOMER
        and (tuple(item.word.split()) in wholes or _is_inflection(item.word, language))
        for item in others
    )


@lru_cache(maxsize=8192)
def names_only_customers_in_any_language(text: str) -> bool:
    """Return whether a text names customers and nothing else in a language that is read. It is cached."""
    return any(names_only_customers(text, language) for language in list_readable_languages())


def get_word(item: Item) -> str:
    """Return the word of an item of a text, whether it names customers or not."""
    return item.word if isinstance(item, GarmentWord) else item


_MAX_ENDING_LETTERS: Final = 3
"""Largest number of letters of an ending, such as that of Russian "женская" behind "женск"."""


def _is_inflection(word: str, language: str) -> bool:
    starts = make_customer_vocabulary(language).starts
    return any(word[: len(word) - count] in starts for count in range(_MAX_ENDING_LETTERS + 1))


def _find_mentions(items: Sequence[Item]) -> list[_Mention]:
    """Return the words for customers of a text, without those that are printed on the garment."""
    return [
        _Mention(item.word, item.kinds, place)
        for place, item in enumerate(items)
        if isinstance(item, GarmentWord) and item.kinds - _NO_CUSTOMER and not _is_after_print(items, place)
    ]


def _is_after_print(items: Sequence[Item], place: int) -> bool:
    before = items[place - 1] if place else ""
    return isinstance(before, GarmentWord) and "prints" in before.kinds


class _Joins(NamedTuple):
    """How the words for customers of a text follow each other.

    Attributes:
        joined: pairs of numbers of mentions that "and", `&`, `/` or a comma joins, also over others.
        adjacent: pairs of numbers of mentions with nothing between.
    """

    joined: frozenset[tuple[int, int]]
    adjacent: frozenset[tuple[int, int]]

    def has_joined(self, firsts: Iterable[int], seconds: Iterable[int]) -> bool:
        """Return whether one of the first mentions is joined with one of the second ones."""
        return any((min(pair), max(pair)) in self.joined for pair in product(firsts, tuple(seconds)))

    def has_adjacent(self, firsts: Iterable[int], seconds: Iterable[int]) -> bool:
        """Return whether one of the first mentions stands beside one of the second ones."""
        return any((min(pair), max(pair)) in self.adjacent for pair in product(firsts, tuple(seconds)))


def _find_joins(items: Sequence[Item], mentions: Sequence[_Mention], grammar: Grammar) -> _Joins:
    joining = grammar.conjunctions | _JOINING_SIGNS
    between = joining | grammar.prepositions | {_POSSESSIVE, "-", "\u2013"}
    links = list[tuple[bool, bool]]()
    for first, second in pairwise(mentions):
        words = [get_word(item) for item in items[first.place + 1 : second.place]]
        is_adjacent = all(word == _POSSESSIVE for word in words)
        is_joined = not is_adjacent and set(words) <= between and not joining.isdisjoint(words)
        links.append((is_joined, is_adjacent))
    joined = {
        (first, second)
        for second in range(1, len(mentions))
        for first in range(second)
        if all(any(link) for link in links[first:second]) and any(link[0] for link in links[first:second])
    }
    adjacent = {(place, place + 1) for place, link in enumerate(links) if link[1]}
    return _Joins(frozenset(joined), frozenset(adjacent))


def _decide_gender(mentions: Sequence[_Mention], joins: _Joins) -> str:
    """Return the gender of a text; empty if it names none, or both apart from each other."""
    if any("unisex" in mention.meanings for mention in mentions):
        return UNISEX
    female = _find_numbers(mentions, _FEMALE_WORDS)
    male = _find_numbers(mentions, _MALE_WORDS)
    if female and male:
        return UNISEX if joins.has_joined(female, male) or joins.has_adjacent(female, male) else ""
    # "Women & kids": the garment may be a boy's.
    adults = _find_numbers(mentions, {"women", "men"})
    if joins.has_joined(adults, _find_numbers(mentions, {"kids", "baby", "toddler", "newborn"})):
        return ""
    return FEMALE if female else MALE if male else ""


def _find_numbers(mentions: Sequence[_Mention], meanings: Iterable[str]) -> list[int]:
    wanted = frozenset(meanings)
    return [number for number, mention in enumerate(mentions) if mention.meanings & wanted]


def _decide_age_group(mentions: Sequence[_Mention], joins: _Joins, *, is_cell: bool) -> str:
    """Return the age group by the words of a text; empty if they name none, or several."""
    adults = _find_numbers(mentions, _ADULT_WORDS)
    children = [number for number, mention in enumerate(mentions) if mention.child_age]
    if adults and children:
        if is_cell:
            return ""
        return _decide_adult_or_child(mentions, joins, adults, children)
    if adults:
        return ADULT
    ages = {number: mentions[number].child_age for number in children}
    if any(ages[first] != ages[second] for first, second in joins.joined if {first, second} <= ages.keys()):
        return ""
    return _choose_child_age(set(ages.values()))


def _decide_adult_or_child(
    mentions: Sequence[_Mention], joins: _Joins, adults: Sequence[int], children: Sequence[int]
) -> str:
    """Return the age group of a text with words for adults and for children."""
    gendered = [number for number in children if mentions[number].meanings & _GENDERED_CHILD_WORDS]
    if joins.has_joined(adults, children) or joins.has_adjacent(adults, gendered):
        return ADULT
    ages = {mentions[number].child_age for number in children}
    # A baby apart from the women of the same title is often a picture on the garment.
    if ages <= {INFANT, NEWBORN} and not joins.has_adjacent(adults, children):
        return ""
    return _choose_child_age(ages)


def _choose_child_age(ages: set[str]) -> str:
    """Return the age group of several words for children that describe one child; empty without one."""
    # "Baby girl" and "newborn baby": the narrower word decides.
    narrow_ages = ages - {KIDS} or ages
    if narrow_ages == {NEWBORN, INFANT}:
        return NEWBORN
    return next(iter(narrow_ages)) if len(narrow_ages) == 1 else ""


def _list_words(mentions: Sequence[_Mention], meanings: frozenset[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.word for mention in mentions if mention.meanings & meanings))


def _list_age_words(mentions: Sequence[_Mention], age_group: str) -> tuple[str, ...]:
    if age_group == ADULT:
        return _list_words(mentions, _ADULT_WORDS)
    return tuple(dict.fromkeys(mention.word for mention in mentions if mention.child_age))


class _Age(NamedTuple):
    """An age in a text: its age group, and the words that name it; empty without one."""

    group: str = ""
    words: tuple[str, ...] = ()


_NO_AGE: Final = _Age()


def _read_age(tokens: Sequence[str], language: str, *, has_child: bool) -> _Age:
    """Return the age in months or years that a text names, such as "3-6 months".

    Args:
        has_child: whether the text has a word for children. Without one, "2 years" may be a guarantee, and
            only a range with a whole word for its unit is an age.
    """
    if not any(token[0].isdigit() for token in tokens):
        return _NO_AGE
    text = " ".join(tokens)
    range_pattern, single_pattern, month_units = _make_age_patterns(language)
    for match in range_pattern.finditer(text):
        unit = match["unit"].strip()
        first = _count_months(match["first"], (match["first_unit"] or unit).strip(), month_units)
        last = _count_months(match["last"], unit, month_units)
        if first is not None and last is not None and first < last and (has_child or len(unit) > 1):
            return _Age(_find_group_of_range(first, last), (match[0],))
    if has_child and (single := single_pattern.search(text)):
        unit = single["unit"].strip()
        months = _count_months(single["last"], unit, month_units)
        if months is not None:
            is_in_months = unit in month_units
            return _Age(_find_group_of_age(months, is_in_months=is_in_months), (single[0],))
    return _NO_AGE


@cache
def _make_age_patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str], frozenset[str]]:
    """Return the patterns of a range and of one age in a language, and its words for months."""
    phrases = make_customer_vocabulary(language).phrases
    by_unit = {
        unit: {phrase[0] for phrase, meanings in phrases.items() if unit in meanings}
        for unit in ("months", "years")
    }
    every = sorted(by_unit["months"] | by_unit["years"], key=lambda word: (-len(word), word))
    # A letter belongs to its number ("2T"): "2 T-shirts" are no two years.
    units = "|".join(f"{'' if len(unit) == 1 else ' ?'}{re.escape(unit)}" for unit in every) or "(?!)"
    last = rf"(?P<last>\d{{1,2}})(?P<unit>{units})(?!\w)"
    first = rf"(?P<first>\d{{1,2}})(?P<first_unit>{units})? ?(?:[-\u2013\u2014/]|[^\W\d]{{1,3}})? ?"
    return (
        re.compile(rf"(?<!\w){first}(?<!\d){last}"),
        re.compile(rf"(?<!\w){last}"),
        frozenset(by_unit["months"]),
    )


def _count_months(number: str, unit: str, month_units: frozenset[str]) -> int | None:
    """Return an age in months; None for a number that is no age of a child or a teenager."""
    count = int(number)
    if unit in month_units:
        return count if count <= MAX_AGE_MONTHS else None
    return 12 * count if count <= MAX_AGE_YEARS else None


def _find_group_of_age(months: int, *, is_in_months: bool) -> str:
    """Return the age group of one age. A size of 12 months fits children up to 12 months."""
    starts = _FIRST_MONTHS
    numbers = [
        number
        for number, start in enumerate(starts)
        if start < months or (start == months and not is_in_months) or start == 0
    ]
    return AGE_GROUPS[numbers[-1]]


def _find_group_of_range(first: int, last: int) -> str:
    """Return the age group that has most of a range of ages; at equal parts the elder one."""
    ends = (*_FIRST_MONTHS[1:], 12 * (MAX_AGE_YEARS + 2))
    parts = [min(last, end) - max(first, start) for start, end in zip(_FIRST_MONTHS, ends, strict=True)]
    return AGE_GROUPS[max(range(len(parts)), key=lambda number: (parts[number], number))]
