"""Read the language files: inference/words/languages/CODE.toml has all that is known about one language.

A language is added by one such file. `all.toml` has the words of all languages. A file without garments
describes a language that is recognised, and whose titles say nothing. vocabulary.py looks the words up.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from inference.errors import LanguageFileInvalid
from inference.words.kinds import GARMENT_SET_KIND, KINDS
from inference.words.tokens import split_title

LANGUAGES_FOLDER: Final = Path(__file__).with_name("languages")

SHARED_WORDS_NAME: Final = "all"
"""The name, without ending, of the file with words that all languages share."""

UNDETERMINED_LANGUAGE: Final = "und"
"""The code of a language that is not recognised (ISO 639)."""

LANGUAGE_OFF: Final = "none"
"""The value in place of a language code with which people switch off the reading of words."""

PREFERRED_LANGUAGES: Final = ("en", "de", "fr", "es")
"""Codes of languages that come first, so that one of them is taken if two know equally many words."""

NO_GARMENT_NAME: Final = "none"
"""The name in `garments` for phrases that only look like a garment ("tie waist")."""

COMPOUND_END_SIGN: Final = "-"
"""Sign before a word of a language file that may also be the end of a compound word ("-hemd")."""

COMPOUND_START_SIGN: Final = "-"
"""Sign behind a word of `customers` that may also be the start of a longer word ("damen-": "Damenkleid")."""

CUSTOMER_MEANINGS: Final = (
    *("women", "men", "girls", "boys", "kids", "baby", "newborn", "toddler", "adults"),
    *("unisex", "female", "male", "prints", "months", "years"),
)
"""The meanings of words in `customers`. `female` and `male` say nothing about the age."""

COLUMN_MEANINGS: Final = (
    *("title", "category", "brand", "colour", "shade", "beside_colour"),
    *("gender", "age_group"),
)
WOOCOMMERCE_TERMS: Final = ("type", "name", "values", "visible", "global", "default")
HEAD_POSITIONS: Final = ("first", "last")

_CODE: Final = re.compile("[a-z]{2,3}")

KindsByWord: TypeAlias = Mapping[str, frozenset[str]]
CustomersByWord: TypeAlias = Mapping[str, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Language:
    """All that is known about one language. Words are written as a shop writes them.

    Attributes:
        code: ISO 639, as in `de`; SHARED_WORDS_NAME for the words of all languages.
        name: the English name, for sentences.
        known_by: words by which the language is recognised.
        head: the garment that decides if a title names several in a row: the `first` ("robe chemise") or the
            `last` ("shirt dress").
        keep_accents: whether letters with and without accents are different.
        unlike: words that are spelt like a garment but for an accent, and mean something else: Spanish "moño"
            is a bow, and "mono" a jumpsuit.
        prepositions: words behind the garment ("dress with belt").
        parts: those prepositions behind which a title names parts of the garment, or who wears it. A colour
            behind them is not the garment's ("dress with black belt").
        conjunctions: words between two garments ("top and skirt").
        counts: words that only count the garment behind a preposition ("pack de 2 camisetas").
        alone: words that name something only at the end of their part ("short sleeve" is no shorts).
        weak: words that name a garment only if no other word of their part does ("denim", "knit").
        clauses: words behind which a title says what the garment goes with: "that", "your", "any", as in
            "sneakers that complete your outfit". A word for a set behind them is not the product.
        things: things for garments, which are no garments ("dress hanger").
        wearers: animals and dolls: a title with such a word says nothing ("jacket for dogs").
        suits: sets, whatever else a title names ("suit").
        sets: words for several things that are sold as one, garments or not ("set").
        variants: words of size and colour by which titles of one product differ, beside those of `colours`.
        no_colours: cells of a colour column that name no colour ("assorted").
        colour_shades: words beside a colour that belong to it ("light", as in "light green").
        colour_names: phrases of titles that have a colour word and name no colour, such as those of brands
            ("Golden Goose") and materials (Spanish "cuero", which is leather, too).
        garments: kinds by word; empty for phrases that only look like a garment.
        clothing: words of a category that stand for clothing of any kind ("Women's clothing").
        groups: kinds by word of a category that stands for several kinds ("Outerwear").
        colours: names that a release may have for a colour, by the shop's word; the main name first.
        customers: meanings of words for those who wear a garment, of CUSTOMER_MEANINGS; empty for phrases
            that only look like one ("baby blue"). `prints` are words before a picture on a garment
            ("shirt with girls"), `months` and `years` are units of an age.
        columns: names of columns of a list, by one of COLUMN_MEANINGS. `shade` has words that head a column
            of colours in some lists only ("shade", whose cells may be "dark"). `beside_colour` has words that
            stand beside a colour word in the heading of the column of colours ("main color").
        woocommerce: headings of WooCommerce's export, by one of WOOCOMMERCE_TERMS; `#` is the number.
            Versions of its translation differ.
    """

    code: str
    name: str = ""
    known_by: tuple[str, ...] = ()
    head: str = ""
    keep_accents: bool = False
    unlike: tuple[str, ...] = ()
    prepositions: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    conjunctions: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    wearers: tuple[str, ...] = ()
    clothing: tuple[str, ...] = ()
    suits: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    no_colours: tuple[str, ...] = ()
    colour_shades: tuple[str, ...] = ()
    colour_names: tuple[str, ...] = ()
    garments: KindsByWord = field(default_factory=dict)
    groups: KindsByWord = field(default_factory=dict)
    colours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    customers: CustomersByWord = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    woocommerce: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_readable(self) -> bool:
        """Whether titles in this language can be read, because its file has words for garments."""
        return bool(self.garments)

    def tokenize_word(self, word: str) -> tuple[str, ...]:
        """Return the tokens of a word of a language file; the result is cached for several tables."""
        return _word_tokens(word, self.keep_accents)

    def tokenize(self, text: str) -> list[str]:
        """Return the words and signs of a text, with the accents that matter in this language."""
        return split_title(text, keep_accents=self.keep_accents)


@cache
def _word_tokens(word: str, keep_accents: bool) -> tuple[str, ...]:
    return tuple(split_title(word, keep_accents=keep_accents))


@cache
def load_languages() -> Mapping[str, Language]:
    """Return all languages with a file by their codes: the preferred ones, then readable ones, then the rest.

    A language without words for garments is recognised, but its titles cannot be read.
    """
    every = [language for code, language in _read_shipped_languages().items() if code != SHARED_WORDS_NAME]
    rank = {code: place for place, code in enumerate(PREFERRED_LANGUAGES)}
    every.sort(key=lambda one: (rank.get(one.code, len(rank)), not one.is_readable, one.code))
    return MappingProxyType({language.code: language for language in every})


@cache
def list_readable_languages() -> tuple[str, ...]:
    """Return the codes of the languages whose titles can be read, in the order of `load_languages()`."""
    return tuple(code for code, language in load_languages().items() if language.is_readable)


def get_language_name(code: str) -> str:
    """Return the English name of a language for sentences; a phrase for the code UNDETERMINED_LANGUAGE."""
    return (
        "a language that Wardrobe cannot read"
        if code == UNDETERMINED_LANGUAGE
        else load_languages()[code].name
    )


def load_shared_words() -> Language:
    """Return the words that are used in all languages, as the file `all.toml` has them."""
    return _read_shipped_languages()[SHARED_WORDS_NAME]


@cache
def _read_shipped_languages() -> Mapping[str, Language]:
    return read_language_folder(LANGUAGES_FOLDER)


def read_language_folder(folder: Path) -> dict[str, Language]:
    """Read all language files (`*.toml`) of a folder, and return the languages by the names of the files.

    Raises:
        LanguageFileInvalid: the message names the file, and what is wrong in it.
    """
    return {file.stem: read_language_file(file) for file in sorted(folder.glob("*.toml"))}


def read_language_file(file: Path) -> Language:
    """Read a language file (`CODE.toml`), and return the language that the file describes.

    Raises:
        LanguageFileInvalid: the message names the file, and what is wrong in it.
    """
    try:
        return _parse_language(file.stem, tomllib.loads(file.read_text("utf-8")))
    except (OSError, ValueError, LanguageFileInvalid) as error:
        raise LanguageFileInvalid(f"{file.name}: {error}") from error


def _parse_language(code: str, table: Mapping[str, Any]) -> Language:
    if code != SHARED_WORDS_NAME and not _CODE.fullmatch(code):
        raise LanguageFileInvalid("name the file after the language's code in ISO 639, as in de.toml.")
    _check_names("", table, [part.name for part in fields(Language)][1:])
    parts: dict[str, Any] = {name: _parse_words(name, table[name]) for name in table if name in _LISTS}
    parts |= {
        name: _read_meanings(name, table.get(name, {}), _parse_kinds) for name in ("garments", "groups")
    }
    language = Language(
        code=code,
        name=_parse_text("name", table.get("name", "")),
        head=_parse_text("head", table.get("head", "")),
        keep_accents=_parse_switch("keep_accents", table.get("keep_accents", False)),
        colours=_read_meanings("colours", table.get("colours", {}), _parse_colours),
        customers=_read_meanings("customers", table.get("customers", {}), _parse_customers),
        columns={
            name: _parse_words(name, value) for name, value in _read_part("columns", table, COLUMN_MEANINGS)
        },
        woocommerce={
            name: _parse_texts(name, value)
            for name, value in _read_part("woocommerce", table, WOOCOMMERCE_TERMS)
        },
        **parts,
    )
    _check_parts(language)
    _check_words(language)
    return language


_LISTS: Final = (
    *("known_by", "unlike", "prepositions", "parts", "conjunctions", "counts", "alone", "weak"),
    *("clauses", "things", "wearers", "suits", "sets", "clothing", "variants", "no_colours"),
    *("colour_shades", "colour_names"),
)


def _check_parts(language: Language) -> None:
    """Refuse a file that lacks a required part."""
    needed = [] if language.code == SHARED_WORDS_NAME else ["name", "known_by"]
    if needed and language.is_readable:
        needed.append("head")
    if missing := [name for name in needed if not getattr(language, name)]:
        raise LanguageFileInvalid(f"`{missing[0]}` is missing. A file needs {', '.join(needed)}.")
    if language.head and language.head not in HEAD_POSITIONS:
        raise LanguageFileInvalid(
            f"`head` is {language.head!r}; it must be one of {', '.join(HEAD_POSITIONS)}."
        )


def _check_words(language: Language) -> None:
    """Refuse a word that a list has twice: nobody could tell which of the two is used."""
    garments = chain(language.garments, language.suits, language.sets)
    lists = {name: iter(getattr(language, name)) for name in _LISTS if name not in {"suits", "sets"}}
    lists |= {"garments, suits or sets": garments}
    lists |= {"groups": iter(language.groups), "colours": iter(language.colours)}
    # A word that is also a start, such as "dame" beside "dame-", has to be told apart from it.
    starts, wholes = _split_starts(language.customers)
    lists |= {"customers": iter(wholes), "starts in customers": iter(starts)}
    for name, words in lists.items():
        _check_once(name, words, language)


def _split_starts(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the words that are the start of longer ones ("damen-"), and the others."""
    starts = [word for word in words if word.endswith(COMPOUND_START_SIGN)]
    return starts, [word for word in words if not word.endswith(COMPOUND_START_SIGN)]


def _check_once(name: str, words: Iterable[str], language: Language) -> None:
    earlier = dict[tuple[str, ...], str]()
    for word in words:
        tokens = language.tokenize_word(word)
        if not tokens:
            raise LanguageFileInvalid(f"`{name}` has {word!r}, which has no letters.")
        if tokens in earlier:
            explanation = (
                "twice" if earlier[tokens] == word else f"and {earlier[tokens]!r}, which is the same word"
            )
            raise LanguageFileInvalid(f"`{name}` has {word!r} {explanation}. Leave one of them out.")
        earlier[tokens] = word


def _check_names(table_name: str, table: Mapping[str, Any], names: Iterable[str]) -> None:
    allowed = list(names)
    if unknown := [name for name in table if name not in allowed]:
        raise LanguageFileInvalid(f"`{table_name}{unknown[0]}` is unknown. Known are {', '.join(allowed)}.")


def _read_part(name: str, table: Mapping[str, Any], names: Iterable[str]) -> Iterator[tuple[str, Any]]:
    part = _parse_table(name, table.get(name, {}))
    _check_names(f"{name}.", part, names)
    yield from part.items()


def _read_meanings(name: str, table: Any, parse: Callable[[str], Any]) -> dict[str, Any]:  # noqa: ANN401 - of TOML
    """Return the meaning of each word of a table: its keys are meanings, its values lists of words."""
    meanings = [
        (key, parse(key), _parse_words(f"{name}.{key}", words))
        for key, words in _parse_table(name, table).items()
    ]
    meaning_by_word = dict[str, Any]()
    for key, meaning, words in meanings:
        for word in words:
            if word in meaning_by_word:
                raise LanguageFileInvalid(
                    f"`{name}` has {word!r} twice, also as {key}. Leave one of them out."
                )
            meaning_by_word[word] = meaning
    return meaning_by_word


def _parse_kinds(key: str) -> frozenset[str]:
    kinds = frozenset(key.split("|")) - {NO_GARMENT_NAME}
    if unknown := sorted(kinds - {*KINDS}):
        raise LanguageFileInvalid(
            f"{unknown[0]!r} is no kind. Kinds are {', '.join((*KINDS, NO_GARMENT_NAME))}."
        )
    if kinds == {GARMENT_SET_KIND}:
        raise LanguageFileInvalid("words for sets are in the lists `suits` and `sets`, not in `garments`.")
    return kinds


def _parse_customers(key: str) -> frozenset[str]:
    meanings = frozenset(key.split("|")) - {NO_GARMENT_NAME}
    if unknown := sorted(meanings - {*CUSTOMER_MEANINGS}):
        allowed = ", ".join((*CUSTOMER_MEANINGS, NO_GARMENT_NAME))
        raise LanguageFileInvalid(f"`customers.{unknown[0]}` is unknown. Known are {allowed}.")
    return meanings


def _parse_colours(key: str) -> tuple[str, ...]:
    return tuple(key.split("|"))


def _parse_words(name: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401 - of TOML
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise LanguageFileInvalid(f'`{name}` must be a list of words, as in ["one", "two"].')
    return tuple(value)


def _parse_text(name: str, value: Any) -> str:  # noqa: ANN401 - of TOML
    if not isinstance(value, str):
        raise LanguageFileInvalid(f'`{name}` must be a text, as in "one".')
    return value


def _parse_texts(name: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401 - of TOML
    return (value,) if isinstance(value, str) else _parse_words(name, value)


def _parse_switch(name: str, value: Any) -> bool:  # noqa: ANN401 - of TOML
    if not isinstance(value, bool):
        raise LanguageFileInvalid(f"`{name}` must be true or false.")
    return value


def _parse_table(name: str, value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - of TOML
    if not isinstance(value, dict):
        raise LanguageFileInvalid(f"`{name}` must be a table, which begins with [{name}].")
    return value
