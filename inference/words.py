"""What the words of a shop's list say about a garment: the kinds that a title admits.

words.csv is the table of words; languages.csv has those by which the language of a list is found. The rules
that pick the deciding word of a title are here. A title without a word of the table says nothing, and so does
a colour, a brand or a misspelling. Reads these two files alone.
"""

import csv
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from html.parser import HTMLParser
from itertools import islice, pairwise
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

LANGUAGES: Final = ("en", "de", "fr", "es")
"""That the table has words of. Each was tried with titles of real shops (tests/unit/test_words.py)."""

KIND: Final = "kind"
"""The attribute whose labels are kinds themselves."""

KINDS: Final = (
    *("top", "shirt", "pullover", "coat", "dress", "trousers", "sneaker", "sandal", "boot", "bag"),
    *("skirt", "shorts", "closed shoe", "underwear", "hat", "glasses", "watch", "jewellery", "belt"),
    *("vest", "jumpsuit", "set", "nightwear", "socks", "scarf", "gloves", "tie", "wallet", "saree"),
)
"""What a garment is. The first ten are the classes of Fashion-MNIST; no other kind admits one of these."""

ENOUGH: Final = 2_000
"""Titles by which the language of a list is found."""

LONGEST: Final = 300
"""Characters of a title that are read, without its tags. Google takes 150, Shopify 255."""

LONGEST_HTML: Final = 10 * LONGEST
"""The same with tags."""

SHORTEST_START: Final = 2
"""Letters at least before the end of a German compound: Jeans-hose."""

_FILE: Final = Path(__file__).with_name("words.csv")
_LANGUAGES: Final = Path(__file__).with_name("languages.csv")
_EVERY: Final = "all"
_GROUP: Final = "group"
_VARIANT: Final = "variant"
_THING: Final = "thing"
_SET: Final = "set"

_TOKEN: Final = re.compile(r"\bw/|[^\W_]+|[&+/|,;:()\[\]!?•·\u2013\u2014]|(?<=\s)-(?=\s)")
_SEPARATORS: Final = frozenset("|,;:()[]!?•·\u2013\u2014-")
_SIGNS: Final = frozenset("&+/")
_LEVELS: Final = re.compile(r"[>»\u203a\u2192|\\]")
_UNSEEN: Final = frozenset({"Cf", "Mn", "Me"})
_SIZE: Final = re.compile(r"[wl]?\d{1,2}")


def in_order(kinds: Iterable[str]) -> list[str]:
    """Kinds in the order of KINDS."""
    return sorted(kinds, key=KINDS.index)


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """The words of a language by which the deciding words of a title are found.

    Attributes:
        prepositions: the garment stands before them ("dress with belt").
        conjunctions: between two garments ("top and skirt").
        counts: words that only count what follows a preposition ("pack de 2 camisetas").
        last: whether the last word is the head (shirt dress), or the first (robe chemise).
        alone: words that count where they are the last one (short sleeve is no shorts, a stand collar no
            stand).
    """

    prepositions: frozenset[str]
    conjunctions: frozenset[str]
    counts: frozenset[str] = frozenset()
    last: bool
    alone: frozenset[str] = frozenset()


_GRAMMARS: Final[Mapping[str, Grammar]] = {
    "en": Grammar(
        prepositions=frozenset({"with", "for", "in", "by", "from", "without", "w/"}),
        conjunctions=frozenset({"and", "or", "n"}),
        last=True,
        alone=frozenset(
            {"short", "stand", "case", "cover", "box", "press", "display", "iron", "care", "kit"}
        ),
    ),
    "de": Grammar(
        prepositions=frozenset({"mit", "fur", "fuer", "aus", "in", "im", "von", "ohne", "zum", "zur"}),
        conjunctions=frozenset({"und", "oder", "sowie"}),
        last=True,
    ),
    "fr": Grammar(
        prepositions=frozenset({"avec", "pour", "en", "sans", "par"}),
        conjunctions=frozenset({"et", "ou"}),
        last=False,
    ),
    "es": Grammar(
        prepositions=frozenset({"con", "para", "de", "en", "sin", "por"}),
        conjunctions=frozenset({"y", "e", "o", "u"}),
        counts=frozenset({"pack", "par", "pares", "lote", "juego"}),
        last=False,
    ),
}


class Named(NamedTuple):
    """A word of a title that names a garment.

    Attributes:
        word: in small letters, without accents.
        kinds: that it admits; empty for words that only look like a garment ("tie waist").
    """

    word: str
    kinds: frozenset[str]


class Says(NamedTuple):
    """What a list says about a product.

    Attributes:
        words: that decide; empty where it says nothing.
        kinds: that they admit; empty where it says nothing.
    """

    words: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()


NOTHING: Final = Says()

_Item: TypeAlias = str | Named


class _Words(NamedTuple):
    """The table in one language.

    Attributes:
        phrases: the kinds of whole words and phrases, by their tokens.
        ends: the same of the ends of compounds.
        longest: the number of tokens of the longest phrase, by its first token.
    """

    phrases: Mapping[tuple[str, ...], frozenset[str]]
    ends: Mapping[str, frozenset[str]]
    longest: Mapping[str, int]


@lru_cache(maxsize=8192)
def says(title: str, category: str, language: str) -> Says:
    """What a product's title says, or its category where the title names no garment.

    Answers are kept, as a list is read more than once. Titles that clients send are read by `title_says`,
    which keeps none.
    """
    by_title = title_says(title, language)
    return by_title if by_title.kinds else category_says(category, language)


def title_says(title: str, language: str) -> Says:
    """The kinds that the deciding words of a title admit.

    Args:
        title: of a product, as a list has it: of any length, in any script, with HTML or without.
        language: one of LANGUAGES.
    """
    items = _items(tokens_of(title), _words(language))
    heads = next((heads for part in _split(items, _SEPARATORS) if (heads := _heads(part, language))), [])
    if any(_SET in head.kinds for head in heads):
        heads = _named(items)
    return _together(heads)


def every_language_says(title: str) -> Says:
    """What the words of a title admit where its language is not known: what each of LANGUAGES reads there."""
    read = [title_says(title, language) for language in LANGUAGES]
    words = dict.fromkeys(word for says in read for word in says.words)
    return Says(tuple(words), frozenset[str]().union(*(says.kinds for says in read)))


def category_says(category: str, language: str) -> Says:
    """The kinds that a category admits, by the deepest of its levels that names one ("Women > Dresses").

    Every garment of a level counts ("Shirts, Blouses"); "Top", "Bottom" and "Outerwear" admit a group.
    """
    levels = _LEVELS.split(category)
    of_levels = (_level_says(level.split("/"), language) for level in reversed(levels))
    return next(filter(None, of_levels), NOTHING)


def _level_says(parts: Sequence[str], language: str) -> Says | None:
    """What one level admits; None where it names nothing.

    A slash stands between levels ("Women/Trousers/Shorts"), unless all parts name garments and none of them
    is a kind of the part before it ("Skirts/Shorts").
    """
    named = [_garments(part, language) for part in parts]
    heads = [part for part in named if part]
    if not heads:
        return None
    kinds = [_together(part).kinds for part in heads]
    if not named[0] or any(deeper <= upper for upper, deeper in pairwise(kinds)):
        return _together(heads[-1])
    return _together([head for part in heads for head in part])


def _garments(level: str, language: str) -> list[Named]:
    """The words of a part of a category that name garments, those of groups among them."""
    tokens = tokens_of(level)
    heads = _named(_items(tokens, _words(_GROUP)))
    for part in _split(_items(tokens, _words(language)), _SEPARATORS):
        heads += _heads(part, language)
    return heads


def without_variant(title: str) -> tuple[str, ...]:
    """A title's words but those of colour and size, by which variants of one product differ."""
    items = _items(tokens_of(title), _words(_VARIANT))
    words = (item for item in items if isinstance(item, str) and item not in _SEPARATORS | _SIGNS)
    return tuple(word for word in words if not _SIZE.fullmatch(word))


def label_kinds(labels: Sequence[str], language: str) -> dict[str, frozenset[str]]:
    """The kinds that a release's classes are, by class; empty for a class that the table does not have.

    Classes have one language, too, which need not be that of the list: English before the list's, where both
    have as many words.
    """
    spoken = language_of(labels, dict.fromkeys(("en", *{language}.intersection(LANGUAGES), *LANGUAGES)))
    return {label: title_says(label, spoken).kinds for label in labels}


def language_of(titles: Iterable[str], languages: Iterable[str] = LANGUAGES) -> str:
    """The language that has most words of some titles, small words too; of equal ones the first.

    Args:
        titles: of a list.
        languages: to choose from: of LANGUAGES, or of `languages`. Of those that the table lacks few words
            are known, but enough to tell them from their neighbours.
    """
    hits = dict.fromkeys(languages, 0)
    for title in islice(titles, ENOUGH):
        tokens = tokens_of(title)
        for language in hits:
            small = _small_words()[language]
            named = _named(_items(tokens, _words(language if language in LANGUAGES else _EVERY)))
            hits[language] += sum(token in small for token in tokens) + len(named)
    return max(hits, key=hits.__getitem__)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


@cache
def languages() -> Mapping[str, str]:
    """The languages that a list may have, LANGUAGES first, and what a sentence calls them."""
    return {row["language"]: row["name"] for row in _rows(_LANGUAGES)}


@cache
def _small_words() -> Mapping[str, frozenset[str]]:
    """The words by which each language is known."""
    return {
        row["language"]: frozenset(token for word in row["words"].split("|") for token in tokens_of(word))
        for row in _rows(_LANGUAGES)
    }


def tokens_of(title: str) -> list[str]:
    """The words and signs of a title, without tags, capitals, accents and characters that show nothing."""
    text = title[:LONGEST_HTML]
    if "<" in text or "&" in text:
        parser = _Text()
        with suppress(AssertionError):  # the parser's, of `<![NEW[`: then the title is read as it stands
            parser.feed(text)
            parser.close()
            text = "".join(parser.texts)
    return _TOKEN.findall(_folded(text[:LONGEST]))


def _folded(text: str) -> str:
    """A text in small letters, without accents and without what shows nothing, such as soft hyphens.

    Compatible characters come before small letters, as some of them are capitals. Signs go first: the trade
    mark's would become letters of the word before it.
    """
    if text.isascii():
        return text.casefold()
    apart = "".join(" " if unicodedata.category(char) == "So" else char for char in text)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", apart).casefold())
    shown = "".join(char for char in plain if unicodedata.category(char) not in _UNSEEN)
    return shown.replace("œ", "oe").replace("\u2044", "/")


class _Text(HTMLParser):
    """The text of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = list[str]()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.texts.append("" if tag == "wbr" else " ")

    def handle_endtag(self, tag: str) -> None:
        self.texts.append(" ")


def _items(tokens: Sequence[str], words: _Words) -> list[_Item]:
    """Tokens, with the table's words in place of those that name garments: of several the longest."""
    items, start = list[_Item](), 0
    while start < len(tokens):
        for count in range(min(words.longest.get(tokens[start], 1), len(tokens) - start), 0, -1):
            phrase = tuple(tokens[start : start + count])
            kinds = words.phrases.get(phrase)
            if kinds is None and count == 1:
                kinds = _by_end(phrase[0], words.ends)
            if kinds is not None:
                items.append(Named(" ".join(phrase), kinds))
                break
        else:
            items.append(tokens[start])
            count = 1
        start += count
    return items


def _by_end(token: str, ends: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """What the longest end of a compound admits."""
    if not ends:
        return None
    starts = range(SHORTEST_START, len(token) - 1)
    return next((ends[token[start:]] for start in starts if token[start:] in ends), None)


def _split(items: Sequence[_Item], between: Collection[str]) -> Iterator[list[_Item]]:
    """The runs of items between some signs or words."""
    part = list[_Item]()
    for item in items:
        if isinstance(item, str) and item in between:
            yield part
            part = []
        else:
            part.append(item)
    yield part


def _heads(items: list[_Item], language: str) -> list[Named]:
    """The words that decide for a part of a title: those before a preposition, where they name a garment.

    Behind one ("Two in One Grey Shorts") a garment counts unless the preposition is its own: an "insole for
    shoes" is none.
    """
    grammar = _GRAMMARS[language]
    before, *behind = _split(items, grammar.prepositions)
    heads, counted = _joined_heads(before, grammar), _only_counts(before, grammar)
    for part in behind:
        if heads:
            break
        own = not counted and isinstance(part[0] if part else "", Named)
        heads = _joined_heads(part[1:] if own else part, grammar)
    return heads


def _only_counts(items: list[_Item], grammar: Grammar) -> bool:
    """Whether no more than a number is said: "2", "par"."""
    return not any(
        isinstance(item, Named) or (item.isalpha() and item not in grammar.counts) for item in items
    )


def _joined_heads(items: list[_Item], grammar: Grammar) -> list[Named]:
    """The head of each of the parts that "and" joins, of those that have one.

    A garment right before a thing for it ("dress hanger") is a head that admits nothing.
    """
    heads, things = list[Named](), _words(_THING).phrases
    for part in _split(items, grammar.conjunctions | _SIGNS):
        counted = [item for item in part if _word(item) not in grammar.alone or item is part[-1]]
        pairs = list(pairwise([*counted, ""]))
        named = [(item, behind) for item, behind in pairs if isinstance(item, Named) and item.kinds]
        if named:
            head, behind = named[-1 if grammar.last else 0]
            is_of_thing = grammar.last and (_word(behind),) in things
            heads.append(head._replace(kinds=frozenset()) if is_of_thing else head)
    return heads


def _word(item: _Item) -> str:
    return item.word if isinstance(item, Named) else item


def _named(items: Iterable[_Item]) -> list[Named]:
    return [item for item in items if isinstance(item, Named) and item.kinds]


def _together(heads: Sequence[Named]) -> Says:
    words = tuple(dict.fromkeys(head.word for head in heads if head.kinds))
    return Says(words, frozenset(kind for head in heads for kind in head.kinds))


@cache
def _words(language: str) -> _Words:
    """The table's words of a language, those of every language among them.

    A word that begins with "-" is also the end of compounds.
    """
    phrases, ends = dict[tuple[str, ...], frozenset[str]](), dict[str, frozenset[str]]()
    rows = _rows(_FILE)
    shared = (_EVERY,) if language in LANGUAGES else ()
    for wanted in (*shared, language):
        for row in rows:
            if row["language"] != wanted:
                continue
            kinds = frozenset(filter(None, row["kinds"].split("|")))
            for word in row["words"].split("|"):
                phrases[tuple(tokens_of(word))] = kinds
                if word.startswith("-"):
                    ends["".join(tokens_of(word))] = kinds
    longest = {phrase[0]: len(phrase) for phrase in sorted(phrases, key=len)}
    return _Words(phrases, ends, longest)
