"""Find two garments that a sign joins to one word: `shoes-bags` and `dresses_skirts` are two garments each.

The same signs also join the words for one garment: "T-shirt", "polo-shirt". A language file has these as one
word or phrase. In languages that write compounds together, such as German, `Hemd-Kleid` is a compound, and
its last part decides.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from inference.words.language_files import load_languages
from inference.words.tokens import split_text
from inference.words.vocabulary import (
    COUNTING_MARK,
    SUIT_WORDS,
    GarmentWord,
    Vocabulary,
    make_grammar,
    replace_known_words,
)

COMPOUND_SIGN: Final = "-"
"""The sign that also joins the parts of compounds."""

MAX_PLURAL_LETTERS: Final = 3
"""Largest number of letters of the ending by which a plural differs from its singular."""

_CHUNK: Final = re.compile(r"[^\s&+/]*[^\W_][-_|][^\W_][^\s&+/]*")
_SIGN: Final = re.compile(r"([-_|])")


def separate_joined_garments(text: str, language: str, vocabulary: Vocabulary, *, is_category: bool) -> str:
    """Return a text with "&" between two garments that a sign joins: "shoes & bags" for "shoes-bags".

    Args:
        text: a title, or a level of a category, without HTML.
        language: the code of the language in which the text is read.
        vocabulary: the words that name garments.
        is_category: whether the text is a category, which often names several garments. In a title, a
            hyphen joins two garments only if both words are plurals.
    """
    # German and its neighbours write "Hemd-Kleid", one garment, where others write two words.
    has_compounds = bool(vocabulary.ends)

    def separate(chunk: re.Match[str]) -> str:
        pieces = _SIGN.split(chunk[0])
        texts = pieces[::2]
        signs = pieces[1::2]
        garments = _find_garments_of_pieces(texts, language, vocabulary)
        for place, sign in enumerate(signs):
            first = garments.get(place)
            second = garments.get(place + 1)
            if not first or not second or _are_one_word(first, second, vocabulary):
                continue
            are_plurals = _is_plural(first, vocabulary) and _is_plural(second, vocabulary)
            is_list = is_category and not (has_compounds and first.word.isascii())
            is_material = first.word in make_grammar(language).weak
            if sign != COMPOUND_SIGN or are_plurals or (is_list and not is_material):
                signs[place] = " & "
        return "".join(part for pair in zip(texts, [*signs, ""], strict=True) for part in pair)

    return _CHUNK.sub(separate, text)


def _are_one_word(first: GarmentWord, second: GarmentWord, vocabulary: Vocabulary) -> bool:
    """Return whether two pieces belong to one word of the language ("t-shirt", "sweat-shirt")."""
    joined = f"{first.word}{second.word}".replace(" ", "")
    return first is second or (joined,) in vocabulary.phrases


def _is_plural(garment: GarmentWord, vocabulary: Vocabulary) -> bool:
    """Return whether the language also has the word without its ending: "shoe" beside "shoes"."""
    *beginning, last = garment.word.split()
    stems = ((*beginning, last[:-count]) for count in range(1, MAX_PLURAL_LETTERS + 1))
    return any(vocabulary.phrases.get(stem) == garment.kinds for stem in stems)


def _find_garments_of_pieces(
    texts: Sequence[str], language: str, vocabulary: Vocabulary
) -> Mapping[int, GarmentWord]:
    """Return the garment that each piece of a joined word names, without pieces that a phrase joins."""
    keep_accents = load_languages()[language].keep_accents
    pieces = [split_text(text, keep_accents=keep_accents) for text in texts]
    places = [place for place, tokens in enumerate(pieces) for _ in tokens]
    garments = dict[int, GarmentWord]()
    start = 0
    for item in replace_known_words([token for tokens in pieces for token in tokens], vocabulary):
        count = len(item.word.split()) if isinstance(item, GarmentWord) else 1
        if isinstance(item, GarmentWord) and item.kinds and item.kinds not in (SUIT_WORDS, COUNTING_MARK):
            # The piece that ends with "t-shirt" is joined to the next one, and the one before it is "t".
            garments[places[start]] = garments[places[start + count - 1]] = item
        start += count
    return garments
